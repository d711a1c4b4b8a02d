"""What routing is told by its environment, read once; only wiring looks at it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from lianxi.runtime.settings import read, read_int

_BESIDE_THE_PACKAGE = Path(__file__).resolve().parents[2] / "deploy"


@dataclass(frozen=True, slots=True)
class Settings:
    """Where routing runs. The address of the database contains a password, so it is not shown."""

    node: str
    database_url: str = field(repr=False)
    amqp_uri: str = field(repr=False)
    key_ring_file: Path
    clock_file: Path | None
    calendar_dir: Path
    data_dir: Path
    peers: frozenset[str]
    connections: int

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> "Settings":
        """Read `LIANXI_NODE`, `LIANXI_DATABASE_URL_ROUTING`, `LIANXI_KEYRING_FILE` and the optional rest.

        `LIANXI_PEERS` lists the nodes that have joined; empty means all of the directory.
        """
        clock_file = read("CLOCK_FILE", "", environment=environment)
        deploy = Path(read("DEPLOY_DIR", str(_BESIDE_THE_PACKAGE), environment=environment))
        return cls(
            node=read("NODE", environment=environment),
            database_url=read("DATABASE_URL_ROUTING", secret=True, environment=environment),
            amqp_uri=read("AMQP_URI", secret=True, environment=environment),
            key_ring_file=Path(read("KEYRING_FILE", environment=environment)),
            clock_file=Path(clock_file) if clock_file else None,
            calendar_dir=Path(read("CALENDAR_DIR", str(deploy / "calendar" / "years"), environment=environment)),
            data_dir=deploy / "xining",
            peers=frozenset(read("PEERS", "", environment=environment).replace(",", " ").split()),
            connections=read_int("ROUTING_CONNECTIONS", 10, environment=environment),
        )
