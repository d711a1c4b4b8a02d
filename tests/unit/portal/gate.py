"""A portal without a database, for asking every operation as everybody: people, bodies that fit, addresses that fit."""

from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from types import SimpleNamespace

from marshmallow import fields

from lianxi.casework.identifiers import CaseNumber, DivisionCode, QueryCode
from lianxi.runtime.clock import SHANGHAI, FixedClock, new_id
from lianxi.runtime.crypto import KeyRing
from services.portal.api import operations
from services.portal.domain.accounts import AccountRole, Principal, Scope
from services.portal.domain.limits import Limits
from services.portal.handlers import Ports
from services.portal.handlers.access import digest
from services.portal.schemas import fields as own
from services.portal.service import create_app
from tests.unit.portal.offices import ACCEPTED, CASE_NO, FakeOffices, a_case, usual_answers

UNIT_ROLES = {AccountRole.CASE_OFFICER, AccountRole.UNIT_HEAD}
NODES = ("630100", "630104", "630104001")
SHA256 = "0" * 64
QUERY_CODE = str(QueryCode.new(bytes))
BY_NAME = {
    "query_code": QUERY_CODE,
    "draft_code": QUERY_CODE,
    "paper": {"text": "请办理"},
    "command": {"to_node": "630104001"},
    "act": "transfer-case",
    "sha256": SHA256,
    "size": 5,
    "channels": ["mail"],
    "identity": {"phone": "13997000000"},
    "facts": {"name": "城西区住建局"},
    "content": {"subject": "路灯不亮"},
    "consent": True,
    "free_will": True,
    "approve": True,
    "name": "a.txt",
    "number": "宁信转〔2026〕12号",
    "days": 10,
}
"""What to write into fields whose type alone does not say it."""
OF_QUERY = {"first": "2026-01-01", "from": "2026-01-01", "to": "2026-03-01", "rule": "r", "offset": "0"}
IN_ADDRESS = {
    "case_no": CASE_NO,
    "guided_no": CASE_NO,
    "earlier": ACCEPTED,
    "document_number": "12号",
    "pile_name": "dispatch",
    "unit": "630104.housing",
    "sha256": SHA256,
}


class Counts:
    """Counts of one minute."""

    def __init__(self):
        self.of = {}

    def add(self, *keys):
        for key in keys:
            self.of[key] = self.of.get(key, 0) + 1
        return [(self.of[key], 42) for key in keys]


class Repeated:
    """Answers under idempotency keys."""

    def __init__(self):
        self.rows = {}

    def begin(self, scope, key_digest, *, fingerprint, command_id, first_at):
        row = SimpleNamespace(
            fingerprint=fingerprint, command_id=command_id, first_at=first_at, status=None, sealed_answer=None
        )
        return self.rows.setdefault((scope, key_digest), row)

    def finish(self, scope, key_digest, *, status, sealed_answer):
        row = self.rows[scope, key_digest]
        row.status, row.sealed_answer = status, sealed_answer


class Accounts:
    """Who is known, by token."""

    def __init__(self, people):
        self.people = people

    def by_token(self, token):
        return self.people.get(token)

    def by_login(self, _login):
        return None

    def tokens_of(self, _account_id):
        return []

    def add_token(self, _row, _days):
        return datetime(2026, 6, 1, tzinfo=SHANGHAI)

    def revoke_token(self, *_given):
        return False

    def close_session(self, _digest):
        pass


@dataclass(frozen=True)
class Gate:
    """The portal of one node, and everybody who may come to it."""

    node: str
    offices: FakeOffices
    client: object
    people: dict
    counts: Counts

    def page(self, operation, person, **query):
        """Ask for a page of a list."""
        path = address_of(operation)
        asked = "&".join(f"{name}={value}" for name, value in query.items())
        headers = {"Authorization": f"Bearer {person.login}"}
        return self.client.get(f"{path}{'&' if '?' in path else '?'}{asked}", headers=headers)

    def call(self, operation, person=None, *, address=None, body=None, **headers):
        if person is not None:
            self.people[digest(person.login)] = person
            headers["Authorization"] = f"Bearer {person.login}"
        given = {"json": body if body is not None else body_of(operation)} if operation.body else {}
        path = address_of(operation, **(address or {}))
        return self.client.open(path, method=operation.method, headers=headers, **given)


