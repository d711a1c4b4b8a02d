"""Wishes on a real database: sealed until they settle, in order, in the pile, done once although a node went back."""

from pathlib import Path

import pytest

from lianxi.casework.messages import commands as c
from lianxi.casework.messages import petitioner as p
from lianxi.casework.messages.custody import CustodyAnswered, DirectiveAnswered, DirectiveIssued
from lianxi.casework.messages.facts import PetitionClass
from lianxi.runtime.crypto import KeyRing
from services.routing.domain.wishes import WishState
from services.routing.handlers import cases, desk, piles, wishes
from services.routing.handlers.custody import take_answer
from services.routing.handlers.directives import do, take_directive
from services.routing.settings import Settings
from services.routing.wiring import build
from tests.support.builders import CITY, DISTRICT, OFFICE, TOWNSHIP, an_actor
from tests.unit.routing.network_of_nodes import a_contact

pytestmark = pytest.mark.database
DATA = Path(__file__).resolve().parents[3] / "deploy"
RESTORED = "UPDATE routing.wish SET state = 'waiting', command = %s WHERE wish_id = %s RETURNING 1"
NUMBER = "63010400020260302W00001"
FACTS = {"purpose": "求决", "petition_class": PetitionClass.RELIEF, "category": ("城乡建设",), "place": TOWNSHIP}


class District:
    """The routing of a district on its own database."""

    def __init__(self, parts, keys, database):
        self.parts, self.keys, self.database = parts, keys, database

    def work(self, use_case, *arguments):
        """Carry out a use case in a transaction of its own."""
        with self.parts.open_work() as work:
            return use_case(work, *arguments, self.parts.here)

    def say(self, command):
        return self.work(lambda work, here: do(work, command.MESSAGE.name, command, here))

    def settle(self):
        return wishes.settle_all(self.parts.open_work, self.parts.here)

    def rows(self, columns):
        return self.database.query(f"SELECT {columns} FROM routing.wish ORDER BY position")

    def acts(self):
        rows = self.database.query("SELECT name FROM routing.case_event WHERE case_no = %s ORDER BY seq", (NUMBER,))
        return [name for (name,) in rows]


@pytest.fixture
def district(node_database, tmp_path):
    """A petition is on its way to the street, whose line is dead."""
    database = node_database(DISTRICT, services=("routing",))
    ring, keys = tmp_path / "keys.yaml", KeyRing.generate()
    keys.write(ring)
    environment = {
        **database.environment(tmp_path),
        "LIANXI_NODE": DISTRICT,
        "LIANXI_KEYRING_FILE": str(ring),
        "LIANXI_AMQP_URI": "amqp://unused",
        "LIANXI_DEPLOY_DIR": str(DATA),
    }
    parts = build(Settings.from_environment(environment))
    node = District(parts, keys, database)
    seal = keys.seal_for_transport
    sealed = {"subject_sealed": seal("来信", f"subject/{NUMBER}"), "text_sealed": seal("事由", f"text/{NUMBER}")}
    contact = a_contact(DISTRICT, NUMBER, same_matter_checked=True, category=(), petition_class=None, **sealed)
    node.work(lambda work, here: cases.open_case(work, contact, here))
    registrar, dispatcher = an_actor("R", DISTRICT), an_actor("D", DISTRICT)
    claims = (c.Claim(number=1),)
    node.say(c.RegisterCase(case_no=NUMBER, actor=registrar, same_matter_checked=True, claims=claims, **FACTS))
    node.say(c.TransferCase(case_no=NUMBER, actor=dispatcher, to_node=TOWNSHIP, to_unit=OFFICE))
    yield node
    parts.close()


def said(district):
    petitioner = an_actor("P", DISTRICT)
    district.say(p.AddMaterial(case_no=NUMBER, actor=petitioner, paper={"text": "另有照片三张。"}))
    district.say(p.UrgeCase(case_no=NUMBER, actor=petitioner))
    return district


def refused(district):
    """The street cannot take the case."""
    with district.parts.open_work() as work:
        transfer = work.cases.get(NUMBER).transfer
        answer = CustodyAnswered(
            offer_id=transfer.offer_id,
            case_no=NUMBER,
            from_node=DISTRICT,
            to_node=TOWNSHIP,
            accepted=False,
            epoch=1,
            answered_at=district.parts.here.clock.now(),
            code="unknown-unit",
            reason="没有该单位",
        )
        take_answer(work, TOWNSHIP, answer, district.parts.here)
    return district


def test_words_wait_sealed_in_their_order_and_are_seen_by_clerk_petitioner_and_metrics(district):
    said(district)

    assert [name for name, _ in district.rows("command_type, position")] == ["add-material", "urge-case"]
    assert not any("照片" in command for (command,) in district.rows("command"))
    shown = district.work(lambda work, _here: desk.track(work, work.desk, NUMBER))
    assert [(wish["label"], wish["state"]) for wish in shown["wishes"]] == [
        ("补充材料", "waiting"),
        ("催办", "waiting"),
    ]
    counted = district.work(
        lambda work, here: {row["pile"]: row["cases"] for row in piles.overview(work, here)["rows"]}
    )
    assert counted["wish"] >= 1
    number, since = district.work(lambda work, _here: work.wishes.counts()[WishState.WAITING])
    assert number == 2
    assert since <= district.parts.here.clock.now()


def test_nothing_settles_while_the_offer_stands_and_all_of_it_when_the_case_is_back(district):
    said(district)

    early = district.work(lambda work, _here: work.wishes.ready(10))
    refused(district)
    failed = district.settle()

    assert (early, failed) == ((), {})
    assert district.acts()[-3:] == ["transfer-refused", "material-added", "case-urged"]
    assert district.rows("state, command") == [("done", ""), ("done", "")]
    days = district.database.query("SELECT DISTINCT document_no <> '' FROM routing.wish")
    assert days == [(True,)]


def test_a_wish_that_a_restored_node_remembers_as_waiting_is_not_done_a_second_time(district):
    said(district)
    kept = district.rows("wish_id, command")
    refused(district).settle()
    before = district.acts()

    for wish_id, command in kept:
        district.database.query(RESTORED, command, wish_id)
    district.settle()

    assert district.acts() == before
    assert district.rows("state") == [("done",), ("done",)]


def test_a_directive_from_above_waits_for_the_case_and_is_answered_once(district):
    urge = p.UrgeCase(case_no=NUMBER, actor=an_actor("R", CITY), document_no="宁信催〔2026〕1号")
    with district.parts.open_work() as work:
        directive = DirectiveIssued(
            directive_id="d-1",
            case_no=NUMBER,
            from_node=CITY,
            to_node=DISTRICT,
            command_type="urge-case",
            command=work.seal_command(urge),
            issued_at=district.parts.here.clock.now(),
        )
        take_directive(work, CITY, directive, district.parts.here)
        take_directive(work, CITY, directive, district.parts.here)
        waiting = work.directives.answered("d-1")
    refused(district).settle()

    answered = district.work(lambda work, _here: work.directives.answered("d-1"))
    assert waiting is None
    assert isinstance(answered, DirectiveAnswered)
    assert answered.done
    assert district.acts()[-1] == "case-urged"
    assert district.rows("asked_by, state") == [(CITY, "done")]
