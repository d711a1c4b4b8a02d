"""The table as a whole: which rows it has, which are built, and how an act finds its row."""

from dataclasses import replace

import pytest

from lianxi.casework.case import acts
from lianxi.casework.case.guards import GUARDS
from lianxi.casework.case.offers import ABOUT_THE_ASKER, offered
from lianxi.casework.errors import NotBuiltYet, Unknown
from lianxi.casework.messages import commands as c
from lianxi.casework.messages.facts import CaseState, Role
from lianxi.casework.transitions import TRANSITIONS, by_id, steps_for, steps_from
from tests.support.builders import CITY, NUMBER, Road, an_actor


def test_an_act_that_nobody_knows_is_unknown():
    class Nonsense(c.Command):
        MESSAGE = c.Message("nonsense")

    with pytest.raises(Unknown):
        Road().received().do(Nonsense(case_no=NUMBER, actor=an_actor("U")), CITY)


def test_a_transition_not_built_yet_is_refused_as_such(monkeypatch):
    planned = replace(by_id("T3"), built=False)
    monkeypatch.setattr(acts, "steps_for", lambda _command: tuple((planned, step) for step in planned.steps))

    with pytest.raises(NotBuiltYet) as caught:
        Road().received().registered()

    assert caught.value.transition == "T3"


def test_the_table_holds_t1_to_t58_and_all_of_them_are_built():
    assert [row.id for row in TRANSITIONS] == [f"T{number}" for number in range(1, 59)]
    assert [row.id for row in TRANSITIONS if not row.built] == []


def test_the_table_says_what_a_role_may_be_offered():
    offered = {step.command for _, step in steps_from(CaseState.HANDLING, Role.UNIT_HEAD)}

    assert offered == {
        "extend-handling",
        "open-hearing",
        "open-mediation",
        "record-service",
        "file-assist-opinion",
        "urge-assists",
        "record-call-back",
    }
    assert CaseState.REPORT_FILED in by_id("T34").start
    assert {CaseState.REPLIED, CaseState.REPORT_RETURNED} <= set(by_id("T34").end)
    assert [row.id for row, _ in steps_for("transfer-case")] == ["T12", "T13"]


def acts_offered(road, actor):
    return {step.command for _, step in offered(road.case, actor, road.given(road.case.holder))}


def test_only_what_this_person_could_do_now_is_offered():
    road = Road().at_the_township()

    assert {"object-to-transfer", "accept-case", "raise-dispute"} <= acts_offered(road, an_actor("U"))
    assert "object-late" not in acts_offered(road, an_actor("U"))
    assert acts_offered(road, an_actor("U", unit=f"{CITY}.roads")) == set()
    assert "object-to-transfer" not in acts_offered(road.wait(20), an_actor("U"))
    assert "object-late" in acts_offered(road, an_actor("U"))


def test_the_guards_behind_an_offer_are_guards_of_the_table():
    assert set(GUARDS) > ABOUT_THE_ASKER
