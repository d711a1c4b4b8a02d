"""T29: mediation and settlement end the matter by an agreement, or hand it back to handling; no clock stops."""

from datetime import timedelta

import pytest

from lianxi.casework.case.evolve import replay
from lianxi.casework.errors import Forbidden, GuardRefused
from lianxi.casework.messages import commands as c
from lianxi.casework.messages import mediation as m
from lianxi.casework.transitions import ClockEffects, ClockOpening, clock_effects
from lianxi.casework.transitions.words import label_of
from services.supervision.domain.clocks import Status
from tests.support.builders import NUMBER, TOWNSHIP, Road, an_actor
from tests.unit.supervision.watch import Watch

CONSENT, AGREEMENT = "consent mediator", "parties terms performance"


def opened(road, paper=CONSENT, **more):
    facts = {"actor": an_actor("U"), "paper": dict.fromkeys(paper.split(), "写明")}
    return road.do(m.OpenMediation(case_no=NUMBER, **{**facts, **more}), TOWNSHIP)


def closed(road, outcome, paper, **more):
    facts = {"actor": an_actor("U"), "paper": dict.fromkeys(paper.split(), "写明")}
    return road.do(m.CloseMediation(case_no=NUMBER, outcome=outcome, **{**facts, **more}), TOWNSHIP)


def refused(guard, ask):
    with pytest.raises(GuardRefused) as caught:
        ask()
    assert caught.value.guard == guard


@pytest.mark.parametrize("outcome", [m.MediationOutcome.MEDIATED, m.MediationOutcome.SETTLED])
def test_t29_an_agreement_concludes_the_matter_and_answers_in_time(outcome):
    road = opened(Road().handling(assigned=True).wait(10))
    assert road.case.state == "S13"
    assert clock_effects(road.events[-1]) == ClockEffects()

    closed(road.wait(20), outcome, AGREEMENT)

    assert (road.case.state, road.case.ended_on) == ("S62", road.today)
    assert [label_of(event) for event in road.events[-2:]] == ["开始调解、和解", "达成调解、和解协议"]
    assert [document.kind.value for document in road.case.documents[-2:]] == ["调", "和"]
    effects = clock_effects(road.events[-1])
    assert effects.opens == (ClockOpening(code="ARCHIVE", start=road.today),)
    watch = Watch().follow(road)
    handle = watch.clock_of(road, "HANDLE")
    assert (handle.status, handle.kept, handle.closed_by) == (Status.CLOSED, True, road.case.documents[-1].number)
    assert watch.clock_of(road, "ASSIGN_RPT").status == Status.CANCELLED
    assert watch.row(road).replied_on == road.today
    road.document_served(road.case.documents[-1].number)
    archived = road.do(c.ArchiveCase(case_no=NUMBER, actor=an_actor("R")), TOWNSHIP)
    assert archived.case.state == "S70"
    assert replay(NUMBER, road.events) == road.case


def test_without_an_agreement_handling_goes_on_within_the_same_days():
    road = Road().handling()
    before = Watch().follow(road).clock_of(road, "HANDLE")

    closed(opened(road).wait(25), m.MediationOutcome.FAILED, "obstacle")

    assert (road.case.state, road.case.ended_on) == ("S11", None)
    assert [label_of(event) for event in road.events[-3:]] == [
        "分类（信访程序）",
        "开始调解、和解",
        "未达成协议，继续办理",
    ]
    assert clock_effects(road.events[-1]) == ClockEffects()
    after = Watch().follow(road).clock_of(road, "HANDLE")
    assert (after.status, after.raw_due) == (Status.OPEN, before.raw_due)
    assert road.submitted().signed().case.state == "S15"


def test_nobody_is_mediated_without_the_consent_of_both_sides():
    road = Road().handling()

    refused("both_sides_consent", lambda: opened(road, "consent"))
    refused("both_sides_consent", lambda: opened(road, "mediator"))
    refused("own_unit", lambda: opened(road, actor=an_actor("U", unit=f"{TOWNSHIP}.housing")))
    with pytest.raises(Forbidden):
        opened(road, actor=an_actor("D"))


def test_an_agreement_names_parties_terms_and_performance():
    road = opened(Road().handling())

    for missing in AGREEMENT.split():
        words = " ".join(word for word in AGREEMENT.split() if word != missing)
        refused("agreement_written", lambda words=words: closed(road, m.MediationOutcome.SETTLED, words))
    stranger = an_actor("U", unit=f"{TOWNSHIP}.housing")
    refused("own_unit", lambda: closed(road, m.MediationOutcome.SETTLED, AGREEMENT, actor=stranger))


def test_why_there_is_none_is_said():
    road = opened(Road().handling())

    refused("no_agreement", lambda: closed(road, m.MediationOutcome.FAILED, AGREEMENT))
    refused("own_unit", lambda: closed(road, m.MediationOutcome.FAILED, "obstacle", actor=an_actor("U", unit="x")))


def test_a_petitioner_may_withdraw_while_mediation_goes_on():
    road = opened(Road().handling()).wait(3)
    assert road.case.accepted_on == road.today - timedelta(days=3)

    road.do(c.WithdrawCase(case_no=NUMBER, actor=an_actor("P"), free_will_recorded=True), TOWNSHIP)

    assert road.case.state == "S62"
