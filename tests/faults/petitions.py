"""The work that goes on while processes die: petitions of six kinds, each with its acts and the history it must get.

A `Load` acts as clerks do through the portal: an act is tried when the books show that it is its turn, with a command
id, and tried again with the same id for as long as no answer came. So every act is wanted exactly once.
"""

import random
import threading
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from lianxi.bus.calls import CallFailed
from lianxi.runtime.clock import SystemClock, new_id
from tests.faults.pair import CITY, DISTRICT, NODES, Pair

ORGAN = f"{DISTRICT}.housing"
PATIENCE = 150.0
"""Seconds for which one act is tried."""

CLERKS = 4
"""At each node."""

SERVICE = {"method": "direct", "proof": "x"}
"""A service of a document; its day is the day on which the act is done, as a run may last over midnight."""

LATER = (SystemClock(None).today() + timedelta(days=60)).isoformat()


@dataclass(frozen=True)
class Act:
    """An act: whose turn it is is seen from the state and the holder in the node's own books."""

    node: str
    role: str
    name: str
    state: str
    holder: str
    unit: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Kind:
    """A kind of petition: where it is registered, what is done, its history and where it is known at the end."""

    name: str
    registered: str
    share: int
    acts: tuple[Act, ...]
    history: str
    known_to: tuple[str, ...] = NODES


def _city(role: str, name: str, state: str, holder: str = CITY, **facts: Any) -> Act:
    return Act(CITY, role, name, state, holder, facts=facts)


def _district(role: str, name: str, state: str, **facts: Any) -> Act:
    return Act(DISTRICT, role, name, state, DISTRICT, ORGAN if role in {"U", "UL"} else "", facts)


REGISTRATION = {
    "purpose": "求决",
    "petition_class": "C",
    "category": ["城乡建设"],
    "claims": [{"number": 1}],
    "same_matter_checked": True,
    "place": DISTRICT,
}
_REGISTERED = _city("R", "register-case", "S01", **REGISTRATION)
_ASSIGNED = _city("D", "assign-case", "S02", to_node=DISTRICT, to_unit=ORGAN, report_due=LATER)
_OBJECTED = _district(
    "U", "object-to-transfer", "S06", proposed_organ="630104.construction", paper={"reasons": "x", "basis": "y"}
)
_ACCEPTED = _district("U", "accept-case", "S06")
_CLASSIFIED = _district("U", "classify-case", "S10", claims=[{"number": 1, "petition_class": "C", "route": "RT6"}])
OPINION = dict.fromkeys(("request", "facts", "opinion", "basis", "remedy"), "x")
_ANSWERED = (
    _district("U", "submit-opinion", "S11", outcomes=[{"number": 1, "outcome": "SUPPORT"}], paper=OPINION),
    _district("UL", "sign-opinion", "S14", paper=OPINION),
    _district("U", "serve-opinion", "S15", service=SERVICE),
)
_FILED = _district("U", "file-report", "S16", paper={"facts": "a", "result": "b"})

_TO_ORGAN = "case-received case-registered case-assigned case-delivered"

KINDS = (
    Kind("registered", CITY, 2, (), "case-received", (CITY,)),
    Kind(
        "transferred",
        CITY,
        3,
        (_REGISTERED, _city("D", "transfer-case", "S02", to_node=DISTRICT)),
        "case-received case-registered case-transferred case-delivered",
    ),
    Kind(
        "objected",
        CITY,
        2,
        (_REGISTERED, _ASSIGNED, _OBJECTED, _city("D", "uphold-objection", "S07", DISTRICT, paper={"reason": "ok"})),
        f"{_TO_ORGAN} objection-filed objection-upheld case-returned",
    ),
    Kind(
        "kept",
        CITY,
        2,
        (
            _REGISTERED,
            _ASSIGNED,
            _OBJECTED,
            _city("D", "refuse-objection", "S07", DISTRICT, paper={"reason": "no"}),
            _ACCEPTED,
        ),
        f"{_TO_ORGAN} objection-filed objection-refused case-accepted",
    ),
    Kind(
        "reported",
        CITY,
        2,
        (
            _REGISTERED,
            _ASSIGNED,
            _ACCEPTED,
            _CLASSIFIED,
            *_ANSWERED,
            _FILED,
            _city("D", "return-report", "S50", DISTRICT, paper={"reason": "more"}),
            _district("U", "file-report", "S51", paper={"facts": "a", "result": "b"}),
            _city("D", "accept-report", "S50", DISTRICT),
        ),
        f"{_TO_ORGAN} case-accepted case-classified opinion-submitted opinion-signed opinion-served report-filed"
        " report-returned report-filed report-accepted",
    ),
    Kind(
        "local",
        DISTRICT,
        4,
        (
            _district("R", "register-case", "S01", **REGISTRATION),
            _district("D", "assign-case", "S02", to_node=DISTRICT, to_unit=ORGAN, report_due=LATER),
            _ACCEPTED,
        ),
        f"{_TO_ORGAN} case-accepted",
    ),
)


