"""A proposed order signed, dismissed, answered."""

from datetime import date, timedelta

import pytest

from lianxi.casework.errors import Conflict, Forbidden, Invalid, Unknown
from lianxi.casework.messages import commands as c
from services.supervision.domain.clocks import Status
from services.supervision.domain.orders import DismissProposal, RecordFeedback, SignOrder, order_number
from services.supervision.handlers import orders
from services.supervision.settings import read_mark
from tests.support.builders import CITY, DISTRICT, OFFICE, TOWNSHIP, Road, an_actor
from tests.unit.supervision.watch import XINING, Watch

LEADER = an_actor("DL", DISTRICT)
PAPER = {"request": "请于限期内书面告知受理情况"}


@pytest.fixture
def road():
    return Road().at_the_township()


@pytest.fixture
def watch(road):
    """The district's watch, the township's NOTICE having gone red on 18 March."""
    watch = Watch(DISTRICT).follow(road).day_after(date(2026, 3, 17))
    watch.sweep()
    return watch.forget()


@pytest.fixture
def number(watch):
    (number,) = watch.work.proposals.by_number
    return number


def sign(watch, number, actor=LEADER):
    command = SignOrder(proposal_no=number, actor=actor, paper=PAPER)
    return orders.sign_order(command, watch.work, watch.office, watch.clock.now())


def dismiss(watch, number, reason="已当面核实，确有正当理由", actor=LEADER):
    command = DismissProposal(proposal_no=number, actor=actor, reason=reason)
    return orders.dismiss_proposal(command, watch.work, watch.office, watch.clock.now())


def answer(watch, number, *, document="西信复〔2026〕3号", received_on=None, actor=LEADER):
    command = RecordFeedback(
        proposal_no=number, actor=actor, document=document, received_on=received_on or watch.clock.today()
    )
    return orders.record_feedback(command, watch.work, watch.office, watch.clock.now())


def test_a_signed_order_has_a_number_a_text_and_fifteen_days_for_the_answer(watch, number, road):
    signed = sign(watch, number)

    assert signed.order_no == "宁信督〔2026〕1号"
    assert signed.feedback_due == date(2026, 4, 2)
    assert (signed.paper, signed.decided_by, signed.status) == (PAPER, LEADER.person, "ordered")
    (ordered,) = watch.work.notices
    assert (ordered.order_no, ordered.node, ordered.unit) == (signed.order_no, TOWNSHIP, OFFICE)
    assert ordered.trigger == "SUP-7"
    reply = watch.clock_of(road, "SUP_REPLY")
    assert (reply.node, reply.unit, reply.legal_due) == (TOWNSHIP, OFFICE, signed.feedback_due)


def test_orders_are_numbered_per_node_and_year(watch, number):
    assert sign(watch, number).order_no == "宁信督〔2026〕1号"
    assert watch.work.proposals.next_order(DISTRICT, 2026) == 2
    assert watch.work.proposals.next_order(DISTRICT, 2027) == 1
    assert str(order_number("城西信", 2026, 12)) == "城西信督〔2026〕12号"


@pytest.mark.parametrize(("node", "mark"), [(CITY, "宁信"), (DISTRICT, "城西信"), (TOWNSHIP, "城西西关大街信")])
def test_every_node_has_the_mark_of_its_letters(node, mark):
    assert read_mark(XINING, node) == mark


def test_an_order_that_stays_unanswered_is_warned_of_breached_and_escalated_but_not_ordered_again(watch, number, road):
    sign(watch, number)

    watch.forget().wait(days=60).sweep()

    assert [kind for kind, code in watch.told() if code == "SUP_REPLY"] == [
        "ClockWarned",
        "ClockBreached",
        "ClockEscalated",
    ]
    assert watch.row(road).next_clock == "NOTICE"


def test_an_order_outlives_the_case(watch, number, road):
    sign(watch, number)

    road.now = watch.clock.now()
    road.do(c.WithdrawCase(case_no=road.case.case_no, actor=an_actor("P"), free_will_recorded=True), TOWNSHIP)
    watch.follow(road)

    assert watch.open_codes(road) == {"SUP_REPLY", "ARCHIVE"}


def test_the_answer_closes_the_clock_of_its_order(watch, number, road):
    sign(watch, number)

    answered = answer(watch.wait(days=3), number)

    reply = watch.clock_of(road, "SUP_REPLY")
    assert (answered.status, answered.reply_document) == ("answered", "西信复〔2026〕3号")
    assert (reply.status, reply.closed_by, reply.kept) == (Status.CLOSED, "西信复〔2026〕3号", True)
    assert reply.closed_on == watch.clock.today()


@pytest.mark.parametrize("days", [-1, 1])
def test_an_answer_is_dated_between_the_order_and_today(watch, number, days):
    sign(watch, number)

    with pytest.raises(Invalid) as refused:
        answer(watch, number, received_on=watch.clock.today() + timedelta(days=days))

    assert refused.value.field == "received_on"


def test_an_answer_needs_a_document(watch, number):
    sign(watch, number)

    with pytest.raises(Invalid):
        answer(watch, number, document=" ")


def test_a_dismissed_proposal_keeps_its_reason_and_cannot_be_signed(watch, number):
    dismissed = dismiss(watch, number)

    assert (dismissed.status, dismissed.reason) == ("dismissed", "已当面核实，确有正当理由")
    with pytest.raises(Conflict):
        sign(watch, number)
    with pytest.raises(Invalid):
        dismiss(watch, number, reason="  ")


def test_only_an_order_that_was_signed_can_be_answered(watch, number):
    with pytest.raises(Conflict) as refused:
        answer(watch, number)

    assert "尚未签发" in refused.value.message


def test_an_order_is_signed_once(watch, number):
    sign(watch, number)

    with pytest.raises(Conflict):
        sign(watch, number)
    with pytest.raises(Conflict):
        dismiss(watch, number)


@pytest.mark.parametrize("actor", [an_actor("DL", CITY), an_actor("U", DISTRICT), an_actor("UL", TOWNSHIP)])
@pytest.mark.parametrize("act", [sign, dismiss, answer])
def test_nobody_else_may(watch, number, act, actor):
    with pytest.raises(Forbidden):
        act(watch, number, actor=actor)


def test_an_unknown_proposal_is_refused(watch):
    with pytest.raises(Unknown):
        sign(watch, "630104-2026-999999")
