"""T5–T11, T23, T25–T27, T44 and T52: the acts for a case that takes no ordinary road."""

from datetime import timedelta

import pytest

from lianxi.casework.case.evolve import replay
from lianxi.casework.case.guards import GUARDS
from lianxi.casework.errors import Forbidden, GuardRefused
from lianxi.casework.messages import commands as c
from lianxi.casework.messages import sorting as s
from lianxi.casework.messages.facts import CaseState, Claim, PetitionClass, Route
from lianxi.casework.transitions import ClockEffects, clock_effects
from tests.support.builders import CITY, DISTRICT, NUMBER, OFFICE, RT6, TOWNSHIP, Road, an_actor

EARLIER = "63010000020260301W00009"
WHY = {"reason": "理由"}


def refused(guard, action):
    with pytest.raises(GuardRefused) as caught:
        action()
    assert caught.value.guard == guard
    assert caught.value.message


def state(road):
    return road.case.state.value


def ask(road, kind, actor, node=CITY, *, known=None, **fields):
    return road.do(kind(case_no=NUMBER, actor=actor, **fields), node, earlier=known)


def registered(**more):
    return Road().received(**more).registered()


def dispatcher():
    return an_actor("D", CITY)


def earlier_case(**more):
    return Road(EARLIER).wait(-1).received(**more).registered().case


def closed_earlier():
    case = earlier_case()
    facts = {f: getattr(case, f) for f in case.__slots__}
    return type(case)(**{**facts, "state": CaseState.CLOSED_BY_LAPSE, "ended_as": CaseState.CLOSED_BY_LAPSE})


def test_t5_the_superior_does_not_accept_what_is_under_way_elsewhere():
    road = registered()

    def decline(known, earlier=EARLIER):
        return lambda: ask(road, s.DeclineCase, dispatcher(), known=known, earlier=earlier, paper=WHY)

    for known in (None, earlier_case(petitioner_key="other"), closed_earlier()):
        refused("earlier_is_under_way", decline(known))
    refused("earlier_is_under_way", decline(road.case, NUMBER))

    decline(earlier_case())()

    assert (state(road), road.case.ended_on, road.case.ended_as) == ("S23", road.today, "S23")
    assert "DISPOSE" in clock_effects(road.events[-1]).closes


def test_t5_a_case_known_elsewhere_only_is_shown_by_paper():
    paper = {**WHY, "shown_by": "省信受〔2026〕3号"}

    road = ask(registered(), s.DeclineCase, dispatcher(), earlier=EARLIER, paper=paper)

    assert state(road) == "S23"


def test_t6_what_is_closed_for_good_is_barred_by_a_person_with_reasons():
    road = registered()

    def bar(known, **more):
        facts = {"known": known, "earlier": EARLIER, "paper": WHY}
        return lambda: ask(road, s.BarCase, dispatcher(), **{**facts, **more})

    for known in (None, earlier_case()):
        refused("earlier_is_closed_for_good", bar(known))
    refused("reason_given", bar(closed_earlier(), paper={}))

    bar(closed_earlier())()

    assert state(road) == "S24"


NEW = {"new_facts": "发现新的规划文件", "evidence": "规划文件复印件"}


def test_t44_new_facts_make_a_new_matter_beside_the_one_that_is_closed():
    road, closed = registered(), closed_earlier()

    ask(road, s.OpenNewMatter, dispatcher(), known=closed, earlier=EARLIER, paper=NEW)

    assert (state(road), road.case.follows, road.case.documents[-1].kind.value) == ("S02", EARLIER, "新")
    assert clock_effects(road.events[-1]) == ClockEffects()
    refused("not_yet_a_new_matter", lambda: ask(road, s.OpenNewMatter, dispatcher(), earlier=EARLIER, paper=NEW))
    bar = {"known": closed, "earlier": EARLIER, "paper": WHY}
    refused("earlier_is_closed_for_good", lambda: ask(road, s.BarCase, dispatcher(), **bar))
    road.transferred(CITY, DISTRICT).delivered(DISTRICT)
    assert replay(NUMBER, road.events) == road.case


