"""A routing node in memory: the ports of its use cases as plain dictionaries, and what it told whom."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from itertools import count
from typing import Any

from lianxi.casework import chain
from lianxi.casework.case.builders import paper_digest
from lianxi.casework.case.state import Case
from lianxi.casework.errors import Invalid
from lianxi.casework.identifiers import DivisionCode
from lianxi.casework.messages.commands import Command
from lianxi.casework.messages.custody import DossierDocument
from lianxi.casework.messages.events import CaseEvent
from lianxi.casework.messages.facts import Document, DocumentKind, PetitionClass, Reason, Transfer
from lianxi.contracts import registry
from lianxi.contracts.schemas import dump, load
from lianxi.runtime.clock import FixedClock
from services.routing.domain.records import CaseText, HandOff, Recorded, SentAct, WaitingRow
from services.routing.domain.sorting import Sorted, Target
from services.routing.domain.sorting.overrules import Overrule
from services.routing.domain.wishes import OPEN, Wish, WishState
from services.routing.handlers import Here
from tests.support.builders import CALENDAR, CITY, DISTRICT, SHANGHAI, TOWNSHIP
from tests.unit.routing.desk_in_memory import MemoryDeskBooks
from tests.unit.routing.repeat_books import WORDING, MemoryRepeats


class MemoryCases:
    """`Cases` in dictionaries."""

    def __init__(self) -> None:
        self.files: dict[str, Case] = {}
        self.histories: dict[str, list[Recorded]] = {}

    def get(self, case_no: str) -> Case | None:
        return self.files.get(case_no)

    def preload(self, case_nos: Iterable[str]) -> None:
        list(case_nos)

    def append(self, case: Case, records: Sequence[Recorded]) -> None:
        self.files[case.case_no] = case
        self.histories.setdefault(case.case_no, []).extend(records)

    def history(self, case_no: str) -> tuple[str, ...]:
        return tuple(record.text for record in self.histories.get(case_no, ()))

    def read(self, text: str) -> Recorded:
        try:
            stored = json.loads(text)
        except ValueError:
            raise Invalid("events", "event", "无法解读。") from None
        cls = registry.MESSAGES[stored["type"]]
        event = load(cls, stored["data"])
        fields = chain.recorded_fields(cls.MESSAGE.name, stored["data"])
        return Recorded(event, text, chain.seal(fields, event.head.previous))

    def write(self, event: CaseEvent) -> Recorded:
        text = json.dumps({"type": registry.type_of(event), "data": dump(event)}, ensure_ascii=False)
        return Recorded(event, text, event.head.digest)


class MemoryDocuments:
    """`Documents` in a dictionary."""

    def __init__(self, mark: str) -> None:
        self._mark = mark
        self._numbers = count(1)
        self.kept: dict[tuple[str, str], DossierDocument] = {}

    def number(self, kind: DocumentKind, year: int) -> str:
        return f"{self._mark}{kind.value}〔{year}〕{next(self._numbers)}号"

    def add(self, case_no: str, document: Document, paper: Mapping[str, str]) -> None:
        kept = DossierDocument(
            number=document.number, kind=document.kind.value, digest=document.digest, paper=dict(paper)
        )
        self.kept.setdefault((case_no, document.number), kept)

    def take(self, case_no: str, documents: Iterable[DossierDocument]) -> None:
        for item in documents:
            paper = json.loads(item.paper["sealed"][::-1])
            if paper_digest(paper) != item.digest:
                raise Invalid("documents", "digest", "文书被改动。")
            self.kept.setdefault((case_no, item.number), replace(item, paper=paper))

    def sealed(self, case_no: str, numbers: Iterable[str] | None = None) -> tuple[DossierDocument, ...]:
        return tuple(
            replace(item, paper={"sealed": json.dumps(dict(item.paper))[::-1]}) for item in self.of(case_no, numbers)
        )

    def of(self, case_no: str, numbers: Iterable[str] | None = None) -> tuple[DossierDocument, ...]:
        wanted = None if numbers is None else set(numbers)
        return tuple(
            item for (of, number), item in self.kept.items() if of == case_no and (wanted is None or number in wanted)
        )


class MemoryReceipts:
    """`Receipts` in a dictionary: offer id → [direction, accepted, code]."""

    def __init__(self) -> None:
        self.kept: dict[str, list[Any]] = {}

    def offered(self, direction: str, transfer: Transfer, _case: Case) -> None:
        self.kept.setdefault(transfer.offer_id, [direction, None, ""])

    def answer(self, offer_id: str, *, accepted: bool, at: datetime, code: str) -> bool:
        assert at.tzinfo is not None
        if offer_id not in self.kept or self.kept[offer_id][1] is not None:
            return False
        self.kept[offer_id][1:] = [accepted, code]
        return True

    def known(self, offer_id: str) -> bool:
        return offer_id in self.kept


class MemoryDirectives:
    """`Directives` in a dictionary: id → [direction, answer]."""

    def __init__(self) -> None:
        self.kept: dict[str, list[Any]] = {}

    def add(self, direction: str, directive: Any) -> bool:
        new = directive.directive_id not in self.kept
        self.kept.setdefault(directive.directive_id, [direction, None])
        return new

    def known(self, directive_id: str) -> bool:
        return directive_id in self.kept

    def answered(self, directive_id: str) -> Any:
        return self.kept[directive_id][1]

    def answer(self, answer: Any, _at: datetime) -> bool:
        row = self.kept.get(answer.directive_id)
        if row is None or row[1] is not None:
            return False
        row[1] = answer
        return True


class MemoryWishes:
    """`Wishes` in a dictionary that keeps its order."""

    def __init__(self, cases: MemoryCases) -> None:
        self.kept: dict[str, Wish] = {}
        self._cases = cases

    def add(self, wish: Wish) -> None:
        self.kept.setdefault(wish.wish_id, wish)

    def save(self, wish: Wish) -> None:
        self.kept[wish.wish_id] = wish

    def get(self, wish_id: str) -> Wish | None:
        return self.kept.get(wish_id)

    def open(self, case_no: str) -> tuple[Wish, ...]:
        return tuple(wish for wish in self.kept.values() if wish.case_no == case_no and wish.state in OPEN)

    def said(self, case_no: str) -> tuple[Wish, ...]:
        return tuple(wish for wish in self.kept.values() if wish.case_no == case_no and not wish.asked_by)

    def ready(self, limit: int) -> tuple[str, ...]:
        waiting = {wish.case_no for wish in self.kept.values() if wish.state is WishState.WAITING}
        return tuple(number for number in waiting if not self._cases.files[number].in_transfer)[:limit]


class MemoryTexts(dict[str, CaseText]):
    """`Texts` as a dictionary."""

    def of(self, case_nos: Sequence[str]) -> dict[str, CaseText]:
        return {case_no: self[case_no] for case_no in case_nos if case_no in self}

    def sealed(self, case_no: str, changed: Callable[[str], str] = str) -> CaseText | None:
        text = self.get(case_no)
        return text and replace(text, subject=f"sealed {changed(text.subject)}", text=f"sealed {changed(text.text)}")

    def take(self, sealed: CaseText) -> CaseText:
        subject, text = (part.removeprefix("sealed ") for part in (sealed.subject, sealed.text))
        self[sealed.case_no] = replace(sealed, subject=subject, text=text)
        return self[sealed.case_no]


class MemoryOverrules(list[Overrule]):
    """`Overrules` as a list beside what the node remembers of its sorting."""

    def __init__(self, node: "Node") -> None:
        super().__init__()
        self._node = node

    def proposal(self, case_no: str) -> Mapping[str, Any] | None:
        found = self._node.sorted.get(case_no)
        return None if found is None else found[1]

    def note(self, overrules: Iterable[Overrule]) -> None:
        self.extend(overrules)


class FixedSorter:
    """Finds what the test says."""

    def __init__(self, found: Sorted) -> None:
        self.found = found

    def sort(self, **_petition: Any) -> Sorted:
        return self.found


def a_finding(**more: Any) -> Sorted:
    """A petition that the rules settle, with nowhere to send it yet."""
    facts: dict[str, Any] = {
        "category": ("城乡建设",),
        "confidence": 0.9,
        "runner_up": (),
        "places": (),
        "place": "630104001",
        "petition_class": PetitionClass.RELIEF,
        "purpose": "求决",
        "settled": True,
        "why": "",
        "reasons": (Reason(rule="r1", version="1", text="属地管理"),),
        "target": None,
    }
    return Sorted(**{**facts, **more})


def to(node: str, unit: str = "", *, automatic: bool = True) -> Target:
    """Where a rule sends a case."""
    return Target(to_node=node, to_unit=unit, automatic=automatic)


class Node:
    """A node in memory, at the same time the work of its use cases; `sent` is what left over its links."""

    def __init__(self, code: str, found: Sorted | None = None, joined: Iterable[str] | None = None) -> None:
        self.code = code
        self.cases = MemoryCases()
        self.texts = MemoryTexts()
        self.sorted: dict[str, tuple[str, Mapping[str, Any]]] = {}
        self.documents = MemoryDocuments({"630100": "宁信", "630104": "城西信"}.get(code, "街信"))
        self.receipts = MemoryReceipts()
        self.directives = MemoryDirectives()
        self.wishes = MemoryWishes(self.cases)
        self.repeats = MemoryRepeats(self.cases, self.sorted)
        self.links = self
        self.desk_books = MemoryDeskBooks(self)
        self.desk = self
        self.overrules = MemoryOverrules(self)
        self.sent: list[tuple[str, Any]] = []
        self.recorded: list[CaseEvent] = []
        self.told: list[Any] = []
        self.clock = FixedClock(datetime(2026, 3, 2, 10, tzinfo=SHANGHAI))
        ids = count(1)
        parent = DivisionCode.parse(code).parent
        reachable = None if joined is None else set(joined)
        self.here = Here(
            node=code,
            parent=str(parent or ""),
            clock=self.clock,
            calendar=lambda: CALENDAR,
            sorter=FixedSorter(found or a_finding()),
            units=lambda: frozenset({f"{code}.office", f"{code}.housing"}),
            # This node's list of the others' organs may be older than theirs.
            organs=lambda node: frozenset({f"{node}.office", f"{node}.housing", f"{node}.closed"}),
            reachable=lambda node: reachable is None or node in reachable,
            wording=WORDING,
            new_id=lambda: f"{code}-{next(ids)}",
        )

    def send(self, to_node: str, message: Any) -> None:
        self.sent.append((to_node, message))

    def record(self, event: CaseEvent) -> None:
        self.recorded.append(event)

    def erase_texts(self, case_nos: Sequence[str]) -> int:
        known = [number for number in case_nos if number in self.texts]
        for number in known:
            self.texts[number] = replace(self.texts[number], subject="", text="", petitioner_sealed="")
        return len(known)

    def tell(self, notice: Any) -> None:
        self.told.append(notice)

    def remember_sorting(self, case_no: str, why: str, proposal: Mapping[str, Any]) -> None:
        self.sorted[case_no] = (why, proposal)

    def explain_waiting(self, case_no: str, why: str) -> None:
        self.sorted[case_no] = (why, self.sorted[case_no][1])

    def read_command(self, command_type: str, text: str) -> Command:
        return load(registry.MESSAGES[f"lianxi.{command_type}.v1"], json.loads(text))

    def seal_command(self, command: Command) -> str:
        return json.dumps(dump(command), ensure_ascii=False)

    def open_command(self, command_type: str, _case_no: str, sealed: str) -> Command:
        return self.read_command(command_type, sealed)

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        before = dict(self.cases.files), {number: list(rows) for number, rows in self.cases.histories.items()}
        try:
            yield
        except BaseException:
            self.cases.files, self.cases.histories = before
            raise

    def take_sent(self) -> list[tuple[str, Any]]:
        """Return what waits to be carried and forget it."""
        sent, self.sent = self.sent, []
        return sent

    def view(self, case_no: str) -> tuple[Case, tuple[CaseEvent, ...]] | None:
        case = self.cases.get(case_no)
        return None if case is None else (case, tuple(r.event for r in self.cases.histories[case_no]))

    def sorting(self, case_no: str) -> dict[str, Any] | None:
        found = self.sorted.get(case_no)
        return None if found is None else {"why": found[0], "proposal": found[1]}

    def waiting(
        self, node: str, after: tuple[datetime, str] | None, limit: int, hidden: Sequence[str]
    ) -> list[WaitingRow]:
        held = [
            c
            for c in self.cases.files.values()
            if c.holder == node
            and c.state in {"S01", "S02"}
            and not (c.petition_class is PetitionClass.ACCUSATION and c.state in hidden)
        ]
        rows = sorted(((c.updated_at or self.clock.now()), c.case_no, c.state.value) for c in held)
        later = [row for row in rows if after is None or (row[0], row[1]) > after]
        return [WaitingRow(number, state, since, "等待") for since, number, state in later[:limit]]

    def oldest_waiting(self, node: str) -> datetime | None:
        rows = self.waiting(node, None, 1, ())
        return rows[0].since if rows else None

    def count_waiting(self, node: str) -> dict[str, int]:
        rows = self.waiting(node, None, 1000, ())
        return {state: sum(row.state == state for row in rows) for state in ("S01", "S02")}

    def hand_offs(self, _case_no: str) -> list[HandOff]:
        at = self.clock.now()
        return [
            HandOff(row[0], "transfer", CITY, DISTRICT, at, None, row[1], row[2]) for row in self.receipts.kept.values()
        ]

    def sent_acts(self, _case_no: str) -> list[SentAct]:
        at = self.clock.now()
        return [
            SentAct(row[0], "x", DISTRICT, TOWNSHIP, at, None, None, "", "") for row in self.directives.kept.values()
        ]


def tampered(message: Any, **changes: Any) -> Any:
    """A message with some fields changed on the road."""
    return replace(message, **changes)
