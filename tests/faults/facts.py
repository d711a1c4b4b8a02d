"""The four facts after a fault: nothing lost, nothing applied twice, the order of each case kept, books equal.

What a petition of a kind must leave behind stands in its `Kind` (its history, and where it is known) and in the
`Shapes` of a calm round: which documents, clocks, notices and contacts there are at each node. Anything less is lost,
anything more was done twice. `Auditor.settle` waits until both nodes are at rest with the books in order.
"""

import time
from collections import Counter
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from tests.faults.pair import Pair
from tests.faults.petitions import Petition

Shape = Counter[Hashable]

_SHAPES = {
    "document": "SELECT case_no, kind FROM routing.document WHERE case_no = ANY(%s)",
    "clock": "SELECT case_no, code, instance, status FROM supervision.clock WHERE case_no = ANY(%s)",
    "notice": "SELECT case_no, rule, channel, node, role, unit FROM notify.delivery WHERE case_no = ANY(%s)",
    "contact": "SELECT number, origin FROM intake.contact WHERE number = ANY(%s)",
    "receipt": "SELECT case_no, direction, kind, accepted FROM routing.custody_receipt WHERE case_no = ANY(%s)",
    "directive": "SELECT case_no, direction, command_type, done FROM routing.directive WHERE case_no = ANY(%s)",
}
_EVENTS = "SELECT case_no, name FROM routing.case_event WHERE case_no = ANY(%s) ORDER BY case_no, seq"
_FILES = "SELECT case_no, state, holder, unit, epoch, seq, head_digest FROM routing.case_file WHERE case_no = ANY(%s)"
_FOLLOWERS = (
    "SELECT case_no, seq FROM supervision.ledger WHERE case_no = ANY(%s)",
    "SELECT key, last_seq FROM supervision.stream_position WHERE queue = 'supervision.case' AND key = ANY(%s)",
    "SELECT key, last_seq FROM notify.stream_position WHERE queue = 'notify.case' AND key = ANY(%s)",
)
_ASIDE = " UNION ALL ".join(
    [
        *(
            f"SELECT '{schema}.{table}', count(*) FROM {schema}.{table}"
            for schema in ("intake", "routing", "supervision", "notify")
            for table in ("held", "parked")
        ),
        *(f"SELECT 'routing.{t}', count(*) FROM routing.{t}" for t in ("link_hold", "link_quarantine", "link_refused")),
    ]
)
_WAITING = " UNION ALL ".join(
    f"SELECT '{schema}.outbox', count(*) FROM {schema}.outbox WHERE sent_at IS NULL AND type <> 'link.ack'"
    for schema in ("intake", "routing", "supervision", "notify")
)
_SENT = "SELECT epoch, link_seq, id FROM routing.link_outbox WHERE peer = %s ORDER BY epoch, link_seq"
_APPLIED = "SELECT epoch, link_seq, id FROM routing.link_inbox WHERE peer = %s ORDER BY epoch, link_seq"


@dataclass
class Account:
    """What is wrong, in words; empty lists are what the tests want. `unrest` is what has not come to rest yet."""

    lost: list[str] = field(default_factory=list)
    twice: list[str] = field(default_factory=list)
    swapped: list[str] = field(default_factory=list)
    differing: list[str] = field(default_factory=list)
    unrest: list[str] = field(default_factory=list)

    @property
    def clean(self) -> bool:
        """Whether everything is in order and at rest."""
        return not any((self.lost, self.twice, self.swapped, self.differing, self.unrest))

    @property
    def final(self) -> bool:
        """Whether waiting cannot help: all is at rest and yet something is there too often."""
        return bool(self.twice or self.swapped) and not (self.lost or self.unrest or self.differing)

    def __str__(self) -> str:
        parts = {name: found[:4] for name, found in vars(self).items() if found}
        return "; ".join(f"{name}: {', '.join(found)}" for name, found in parts.items()) or "clean"


