"""What the services of Lianxi share: law, casework, contracts, bus, runtime and the `lianxi` command."""

__version__ = "0.1.0"
