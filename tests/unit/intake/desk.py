"""A desk of intake without servers: fakes of every port, and builders of what people hand in."""

import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import partial
from itertools import count as counting
from typing import Any

from lianxi.casework.identifiers import DivisionCode, QueryCode
from lianxi.runtime.clock import SHANGHAI, FixedClock
from services.intake.domain.audit import ChainedRead, PersonalRead, ReadQuery, chained
from services.intake.domain.divisions import Divisions
from services.intake.domain.records import (
    MAX_SEQUENCE,
    Addition,
    Contact,
    Draft,
    OpenReject,
    Origin,
    RefusedInput,
    Unmasking,
    Wanted,
)
from services.intake.handlers.ports import DayOfChannel, Desk

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=SHANGHAI)
DIVISIONS = Divisions(frozenset({"630100", "630102", "630104", "630104001", "630123"}))


class FakeVault:
    """Seals by writing the place beside the value, backwards: readable for nobody who looks for the clear text."""

    def seal(self, plain: str, context: str) -> str:
        return f"own|{context}|{plain[::-1]}"

    def open(self, token: str, context: str) -> str:
        return self._open("own", token, context)

    def seal_for_transport(self, plain: str, context: str) -> str:
        return f"city|{context}|{plain[::-1]}"

    def open_from_transport(self, token: str, context: str) -> str:
        return self._open("city", token, context)

    def keyed_hash(self, value: str, purpose: str) -> str:
        return hashlib.sha256(f"{purpose}:{value}".encode()).hexdigest()

    def keyed_hashes(self, value: str, purpose: str) -> tuple[str, ...]:
        return (self.keyed_hash(value, purpose),)

    def _open(self, key: str, token: str, context: str) -> str:
        used, place, reversed_plain = token.split("|", 2)
        if (used, place) != (key, context):
            raise ValueError("sealed for another place")
        return reversed_plain[::-1]


@dataclass
class FakeContacts:
    kept: dict[str, Contact] = field(default_factory=dict)
    locked: list[str] = field(default_factory=list)
    brought: list[Addition] = field(default_factory=list)

    def add(self, contacts: Sequence[Contact]) -> None:
        for contact in contacts:
            assert contact.number not in self.kept
            self.kept[contact.number] = contact

    def keep(self, contacts: Sequence[Contact]) -> None:
        for contact in contacts:
            known = self.kept.get(contact.number)
            if known is None or known.origin is Origin.CUSTODY:
                self.kept[contact.number] = contact

    def restrict(self, numbers: Sequence[str]) -> None:
        for number in numbers:
            self.kept[number] = replace(self.kept[number], restricted=True)

    def by_number(self, number: str) -> Contact | None:
        return self.kept.get(number)

    def by_query_code(self, code_hash: str) -> Contact | None:
        return next((contact for contact in self.kept.values() if contact.query_code_hash == code_hash), None)

    def lock_source(self, source: str) -> None:
        self.locked.append(source)

    def taken_over(self, source: str, ids: Sequence[str]) -> dict[str, tuple[str, str]]:
        return {
            str(contact.source_id): (contact.number, str(contact.source_digest))
            for contact in self.kept.values()
            if contact.source == source and contact.source_id in ids
        }

    def page(self, wanted: Wanted) -> list[Contact]:
        found = [self.kept[number] for number in sorted(self.kept) if number > wanted.after]
        return found[: wanted.limit]

    def guided(self, before: str, limit: int) -> list[Contact]:
        found = [each for each in self.kept.values() if each.guided_to and not each.restricted]
        found.sort(key=lambda each: each.number, reverse=True)
        return [each for each in found if not before or each.number < before][:limit]

    def additions(self, number: str) -> list[Addition]:
        return [addition for addition in self.brought if addition.number == number]

    def bring(self, addition: Addition) -> None:
        self.brought.append(addition)


@dataclass
class FakeNumbers:
    last: dict[tuple[str, date, str], int] = field(default_factory=lambda: defaultdict(int))

    def take(self, division: DivisionCode, wanted: Mapping[DayOfChannel, int]) -> dict[DayOfChannel, range]:
        taken = {}
        for (day, channel), count in wanted.items():
            before = self.last[str(division), day, channel]
            self.last[str(division), day, channel] = min(before + count, MAX_SEQUENCE)
            taken[day, channel] = range(before + 1, self.last[str(division), day, channel] + 1)
        return taken


@dataclass
class FakeUnmaskings:
    lines: list[Unmasking] = field(default_factory=list)

    def write(self, unmasking: Unmasking) -> None:
        self.lines.append(unmasking)

    def write_all(self, unmaskings: Sequence[Unmasking]) -> None:
        self.lines.extend(unmaskings)


