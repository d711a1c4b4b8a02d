"""The petitioner's view: dates, state and holder in plain words, nothing else (PR-11)."""

from datetime import datetime

import pytest

from lianxi.casework.messages.facts import CaseState
from lianxi.runtime.clock import SHANGHAI
from services.portal.domain.plain_words import _EXPLAINED, in_words, progress
from tests.unit.portal.offices import CASE_NO, usual_answers

NAMES = {"630100": "西宁市", "630104": "城西区"}
NOW = datetime(2026, 3, 2, 10, 16, tzinfo=SHANGHAI)


def seen(**more):
    answers = usual_answers()
    return progress(answers["intake.find"], {**answers["routing.track"], **more}, NAMES, NOW)


def test_every_state_a_petition_can_be_in_is_explained():
    assert {str(state) for state in CaseState} - set(_EXPLAINED) == {"S00"}


def test_the_timeline_names_the_place_and_the_step_of_each_date():
    assert [(step.on, step.text) for step in seen().timeline][2:] == [
        ("2026-03-03", "西宁市：转送下级"),
        ("2026-03-03", "城西区：送达签收"),
    ]


def test_the_holder_is_named_and_where_it_goes():
    assert seen().holder == "城西区"
    assert seen(in_transfer_to="630104001").holder == "城西区（正送往630104001）"


def test_before_routing_has_seen_it_a_petition_is_received():
    view = progress(usual_answers()["intake.find"], {}, NAMES, NOW)

    assert (view.number, view.state, view.holder) == (CASE_NO, "已收到", "正在登记")
    assert [(step.on, step.text) for step in view.timeline] == [("2026-03-02", "收到")]


def test_nothing_of_the_content_is_shown():
    assert "供暖" not in str(seen())


@pytest.mark.parametrize(("day", "words"), [("2026-03-02", "2026年3月2日"), ("", ""), ("soon", "soon")])
def test_days_are_written_as_people_write_them(day, words):
    assert in_words(day) == words


def test_claims_that_became_cases_of_their_own_are_shown_with_their_holder():
    part = {"case_no": "63010400020260302W90001", "label": "待受理", "holder": "630104"}

    assert seen(parts=[part]).parts == ("63010400020260302W90001：待受理，现由城西区持有",)
    assert seen().parts == ()
