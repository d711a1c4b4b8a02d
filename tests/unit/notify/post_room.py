"""A notify desk for tests: fakes of its ports that keep everything in memory, and the office's real rules and texts."""

from collections import Counter
from contextlib import nullcontext
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from lianxi.casework.messages import notices as n
from lianxi.casework.messages.facts import PetitionClass
from lianxi.runtime.clock import SHANGHAI, FixedClock
from services.notify.domain.deliveries import Claimed, Fate, Outage, Result, State
from services.notify.domain.questions import Gathered, Kept, Message, Tried
from services.notify.domain.rules import Channel
from services.notify.domain.service_of_documents import ServiceState
from services.notify.domain.texts import Office
from services.notify.handlers import tell
from services.notify.handlers.offices import Desk, PostOffice, Reached
from services.notify.senders import PrintRoom
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
    channel: Any
    others: tuple = ()
    attempts: int = 0
    reason: str = ""
    settled_at: datetime | None = None
    provider: str = ""
    receipt: str = ""
    language: str = ""
    digest: str = ""


class FakeDeliveries:
    def __init__(self, cases):
        self._cases = cases
        self.rows = {}

    def add(self, deliveries):
        for one in deliveries:
            goes = one.channel is not Channel.INBOX
            state = State.WAITING if goes else State.GATHERED if one.gather_at else State.SENT
            row = Row(len(self.rows) + 1, one, state, one.created_at if goes else None, one.channel, one.others)
            row.language = one.language
            self.rows.setdefault(one.id, row)

    def claim(self, channel, now, lease, limit):
        due = sorted(
            (row for row in self.rows.values() if row.channel is channel and row.due_at and row.due_at <= now),
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
            channel=row.channel,
            others=row.others,
            urgent=row.owed.urgent,
            language=row.language,
            provider=row.provider,
        )

    def settle(self, claimed, settled, now):
        row = self.rows[claimed.id]
        self.move(claimed.id, settled, now)
        row.provider, row.receipt = settled.provider, settled.receipt
        return True

    def move(self, delivery_id, settled, now):
        row = self.rows[delivery_id]
        row.state, row.reason, row.due_at = settled.state, settled.reason, settled.due_at
        row.channel, row.others = settled.channel, settled.others
        row.attempts = row.attempts if settled.attempts is None else settled.attempts
        row.settled_at = None if settled.due_at else now

    def by_receipt(self, provider, receipt):
        for row in self.rows.values():
            if (row.provider, row.receipt, row.state) == (provider, receipt, State.SENT):
                return row.owed.id, row.channel, row.others
        return None

    def untried(self, case_no):
        return [
            (row.owed.id, row.owed.rule)
            for row in self.rows.values()
            if row.owed.case_no == case_no and row.state is State.WAITING and row.attempts == 0
        ]

    def redirect(self, delivery_id, channels, language):
        row = self.rows[delivery_id]
        row.channel, *others = channels
        row.others, row.language = tuple(others), language

    def facts(self, case_no, kinds):
        found = [row.owed.facts for row in self.rows.values() if row.owed.case_no == case_no and row.owed.kind in kinds]
        return found[-1] if found else None

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
            channel=row.channel,
            provider=row.provider,
            tries=row.attempts,
            **{
                name: getattr(row.owed, name)
                for name in ("id", "rule", "kind", "case_no", "role", "unit", "happened_at")
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
            mine = one.channel is Channel.INBOX and one.role == query.role and one.unit in {"", query.unit}
            if mine and earlier and not row.digest and row.state is not State.GATHERED:
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
                sealed=row.owed.rule != "digest" and self._cases.kept[row.owed.case_no].sealed,
                read_at=self.read.get((row.owed.id, query.person)),
            )
            for row in self._mine(query)
        ][: query.paging.limit + 1]

    def today(self, recipients, since, rules):
        assert recipients
        owed = [row.owed for row in self._deliveries.rows.values() if row.owed.rule in rules]
        return Counter((one.role, one.unit) for one in owed if one.happened_at >= since)

    def ready(self, now):
        groups = {}
        for row in self._deliveries.rows.values():
            one = row.owed
            if row.state is State.GATHERED and one.gather_at <= now:
                groups.setdefault((one.node, one.role, one.unit, one.gather_at), []).append(one)
        return [
            Gathered(
                node=node,
                role=role,
                unit=unit,
                gather_at=at,
                count=len(owed),
                cases=len({one.case_no for one in owed}),
                first=owed[0].happened_at,
                numbers=tuple(sorted({one.case_no for one in owed})[:20]),
            )
            for (node, role, unit, at), owed in sorted(groups.items())
        ]

    def gather(self, gathered, digest_id):
        for row in self._deliveries.rows.values():
            one = row.owed
            mine = (one.node, one.role, one.unit, one.gather_at)
            theirs = (gathered.node, gathered.role, gathered.unit, gathered.gather_at)
            if row.state is State.GATHERED and mine == theirs:
                row.state, row.digest = State.SENT, digest_id

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


