"""The sweep on PostgreSQL: alone and in company, every alert once; orders and calendars through the doors."""

import threading
from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from lianxi.bus.answers import CallProblem
from lianxi.law import calendar_data
from lianxi.law.receipts import SHANGHAI
from lianxi.runtime.metrics import exposition
from services.supervision.handlers.raise_alerts import raise_alerts
from services.supervision.handlers.recompute import recompute
from services.supervision.wiring import Meters
from tests.integration.supervision.desk import START
from tests.support.builders import CITY, DISTRICT, OFFICE, TOWNSHIP, Road
from tests.support.waiting import eventually
from tests.unit.supervision.test_supervision_recompute import NOTICE
from tests.unit.supervision.watch import Watch

pytestmark = pytest.mark.database

ACTOR = {"person": "dl", "role": "DL", "unit": "", "node": CITY}


def a_number(number):
    return f"63010000020260302W{number:05d}"


def test_what_is_raised_is_what_the_fakes_raise_in_the_same_order(desk):
    roads = [
        Road(a_number(1)).at_the_township(),
        Road(a_number(2)).handling(),
        Road(a_number(3)).replied(),
        Road(a_number(4), start=START + timedelta(days=3)).received(),
    ]
    watch = Watch(at=START).follow(*roads)
    desk.follow(*roads)
    watch.wait(days=117)
    desk.until(watch.clock.now())

    watch.sweep()
    desk.service.sweep()

    assert desk.told() == watch.work.notices
    desk.service.sweep()
    assert len(desk.told()) == len(watch.work.notices)


