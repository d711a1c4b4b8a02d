"""Turning the pages of every list of the API while rows come in: each row that was there is shown once, none twice.

The portal asks the real services on a real database; only the broker between them is left out. The lists come from the
API's own table, so a new one with pages needs a line here that says how it grows.
"""

import itertools

import pytest

from services.intake.service import IntakeService
from services.notify.service import NotifyService
from services.portal.domain.accounts import AccountRole as A
from services.portal.domain.accounts import Scope
from services.portal.handlers.access import digest
from services.routing.handlers import cases
from services.routing.service import RoutingService
from services.supervision.service import SupervisionService
from tests.support.builders import CITY, TOWNSHIP
from tests.unit.portal.gate import all_operations, gate, person

pytestmark = [pytest.mark.database, pytest.mark.timeout(300)]
PAGED = {
    name: op
    for name, op in all_operations().items()
    if op.query is not None and "after" in op.query().fields and Scope.AGENCY not in op.access.scopes
}
"""Every list with pages but the agencies', which counts events."""
ROLES = (A.DISPATCHER, A.DEPARTMENT_LEADER, *A)
START, ADDED, LIMIT = 7, 3, 2
_MESSAGE = """
INSERT INTO notify.delivery (id, event_id, rule, kind, case_no, channel, node, role, unit, template, facts, happened_at,
                             created_at, state, digest_id)
VALUES (%s, %s, 'clock-breached', 'clock-breached', %s, %s, %s, 'D', '', 'clock-breached', '{}', now(), now(), %s, %s)
"""
_GUIDED = """
INSERT INTO intake.contact (number, origin, channel, received_at, entered_at, petitioner_key, anonymous, persons,
    representatives, division, address_division, reception_place, recording, read_back, guided_to)
VALUES (%s, 'registered', 'visit', now(), now(), 'k', false, 1, 0, '', '', '', '', true, %s)
"""
_UNSERVED = """
INSERT INTO notify.service_of_document
    (case_no, number, kind, issued_on, state, method, tracking_no, proof, note, changed_by)
VALUES (%s, %s, '答', '2026-01-05', 'unserved', '', '', '', '', '')
"""
_ORDER = """
INSERT INTO supervision.proposal (proposal_no, case_no, clock, instance, node, unit, trigger, status, proposed_at)
VALUES (%s, %s, 'HANDLE', 1, %s, '', 'SUP-1', 'proposed', now())
"""


class Doors(dict):
    """The doors of the services, opened without a broker: what a call would be answered."""

    def __init__(self, services):
        super().__init__()
        self.services = services

    def get(self, door, _default=None):
        service, _, method = door.partition(".")

        def answer(body):
            with self.services[service].open_work() as work:
                return getattr(self.services[service], method)(work, body)

        return answer