def test_t44_is_for_the_same_petitioner_after_the_end_with_proof_of_what_is_new():
    def open_beside(known, road=None, actor=None, **more):
        facts = {"known": known, "earlier": EARLIER, "paper": NEW, **more}
        return lambda: ask(road or registered(), s.OpenNewMatter, actor or dispatcher(), **facts)

    for known in (None, earlier_case(), earlier_case(petitioner_key="other")):
        refused("earlier_ended_for_good", open_beside(known))
    refused("earlier_ended_for_good", open_beside(None, earlier=NUMBER, paper={**NEW, "shown_by": "x"}))
    for missing in NEW:
        refused("new_facts_proven", open_beside(closed_earlier(), paper={**NEW, missing: " "}))
    refused("not_an_accusation", open_beside(closed_earlier(), road=accusation()))
    with pytest.raises(Forbidden):
        open_beside(closed_earlier(), actor=an_actor("R", CITY))()

    elsewhere = registered()
    open_beside(None, road=elsewhere, paper={**NEW, "shown_by": "青信核〔2025〕3号"})()
    assert elsewhere.case.follows == EARLIER


@pytest.mark.parametrize(
    ("channel", "ground", "paper"),
    [
        ("visit", "no ground", {**WHY, "organ": "区法院"}),
        ("web", "judicial-visit", {**WHY, "organ": "区法院"}),
        ("visit", "skipped-level", WHY),
    ],
)
def test_t7_guided_where_to_go_needs_a_ground_that_fits_and_an_organ(channel, ground, paper):
    road = registered(channel=channel)

    refused("guided_where_to_go", lambda: ask(road, s.GuidePetitioner, dispatcher(), ground=ground, paper=paper))


def test_t7_a_visit_about_litigation_is_guided_and_t8_a_letter_goes_to_the_organ_of_justice():
    visit, letter = registered(channel="visit"), registered(channel="letter")
    organ = {"organ": "区法院"}
    refused("not_a_visit", lambda: ask(visit, s.SendToJudiciary, dispatcher(), paper=organ))
    refused("recipient_named", lambda: ask(letter, s.SendToJudiciary, dispatcher()))

    ask(visit, s.GuidePetitioner, an_actor("R", CITY), ground="judicial-visit", paper={**WHY, **organ})
    ask(letter, s.SendToJudiciary, dispatcher(), paper=organ)

    assert (state(visit), state(letter)) == ("S22", "S20")


def accusation():
    return Road().received().registered(petition_class=PetitionClass.ACCUSATION)


@pytest.mark.parametrize(
    ("to_organ", "accused"),
    [
        (f"{DISTRICT}.discipline", (f"{DISTRICT}.discipline",)),
        (f"{TOWNSHIP}.office", (DISTRICT,)),
        (f"{TOWNSHIP}.office", (f"{DISTRICT}.housing",)),
        ("区纪委", (DISTRICT,)),
        (f"{CITY}.discipline", ("某人",)),
        (f"{CITY}.discipline", ()),
    ],
)
def test_t9_recipient_not_accused_nor_below_the_accused(to_organ, accused):
    send = {"to_organ": to_organ, "accused": accused}

    refused("recipient_not_accused", lambda: ask(accusation(), s.SendSealed, an_actor("X", CITY), **send))


def test_t9_an_accusation_goes_sealed_to_the_organ_above_and_its_event_names_nobody():
    send = {"to_organ": f"{CITY}.discipline", "accused": (f"{DISTRICT}.housing",)}
    refused("is_an_accusation", lambda: ask(registered(), s.SendSealed, an_actor("DL", CITY), **send))

    road = ask(accusation(), s.SendSealed, an_actor("DL", CITY), **send)

    assert state(road) == "S21"
    assert "discipline" not in repr(road.events[-1])
    assert "housing" not in repr(road.events[-1])