class FakeChoices:
    def __init__(self):
        self.kept = {}

    def get(self, numbers):
        return {number: self.kept[number] for number in numbers if number in self.kept}

    def save(self, choice):
        self.kept[choice.case_no] = choice


class FakeAddressees:
    def __init__(self):
        self.attempts = []
        self.dead = {}
        self.receipts = {}

    def note(self, claimed, result, addressee, now):
        self.attempts.append((claimed, result, addressee, now))

    def tried(self, deliveries):
        found = {}
        for claimed, result, _, at in self.attempts:
            if claimed.id in deliveries:
                tried = Tried(
                    at=at,
                    channel=claimed.channel.value,
                    provider=result.provider,
                    fate=result.fate.value,
                    reason=result.reason,
                )
                found.setdefault(claimed.id, []).append(tried)
        return found

    def standing(self, addressee, dead_since, since):
        taken = [at for _, result, to, at in self.attempts if to == addressee and result.fate is Fate.TAKEN]
        return self.dead.get(addressee, dead_since) > dead_since, [at for at in taken if at > since]

    def bury(self, addressee, _channel, _reason, now):
        self.dead[addressee] = now

    def revive(self, _case_no):
        self.dead.clear()

    def last_of(self, delivery_id):
        return next((to for claimed, _, to, _ in reversed(self.attempts) if claimed.id == delivery_id), "")

    def receipt(self, provider, number, _now, *, arrived):
        self.receipts[provider, number] = arrived

    def received(self, provider, number):
        return self.receipts.get((provider, number))


class FakeServices:
    def __init__(self):
        self.kept = {}

    def open(self, service):
        self.kept.setdefault((service.case_no, service.number), service)

    def served(self, served):
        for key, one in self.kept.items():
            if one.case_no == served.case_no and (one.number == served.number or one.kind == served.kind):
                self.kept[key] = replace(
                    one,
                    state=ServiceState.SERVED,
                    method=served.method,
                    served_on=served.served_on,
                    proof=served.proof,
                )

    def of_case(self, case_no):
        return [one for one in self.kept.values() if one.case_no == case_no]

    def get(self, case_no, number):
        return self.kept.get((case_no, number))

    def save(self, service):
        self.kept[service.case_no, service.number] = service


class FakeWork:
    def __init__(self):
        self.cases = FakeCases()
        self.deliveries = FakeDeliveries(self.cases)
        self.inbox = FakeInbox(self.deliveries, self.cases)
        self.choices = FakeChoices()
        self.addressees = FakeAddressees()
        self.services = FakeServices()


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

    def __init__(self, node=TOWNSHIP, rules=RULES, texts=TEXTS, channels=(Channel.MAIL, Channel.LETTER)):
        self.work = FakeWork()
        self.clock = FixedClock(NOW)
        self.wall = FixedClock(NOW)
        self.desk = Desk(
            rules=rules,
            texts=texts,
            office=Office(node, FakeNames(), "https://portal.example"),
            clock=self.clock,
            channels=frozenset({Channel.INBOX, *channels}),
        )
        self.directory = FakeDirectory()
        self.server = FakeServer()
        self.sms = FakeServer()
        senders = {Channel.MAIL: self.server, Channel.SMS: self.sms, Channel.LETTER: PrintRoom()}
        self.senders = {channel: senders[channel] for channel in channels}
        self.noted = []
        self.post = PostOffice(
            senders=self.senders,
            directory=self.directory,
            outages={channel: Outage(rules.manners.patience.pause_after_outage) for channel in channels},
            wall=self.wall,
            addressee=lambda channel, address: f"{channel}:{address}",
            note=lambda claimed, result: self.noted.append((claimed.rule, result.fate, result.reason)),
        )

    def open_work(self):
        return nullcontext(self.work)

    def without_server(self):
        self.post = replace(self.post, senders={})
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