class Auditor:
    """Audits petitions against the shapes of a calm round."""

    def __init__(self, pair: Pair) -> None:
        self._pair = pair
        self._shapes: dict[tuple[str, str], Shape] = {}

    def learn(self, petitions: Sequence[Petition]) -> None:
        """Take what a calm round left behind as the measure; all petitions of a kind must agree on it."""
        for node in self._pair.nodes:
            found = self._found(node, petitions)
            for petition in petitions:
                shape = self._shapes.setdefault((petition.kind.name, node), found[petition.number])
                assert shape == found[petition.number], f"{petition.kind.name} at {node} differs in a calm round"

    def settle(
        self, petitions: Sequence[Petition], within: float, *, also: Callable[[Account], None] = lambda _account: None
    ) -> Account:
        """Return the account once it is clean, or as it stands when time is over; `also` adds to it."""
        deadline, pause = time.monotonic() + within, 0.05
        while True:
            account = self.account(petitions)
            also(account)
            if account.clean or account.final or time.monotonic() > deadline:
                return account
            time.sleep(pause)
            pause = min(pause * 1.5, 0.5)

    def account(self, petitions: Sequence[Petition]) -> Account:
        """Compare what is there with what must be there."""
        account = Account()
        files = {node: self._by_case(node, _FILES, petitions) for node in self._pair.nodes}
        for node in self._pair.nodes:
            self._histories(account, node, petitions)
            self._followers(account, node, petitions, files[node])
            found = self._found(node, petitions)
            for petition in petitions:
                shape = self._shapes.get((petition.kind.name, node))
                if shape is not None:
                    _compare(account, f"{petition.number} at {node}", shape, found[petition.number])
            account.unrest += self._unrest(node)
            account.unrest += [
                f"{name}: {count} aside at {node}" for name, count in self._pair.rows(node, _ASIDE) if count
            ]
        for petition in petitions:
            books = {files[node].get(petition.number) for node in petition.kind.known_to}
            if len(books) > 1:
                account.differing.append(f"{petition.number}: {sorted(map(str, books))}")
        self._links(account)
        return account

    def _by_case(self, node: str, statement: str, petitions: Sequence[Petition]) -> dict[str, tuple[Any, ...]]:
        rows = self._pair.rows(node, statement, [petition.number for petition in petitions])
        return {row[0]: row[1:] for row in rows}

    def _found(self, node: str, petitions: Sequence[Petition]) -> dict[str, Shape]:
        found: dict[str, Shape] = {petition.number: Counter() for petition in petitions}
        for what, statement in _SHAPES.items():
            for number, *facts in self._pair.rows(node, statement, list(found)):
                found[number][what, *facts] += 1
        return found

    def _histories(self, account: Account, node: str, petitions: Sequence[Petition]) -> None:
        histories: dict[str, list[str]] = {petition.number: [] for petition in petitions}
        for number, name in self._pair.rows(node, _EVENTS, list(histories)):
            histories[number].append(name)
        for petition in petitions:
            wanted = petition.kind.history.split() if node in petition.kind.known_to else []
            found = histories[petition.number]
            label = f"{petition.number} at {node}"
            _compare(account, label, Counter(wanted), Counter(found))
            if found != wanted and Counter(found) == Counter(wanted):
                account.swapped.append(f"{label}: {found}")

    def _followers(
        self, account: Account, node: str, petitions: Sequence[Petition], files: dict[str, tuple[Any, ...]]
    ) -> None:
        for statement in _FOLLOWERS:
            known = self._by_case(node, statement, petitions)
            for number, facts in files.items():
                if known.get(number) != (facts[4],):
                    account.unrest.append(f"{number} at {node}: {known.get(number)} of {facts[4]} followed")

    def _unrest(self, node: str) -> Iterator[str]:
        for name, count in self._pair.rows(node, _WAITING):
            if count:
                yield f"{name}: {count} not sent at {node}"
        for peer, last, acked in self._pair.rows(node, "SELECT peer, last_seq, acked FROM routing.link_sender"):
            if last != acked:
                yield f"link {node} to {peer}: {acked} of {last} acked"

    def _links(self, account: Account) -> None:
        """Every frame that was sent must have been applied, once, under its number."""
        down = list(pairwise(self._pair.nodes))
        for sender, receiver in (*down, *((lower, upper) for upper, lower in down)):
            sent = Counter(self._pair.rows(sender, _SENT, receiver))
            applied = Counter(self._pair.rows(receiver, _APPLIED, sender))
            _compare(account, f"frames {sender} to {receiver}", sent, applied)
            numbers = self._pair.rows(
                sender,
                "SELECT number, count(*) FROM routing.document WHERE number NOT LIKE '稿%'"  # drafts count per case
                " GROUP BY number HAVING count(*) > 1",
            )
            account.twice += [f"document number {number} at {sender}" for number, _ in numbers]


def _compare(account: Account, label: str, wanted: Shape | Counter[Any], found: Shape | Counter[Any]) -> None:
    account.lost += [f"{label} lacks {what}" for what in (wanted - found).elements()]
    account.twice += [f"{label} has one more {what}" for what in (found - wanted).elements()]
