"""A notify desk for tests: fakes of its ports that keep everything in memory, and the office's real rules and texts."""

from contextlib import nullcontext
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

from lianxi.casework.messages import notices as n
from lianxi.casework.messages.facts import PetitionClass
from lianxi.runtime.clock import SHANGHAI, FixedClock
from services.notify.domain.deliveries import Fate, Outage, Result
from services.notify.domain.rules import Channel
from services.notify.domain.texts import Office
from services.notify.handlers import tell
from services.notify.handlers.offices import Desk, PostOffice, Reached
from services.notify.senders import PrintRoom
from services.notify.settings import read_rules_and_texts
from tests.support.builders import CITY, DISTRICT, NUMBER, OFFICE, TOWNSHIP
from tests.unit.notify.stores import FakeWork

FILES = Path(__file__).resolve().parents[3] / "deploy" / "xining" / "notify"
RULES, TEXTS = read_rules_and_texts(FILES)
NOW = datetime(2026, 3, 2, 10, tzinfo=SHANGHAI)


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