def test_t10_and_t11_a_matter_referred_up_goes_where_the_instruction_says():
    road = ask(registered(), s.ReferUp, an_actor("DL", CITY), paper=WHY)
    assert (state(road), clock_effects(road.events[-1]).closes) == ("S03", ())
    follow = {"to_node": DISTRICT, "paper": {"decided_by": "市长", "instruction": "区里办"}}
    refused("instruction_kept", lambda: ask(road, s.FollowInstruction, dispatcher(), **{**follow, "paper": {}}))
    today = {**follow, "report_due": road.today}
    refused("report_due_ahead_if_wanted", lambda: ask(road, s.FollowInstruction, dispatcher(), **today))

    ask(road, s.FollowInstruction, dispatcher(), **{**follow, "report_due": road.today + timedelta(days=30)})

    assert (state(road), road.case.transfer.kind) == ("S05", "assign")
    assert [event.head.act for event in road.events[-2:]] == ["T11", "T14"]
    assert clock_effects(road.events[-1]).opens[0].code == "ASSIGN_RPT"


@pytest.mark.parametrize(("to", "unit", "act"), [(DISTRICT, "", "T13"), (CITY, f"{CITY}.housing", "T12")])
def test_t11_without_a_report_it_is_a_transfer(to, unit, act):
    road = ask(registered(), s.ReferUp, an_actor("DL", CITY), paper=WHY)
    paper = {"decided_by": "市长", "instruction": "办"}

    ask(road, s.FollowInstruction, dispatcher(), to_node=to, to_unit=unit, paper=paper)

    assert act in [event.head.act for event in road.events[-2:]]
    assert road.case.report_due is None


def test_t11_owes_one_report_at_a_time():
    road = Road().received().registered().assigned(CITY, DISTRICT).delivered(DISTRICT)
    ask(road, s.ReferUp, an_actor("DL", DISTRICT), DISTRICT, paper=WHY)
    follow = {"to_node": TOWNSHIP, "to_unit": OFFICE, "report_due": road.today + timedelta(days=9)}
    paper = {"decided_by": "区长", "instruction": "办"}

    refused(
        "report_due_ahead_if_wanted",
        lambda: ask(road, s.FollowInstruction, an_actor("D", DISTRICT), DISTRICT, paper=paper, **follow),
    )


def test_t23_the_organ_does_not_or_no_longer_accept():
    road, again = Road().at_the_township(), Road().at_the_township()
    reject = {"node": TOWNSHIP, "earlier": EARLIER, "paper": WHY}
    officer = an_actor("U")
    refused("earlier_is_under_way", lambda: ask(road, s.RejectCase, officer, known=closed_earlier(), **reject))
    refused(
        "earlier_is_closed_for_good",
        lambda: ask(road, s.RejectCase, officer, known=earlier_case(), for_good=True, **reject),
    )

    ask(road, s.RejectCase, officer, known=earlier_case(), **reject)
    ask(again, s.RejectCase, officer, known=closed_earlier(), for_good=True, **reject)

    assert (state(road), state(again)) == ("S23", "S24")
    assert clock_effects(road.events[-1]).closes == ("NOTICE", "NOTICE_KPI")


def test_t25_a_suggestion_is_answered_within_its_own_limit():
    road = Road().received().registered(petition_class=PetitionClass.SUGGESTION)
    road.transferred(CITY, TOWNSHIP, OFFICE, direct=True).delivered(TOWNSHIP).accepted()
    assert [opening.code for opening in clock_effects(road.events[-1]).opens] == ["SUGGEST"]
    answer = {"node": TOWNSHIP, "paper": {"answer": "已采纳"}}
    for facts in ({"adoption": "maybe"}, {"adoption": "adopted", "paper": {}}):
        refused("is_a_suggestion", lambda facts=facts: ask(road, s.AnswerSuggestion, an_actor("U"), **answer | facts))
    relief = Road().at_the_township().accepted()
    refused("is_a_suggestion", lambda: ask(relief, s.AnswerSuggestion, an_actor("U"), adoption="adopted", **answer))

    ask(road, s.AnswerSuggestion, an_actor("U"), adoption="adopted", **answer)

    assert (state(road), clock_effects(road.events[-1]).closes) == ("S17", ("SUGGEST",))


