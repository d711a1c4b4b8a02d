"""The service that holds cases: their state machine and custody, where they go, and the links between nodes."""
