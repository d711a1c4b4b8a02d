"""The `lianxi` command: one module per verb, found by name when the verb is used."""
