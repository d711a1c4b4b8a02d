"""One node as far as files go, in this process: a real intake on its tables, a portal over HTTP, a store, a porter.

Calls go straight to the doors of intake, past the broker. Routing is played: every case is here and may be seen. What
intake would tell other nodes is taken from its outbox.
"""

import threading
from dataclasses import replace
from functools import partial

import pytest
import requests
from werkzeug.serving import make_server

from lianxi.bus.answers import Answerer, CallProblem
from lianxi.bus.engine import engine_for
from lianxi.casework.messages.materials import MaterialsArrived, MaterialsKept
from lianxi.contracts import envelope
from lianxi.runtime.clock import SystemClock, new_id
from lianxi.runtime.crypto import KeyRing
from services.intake import service as intake_service
from services.intake import wiring as intake_wiring
from services.intake.handlers import file_chores
from services.intake.settings import Settings as IntakeSettings
from services.portal.domain.answers import Answered
from services.portal.domain.limits import Limits
from services.portal.handlers import Ports, access
from services.portal.handlers.carrying import carry
from services.portal.service import create_app
from services.portal.settings import FileSettings
from services.portal.storage import SCHEMA, open_books
from services.portal.wiring import file_room
from tests.unit.intake.desk import a_web_petition
from tests.unit.portal.offices import problem

PASSWORD = "correct-horse-9"


class PlainPasswords:
    """Hashes nothing: argon2 is not what is tried here."""

    def hash(self, password):
        return f"plain:{password}"

    def matches(self, stored, password):
        return stored == f"plain:{password}"


class Calls:
    """Calls to intake, answered in this process; of routing only who holds a case."""

    def __init__(self, answerer, node):
        self._answerer = answerer
        self._node = node
        self.hidden = set()

    def call(self, service, method, body, *, command_id):
        if service == "intake":
            try:
                return self._answerer.answer(method, body, command_id=command_id)
            except CallProblem as refusal:
                raise Answered(refusal.problem) from None
        if body["case_no"] in self.hidden:
            raise Answered(problem("unknown", 404, "没有这个事项。"))
        return {"case_no": body["case_no"], "holder": self._node, "history": [], "acts": []}


class FileNode:
    """A node that takes files in, keeps them, and gives them to its neighbours."""

    def __init__(self, code, database, folder, *, ring=None, secrets=None, parent="", **settings):
        self.code, self.database, self.folder = code, database, folder
        self.ring = ring or KeyRing.generate()
        folder.mkdir(parents=True, exist_ok=True)
        self.ring.write(folder / "keyring.yaml")
        (folder / "links.yaml").write_text("".join(f'"{peer}": {key}\n' for peer, key in (secrets or {}).items()))
        self.environment = {
            "LIANXI_NODE": code,
            "LIANXI_DATABASE_URL_INTAKE": database.service_url("intake"),
            "LIANXI_KEYRING_FILE": str(folder / "keyring.yaml"),
            "LIANXI_LINK_SECRETS_FILE": str(folder / "links.yaml"),
            "LIANXI_BLOBS": str(folder / "blobs"),
            "LIANXI_PARENT_PORTAL": parent,
            **settings,
        }
        self.intake = intake_wiring.build(IntakeSettings.from_environment(self.environment))
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(intake_service, "build", lambda: self.intake)
            self.answerer = Answerer(intake_service.Service())
        self.calls = Calls(self.answerer, code)
        self.engine = engine_for(database.service_url("portal"), SCHEMA, 8)
        self.ports = Ports(
            node=code,
            names={},
            calls=self.calls,
            open_books=partial(open_books, self.engine),
            clock=SystemClock(None),
            passwords=PlainPasswords(),
            secrets=self.ring,
            new_id=new_id,
            limits=Limits(account=10**6, address=10**6, filing=10**6, tracking=10**6, sign_in=10**6),
            files=file_room(code, FileSettings.from_environment(self.environment), self.ring, lambda: None),
        )
        self.server = make_server("127.0.0.1", 0, create_app(self.ports, https=False), threaded=True)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def with_files(self, **changes):
        """Return the ports with another scanner, parent or the like."""
        return replace(self.ports, files=replace(self.ports.files, **changes))

    def ask(self, method, path, **more):
        return requests.request(method, f"{self.url}/api/v1{path}", timeout=30, **more)

    def officer(self, role="dispatcher", unit=""):
        """Return `ask` of somebody who is signed in."""
        login = f"{role.replace('_', '-')}-{new_id()[-6:]}"
        access.add_account(login, PASSWORD, role, (self.code, unit), self.ports)
        session = requests.Session()
        answer = session.post(f"{self.url}/api/v1/sessions", json={"login": login, "password": PASSWORD}, timeout=30)
        session.headers["X-CSRF-Token"] = answer.json()["csrf_token"]
        return lambda method, path, **more: session.request(method, f"{self.url}/api/v1{path}", timeout=30, **more)

    def register(self):
        """Register a petition; return its number and query code."""
        receipt = self.answerer.answer("register", a_web_petition(), command_id=new_id())
        return receipt["number"], receipt["query_code"]

    def round(self, **changes):
        """Let the porter make a round, with other tools if `changes` names some."""
        return carry(self.with_files(**changes) if changes else self.ports)

    def settle(self):
        """Let the porter work until nothing is due."""
        while self.round().due:
            pass

    def told(self, case_no):
        """Return what intake has told of the files of a case, newest last."""
        rows = self.database.query("SELECT body FROM intake.outbox ORDER BY position")
        messages = [envelope.decode(bytes(body)).message for (body,) in rows]
        return [message for message in messages if isinstance(message, MaterialsKept) and message.case_no == case_no]

    def hear(self, told, from_node):
        """Note what another node told of its files."""
        arrived = [
            MaterialsArrived(case_no=message.case_no, from_node=from_node, materials=message.materials)
            for message in told
        ]
        with self.intake.open_work() as work:
            file_chores.keep_arrived(arrived, work, self.intake.files)

    def hasten(self):
        """Make everything due that waits."""
        with self.intake.open_work() as work:
            work.blobs.hasten(None)

    def files(self, case_no):
        rows = self.answerer.answer("list_attachments", {"case_no": case_no})["rows"]
        return {row["name"]: row for row in rows}

    def close(self):
        self.server.shutdown()
        self.server.server_close()
        self.engine.dispose()
        self.intake.close()
