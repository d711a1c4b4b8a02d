"""T22: a petitioner comes to a competent organ itself, and T27's sixty days."""

from datetime import date, timedelta

import pytest

from lianxi.casework.case.offers import offered
from lianxi.casework.errors import Forbidden, GuardRefused
from lianxi.casework.messages import commands as c
from lianxi.casework.messages.direct_filing import FileAtOrgan, ForwardInSystem, TellCompetentOrgan
from lianxi.casework.messages.facts import Claim, PetitionClass, Route
from lianxi.casework.messages.sorting import ClassifyAsDuty, PerformDuty
from lianxi.casework.transitions import clock_effects
from lianxi.casework.transitions.words import label_of
from tests.support.builders import CITY, DISTRICT, NUMBER, RT6, TOWNSHIP, Road, an_actor

BUREAU = f"{DISTRICT}.housing"
AT_BUREAU = an_actor("U", DISTRICT, BUREAU)
RT5 = (Claim(number=1, petition_class=PetitionClass.RELIEF, route=Route.RT5),)


def filed(road=None, actor=AT_BUREAU, node=DISTRICT, **more):
    road = road or Road()
    facts = {
        "channel": "VISIT",
        "received_on": road.today,
        "received_at": road.now,
        "persons": 1,
        "representatives": 0,
        "text_digest": "digest",
        "petitioner_key": "somebody",
        "purpose": "求决",
        "petition_class": PetitionClass.RELIEF,
        "category": ("城乡建设",),
        "place": DISTRICT,
        "claims": (Claim(number=1),),
    }
    return road.do(FileAtOrgan(case_no=NUMBER, actor=actor, **{**facts, **more}), node)


def opened(road):
    return {opening.code: opening.start for event in road.events for opening in clock_effects(event).opens}


def forwarded(road, organ=f"{TOWNSHIP}.housing"):
    return road.do(ForwardInSystem(case_no=NUMBER, actor=AT_BUREAU, to_organ=organ), DISTRICT)


def test_what_is_brought_to_an_organ_is_with_it_at_once_and_no_clock_of_a_department_runs():
    road = filed()

    case = road.case
    assert (case.state, case.holder, case.unit, case.sender) == ("S06", DISTRICT, BUREAU, "")
    assert (case.channel, case.category, case.place, case.registered_on) == (
        "VISIT",
        ("城乡建设",),
        DISTRICT,
        road.today,
    )
    assert {event.head.act for event in road.events} == {"T22"}
    assert [label_of(event) for event in road.events] == ["机关、单位收到", "登记", "机关直接收件"]
    assert opened(road) == {"NOTICE": road.today, "NOTICE_KPI": road.today}


def test_the_fifteen_days_count_from_receipt_also_when_it_is_entered_later():
    road = filed(received_on=date(2026, 2, 27))

    assert opened(road) == {"NOTICE": date(2026, 2, 27), "NOTICE_KPI": road.today}


def test_nobody_owes_a_written_notice_to_whom_nobody_knows():
    assert set(opened(filed(anonymous=True))) == {"NOTICE_KPI"}


def test_the_organ_accepts_as_it_accepts_anything_else():
    road = filed().do(c.AcceptCase(case_no=NUMBER, actor=AT_BUREAU), DISTRICT)

    assert (road.case.state, road.case.accepted_on) == ("S10", road.today)
    assert clock_effects(road.events[-1]).closes == ("NOTICE", "NOTICE_KPI")


def test_an_answer_that_comes_too_late_counts_from_the_fifteenth_day_after_receipt():
    road = filed()
    received = road.today

    road.wait(25).do(c.AcceptCase(case_no=NUMBER, actor=AT_BUREAU), DISTRICT)

    assert road.case.accepted_on == received + timedelta(days=15)


@pytest.mark.parametrize("actor", [an_actor("U", DISTRICT, f"{CITY}.housing"), an_actor("UL", DISTRICT, "630104.none")])
def test_only_an_organ_of_this_node_takes_in(actor):
    with pytest.raises(GuardRefused) as caught:
        filed(actor=actor)

    assert (caught.value.transition, caught.value.guard) == ("T22", "filed_at_own_organ")


def test_a_petition_department_registers_otherwise():
    with pytest.raises(Forbidden):
        filed(actor=an_actor("R", DISTRICT, BUREAU))


def test_an_accusation_does_not_stay_with_an_organ():
    with pytest.raises(GuardRefused) as caught:
        filed(petition_class=PetitionClass.ACCUSATION)

    assert caught.value.guard == "class_not_accusing"


def test_what_nobody_transferred_cannot_be_objected_to():
    with pytest.raises(GuardRefused) as caught:
        filed().do(c.ObjectToTransfer(case_no=NUMBER, actor=AT_BUREAU, proposed_organ=f"{CITY}.housing"), DISTRICT)

    assert caught.value.guard == "own_unit_or_department"


def test_the_lower_organ_of_the_own_system_gets_it_and_its_own_fifteen_days():
    road = forwarded(filed())
    assert (road.case.state, clock_effects(road.events[-1]).closes) == ("S04", ("NOTICE",))
    assert label_of(road.events[-1]) == "转送本系统下级机关"

    road.wait(2).delivered(TOWNSHIP)

    assert (road.case.state, road.case.holder, road.case.unit) == ("S06", TOWNSHIP, f"{TOWNSHIP}.housing")
    assert road.case.sender == DISTRICT
    assert opened(road)["NOTICE"] == road.today