def gate(node="630104", **limits):
    """Return a portal of a node with nothing behind it but played offices."""
    people, offices = {}, FakeOffices(usual_answers())
    books = SimpleNamespace(
        accounts=Accounts(people),
        counts=Counts(),
        repeated=Repeated(),
        failures=SimpleNamespace(so_far=lambda _login: SimpleNamespace(wait_seconds=0), add=lambda _login: None),
    )

    @contextmanager
    def open_books():
        yield books

    ports = Ports(
        node=node,
        names={},
        calls=offices,
        open_books=open_books,
        clock=FixedClock(datetime(2026, 3, 2, 10, 15, tzinfo=SHANGHAI)),
        passwords=SimpleNamespace(matches=lambda _stored, _password: False),
        secrets=KeyRing.generate(),
        new_id=new_id,
        limits=replace(Limits(account=10**9, address=10**9, filing=10**9, tracking=10**9, sign_in=10**9), **limits),
        files=SimpleNamespace(link_secrets={}),
    )
    app = create_app(ports, https=False)
    offices.answers["routing.change_unit"] = {"unit": f"{node}.housing", "number": 1, "valid_from": "2026-03-02"}
    offices.answers["notify.services"] = {"rows": [A_DOCUMENT]}
    return Gate(node, offices, app.test_client(), people, books.counts)


A_DOCUMENT = {
    "case_no": CASE_NO,
    "number": BY_NAME["number"],
    "command": "record-service",
    "state": "unserved",
    "served_on": None,
    "kind": "转",
    "issued_on": "2026-03-03",
}


def person(role, node="630104", scopes=frozenset(Scope)):
    """Return somebody of this role at this node; whoever works for a unit works for its housing bureau."""
    unit = f"{node}.housing" if role in UNIT_ROLES else ""
    login = f"{role}-{node}-{'-'.join(sorted(scopes))}"
    return Principal(account_id=login, login=login, role=role, node=node, unit=unit, scopes=scopes)


class Everything(dict):
    """Answers of a node on an ordinary day, with something that fits for every other door."""

    def get(self, door):
        return super().get(door, ANYTHING)


ANYTHING = {
    "rows": [],
    "next": None,
    "number": CASE_NO,
    "case_no": CASE_NO,
    "text": "一段文字",
    "code": QUERY_CODE,
    "content": {"subject": "路灯不亮"},
    "saved_at": "2026-03-02T10:15:00+08:00",
    "upload_id": "u-1",
    "attachment_id": "a-1",
    "key": "k",
    "sha256": SHA256,
    "size": 5,
    "hours": 24,
    "id": "x-1",
    "state": "queued",
    "name": "a.txt",
    "status": "done",
}


def all_operations():
    """Return every operation of the API, by name."""
    return {operation.name: operation for operation in operations()}


def case_at(holder, unit):
    """Return a case that this node holds and this unit handles, and nobody else had a part in."""
    return a_case(holder=holder, unit=unit, transfer=None, history=[{"node": holder, "seq": 1, "act": "T1"}])


def address_of(operation, **given):
    """Return an address of an operation with a query that fits."""
    path = "/api/v1" + operation.rule.replace("path:", "")
    while "<" in path:
        name = path[path.index("<") + 1 : path.index(">")]
        path = path.replace(f"<{name}>", given.get(name) or IN_ADDRESS.get(name, "x-1"), 1)
    if operation.query is None:
        return path
    needed = [field for field in operation.query().fields.values() if field.required]
    query = "&".join(f"{field.data_key or field.name}={OF_QUERY[field.data_key or field.name]}" for field in needed)
    return f"{path}?{query}"


def body_of(operation):
    """Return a body that the operation's schema takes."""
    return sample(operation.body())


def sample(schema):
    """Return what a schema takes: its required fields, and the few others that a use case insists on."""
    wanted = {
        name: field for name, field in schema.fields.items() if field.required or name in {"sha256", "petitioner"}
    }
    return {field.data_key or name: _value(name, field) for name, field in wanted.items()}


def _value(name, field):
    if name in BY_NAME and not (name == "number" and isinstance(field, fields.Integer)):
        return BY_NAME[name]
    if isinstance(field, (own.OneOf, own.WholeNumber)):
        return field._words[0] if isinstance(field, own.OneOf) else field._range[0]
    if isinstance(field, own.Coded):
        of = getattr(field._parse, "__self__", None)
        return {CaseNumber: CASE_NO, DivisionCode: "630104"}.get(of, "630104.housing")
    if isinstance(field, fields.List):
        return [_value("", field.inner)]
    if isinstance(field, fields.Nested):
        return sample(field.schema)
    return {own.Day: "2026-03-02", own.Moment: "2026-03-02T09:30:00+08:00", own.YesNo: True, own.Paper: {}}.get(
        type(field), "一段文字"
    )
