"""Who hears of disputes, of the new ends of a case, and of files: each organ at its own node, nobody else."""

from datetime import timedelta

import pytest

from lianxi.casework.messages import dispute as d
from lianxi.casework.messages import final_review as f
from lianxi.casework.messages import hearing as h
from lianxi.casework.messages import sorting as s
from lianxi.casework.messages.facts import (
    CaseState,
    Claim,
    Disposition,
    Document,
    DocumentKind,
    EventHead,
    ProofOfService,
    ServiceMethod,
)
from lianxi.casework.messages.materials import Material, MaterialsArrived, MaterialsKept
from lianxi.casework.messages.mediation import MediationClosed, MediationOutcome
from services.notify.domain.rules import Recipient, Rules
from tests.support.builders import CITY, DISTRICT, NUMBER, OFFICE, TOWNSHIP, Road, an_actor
from tests.unit.notify.post_room import NOW, Room
from tests.unit.notify.test_notify_rules import SOUND, mistakes

OTHER = f"{TOWNSHIP}.housing"
DAY = NOW.date()
PAPER = Document(kind=DocumentKind.DESIGNATION, number="宁信指〔2026〕1号", issued_on=DAY, signer="s", digest="d")


def head(node=TOWNSHIP):
    return EventHead(
        case_no=NUMBER,
        seq=50,
        epoch=3,
        at=NOW,
        act="T19",
        actor=an_actor("SYS", node),
        node=node,
        basis="第二十四条",
        previous="",
        digest="",
    )


def at_the(node):
    """The notify of a node that has heard how the case came to the township's office."""
    room = Room(node)
    for event in Road().at_the_township().events:
        room.tell(event)
    return room


def owed_after(event, node):
    """What one more event owes at a node."""
    room = at_the(node)
    before = set(room.work.deliveries.rows)
    room.tell(event)
    rows = [row.owed for key, row in room.work.deliveries.rows.items() if key not in before]
    return sorted((owed.role, owed.unit) for owed in rows), rows, room


RAISED = d.DisputeRaised(head=head(), raised_on=DAY, parties=(OFFICE, OTHER, DISTRICT), document=PAPER)
REFERRED = {"head": head(), "referred_on": DAY, "document": PAPER}
SETTLED = d.OrganDesignated(head=head(), designated_on=DAY, lead=OTHER, assists=(OFFICE,), moved=True, document=PAPER)
PING_PONG = d.PingPongDetected(
    head=head(DISTRICT), detected_on=DAY, between=(OFFICE, DISTRICT), returns=2, deciding_node=CITY
)
LATE = d.LateObjectionFiled(head=head(), filed_on=DAY, proposed_organ=OTHER, document=PAPER)
ADMITTED = d.LateObjectionAdmitted(head=head(), admitted_on=DAY, document=PAPER)
ASSISTED = d.AssistOpinionFiled(head=head(), filed_on=DAY, unit=OTHER, document=PAPER)


@pytest.mark.parametrize(
    ("event", "node", "told"),
    [
        (LATE, DISTRICT, [("D", "")]),
        (LATE, CITY, []),
        (ADMITTED, TOWNSHIP, [("U", OFFICE), ("UL", OFFICE)]),
        (ADMITTED, DISTRICT, []),
        (RAISED, TOWNSHIP, [("U", OTHER), ("U", OFFICE), ("UL", OTHER), ("UL", OFFICE)]),
        (RAISED, DISTRICT, [("D", "")]),
        (RAISED, CITY, []),
        (d.DisputeReferred(deciding_node=DISTRICT, **REFERRED), DISTRICT, [("D", ""), ("DL", "")]),
        (d.DisputeReferred(deciding_node=DISTRICT, **REFERRED), CITY, []),
        (d.DisputeReferredToConference(deciding_node=CITY, **REFERRED), CITY, [("J", "")]),
        (d.DisputeReferredToConference(deciding_node=CITY, **REFERRED), TOWNSHIP, []),
        (PING_PONG, CITY, [("J", "")]),
        (PING_PONG, DISTRICT, []),
        (SETTLED, TOWNSHIP, [("P", ""), ("U", OTHER), ("U", OFFICE), ("UL", OTHER), ("UL", OFFICE)]),
        (SETTLED, DISTRICT, []),
        (ASSISTED, TOWNSHIP, [("U", OFFICE), ("UL", OFFICE)]),
        (ASSISTED, CITY, []),
    ],
)
def test_a_dispute_is_told_to_those_who_have_to_do_with_it(event, node, told):
    assert owed_after(event, node)[0] == sorted(told)