@dataclass
class FakeRejectBook:
    """What is settled; the open ones stand in `rows`, as `FakeRejects` kept them."""

    rows: dict[str, OpenReject] = field(default_factory=dict)
    settled: dict[str, str] = field(default_factory=dict)

    def waiting(self, origin: Origin | None, after: str, limit: int) -> list[OpenReject]:
        rows = [row for row in self.rows.values() if row.id not in self.settled and row.id > after]
        return [row for row in rows if origin in {None, row.origin}][:limit]

    def one(self, reject_id: str) -> OpenReject | None:
        return None if reject_id in self.settled else self.rows.get(reject_id)

    def settle(self, reject_id: str, number: str, at: datetime) -> bool:
        assert at.tzinfo is not None
        known = reject_id in self.rows and reject_id not in self.settled
        self.settled.setdefault(reject_id, number)
        return known

    def settle_source(self, source: str, numbers: Mapping[str, str], at: datetime) -> int:
        ids = [row.id for row in self.rows.values() if row.source == source and row.source_id in numbers]
        return sum(self.settle(row_id, numbers[str(self.rows[row_id].source_id)], at) for row_id in ids)

    def drop(self, reject_id: str, at: datetime) -> bool:
        return self.settle(reject_id, "", at)

    def forget(self, before: datetime) -> int:
        old = [row.id for row in self.rows.values() if row.last_at < before and row.id not in self.settled]
        for reject_id in old:
            del self.rows[reject_id]
        return len(old)

    def mended(self, source: str, source_id: str, number: str) -> list[tuple[str, str]]:
        rows = [row for row in self.rows.values() if (row.source, row.source_id) == (source, source_id)]
        return [(row.fingerprint, row.content_sealed) for row in rows if self.settled.get(row.id) == number]


@dataclass
class FakeDrafts:
    kept: dict[str, Draft] = field(default_factory=dict)

    def save(self, draft: Draft) -> None:
        self.kept[draft.id] = draft

    def by_code(self, code_hash: str) -> Draft | None:
        return next((draft for draft in self.kept.values() if draft.code_hash == code_hash), None)

    def by_id(self, draft_id: str) -> Draft | None:
        return self.kept.get(draft_id)

    def of(self, owner: str, before: tuple[datetime, str] | None, limit: int) -> list[Draft]:
        own = [draft for draft in self.kept.values() if draft.owner == owner]
        own.sort(key=lambda draft: (draft.changed_at, draft.id), reverse=True)
        return [draft for draft in own if before is None or (draft.changed_at, draft.id) < before][:limit]

    def drop(self, draft_id: str) -> None:
        self.kept.pop(draft_id, None)

    def forget(self, before: datetime) -> int:
        old = [draft.id for draft in self.kept.values() if not draft.owner and draft.changed_at < before]
        for draft_id in old:
            self.drop(draft_id)
        return len(old)


@dataclass
class FakeReads:
    lines: list[PersonalRead] = field(default_factory=list)

    def add(self, read: PersonalRead) -> None:
        self.lines.append(read)

    def page(self, query: ReadQuery) -> list[ChainedRead]:
        found = [chained(read, place, "") for place, read in enumerate(self.lines, start=1)]
        return [line for line in reversed(found) if query.number in {"", line.read.number}][: query.limit]


@dataclass
class FakeWork:
    contacts: FakeContacts = field(default_factory=FakeContacts)
    numbers: FakeNumbers = field(default_factory=FakeNumbers)
    unmaskings: FakeUnmaskings = field(default_factory=FakeUnmaskings)
    reads: FakeReads = field(default_factory=FakeReads)
    rejects: FakeRejectBook = field(default_factory=FakeRejectBook)
    drafts: FakeDrafts = field(default_factory=FakeDrafts)
    sent: list[Any] = field(default_factory=list)

    def record(self, message: Any, *, at: datetime) -> None:
        assert at.tzinfo is not None
        self.sent.append(message)


@dataclass
class FakeRejects:
    kept: list[RefusedInput] = field(default_factory=list)

    def keep(self, refused: Sequence[RefusedInput]) -> list[str]:
        before = len(self.kept)
        self.kept.extend(refused)
        return [f"reject-{number}" for number in range(before + 1, len(self.kept) + 1)]


def a_desk(node: str = "630104") -> Desk:
    return Desk(
        node=DivisionCode.parse(node),
        clock=FixedClock(NOW),
        vault=FakeVault(),
        divisions=DIVISIONS,
        rejects=FakeRejects(),
        draw_code=_codes(),
        new_id=partial(_next_id, counting(1)),
    )


def _next_id(numbers: Iterator[int]) -> str:
    return f"id-{next(numbers):04}"


def _codes() -> Callable[[], QueryCode]:
    seeds = counting(1)

    def draw() -> QueryCode:
        seed = str(next(seeds)).encode()
        return QueryCode.new(lambda size: hashlib.shake_128(seed).digest(size))

    return draw


REGISTRAR = {"person": "clerk-7", "role": "R", "unit": "630104.petition", "node": "630104"}


def a_web_petition(**changes: Any) -> dict[str, Any]:
    body: dict[str, Any] = {
        "channel": "WEB",
        "subject": "虎台小区三号楼停暖",
        "text": "城西区虎台小区三号楼自二月起停暖，物业称管道老化，至今无人维修。请求尽快恢复供热。",
        "petitioner": {"name": "马桂兰", "phone": "13897412356", "address": "西宁市城西区虎台一巷3号楼2单元"},
    }
    return body | changes


def a_visit(**changes: Any) -> dict[str, Any]:
    body = a_web_petition(
        channel="VISIT",
        reception_place="城西区人民来访接待室",
        read_back=True,
        registered_by=REGISTRAR,
    )
    return body | changes


def a_letter(**changes: Any) -> dict[str, Any]:
    return a_web_petition(channel="LETTER", registered_by=REGISTRAR) | changes


def a_call(**changes: Any) -> dict[str, Any]:
    return a_web_petition(channel="PHONE", recording="REC-20260302-0017", registered_by=REGISTRAR) | changes
