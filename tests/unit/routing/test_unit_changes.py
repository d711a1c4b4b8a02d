"""The directory of organs changes from a day on, for a while or for good, and what was so before can still be read."""

from datetime import date, datetime

import pytest

from lianxi.casework.errors import Forbidden, Invalid, Unknown
from services.routing.domain.unit_changes import AskedChange, UnitChange, amended
from services.routing.handlers import units
from tests.support.builders import DISTRICT, SHANGHAI, an_actor
from tests.unit.routing.desk_of_routing import Node
from tests.unit.routing.sorting_desk import rulebook

JANUARY, MARCH, JUNE = date(2026, 1, 5), date(2026, 3, 2), date(2026, 6, 1)
HOUSING, LAND = f"{DISTRICT}.housing", f"{DISTRICT}.land"
QUALITY = ("城乡建设", "工程质量")


class MemoryChanges(list):
    """`UnitChanges` as a list."""

    def add(self, change):
        self.append(change)
        return len(self)

    def of(self, unit=""):
        return tuple(change for change in self if unit in {"", change.unit})


def a_change(number, unit, valid_from, valid_to=None, **facts):
    return UnitChange(
        number=number,
        unit=unit,
        valid_from=valid_from,
        valid_to=valid_to,
        facts=facts,
        reason="机构改革",
        recorded_by="dl",
        recorded_at=datetime(2026, 3, 2, tzinfo=SHANGHAI),
    )


def on(day, *changes):
    return {unit.code: unit for unit in amended(rulebook().directory, changes, day).units_of(DISTRICT)}


def test_a_change_holds_from_its_day_on_and_the_day_before_is_as_it_was():
    change = a_change(1, HOUSING, MARCH, name="城西区住建局", leader_on_record="局长")

    assert on(JANUARY, change)[HOUSING].name == "城西区住房和城乡建设局"
    assert on(MARCH, change)[HOUSING].name == "城西区住建局"
    assert on(JUNE, change)[HOUSING].leader_on_record == "局长"
    assert on(JUNE, change)[HOUSING].since == "2026-03-02"


def test_a_change_with_a_last_day_ends_by_itself():
    change = a_change(1, HOUSING, JANUARY, MARCH, hours="周一至周五 09:00-17:00")

    assert on(MARCH, change)[HOUSING].hours == "周一至周五 09:00-17:00"
    assert on(JUNE, change)[HOUSING].hours != "周一至周五 09:00-17:00"


def test_a_correction_recorded_later_wins_over_the_same_day():
    wrong, right = a_change(1, HOUSING, MARCH, name="错"), a_change(2, HOUSING, MARCH, name="对")

    assert on(JUNE, right, wrong)[HOUSING].name == "对"


def test_an_organ_that_closed_leaves_its_competence_to_its_substitute():
    closed = a_change(1, HOUSING, MARCH, closed=True, substitute="land")
    directory = amended(rulebook().directory, [closed], MARCH)

    assert HOUSING not in directory.codes(DISTRICT)
    assert directory.competent_unit(DISTRICT, QUALITY).code == LAND
    assert amended(rulebook().directory, [closed], JANUARY).competent_unit(DISTRICT, QUALITY).code == HOUSING


def test_a_new_organ_takes_what_is_given_to_it():
    quality = a_change(1, f"{DISTRICT}.quality", MARCH, name="城西区质监站", competence=["城乡建设/工程质量"])

    assert amended(rulebook().directory, [quality], MARCH).competent_unit(DISTRICT, QUALITY).name == "城西区质监站"


@pytest.fixture
def office():
    """A district with an empty book of changes."""
    return Node(DISTRICT).here, MemoryChanges()


def changed(office, *, unit=HOUSING, first=MARCH, last=None, role="DL", node=DISTRICT, **facts):
    here, changes = office
    asked = AskedChange(
        unit=unit, valid_from=first, valid_to=last, facts=facts, reason="机构改革", actor=an_actor(role, node)
    )
    return units.change_unit(rulebook(), changes, asked, here)


def test_a_change_is_recorded_and_told_with_who_when_and_why(office):
    changed(office, name="城西区住建局")

    told = units.unit_history(rulebook().directory, office[1], HOUSING)
    listed = units.list_units(rulebook().directory, office[1], DISTRICT, MARCH)["rows"]

    assert told["seed"]["name"] == "城西区住房和城乡建设局"
    assert [(row["facts"], row["valid_from"], row["reason"]) for row in told["rows"]] == [
        ({"name": "城西区住建局"}, "2026-03-02", "机构改革")
    ]
    assert told["rows"][0]["recorded_by"] == "dl-630104"
    assert {row["code"]: row["name"] for row in listed}[HOUSING] == "城西区住建局"


@pytest.mark.parametrize(
    ("facts", "field"),
    [
        ({}, "facts"),
        ({"colour": "red"}, "colour"),
        ({"closed": "yes"}, "closed"),
        ({"name": ""}, "name"),
        ({"name": "长" * 61}, "name"),
        ({"hours": 8}, "hours"),
        ({"competence": "城乡建设"}, "competence"),
        ({"competence": ["城镇建设"]}, "competence"),
        ({"competence": ["教育文体"]}, "competence"),
        ({"substitute": "nobody"}, "substitute"),
        ({"substitute": "housing"}, "substitute"),
    ],
)
def test_a_change_that_cannot_be_meant_names_its_field(office, facts, field):
    with pytest.raises(Invalid) as refusal:
        changed(office, **facts)

    assert refusal.value.field == field
    assert office[1] == []


def test_days_an_organ_without_a_name_and_strangers_are_refused(office):
    for arguments, error in (
        ({"last": JANUARY, "hours": "x"}, Invalid),
        ({"unit": f"{DISTRICT}.quality", "hours": "x"}, Invalid),
        ({"unit": "no unit", "hours": "x"}, Invalid),
        ({"unit": "630105.housing", "hours": "x"}, Forbidden),
        ({"role": "D", "hours": "x"}, Forbidden),
        ({"node": "630105", "hours": "x"}, Forbidden),
    ):
        with pytest.raises(error):
            changed(office, **arguments)


def test_the_history_of_an_organ_nobody_knows_is_unknown(office):
    with pytest.raises(Unknown):
        units.unit_history(rulebook().directory, office[1], f"{DISTRICT}.nobody")