@pytest.mark.parametrize("organ", [f"{CITY}.housing", f"{TOWNSHIP}.office", f"{TOWNSHIP}.none", BUREAU, "nowhere"])
def test_no_other_organ_is_of_the_own_system_and_below(organ):
    with pytest.raises(GuardRefused) as caught:
        forwarded(filed(), organ)

    assert caught.value.guard == "lower_organ_of_own_system"


def test_a_lower_server_that_cannot_take_it_leaves_it_with_the_organ():
    road = forwarded(filed())
    refuse = c.RefuseTransfer(case_no=NUMBER, actor=an_actor("SYS", DISTRICT), code="unknown-unit")

    road.do(refuse, DISTRICT)

    assert (road.case.state, road.case.unit, road.case.transfer) == ("S06", BUREAU, None)
    assert clock_effects(road.events[-1]).reopens == ("NOTICE",)
    assert "tell-competent-organ" in {step.command for _, step in offered(road.case, AT_BUREAU, road.given(DISTRICT))}


def test_the_petitioner_is_told_which_organ_is_competent():
    tell = TellCompetentOrgan(case_no=NUMBER, actor=AT_BUREAU, paper={"organ": "西宁市教育局"})

    road = filed().do(tell, DISTRICT)

    effects = clock_effects(road.events[-1])
    assert (road.case.state, road.case.documents[-1].kind.value) == ("S22", "引")
    assert effects.closes == ("NOTICE", "NOTICE_KPI")
    assert effects.cancels_all
    assert label_of(road.events[-1]) == "告知向有权机关提出"


def test_it_is_told_by_name():
    with pytest.raises(GuardRefused) as caught:
        filed().do(TellCompetentOrgan(case_no=NUMBER, actor=AT_BUREAU), DISTRICT)

    assert caught.value.guard == "competent_organ_named"


def test_what_was_transferred_is_neither_sent_on_nor_turned_away_by_the_organ():
    road = Road().at_the_township()

    offers = {step.command for _, step in offered(road.case, an_actor("U"), road.given(TOWNSHIP))}

    assert not offers & {"forward-in-system", "tell-competent-organ"}
    with pytest.raises(GuardRefused) as caught:
        road.do(TellCompetentOrgan(case_no=NUMBER, actor=an_actor("U"), paper={"organ": "某局"}), TOWNSHIP)
    assert caught.value.guard == "filed_directly"


def duty(road, **more):
    return road.do(ClassifyAsDuty(case_no=NUMBER, actor=an_actor("U"), claims=RT5, **more), TOWNSHIP)


def perform(road):
    return road.do(PerformDuty(case_no=NUMBER, actor=an_actor("U"), claims=RT5, paper={"answer": "已查处"}), TOWNSHIP)


def test_a_duty_found_has_sixty_days_from_acceptance_and_ends_with_the_answer():
    road = duty(Road().at_the_township().accepted().wait(10))
    [opening] = clock_effects(road.events[-1]).opens
    assert (opening.code, opening.start, opening.days) == ("DUTY", road.case.accepted_on, None)
    assert (road.case.state, label_of(road.events[-1])) == ("S10", "分类（履行法定职责）")

    perform(road)

    assert (road.case.state, clock_effects(road.events[-1]).closes) == ("S19", ("DUTY",))
    assert len(road.events[-2:]) == len([event for event in road.events if event.head.act == "T27"])


def test_who_answers_at_once_has_its_limit_on_record_too():
    road = perform(Road().at_the_township().accepted())

    found, done = road.events[-2:]
    assert [opening.code for opening in clock_effects(found).opens] == ["DUTY"]
    assert clock_effects(done).closes == ("DUTY",)
    assert found.document.number != done.document.number


def test_a_special_law_may_set_another_limit_if_it_is_named():
    road = Road().at_the_township().accepted()
    with pytest.raises(GuardRefused) as caught:
        duty(road, days=30)
    assert caught.value.guard == "special_limit_founded"

    duty(road, days=30, paper={"law": "某法第十条"})

    assert clock_effects(road.events[-1]).opens[0].days == 30


@pytest.mark.parametrize("days", [0, 367])
def test_no_law_sets_such_a_limit(days):
    with pytest.raises(GuardRefused):
        duty(Road().at_the_township().accepted(), days=days, paper={"law": "某法"})


def test_a_duty_is_found_once_and_a_classification_on_rt6_takes_its_clock_away():
    road = duty(Road().at_the_township().accepted())
    with pytest.raises(GuardRefused) as caught:
        duty(road)
    assert caught.value.guard == "not_yet_a_duty"

    road.do(c.ClassifyCase(case_no=NUMBER, actor=an_actor("U"), claims=RT6), TOWNSHIP)

    effects = clock_effects(road.events[-1])
    assert (effects.cancels, [opening.code for opening in effects.opens]) == (("DUTY",), ["HANDLE"])


def test_only_claims_on_rt5_are_duties():
    with pytest.raises(GuardRefused) as caught:
        Road().at_the_township().accepted().do(
            ClassifyAsDuty(case_no=NUMBER, actor=an_actor("U"), claims=RT6), TOWNSHIP
        )

    assert caught.value.guard == "every_claim_on_rt5"
