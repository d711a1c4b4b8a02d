"""What intake is told by its environment, read once; only wiring looks at it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from lianxi.runtime.settings import read, read_int

_BESIDE_THE_PACKAGE = Path(__file__).resolve().parents[2] / "deploy"


@dataclass(frozen=True, slots=True)
class Settings:
    """Where intake runs. The address of the database contains a password, so it is not shown."""

    node: str
    database_url: str = field(repr=False)
    key_ring_file: Path
    clock_file: Path | None
    divisions_file: Path
    connections: int

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> "Settings":
        """Read `LIANXI_NODE`, `LIANXI_DATABASE_URL_INTAKE`, `LIANXI_KEYRING_FILE` and the optional rest."""
        clock_file = read("CLOCK_FILE", "", environment=environment)
        deploy = Path(read("DEPLOY_DIR", str(_BESIDE_THE_PACKAGE), environment=environment))
        return cls(
            node=read("NODE", environment=environment),
            database_url=read("DATABASE_URL_INTAKE", secret=True, environment=environment),
            key_ring_file=Path(read("KEYRING_FILE", environment=environment)),
            clock_file=Path(clock_file) if clock_file else None,
            divisions_file=deploy / "xining" / "divisions.csv",
            connections=read_int("INTAKE_CONNECTIONS", 10, environment=environment),
        )