def test_the_petitioner_is_told_who_leads_and_who_assists_by_name():
    _, rows, room = owed_after(SETTLED, TOWNSHIP)
    letter = next(row for row in room.rows if row.owed.rule == "organ-designated")

    body = room.words(letter).body

    assert "主办：西关大街街道有关责任单位" in body
    assert "协办：西关大街街道办事处" in body
    assert {row.rule for row in rows} == {"organ-designated", "organ-designated-lead", "organ-designated-assists"}


def test_the_parties_of_a_dispute_are_named_department_and_units():
    _, _, room = owed_after(RAISED, DISTRICT)

    words = room.words(next(row for row in room.rows if row.owed.rule == "dispute-raised"))

    assert "有关各方：西关大街街道办事处、西关大街街道有关责任单位、城西区信访部门" in words.body


DOCUMENT = {"head": head(), "document": PAPER}
ENDS = {
    "case-declined": s.CaseDeclined(earlier="", state=CaseState.CLOSED_BY_LAPSE, **DOCUMENT),
    "petitioner-guided": s.PetitionerGuided(ground="skipped-level", **DOCUMENT),
    "route-shown": s.RouteShown(claims=(Claim(number=1),), **DOCUMENT),
    "suggestion-answered": s.SuggestionAnswered(adoption="adopted", **DOCUMENT),
    "duty-performed": s.DutyPerformed(claims=(Claim(number=1),), **DOCUMENT),
    "sent-to-judiciary": s.SentToJudiciary(**DOCUMENT),
    "case-split": s.CaseSplit(
        into=("63010020260302W00002", "63010020260302W00003"),
        moved=(2, 3),
        claims=(Claim(number=1),),
        **DOCUMENT,
    ),
}


ENDS["final-review-admitted"] = f.FinalReviewAdmitted(decided_on=DAY, **DOCUMENT)
ENDS["final-review-declined"] = f.FinalReviewDeclined(decided_on=DAY, ground="late", **DOCUMENT)
ENDED = {"closed_on": DAY, "outcome": MediationOutcome.SETTLED, **DOCUMENT}
ENDS["settlement-reached"] = MediationClosed(state=CaseState.WITHDRAWN, **ENDED)
ENDS["mediation-failed"] = MediationClosed(state=CaseState.HANDLING, **ENDED)
ENDS["hearing-notice"] = h.HearingOpened(opened_on=DAY, state=CaseState.HEARING, **DOCUMENT)


@pytest.mark.parametrize("name", ENDS)
def test_the_petitioner_hears_of_it_once_from_the_node_that_acts(name):
    assert owed_after(ENDS[name], CITY)[0] == []
    told, rows, room = owed_after(ENDS[name], TOWNSHIP)
    assert (told, [row.rule for row in rows]) == ([("P", "")], [name])
    assert "宁信指〔2026〕1号" in room.words(room.rows[-1]).body


def test_of_the_last_instance_the_unit_hears_that_it_is_to_come_and_what_was_decided():
    opened = h.HearingOpened(opened_on=DAY, state=CaseState.FINAL_HEARING, **DOCUMENT)
    assert owed_after(opened, TOWNSHIP)[0] == [("P", ""), ("U", OFFICE), ("UL", OFFICE)]
    proof = ProofOfService(method=ServiceMethod.DIRECT, served_on=DAY, proof="回证")
    decided = f.FinalReviewDecided(
        decided_on=DAY, disposition=Disposition.UPHOLD, served_on=DAY, service=proof, **DOCUMENT
    )
    assert owed_after(decided, TOWNSHIP)[0] == [("U", OFFICE), ("UL", OFFICE)]
    assert owed_after(decided, CITY)[0] == []


def test_an_assigner_hears_that_its_matter_was_settled():
    room = Room(DISTRICT)
    for event in Road().at_the_township(assigned=True).events:
        room.tell(event)
    before = len(room.rows)

    room.tell(MediationClosed(state=CaseState.HANDLING, **ENDED))
    assert len(room.rows) == before
    room.tell(MediationClosed(state=CaseState.WITHDRAWN, **ENDED))

    assert [(row.owed.role, row.owed.rule) for row in room.rows[before:]] == [("D", "settled-of-the-assigner")]


