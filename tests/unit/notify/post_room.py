"""A notify desk for tests: fakes of its ports that keep everything in memory, and the office's real rules and texts."""

from contextlib import nullcontext
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from lianxi.casework.messages import notices as n
from lianxi.casework.messages.facts import PetitionClass
from lianxi.runtime.clock import SHANGHAI, FixedClock
from services.notify.domain.deliveries import Claimed, Fate, Outage, Result, State
from services.notify.domain.questions import Kept, Message
from services.notify.domain.rules import Channel
from services.notify.domain.texts import Office
from services.notify.handlers import tell
from services.notify.handlers.ports import Desk, PostOffice, Reached
from services.notify.settings import read_rules_and_texts
from tests.support.builders import CITY, DISTRICT, NUMBER, OFFICE, TOWNSHIP

RULES, TEXTS = read_rules_and_texts(Path(__file__).resolve().parents[3] / "deploy" / "xining" / "notify")
NOW = datetime(2026, 3, 2, 10, tzinfo=SHANGHAI)
MINUTE = timedelta(minutes=1)


class FakeNames:
    """Three divisions and one office."""

    divisions = {CITY: "西宁市", DISTRICT: "城西区", TOWNSHIP: "西关大街街道"}  # noqa: RUF012
    units = {OFFICE: "西关大街街道办事处"}  # noqa: RUF012

    def division(self, code: str) -> str:
        return self.divisions.get(code, code)

    def unit(self, code: str) -> str:
        return self.units.get(code, "")


@dataclass
class Incoming:
    """A message as it came from the bus."""

    id: str
    body: Any


@dataclass
class Row:
    """A delivery as the table would hold it."""

    position: int
    owed: Any
    state: State
    due_at: datetime | None
    attempts: int = 0
    reason: str = ""
    settled_at: datetime | None = None


class FakeDeliveries:
    def __init__(self, cases):
        self._cases = cases
        self.rows = {}

    def add(self, deliveries):
        for one in deliveries:
            mail = one.channel is Channel.MAIL
            state = State.WAITING if mail else State.SENT
            self.rows.setdefault(one.id, Row(len(self.rows) + 1, one, state, one.created_at if mail else None))

    def claim(self, now, lease, limit):
        due = sorted(
            (row for row in self.rows.values() if row.due_at is not None and row.due_at <= now),
            key=lambda row: (row.due_at, row.position),
        )
        return [self._claimed(row, lease) for row in due[:limit]]

    def _claimed(self, row, lease):
        row.state, row.attempts, row.due_at = State.SENDING, row.attempts + 1, lease
        known = self._cases.kept.get(row.owed.case_no)
        return Claimed(
            id=row.owed.id,
            rule=row.owed.rule,
            kind=row.owed.kind,
            case_no=row.owed.case_no,
            template=row.owed.template,
            facts=row.owed.facts,
            sealed=known is None or known.sealed,
            attempts=row.attempts,
            lease=lease,
        )

    def settle(self, claimed, settled, now):
        row = self.rows[claimed.id]
        row.state, row.reason, row.due_at = settled.state, settled.reason, settled.due_at
        row.settled_at = None if settled.due_at else now
        return True

    def give_back(self, claimed, reason, now):
        for one in claimed:
            row = self.rows[one.id]
            row.state = State.FAILED if one.attempts > 1 else State.WAITING
            row.attempts, row.due_at, row.reason = one.attempts - 1, now, reason or row.reason

    def about(self, case_no, limit):
        return [self._kept(row) for row in self.rows.values() if row.owed.case_no == case_no][:limit]

    def dead(self, paging):
        dead = [row for row in self.rows.values() if row.state is State.DEAD and row.position > (paging.after or 0)]
        return [self._kept(row) for row in dead][: paging.limit + 1]

    def revive(self, delivery_id, now):
        row = self.rows.get(delivery_id)
        if row is None or row.state not in {State.DEAD, State.SKIPPED}:
            return False
        row.state, row.attempts, row.reason, row.due_at, row.settled_at = State.WAITING, 0, "", now, None
        return True

    @staticmethod
    def _kept(row):
        return Kept(
            position=row.position,
            state=row.state.value,
            attempts=row.attempts,
            reason=row.reason,
            due_at=row.due_at,
            settled_at=row.settled_at,
            **{
                name: getattr(row.owed, name)
                for name in ("id", "rule", "kind", "case_no", "channel", "role", "unit", "happened_at")
            },
        )


class FakeInbox:
    def __init__(self, deliveries, cases):
        self._deliveries = deliveries
        self._cases = cases
        self.read = {}

    def _mine(self, query):
        for row in reversed(self._deliveries.rows.values()):
            one = row.owed
            earlier = query.paging.after is None or row.position < query.paging.after
            if one.channel is Channel.INBOX and one.role == query.role and one.unit in {"", query.unit} and earlier:
                yield row

    def page(self, query):
        return [
            Message(
                position=row.position,
                id=row.owed.id,
                happened_at=row.owed.happened_at,
                kind=row.owed.kind,
                case_no=row.owed.case_no,
                template=row.owed.template,
                facts=row.owed.facts,
                sealed=self._cases.kept[row.owed.case_no].sealed,
                read_at=self.read.get((row.owed.id, query.person)),
            )
            for row in self._mine(query)
        ][: query.paging.limit + 1]

    def recipient(self, delivery_id):
        row = self._deliveries.rows.get(delivery_id)
        return (row.owed.role, row.owed.unit) if row and row.owed.channel is Channel.INBOX else None

    def mark_read(self, delivery_id, person, at):
        return self.read.setdefault((delivery_id, person), at)