def test_sweepers_side_by_side_raise_every_alert_once(desk):
    roads = [
        Road(a_number(number), start=START + timedelta(hours=number % 48)).at_the_township() for number in range(1, 301)
    ]
    desk.follow(*roads)
    desk.until(START + timedelta(days=120))
    office = desk.parts.office()
    swept, gate = [], threading.Barrier(4)

    def sweep():
        gate.wait()
        swept.append(raise_alerts(desk.parts.open_work, office, desk.clock.now(), batch=20))

    threads = [threading.Thread(target=sweep) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    desk.service.sweep()  # what a sweeper left to another that was already gone

    told = desk.count_told()
    assert set(told.values()) == {1}
    expected = Watch(at=START).follow(*roads).wait(days=120)
    expected.sweep()
    assert told == Counter((type(notice).__name__, notice.case_no, notice.clock) for notice in expected.work.notices)
    per_clock = {}
    for notice in desk.told():
        per_clock.setdefault((notice.case_no, notice.clock), []).append(type(notice).__name__)
    order = ["ClockWarned", "ClockBreached", "SupervisionProposed", "ClockEscalated"]
    assert all(kinds == sorted(kinds, key=order.index) for kinds in per_clock.values())
    assert sum(sweep.raised.total() > 0 for sweep in swept) > 1


def test_events_and_sweep_at_the_same_time_neither_block_nor_lose(desk):
    roads = [Road(a_number(number)).at_the_township() for number in range(1, 121)]
    desk.follow(*roads)
    desk.until(START + timedelta(days=40))
    office, done = desk.parts.office(), threading.Event()
    failures = []

    def sweep():
        try:
            while not done.is_set():
                raise_alerts(desk.parts.open_work, office, desk.clock.now(), batch=7)
        except Exception as error:  # noqa: BLE001  whatever it is, the test fails with it
            failures.append(error)

    sweeper = threading.Thread(target=sweep)
    sweeper.start()
    for road in roads:
        road.wait(2).accepted()
    desk.follow(*roads)
    done.set()
    sweeper.join()

    assert failures == []
    assert all(desk.file(road.case.case_no).row.state == "S10" for road in roads)
    assert set(desk.count_told().values()) <= {1}
    assert all(not clock.is_open for road in roads for clock in desk.file(road.case.case_no).clocks)


@pytest.fixture
def late(desk):
    """A case whose NOTICE went red at the township; the city has proposed an order."""
    road = Road(a_number(1)).at_the_township()
    desk.follow(road)
    desk.until(datetime(2026, 3, 18, 9, tzinfo=SHANGHAI))
    desk.service.sweep()
    return road


def test_a_proposal_becomes_an_order_and_gets_its_answer(desk, late):
    (proposal,) = desk.call("proposals", status="proposed")["rows"]
    assert (proposal["clock"], proposal["node"], proposal["unit"]) == ("NOTICE", TOWNSHIP, OFFICE)

    signed = desk.call("sign_order", proposal_no=proposal["proposal_no"], actor=ACTOR, paper={"request": "限期告知"})
    assert signed == {"order_no": "宁信督〔2026〕1号", "feedback_due": "2026-04-02"}
    ordered = desk.told()[-1]
    assert (ordered.order_no, ordered.signed_by.person) == ("宁信督〔2026〕1号", "dl")
    clocks = {row["clock"]: row for row in desk.call("clocks", case_no=late.case.case_no)["rows"]}
    assert (clocks["SUP_REPLY"]["unit"], clocks["SUP_REPLY"]["legal_due"]) == (OFFICE, "2026-04-02")

    desk.until(datetime(2026, 3, 20, 9, tzinfo=SHANGHAI))
    answered = desk.call(
        "record_feedback",
        proposal_no=proposal["proposal_no"],
        actor=ACTOR,
        document="西信复〔2026〕3号",
        received_on="2026-03-19",
    )
    assert answered["status"] == "answered"
    assert "限期告知" not in stored_proposals(desk)
    (row,) = desk.call("proposals")["rows"]
    assert (row["status"], row["reply_document"], row["paper"]) == (
        "answered",
        "西信复〔2026〕3号",
        {"request": "限期告知"},
    )


def stored_proposals(desk):
    return "".join(str(row) for (row,) in desk.database.query("SELECT p::text FROM supervision.proposal p"))


@pytest.mark.usefixtures("late")
def test_a_dismissed_proposal_cannot_be_signed(desk):
    (proposal,) = desk.call("proposals")["rows"]
    number = proposal["proposal_no"]

    assert desk.call("dismiss_proposal", proposal_no=number, actor=ACTOR, reason="已核实")["status"] == "dismissed"
    (row,) = desk.call("proposals")["rows"]
    assert row["reason"] == "已核实"
    assert "已核实" not in stored_proposals(desk)

    with pytest.raises(CallProblem) as refused:
        desk.call("sign_order", proposal_no=number, actor=ACTOR, paper={})
    assert (refused.value.branch, refused.value.problem["status"]) == ("refused", 409)


def test_news_that_came_late_withdraws_the_proposal(desk, late):
    late.wait(10).accepted()  # 12 March, within the limit

    desk.consume(late.events)

    (proposal,) = desk.call("proposals")["rows"]
    assert proposal["status"] == "withdrawn"


@pytest.mark.usefixtures("late")
def test_a_sweep_that_fails_raises_nothing_and_the_next_one_raises_it_all(desk):
    desk.until(datetime(2026, 3, 25, 9, tzinfo=SHANGHAI))
    before = desk.told()
    desk.follow(Road(a_number(2)).at_the_township())

    class Refusing(type(desk.parts.open_work())):
        def record(self, notices):
            super().record(notices)
            raise RuntimeError("the power is gone")

    def failing():
        work = desk.parts.open_work()
        work.__class__ = Refusing
        return work

    with pytest.raises(RuntimeError):
        raise_alerts(failing, desk.parts.office(), desk.clock.now())
    assert desk.told() == before

    desk.service.sweep()
    assert [notice.case_no for notice in desk.told()[len(before) :]].count(a_number(2)) > 0


def test_a_loaded_notice_moves_the_clocks_in_the_database_and_lists_them(desk):
    road = Road(a_number(1), start=datetime(2026, 12, 19, 10, tzinfo=SHANGHAI)).at_the_township()
    desk.until(road.now)
    desk.follow(road)
    loaded = replace(desk.parts.office(), calendar=calendar_data.load([NOTICE]))

    changes = recompute(desk.parts.open_work, loaded, desk.clock.now(), page=2)

    assert ("NOTICE", True, False) in {
        (change.after.code, change.before.provisional, change.after.provisional) for change in changes
    }
    assert recompute(desk.parts.open_work, loaded, desk.clock.now()) == []
    answer = desk.call("recompute")  # back to the calendar of the node, which knows no notice of 2027
    assert answer["total"] == len(answer["changed"]) == len(changes)
    assert answer["calendar"] == desk.parts.office().calendar.version


def test_metrics_show_how_late_the_sweep_is_and_what_runs(desk, late):
    desk.until(datetime(2026, 3, 25, 9, tzinfo=SHANGHAI))
    desk.service.sweep()
    desk.service.measure()
    shown = exposition().decode()

    assert 'clocks_open{clock="NOTICE",lamp="red"} 1.0' in shown
    assert f'clocks_late{{lamp="red",node="{TOWNSHIP}"}}' in shown
    assert 'supervision_alerts_total{alert="breach"}' in shown

    desk.follow(late.wait(25).accepted())

    def counted_again():  # after a slow count the next one waits
        desk.service.measure()
        return 'clocks_open{clock="NOTICE",lamp="red"} 0.0' in exposition().decode()

    eventually(counted_again, within=120)


def test_the_age_of_the_oldest_due_alert_is_what_the_sweep_found():
    meters = Meters()

    meters.swept(START - timedelta(seconds=90), START, Counter())
    assert "supervision_oldest_due_seconds 90.0" in exposition().decode()

    meters.swept(None, START, Counter())
    assert "supervision_oldest_due_seconds 0.0" in exposition().decode()


def test_each_level_raises_its_own(a_desk):
    roads = [Road(a_number(1)).at_the_township()]
    told = {}
    for node in (TOWNSHIP, DISTRICT, CITY):
        desk = a_desk(node)
        desk.follow(*roads)
        desk.until(START + timedelta(days=90))
        desk.service.sweep()
        told[node] = [(type(n).__name__, n.step) for n in desk.told() if type(n).__name__ == "ClockEscalated"]

    assert told == {
        TOWNSHIP: [("ClockEscalated", 1)],
        DISTRICT: [("ClockEscalated", 2)],
        CITY: [("ClockEscalated", 3)],
    }
