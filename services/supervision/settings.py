"""What supervision is told by its environment and by deploy/xining/supervision.yaml; only wiring looks at it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from lianxi.casework.identifiers import DivisionCode
from lianxi.runtime.settings import read, read_int, read_path
from services.supervision.domain.rules import Rules

_BESIDE_THE_PACKAGE = Path(__file__).resolve().parents[2] / "deploy"


@dataclass(frozen=True, slots=True)
class Settings:
    """Where supervision runs and by which rules. The address of the database contains a password."""

    node: str
    mark: str
    database_url: str = field(repr=False)
    key_ring_file: Path
    clock_file: Path | None
    calendar_directory: Path
    rules: Rules
    connections: int
    amqp_uri: str = field(repr=False, default="")
    subtree: frozenset[str] = frozenset()

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> "Settings":
        """Read `LIANXI_NODE`, `LIANXI_DATABASE_URL_SUPERVISION`, `LIANXI_KEYRING_FILE` and the optional rest."""
        clock_file = read("CLOCK_FILE", "", environment=environment)
        deploy = read_path("DEPLOY_DIR", _BESIDE_THE_PACKAGE, environment=environment)
        calendar = read_path("CALENDAR_DIR", deploy / "calendar" / "years", environment=environment)
        node = read("NODE", environment=environment)
        return cls(
            node=node,
            mark=read_mark(deploy / "xining", node),
            database_url=read("DATABASE_URL_SUPERVISION", secret=True, environment=environment),
            key_ring_file=read_path("KEYRING_FILE", environment=environment),
            clock_file=Path(clock_file) if clock_file else None,
            calendar_directory=calendar,
            rules=read_rules(deploy / "xining" / "supervision.yaml"),
            connections=read_int("SUPERVISION_CONNECTIONS", 6, environment=environment),
            amqp_uri=read("AMQP_URI", "", secret=True, environment=environment),
            subtree=read_subtree(deploy / "xining", node, read("PEERS", "", environment=environment)),
        )


def read_mark(directory: Path, node: str) -> str:
    """Read the mark of a node's letters from units.yaml; a township's is made of its district's name and its own."""
    units = yaml.safe_load((directory / "units.yaml").read_text(encoding="utf-8"))
    own = units["nodes"].get(node)
    if own is not None:
        return str(own["mark"])
    place = yaml.safe_load((directory / "topology.yaml").read_text(encoding="utf-8"))["nodes"][node]
    pattern, name = units["townships"], str(place["name"])
    endings = sorted(pattern["endings"], key=len, reverse=True)
    short = next((name.removesuffix(ending) for ending in endings if name.endswith(ending)), name)
    return str(pattern["mark"]).format(parent=units["nodes"][place["parent"]]["short"], short=short)


def read_subtree(directory: Path, node: str, peers: str) -> frozenset[str]:
    """Read which nodes have joined below `node`, itself included: `peers`, or all of the topology if none are named."""
    joined = peers.replace(",", " ").split()
    codes = joined or yaml.safe_load((directory / "topology.yaml").read_text(encoding="utf-8"))["nodes"]
    top = DivisionCode.parse(node)
    return frozenset(str(code) for code in codes if top.contains(DivisionCode.parse(str(code))))


def read_rules(path: Path) -> Rules:
    """Read the office's settings."""
    return Rules.parse(yaml.safe_load(path.read_text(encoding="utf-8")))