class FakeCases:
    def __init__(self):
        self.kept = {}

    def get(self, numbers):
        return {number: self.kept[number] for number in numbers if number in self.kept}

    def save(self, cases):
        self.kept |= {case.case_no: case for case in cases}


class FakeWork:
    def __init__(self):
        self.cases = FakeCases()
        self.deliveries = FakeDeliveries(self.cases)
        self.inbox = FakeInbox(self.deliveries, self.cases)


class FakeDirectory:
    """Intake; what is not there is `unknown`."""

    def __init__(self):
        self.people = {}

    def reach(self, case_no):
        return self.people.get(case_no, Result(Fate.LATER, "petitioner-unknown"))


class FakeServer:
    """A mail server that answers what it was told to, and takes everything else."""

    def __init__(self):
        self.answers = []
        self.taken = []
        self.sessions = 0
        self.on_send = lambda: None

    def session(self):
        self.sessions += 1
        return nullcontext(self)

    def send(self, letter):
        self.on_send()
        result = self.answers.pop(0) if self.answers else Result(Fate.TAKEN)
        if result.fate is Fate.TAKEN:
            self.taken.append(letter)
        return result


class Room:
    """The notify of one node."""

    def __init__(self, node=TOWNSHIP, rules=RULES, texts=TEXTS):
        self.work = FakeWork()
        self.clock = FixedClock(NOW)
        self.wall = FixedClock(NOW)
        self.desk = Desk(
            rules=rules, texts=texts, office=Office(node, FakeNames(), "https://portal.example"), clock=self.clock
        )
        self.directory = FakeDirectory()
        self.server = FakeServer()
        self.noted = []
        self.post = PostOffice(
            server=self.server,
            directory=self.directory,
            patience=rules.patience,
            outage=Outage(rules.patience.pause_after_outage),
            wall=self.wall,
            note=lambda claimed, result: self.noted.append((claimed.rule, result.fate, result.reason)),
        )

    def open_work(self):
        return nullcontext(self.work)

    def without_server(self):
        self.post = replace(self.post, server=None)
        return self

    def tell(self, *messages, known_as=""):
        """Tell messages; each gets its own id unless `known_as` gives one."""
        told = [Incoming(known_as or f"event-{id(message)}", message) for message in messages]
        self._alive = [*getattr(self, "_alive", []), *messages]  # an id stays one message's only while it lives
        tell(told, self.work, self.desk, self.wall.now())
        return self

    @property
    def rows(self):
        return list(self.work.deliveries.rows.values())

    def owed(self, kind=""):
        """Say who is owed what, as role and unit by rule."""
        return sorted(
            (row.owed.rule, row.owed.role, row.owed.unit) for row in self.rows if not kind or row.owed.kind == kind
        )

    def words(self, row):
        sealed = self.work.cases.kept[row.owed.case_no].sealed
        return TEXTS.words(row.owed.template, row.owed.facts, self.desk.office, sealed=sealed, query_code="ABCDE-12345")


def a_contact(number=NUMBER, node=TOWNSHIP, **more):
    facts = {
        "channel": "web",
        "received_at": NOW,
        "entered_at": NOW,
        "subject_sealed": "反映楼道堆物",
        "text_sealed": "楼道里堆满杂物，多次反映无人处理",
        "persons": 1,
        "representatives": 0,
        "anonymous": False,
        "petitioner_key": "key",
        "petitioner_sealed": "sealed",
        "petition_class": PetitionClass.RELIEF,
    }
    return n.ContactRegistered(contact_no=number, node=node, **{**facts, **more})


def an_alert(cls=n.ClockWarned, node=TOWNSHIP, unit=OFFICE, owner="U", **more):
    facts = {
        "case_no": NUMBER,
        "clock": "HANDLE",
        "round_number": 1,
        "raw_due": date(2026, 5, 1),
        "legal_due": date(2026, 5, 6),
        "provisional": False,
        "raised_at": NOW,
    }
    if cls is n.ClockEscalated:
        facts |= {"step": 1, "to_role": "J", "days_late": 7}
    return cls(node=node, unit=unit, owner=owner, **{**facts, **more})


def a_waiting_mail(room, number=NUMBER, email="someone@example.org", code="ABCDE-FGHJK-MPRTU"):
    """A registration receipt that waits, and a petitioner who can be reached."""
    room.tell(a_contact(number, node=room.desk.office.node), known_as=f"contact-{number}")
    room.directory.people[number] = Reached(email=email, query_code=code)
    return room.rows[-1]
