"""Intake and routing of one node on a real database, called as the portal calls them; the bus between is by hand."""

import json
from datetime import timedelta
from types import SimpleNamespace

from lianxi.bus.answers import Answerer, CallProblem
from lianxi.bus.messages import RawMessage
from lianxi.courier import decode
from lianxi.runtime.crypto import KeyRing
from services.intake import service as intake_service
from services.intake.settings import Settings as IntakeSettings
from services.intake.wiring import build as build_intake
from services.portal.domain.accounts import AccountRole, Principal
from services.portal.domain.answers import Answered
from services.routing import service as routing_service
from services.routing.settings import Settings as RoutingSettings
from services.routing.wiring import build as build_routing

NODE = "630104"
HOUSING = "630104.housing"
ID_NUMBER = "630102198001010019"
PERSON = {"name": "马桂兰花", "id_number": ID_NUMBER, "phone": "13897412356", "address": "西宁市城西区虎台一巷3号楼"}
SUBJECT = "墙皮脱落十分特别"
TEXT = "我家墙皮脱落，电话13897412356。"


class Office:
    """One node; `call` goes through the real doors."""

    def __init__(self, database, folder, monkeypatch):
        self.database = database
        ring = folder / "keyring.yaml"
        KeyRing.generate().write(ring)
        self.clock_file = folder / "clock"
        self.environment = {
            **database.environment(folder),
            "LIANXI_KEYRING_FILE": str(ring),
            "LIANXI_CLOCK_FILE": str(self.clock_file),
            "LIANXI_AMQP_URI": "amqp://unused",
        }
        self.intake = build_intake(IntakeSettings.from_environment(self.environment))
        self.routing = build_routing(RoutingSettings.from_environment(self.environment))
        monkeypatch.setattr(intake_service, "build", lambda: self.intake)
        monkeypatch.setattr(routing_service, "build", lambda: self.routing)
        services = {"intake": intake_service.Service(), "routing": routing_service.Service()}
        self._answers = {name: Answerer(service) for name, service in services.items()}
        self._contacts = services["routing"].contacts
        self.ports = SimpleNamespace(calls=self, clock=self.intake.clock)

    def close(self):
        self.intake.close()
        self.routing.close()

    def call(self, service, method, body, *, command_id=None):
        try:
            return self._answers[service].answer(method, json.loads(json.dumps(body)), command_id=command_id)
        except CallProblem as refusal:
            raise Answered(json.loads(refusal.args[1])) from None

    def file(self, **more):
        """Register a contact and let routing open its case; return number and query code."""
        body = {"channel": "WEB", "subject": SUBJECT, "text": TEXT, "petitioner": PERSON, "division": NODE, **more}
        registered = self.call("intake", "register", body)
        waiting = self.database.query("SELECT body FROM intake.outbox WHERE routing_key LIKE 'contact.%%'")
        with self.routing.open_work() as work:
            self._contacts(work, [decode(RawMessage(body=bytes(body))) for (body,) in waiting])
        self.database.query("DELETE FROM intake.outbox")
        return registered

    def view(self, number, person):
        return self.call("routing", "case", {"case_no": number, "actor": person.actor()})

    def later(self, **time):
        self.clock_file.write_text(str(timedelta(**time).total_seconds()), encoding="ascii")

    def looks(self):
        """The book, oldest first: number, kind, fields, person, reason."""
        return self.database.query(
            "SELECT number, kind, fields, person, role, reason FROM intake.personal_read ORDER BY position"
        )


def somebody(role, unit="", node=NODE):
    return Principal(account_id=f"{role}-1", login=str(role), role=AccountRole(role), node=node, unit=unit)


LEADER = somebody("department_leader")
DISPATCHER = somebody("dispatcher")
OFFICER = somebody("case_officer", HOUSING)
ABOVE = somebody("dispatcher", node="630100")
ADMIN = somebody("admin")