class Lists:
    """The lists of a node and how each of them grows."""

    def __init__(self, street, services):
        self.street = street
        self.portal = gate(TOWNSHIP)
        self.portal.offices.answers = Doors(services)
        self.count = itertools.count(1)

    def someone(self, operation):
        who = person(next(role for role in ROLES if role in operation.access.roles), TOWNSHIP)
        self.portal.people[digest(who.login)] = who
        return who

    def ask(self, name, path, **query):
        headers = {"Authorization": f"Bearer {self.someone(PAGED[name]).login}"}
        answer = self.portal.client.get(f"/api/v1{path}", query_string=query, headers=headers)
        assert answer.status_code == 200, (name, answer.text)
        return answer.json

    def turn(self, name, path, limit, between=lambda: None):
        """Return the rows of all pages; `between` runs before each next one."""
        shown, after = [], None
        while True:
            page = self.ask(name, path, limit=limit, **({"after": after} if after else {}))
            shown += page["rows"]
            after = page["next"]
            if not after:
                return shown
            between()

    def number(self):
        return f"63010400120260302W{next(self.count):05}"

    def open(self):
        """A case that may repeat the first one: it waits for a clerk, and supervision has it in the ledger."""
        number = self.number()
        text = "小区电梯停运半月，老人无法下楼，物业不理，请督促维修。"
        more = {"subject": "小区电梯停运", "text": text, "person_keys": ("phone:" + "a1" * 16,)}
        with self.street.parts.open_work() as work:
            cases.open_cases(work, [self.street.contact(number, **more)], self.street.parts.here)
        self.street.supervised()
        return number

    def propose(self):
        number = self.open()
        actor = {"person": "li", "role": "D", "unit": "", "node": TOWNSHIP}
        command = {"case_no": number, "actor": actor, "paper": {"missing": "请补充住址"}}
        body = {"command_type": "request-completion", "command": command, "note": "", "case_no": number, "actor": actor}
        self.portal.offices.answers.get("routing.propose")(body)

    def message(self, channel, state, gathered_in=""):
        name = f"m-{next(self.count):05}"
        self.street.database.query(_MESSAGE, name, name, self.number(), channel, TOWNSHIP, state, gathered_in)
        return name

    def refuse(self):
        body = {
            "channel": "web",
            "subject": f"事项{next(self.count)}",
            "text": "路灯",
            "petitioner": {"name": "马文", "address": "西关大街", "phone": "12345"},
        }
        with pytest.raises(Exception, match="热线"):
            self.portal.offices.answers.get("intake.register")(body)

    def draft(self):
        content = {"subject": f"草稿{next(self.count)}"}
        actor = self.someone(PAGED["drafts"]).actor()
        self.portal.offices.answers.get("intake.save_draft")({"content": content, "actor": actor})

    def look(self):
        actor = {"person": "li", "role": "D", "unit": "", "node": TOWNSHIP}
        self.portal.offices.answers.get("intake.note_read")(
            {"number": self.number(), "kind": "content", "fields": ["document"], "actor": actor}
        )

    def growth(self):
        """Return of each list its address, what identifies a row, and what adds one."""
        digest_of = self.message("inbox", "sent")
        query, number = self.street.database.query, self.number
        return {
            "list_cases": ("/cases", "case_no", self.open),
            "waiting": ("/waiting", "case_no", self.open),
            "list_pile": ("/piles/register", "case_no", self.open),
            "list_proposed_acts": ("/proposed-acts", "id", self.propose),
            "inbox": ("/inbox", "id", lambda: self.message("inbox", "sent")),
            "gathered_alerts": (f"/inbox/{digest_of}/alerts", "id", lambda: self.message("inbox", "sent", digest_of)),
            "undelivered": ("/notices/undelivered", "id", lambda: self.message("mail", "dead")),
            "letters": ("/letters", "id", lambda: self.message("letter", "queued")),
            "unserved": ("/unserved", "case_no", lambda: query(_UNSERVED, number(), f"{next(self.count)}号")),
            "proposals": (
                "/proposals",
                "proposal_no",
                lambda: query(_ORDER, f"{TOWNSHIP}-2026-{next(self.count):06}", number(), TOWNSHIP),
            ),
            "rejects": ("/rejects", "id", self.refuse),
            "drafts": ("/drafts", "id", self.draft),
            "guided_visits": ("/guided", "number", lambda: query(_GUIDED, number(), CITY)),
            "list_reads": ("/personal-data/reads", "position", self.look),
        }


@pytest.fixture
def lists(street, monkeypatch):
    for name, value in street.environment.items():
        monkeypatch.setenv(name, value)
    services = {
        "intake": IntakeService(),
        "routing": RoutingService(),
        "supervision": SupervisionService(street.supervision),
        "notify": NotifyService(),
    }
    return Lists(street, services)


def test_rows_that_come_in_while_the_pages_are_turned_neither_hide_others_nor_show_them_twice(lists):
    grows, wrong = lists.growth(), {}
    assert set(grows) == set(PAGED)
    for name, (path, key, add) in grows.items():
        for _ in range(START + 1 - len(lists.turn(name, path, 200))):
            add()
        before = [row[key] for row in lists.turn(name, path, 200)]
        assert len(before) >= START, name
        coming = iter(range(ADDED))

        def grow(add=add, coming=coming):
            if next(coming, None) is not None:
                add()

        shown = [row[key] for row in lists.turn(name, path, LIMIT, grow)]

        lost = set(before) - set(shown)
        twice = {each for each in shown if shown.count(each) > 1}
        if lost or twice or next(coming, None) is not None:
            wrong[name] = (lost, twice)
    assert wrong == {}
