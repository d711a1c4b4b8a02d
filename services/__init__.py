"""What runs: one package per service, all with the same files (see docs/architecture.md)."""
