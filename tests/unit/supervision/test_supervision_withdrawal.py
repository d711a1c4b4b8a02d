"""T42: a withdrawal counts from the day it was declared, also when the case was on its way on that day (CF-48)."""

from lianxi.casework.messages import commands as c
from tests.support.builders import CITY, DISTRICT, NUMBER, Road, an_actor
from tests.unit.supervision.watch import Watch


def test_t42_clocks_that_were_opened_after_the_declared_day_end_with_it_and_raise_no_alert():
    road = Road().received().registered().transferred(CITY, DISTRICT)
    declared_on = road.today
    road.wait(6).delivered(DISTRICT)
    withdrawal = c.WithdrawCase(
        case_no=NUMBER,
        actor=an_actor("P", CITY),
        free_will_recorded=True,
        decided_on=declared_on,
        document_no="宁信撤〔2026〕1号",
        paper={"reason": "问题已经解决"},
    )

    watch = Watch(DISTRICT).follow(road.do(withdrawal, DISTRICT))
    watch.wait(days=25).sweep()

    ended = {row.code: (row.status, row.closed_on) for row in watch.file(road).clocks if row.start > declared_on}
    assert ended == dict.fromkeys(("DISPOSE", "OBJECT"), ("cancelled", declared_on))
    assert [row.start for row in watch.file(road).clocks if row.code == "ARCHIVE"] == [declared_on]
    assert {code for _, code in watch.told()} <= {"ARCHIVE"}
