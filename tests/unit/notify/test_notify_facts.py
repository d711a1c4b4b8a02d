"""What notify knows of events: all of them by name, and parts that not every one of them has."""

from pathlib import Path

import pytest

from lianxi.casework.messages import dispute as d
from lianxi.casework.messages.catalogue import EVENTS
from lianxi.contracts.envelope import decode
from services.notify.domain.agencies import AgencyCase, after_event
from services.notify.domain.facts import MESSAGES, TEACHING, CaseStanding, facts_of, followed
from tests.support.builders import CITY, DISTRICT, NUMBER, Road, an_actor

GOLDEN = Path(__file__).parents[2] / "contract" / "golden"
HOUSING, OTHER = f"{CITY}.housing", f"{CITY}.office"


def designated():
    """A case whose organ another organ of the same node was designated for."""
    road = Road().received().registered().transferred(CITY, CITY, HOUSING)
    officer = an_actor("U", CITY, HOUSING)
    paper = {"reasons": "职权", "basis": "三定", "reason": "协商不成"}
    road.do(d.RaiseDispute(case_no=NUMBER, actor=officer, parties=(HOUSING, OTHER), paper=paper), CITY)
    road.do(d.ReferDispute(case_no=NUMBER, actor=officer, paper=paper), CITY)
    leader = an_actor("DL", CITY)
    return road.do(d.DesignateOrgan(case_no=NUMBER, actor=leader, lead=OTHER, paper=paper), CITY).events


def test_a_rule_may_listen_to_every_event_of_a_case():
    assert set(EVENTS) <= MESSAGES


@pytest.mark.parametrize("name", sorted(name for name, cls in EVENTS.items() if not issubclass(cls, TEACHING)))
def test_an_event_that_is_passed_over_would_have_taught_nothing(name):
    event = decode((GOLDEN / f"{name}.v1.json").read_bytes()).message
    standing = CaseStanding(case_no=NUMBER, holder=CITY, holding_unit=HOUSING, sender=DISTRICT, assigner=DISTRICT)
    known = AgencyCase(case_no=NUMBER, holder=CITY, unit=HOUSING, category="城乡建设", registered=True)

    assert (followed(standing, event), after_event(known, event)) == (standing, known)


def test_an_event_without_a_transfer_has_no_facts_of_one_and_the_case_follows_the_designated_organ():
    *_, referred, event = designated()
    standing = CaseStanding(case_no=NUMBER, holder=CITY, holding_unit=HOUSING)

    facts = facts_of(event, standing)

    assert (facts["lead"], facts["to_node"], facts_of(referred, standing)["deciding_node"]) == (OTHER, "", CITY)
    assert followed(standing, event).holding_unit == OTHER
    assert followed(standing, referred) == standing
    assert DISTRICT not in str(facts)
