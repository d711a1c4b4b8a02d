"""Written claims between intake and routing on a real database: kept for the clerk, cut and counted anew for a part."""

import json

import pytest

from lianxi.bus.messages import RawMessage
from lianxi.contracts.schemas import dump
from lianxi.courier import decode
from services.intake import handlers as intake
from services.intake.settings import Settings
from services.intake.wiring import build
from services.routing.handlers import acts, cases, desk
from tests.support.builders import TOWNSHIP, an_actor

REGISTRAR = {"person": "liu", "role": "R", "unit": f"{TOWNSHIP}.petition", "node": TOWNSHIP}
CLAIMS = [
    {"text": "恢复供水", "petition_class": "C"},
    {"text": "退还多收的水费", "petition_class": "C", "category": ["市场监管"]},
    {"text": "建议公开水质", "petition_class": "A"},
]
LETTER = {
    "channel": "LETTER",
    "subject": "来信",
    "text": "事由一二三",
    "petitioner": {"name": "马秀兰", "phone": "13997000000", "address": "城西区"},
    "registered_by": REGISTRAR,
    "same_matter_checked": True,
    "claims": CLAIMS,
}


@pytest.fixture
def window(street):
    """Intake of the same node."""
    parts = build(Settings.from_environment(street.environment))
    yield parts
    parts.close()


def told(street, schema, kind):
    """The messages of one type that a service has in its outbox, in order."""
    rows = street.database.query(f"SELECT type, body FROM {schema}.outbox ORDER BY position")
    return [decode(RawMessage(body=bytes(body))) for name, body in rows if kind in name]


def act(street, name, number, actor, **fields):
    text = json.dumps({"case_no": number, "actor": dump(actor), **fields}, ensure_ascii=False)
    with street.parts.open_work() as work:
        return acts.act_on_case(work, name, text, street.parts.here)


def shown(street, number):
    with street.parts.open_work() as work:
        return desk.show_case(work, work.desk, number, an_actor("D"), street.parts.here)


def written(window, number):
    with window.open_work() as work:
        asked = {"number": number, "actor": REGISTRAR, "reason": "办理"}
        return [(claim["number"], claim["text"]) for claim in intake.show_contact(asked, work, window.desk)["claims"]]


@pytest.fixture
def number(street, window):
    """A letter of three claims that the rules left open, registered as they were stated."""
    with window.open_work() as work:
        number = intake.register(LETTER, work, window.desk)["number"]
    with street.parts.open_work() as work:
        cases.open_cases(work, [each.body for each in told(street, "intake", "contact-registered")], street.parts.here)
    stated = shown(street, number)["proposal"]["claims"]
    facts = {"purpose": "求决", "petition_class": "C", "category": ["城乡建设"], "place": TOWNSHIP}
    act(street, "register-case", number, an_actor("R"), **facts, claims=stated, same_matter_checked=True)
    return number


def split(street, window, number, *claims):
    """Let claims go their own way; return the number they have, once intake knows of it, too."""
    before = {row["case_no"] for row in shown(street, number)["linked"]}
    part = {"claims": claims, "petition_class": "C", "category": ["民政"], "place": TOWNSHIP}
    act(street, "split-case", number, an_actor("D"), parts=[part], paper={"reason": "诉求不同"})
    with window.open_work() as work:
        intake.keep_dossiers([each.body for each in told(street, "routing", "dossier-received")], work, window.desk)
    return next(row["case_no"] for row in shown(street, number)["linked"] if row["case_no"] not in before)


def test_claims_keep_their_classes_from_the_window_to_the_registered_case(street, number):
    claims = shown(street, number)["claims"]

    assert [(claim["number"], claim["petition_class"]) for claim in claims] == [(1, "C"), (2, "C"), (3, "A")]


def test_the_first_claim_of_a_part_has_the_words_it_had_before(street, window, number):
    child = split(street, window, number, 3, 2)

    assert [claim["number"] for claim in shown(street, child)["claims"]] == [1, 2]
    assert written(window, child) == [(1, "建议公开水质"), (2, "退还多收的水费")]
    assert written(window, number) == [(1, "恢复供水"), (2, "退还多收的水费"), (3, "建议公开水质")]


def test_a_part_that_is_split_again_gives_the_right_words_away(street, window, number):
    child = split(street, window, number, 2, 3)

    grandchild = split(street, window, child, 2)

    assert written(window, grandchild) == [(1, "建议公开水质")]
