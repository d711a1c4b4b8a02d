"""Take in what the nodes below say of themselves, keep the last of each, and pass it on to the parent."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from services.supervision.domain.snapshots import MOST_PROCESSES, Snapshot, read_snapshot


class Snapshots(Protocol):
    """The last snapshot of every process of every node of the subtree."""

    def all(self) -> Sequence[Snapshot]:
        """Return them."""
        ...

    def keep(self, snapshots: Iterable[Snapshot]) -> None:
        """Keep each in the place of the one before."""
        ...


class SnapshotWork(Protocol):
    """The transaction."""

    @property
    def snapshots(self) -> Snapshots:
        """The last snapshots."""
        ...


@dataclass(slots=True)
class Taken:
    """What became of a round of messages."""

    upwards: list[bytes] = field(default_factory=list)
    refused: int = 0


def take_snapshots(
    messages: Iterable[tuple[str, bytes]], work: SnapshotWork, own: str, known: Mapping[str, object], now: float
) -> Taken:
    """Keep what may be said, newest last; return what the parent is told."""
    taken = Taken()
    newest: dict[tuple[str, str], Snapshot] = {}
    processes: dict[str, set[str]] = {}
    for part in work.snapshots.all():
        processes.setdefault(part.node, set()).add(part.process)
    for key, body in messages:
        said = read_snapshot(key, body, own, known, now)
        of_node = processes.setdefault(said.node, set()) if said else set()
        if said is None or (said.process not in of_node and len(of_node) >= MOST_PROCESSES):
            taken.refused += 1
            continue
        of_node.add(said.process)
        newest[said.node, said.process] = said
    work.snapshots.keep(newest.values())
    taken.upwards = [said.body() for said in newest.values()]
    return taken
