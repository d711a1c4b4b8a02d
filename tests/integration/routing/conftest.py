"""A routing node on a real, migrated database, without a broker: what it would send stands in its outbox."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from lianxi.bus.messages import RawMessage
from lianxi.casework.messages.facts import PetitionClass
from lianxi.courier import decode
from lianxi.runtime.crypto import KeyRing
from services.routing.handlers.directives import do
from services.routing.settings import Settings
from services.routing.wiring import Parts, build
from services.supervision.service import SupervisionService
from services.supervision.settings import Settings as SupervisionSettings
from services.supervision.wiring import build as build_supervision
from tests.support.builders import TOWNSHIP
from tests.unit.routing.network_of_nodes import a_contact

DATA = Path(__file__).resolve().parents[3] / "deploy"


@dataclass
class RoutingNode:
    """The node of a street with its parts and its database."""

    parts: Parts
    keys: KeyRing
    supervision: Any
    database: Any
    environment: dict[str, str]

    def contact(self, number: str, *, subject: str = "路面破损", text: str = "请修路", **more: Any) -> Any:
        """Return a contact filed here, sealed as intake seals it."""
        seal = self.keys.seal_for_transport
        facts = {"category": ("城乡建设",), "petition_class": PetitionClass.RELIEF, "petitioner_key": number}
        sealed = {
            "subject_sealed": seal(subject, f"subject/{number}"),
            "text_sealed": seal(text, f"text/{number}"),
        }
        return a_contact(TOWNSHIP, number, **{**facts, **sealed, **more})

    def do(self, command: Any) -> None:
        """Carry out an act."""
        with self.parts.open_work() as work:
            do(work, command.MESSAGE.name, command, self.parts.here)

    def supervised(self) -> None:
        """Let supervision read every case event that routing has told."""
        service = SupervisionService(self.supervision)
        bodies = self.database.query("SELECT body FROM routing.outbox WHERE exchange = 'case' ORDER BY position")
        messages = [decode(RawMessage(body=bytes(body))) for (body,) in bodies]
        with service.open_work() as work:
            service.cases(work, messages)


@pytest.fixture
def street(node_database, tmp_path):
    """The node of a street: routing on its own database."""
    database = node_database(TOWNSHIP, services=("intake", "routing", "supervision", "notify", "portal"))
    ring = tmp_path / "keys.yaml"
    keys = KeyRing.generate()
    keys.write(ring)
    environment = {
        **database.environment(tmp_path),
        "LIANXI_NODE": TOWNSHIP,
        "LIANXI_KEYRING_FILE": str(ring),
        "LIANXI_AMQP_URI": "amqp://unused",
        "LIANXI_DEPLOY_DIR": str(DATA),
    }
    parts = build(Settings.from_environment(environment))
    supervision = build_supervision(SupervisionSettings.from_environment(environment))
    yield RoutingNode(parts, keys, supervision, database, environment)
    parts.close()