@dataclass
class Petition:
    """One petition on its way through its acts."""

    kind: Kind
    number: str = ""
    done: int = 0
    seq: int = 0
    busy: bool = False

    @property
    def next_act(self) -> Act | None:
        """The act that is to come, None when all were answered."""
        return self.kind.acts[self.done] if self.done < len(self.kind.acts) else None

    @property
    def desk(self) -> str:
        """The node where something is to be done next."""
        return self.next_act.node if self.number and self.next_act else self.kind.registered

    @property
    def complete(self) -> bool:
        """Whether it is registered and every act was answered."""
        return bool(self.number) and self.next_act is None


class Load:
    """The petitions of one round and the clerks who work on them, in a thread of its own."""

    def __init__(self, pair: Pair, chance: random.Random, kinds: Sequence[Kind] = KINDS) -> None:
        self.petitions = [Petition(kind) for kind in kinds for _ in range(kind.share)]
        chance.shuffle(self.petitions)
        self.acts = sum(1 + len(petition.kind.acts) for petition in self.petitions)
        self.answered = 0
        self.repeated = 0
        self.refusals: list[str] = []
        self._pair = pair
        self._pause = threading.Event()
        self._thread = threading.Thread(target=self._run, name="load", daemon=True)

    def start(self) -> None:
        """Let the clerks begin."""
        self._thread.start()

    def finish(self, within: float) -> None:
        """Wait until every act was answered."""
        self._thread.join(within)
        waiting = [f"{petition.kind.name} {petition.done}" for petition in self.petitions if not petition.complete]
        assert not self.refusals, f"acts refused: {self.refusals[:3]}"
        assert not waiting, f"acts not answered within {within} s: {waiting}"

    def _run(self) -> None:
        with ExitStack() as offices:
            # Each node has clerks of its own: those at one that stands still keep nobody at another from work.
            clerks = {node: offices.enter_context(ThreadPoolExecutor(CLERKS)) for node in self._pair.nodes}
            for petition in self.petitions:
                petition.busy = True
                clerks[petition.desk].submit(self._guarded, self._register, petition)
            while not self.refusals and not all(petition.complete for petition in self.petitions):
                for petition in self._in_turn():
                    petition.busy = True
                    clerks[petition.desk].submit(self._guarded, self._act, petition)
                self._pause.wait(0.05)

    def _in_turn(self) -> Sequence[Petition]:
        """Return the petitions whose next act the books of its node allow."""
        idle = [petition for petition in self.petitions if petition.number and not petition.busy and petition.next_act]
        numbers = [petition.number for petition in idle]
        if not idle:
            return ()
        statement = (
            "SELECT case_no, state, holder, seq FROM routing.case_file WHERE case_no = ANY(%s) AND NOT in_transfer"
        )
        books = {
            node: {row[0]: row[1:] for row in self._pair.rows(node, statement, numbers)} for node in self._pair.nodes
        }
        return [petition for petition in idle if _is_turn(petition, books)]

    def _guarded(self, do: Any, petition: Petition) -> None:
        try:
            do(petition)
        except Exception as failure:  # noqa: BLE001  (the run reports it)
            self.refusals.append(f"{petition.kind.name}: {failure!r} {getattr(failure, 'problem', '')}")
        finally:
            self.answered += 1
            petition.busy = False

    def _register(self, petition: Petition) -> None:
        petitioner = {"name": "某某", "phone": f"13{random.randrange(10**9):09}", "address": "西宁"}
        body = {"channel": "WEB", "subject": "请查收", "text": "请查收。", "petitioner": petitioner}
        petition.number = self._told(petition.kind.registered, "intake", "register", body)["number"]

    def _act(self, petition: Petition) -> None:
        act = petition.next_act
        assert act is not None
        actor = {"person": f"{act.role}-{act.node}", "role": act.role, "unit": act.unit, "node": act.node}
        command = {**act.facts, "case_no": petition.number, "actor": actor}
        if "service" in command:
            command["service"] = {**command["service"], "served_on": SystemClock(None).today().isoformat()}
        answer = self._told(act.node, "routing", "act", {"command_type": act.name, "command": command})
        petition.seq = max(petition.seq, answer["seq"])
        petition.done += 1

    def _told(self, node: str, service: str, method: str, body: dict[str, Any]) -> dict[str, Any]:
        """Return the answer to a command, repeated under one id until there is one."""
        command_id, deadline = new_id(), time.monotonic() + PATIENCE
        while True:
            try:
                return self._pair.call(node, service, method, body, command_id)
            except CallFailed as failure:
                if failure.branch != "retryable" or time.monotonic() > deadline:
                    raise
                self.repeated += 1
                self._pause.wait(0.2)


def _is_turn(petition: Petition, books: Mapping[str, Mapping[str, tuple[Any, ...]]]) -> bool:
    act = petition.next_act
    known = books[act.node].get(petition.number) if act else None
    if act is None or known is None:
        return False
    state, holder, seq = known
    return bool(state == act.state and holder == act.holder and seq >= petition.seq)
