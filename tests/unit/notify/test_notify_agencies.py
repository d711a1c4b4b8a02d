"""Who hears of what, in which fields, and when a webhook that fails is tried again: rules without tables or network."""

from dataclasses import replace
from datetime import timedelta

import pytest

from lianxi.casework.agency_fields import NEVER
from lianxi.casework.messages.events import CaseAccepted
from lianxi.casework.messages.facts import Claim, PetitionClass
from services.notify.domain.agencies import (
    SCHEDULE,
    AgencyCase,
    Grant,
    after_event,
    hears,
    narrowed,
    next_attempt,
    told,
)
from tests.support.builders import CITY, DISTRICT, NUMBER, OFFICE, TOWNSHIP, Road
from tests.unit.notify.post_room import NOW

OWN = Grant(name="police", units=(OFFICE,))
ACCEPTED = Road().at_the_township().accepted().events[-1]
AT_THE_OFFICE = AgencyCase(
    case_no=NUMBER, holder=TOWNSHIP, unit=OFFICE, category="城乡建设/供暖", registered=True
)  # fmt: skip


def heard(grant, case=AT_THE_OFFICE, event=ACCEPTED):
    return hears(grant, case, after_event(case, event), event)


def test_a_case_is_followed_to_the_unit_that_has_it():
    case = AgencyCase(case_no=NUMBER)
    for event in Road().at_the_township().accepted().events:
        case = after_event(case, event)

    assert (case.holder, case.unit, case.category, case.registered) == (TOWNSHIP, OFFICE, "城乡建设", True)


@pytest.mark.parametrize(
    ("grant", "hears_it"),
    [
        (OWN, True),
        (replace(OWN, units=("630104001.housing",)), False),
        (replace(OWN, events=("case-accepted",)), True),
        (replace(OWN, events=("case-archived",)), False),
        (Grant(name="a", divisions=(CITY,)), True),
        (Grant(name="a", divisions=(DISTRICT,)), True),
        (Grant(name="a", divisions=("630105",)), False),
        (Grant(name="a", divisions=(CITY,), categories=("城乡建设",)), True),
        (Grant(name="a", divisions=(CITY,), categories=("城乡建设/供暖",)), True),
        (Grant(name="a", divisions=(CITY,), categories=("城乡",)), False),
    ],
)
def test_an_agency_hears_of_its_units_and_of_its_divisions_narrowed_by_categories(grant, hears_it):
    assert isinstance(ACCEPTED, CaseAccepted)
    assert heard(grant) is hears_it


@pytest.mark.parametrize(
    ("grant", "hears_it"),
    [
        (OWN, False),
        (replace(OWN, sealed=True), True),
        (Grant(name="a", divisions=(CITY,), sealed=True), False),
        (Grant(name="a", units=("630104001.housing",), divisions=(CITY,), sealed=True), False),
    ],
)
def test_of_a_sealed_case_only_the_competent_agency_hears_whose_unit_has_it(grant, hears_it):
    assert heard(grant, replace(AT_THE_OFFICE, sealed=True)) is hears_it


def test_a_case_that_turns_out_to_be_an_accusation_is_sealed_from_that_event_on():
    accusation = (Claim(number=1, petition_class=PetitionClass.ACCUSATION),)
    registered = Road().received().registered(petition_class=PetitionClass.ACCUSATION, claims=accusation).events[-1]

    assert not heard(Grant(name="a", divisions=(CITY,)), AgencyCase(case_no=NUMBER, holder=CITY), registered)


def test_nobody_hears_of_a_case_before_it_is_known_to_be_no_accusation():
    received = Road().received().events[0]

    assert not heard(Grant(name="a", divisions=(CITY,)), AgencyCase(case_no=NUMBER), received)


def test_only_granted_fields_are_told_and_numbers_of_persons_in_them_are_taken_out():
    envelope = {
        "specversion": "1.0",
        "id": "1",
        "subject": NUMBER,
        "traceparent": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        "partitionkey": "x",
        "data": {"document": {"number": "宁信受〔2026〕1号", "issued_on": "2026-03-02"}, "note": "电话13897212345"},
    }

    assert told(envelope, ("document.number", "note")) == {
        "specversion": "1.0",
        "id": "1",
        "subject": NUMBER,
        "traceparent": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        "data": {"document": {"number": "宁信受〔2026〕1号"}, "note": "电话［手机号］"},
    }


def test_what_leads_to_a_person_is_told_at_no_depth():
    deep = {"claims": [{"number": 1, **dict.fromkeys(NEVER, "x")}], **dict.fromkeys(NEVER, "x")}

    assert narrowed(deep, ("claims", *NEVER)) == {"claims": [{"number": 1}]}


def test_a_failing_webhook_is_tried_for_more_than_seventy_five_hours():
    at = NOW
    for failures in range(1, len(SCHEDULE) + 1):
        at = next_attempt(failures, at, 0.0, None)

    assert at - NOW >= timedelta(hours=75)
    assert next_attempt(len(SCHEDULE) + 1, at, 0.0, None) is None


def test_chance_only_makes_a_pause_longer_and_retry_after_is_kept_up_to_a_day():
    assert NOW + timedelta(seconds=5) < next_attempt(1, NOW, 0.99, None) < NOW + timedelta(seconds=6)
    assert next_attempt(1, NOW, 0.0, 90) == NOW + timedelta(seconds=90)
    assert next_attempt(1, NOW, 0.0, 10**8) == NOW + timedelta(days=1)