def test_a_divided_case_names_its_new_numbers():
    *_, room = owed_after(ENDS["case-split"], TOWNSHIP)

    assert "63010020260302W00002、63010020260302W00003" in room.words(room.rows[-1]).body


@pytest.mark.parametrize("node", [CITY, DISTRICT, TOWNSHIP])
def test_nobody_is_told_that_something_went_off_sealed(node):
    assert owed_after(s.SentSealed(**DOCUMENT), node)[0] == []


def a_file(number, by="petitioner", minutes=0):
    return Material(
        material_id=f"00000000-0000-7000-8000-{number:012}",
        sha256="a" * 64,
        size=1,
        media_type="image/png",
        name_sealed="x",
        added_at=NOW + timedelta(minutes=minutes),
        added_by=by,
        node=CITY,
    )


def test_files_of_the_petitioner_are_told_once_to_the_unit_that_has_the_case():
    first, second = a_file(1), a_file(2, minutes=5)
    room = at_the(TOWNSHIP)
    before = len(room.rows)

    for files in ((first,), (first,), (first, second), (second, first, a_file(3, by="officer", minutes=9))):
        room.tell(MaterialsArrived(case_no=NUMBER, from_node=CITY, materials=files))

    new = [row.owed for row in room.rows[before:]]
    assert sorted((owed.role, owed.unit) for owed in new) == sorted(2 * [("U", OFFICE), ("UL", OFFICE)])
    assert {owed.facts["petitioner_files"] for owed in new} == {"1", "2"}
    assert at_the(CITY).tell(MaterialsKept(case_no=NUMBER, materials=(first,))).owed("materials-kept") == []


def test_files_of_officers_are_told_to_nobody_and_files_before_transfer_to_the_department():
    room = Room(CITY)
    for event in Road().received().registered().events:
        room.tell(event)

    room.tell(MaterialsKept(case_no=NUMBER, materials=(a_file(1, by="officer"),)))
    assert room.owed("materials-kept") == []
    room.tell(MaterialsKept(case_no=NUMBER, materials=(a_file(2),)))
    assert [owed[1:] for owed in room.owed("materials-kept")] == [("D", ""), ("R", "")]


def test_assisting_units_hear_of_a_delivered_case():
    road = Road().received().registered().transferred(CITY, DISTRICT).delivered(DISTRICT)
    road.transferred(DISTRICT, TOWNSHIP, OFFICE, assists=(OTHER,)).delivered(TOWNSHIP)
    room = Room(TOWNSHIP)
    for event in road.events:
        room.tell(event)

    assert [owed[1:] for owed in room.owed() if owed[0] == "incoming-to-assists"] == [("U", OTHER), ("UL", OTHER)]


def test_organs_of_other_nodes_are_left_to_their_own_notify():
    told = {"roles": ["U"], "organs_in": ["lead", "assists"], "department": ["D"]}
    changed = {**SOUND["rules"]["warned"], "if": {}, "event": "organ-designated", "to": told}
    rule = Rules.parse({**SOUND, "rules": {"warned": changed}}).called("warned")

    facts = {"lead": TOWNSHIP, "assists": f"{OTHER} {OTHER} {DISTRICT}.office"}

    assert list(rule.recipients(facts, TOWNSHIP)) == [Recipient("D"), Recipient("U", OTHER)]
    assert list(rule.recipients(facts, CITY)) == []


@pytest.mark.parametrize(
    ("to", "said"),
    [
        ({"roles": ["U"], "organs_in": "parties"}, "rules.warned.to.organs_in: parties is no fact"),
        ({"roles": ["U"], "organs_in": "unit", "unit_in": "unit"}, "rules.warned.to: has either unit_in or organs_in"),
        ({"roles": ["U"], "department": ["D"]}, "rules.warned.to.department: is told where organs_in names it"),
        ({"roles": ["U"], "organs_in": "unit", "department": ["Q"]}, "rules.warned.to.department: Q is no role"),
        ({"roles": "U"}, "rules.warned.to.roles: must be a list of roles"),
    ],
)
def test_a_mistake_about_organs_is_named(to, said):
    assert any(mistake.startswith(said) for mistake in mistakes(to=to)), mistakes(to=to)
