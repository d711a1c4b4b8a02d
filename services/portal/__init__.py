"""The portal: a node's only HTTP. The one-stop page, the clerks' desk, the REST API; no case data of its own."""