def on(route):
    return (Claim(number=1, petition_class=PetitionClass.RELIEF, route=route),)


def test_t26_claims_for_another_procedure_are_led_there():
    road = Road().at_the_township().accepted()
    lead = {"node": TOWNSHIP, "claims": on(Route.RT2), "paper": {"organ": "仲裁委", "procedure": "劳动仲裁"}}
    for facts in ({"claims": RT6}, {"claims": ()}, {"paper": {"organ": "仲裁委"}}):
        refused(
            "every_claim_elsewhere",
            lambda facts=facts: ask(road, s.RedirectToStatutoryRoute, an_actor("U"), **lead | facts),
        )

    ask(road, s.RedirectToStatutoryRoute, an_actor("U"), **lead)

    assert (state(road), road.case.claims) == ("S18", on(Route.RT2))


def test_t27_a_legal_duty_is_performed_and_answered():
    road = Road().at_the_township().accepted()
    perform = {"node": TOWNSHIP, "claims": on(Route.RT5), "paper": {"answer": "已查处"}}
    for facts in ({"claims": RT6}, {"paper": {}}):
        refused("every_claim_a_duty", lambda facts=facts: ask(road, s.PerformDuty, an_actor("U"), **perform | facts))

    ask(road, s.PerformDuty, an_actor("U"), **perform)

    assert state(road) == "S19"


THREE = (Claim(number=1), Claim(number=2), Claim(number=3))


def part(*claims, **more):
    facts = {"petition_class": PetitionClass.RELIEF, "category": ("民政",), "place": TOWNSHIP}
    return s.CasePart(claims=claims, **{**facts, **more})


def split(road, *parts, **more):
    facts = {"parts": parts, "into_cases": ("63010000020260302W90001",), "paper": WHY}
    return lambda: ask(road, s.SplitCase, dispatcher(), **{**facts, **more})


@pytest.mark.parametrize(
    "parts",
    [(), (part(),), (part(4),), (part(1), part(1)), (part(1, 2, 3),), (part(1, place=""),), (part(1, category=()),)],
)
def test_t52_parts_of_the_claims_take_some_and_leave_some(parts):
    road = Road().received().registered(claims=THREE)

    refused("parts_of_the_claims", split(road, *parts))


def test_t52_claims_become_a_case_of_their_own_with_the_limits_of_the_first():
    road = Road().received().registered(claims=THREE)
    first_day = road.today

    split(road.wait(2), part(2))()

    assert [claim.number for claim in road.case.claims] == [1, 3]
    assert (state(road), road.case.split_into) == ("S02", ("63010000020260302W90001",))
    child = Road("63010000020260302W90001").wait(2)
    child.received(actor=an_actor("SYS", CITY), received_on=first_day, split_from=NUMBER)
    child.registered(actor=an_actor("SYS", CITY), decided_on=first_day)
    assert (child.case.split_from, child.case.registered_on, state(child)) == (NUMBER, first_day, "S02")
    assert [event.head.act for event in child.events] == ["T52", "T52"]
    starts = {opening.code: opening.start for event in child.events for opening in clock_effects(event).opens}
    assert starts["DISPOSE"] == starts["CHAIN"] == first_day
    assert replay(child.case.case_no, child.events) == child.case


def test_t52_only_the_software_receives_the_part_of_a_case():
    with pytest.raises(Forbidden):
        Road().received(split_from=EARLIER)
    command = c.ReceiveCase(
        case_no=NUMBER,
        actor=an_actor("SYS", CITY),
        channel="web",
        received_on=Road().today,
        received_at=Road().now,
        persons=1,
        representatives=0,
        text_digest="",
        petitioner_key="",
        split_from=EARLIER,
    )
    assert GUARDS["part_of_a_case"](Road().case, command, Road().given(CITY))
