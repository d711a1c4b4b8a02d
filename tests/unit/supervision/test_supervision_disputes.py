"""What objections, disputes and late acceptances do to the clocks: whose they are, which run on, which start anew."""

from datetime import timedelta

from lianxi.casework.messages import commands as c
from lianxi.casework.messages import dispute as d
from services.supervision.domain.clocks import Status
from tests.support.builders import CITY, DISTRICT, NUMBER, OFFICE, Road, an_actor
from tests.unit.supervision.watch import Watch

HOUSING = f"{DISTRICT}.housing"
PAPER = {"reasons": "职权", "basis": "三定", "reason": "理由", "attended": "两区", "minutes": "由城北区主办"}


def ask(road, kind, actor, node, **fields):
    return road.do(kind(case_no=NUMBER, actor=actor, paper=PAPER, **fields), node)


def clocks(road, code):
    return [row for row in Watch().follow(road).file(road).clocks if row.code == code]


def at_the_district(unit=""):
    return Road().received().registered().transferred(CITY, DISTRICT, unit).delivered(DISTRICT)


def in_dispute(*parties):
    officer = an_actor("U", DISTRICT, HOUSING)
    road = ask(at_the_district(HOUSING), d.RaiseDispute, officer, DISTRICT, parties=(HOUSING, *parties))
    return ask(road, d.ReferDispute, officer, DISTRICT)


def test_t17_gives_the_sender_its_old_limit_back_and_takes_the_departments_away():
    road = at_the_district()
    ask(road.wait(1), c.ObjectToTransfer, an_actor("D", DISTRICT), DISTRICT, proposed_organ="x")
    assert [row.status for row in clocks(road, "DISPOSE")] == [Status.CLOSED, Status.OPEN]
    ask(road, c.UpholdObjection, an_actor("D", CITY), DISTRICT)
    ask(road, c.TakeBack, an_actor("SYS", CITY), CITY)

    city, district = clocks(road, "DISPOSE")

    assert (city.status, city.node, city.start) == (Status.OPEN, CITY, road.today - timedelta(days=1))
    assert (district.status, district.node) == (Status.CANCELLED, DISTRICT)


def test_t19_the_superior_owes_the_designation_and_the_conference_the_coordination():
    (designate,) = clocks(in_dispute(OFFICE), "DESIGNATE")
    (conference,) = clocks(in_dispute("630105.housing"), "CONFERENCE")

    assert (designate.node, designate.unit) == (DISTRICT, "")
    assert (conference.node, conference.unit) == (CITY, "")


def test_t19_and_t20_the_notice_runs_on_for_the_organ_that_keeps_the_case_and_anew_for_another():
    road = in_dispute(OFFICE).wait(3)
    assert [row.status for row in clocks(road, "NOTICE")] == [Status.OPEN]
    ask(road, d.DesignateOrgan, an_actor("DL", DISTRICT), DISTRICT, lead=HOUSING)
    (kept,) = clocks(road, "NOTICE")
    assert (kept.status, kept.start) == (Status.OPEN, road.today - timedelta(days=3))

    other = in_dispute(OFFICE).wait(3)
    ask(other, d.DesignateOrgan, an_actor("DL", DISTRICT), DISTRICT, lead=f"{DISTRICT}.office")

    old, new = clocks(other, "NOTICE")
    assert (old.status, new.status, new.start, new.unit) == (
        Status.CANCELLED,
        Status.OPEN,
        other.today,
        f"{DISTRICT}.office",
    )
    assert Watch().follow(other).row(other).organ_unit == f"{DISTRICT}.office"


def test_t20_a_case_on_its_way_to_the_node_above_is_shown_as_in_transfer():
    road = in_dispute("630105.housing")
    ask(road, d.CoordinateDispute, an_actor("J", CITY), DISTRICT, lead="630105.housing")

    assert Watch().follow(road).row(road).in_transfer_to == CITY
    ask(road, c.TakeBack, an_actor("SYS", CITY), CITY)
    row = Watch().follow(road).row(road)
    assert (row.in_transfer_to, row.state, row.holder) == ("", "S02", CITY)


def test_t21_a_late_acceptance_breaks_the_notice_and_starts_the_sixty_days_on_the_fifteenth():
    road = Road().at_the_township()
    received_on = road.today
    road.wait(25).accepted()

    (notice,) = clocks(road, "NOTICE")

    assert (notice.status, notice.closed_on, notice.kept) == (Status.CLOSED, road.today, False)
    assert Watch().follow(road).row(road).accepted_on == received_on + timedelta(days=15)
