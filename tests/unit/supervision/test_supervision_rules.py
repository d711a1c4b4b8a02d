"""The settings file: complete for every clock, and refused when it cannot be meant."""

import copy
from pathlib import Path

import pytest
import yaml

from lianxi.law.clocks import ClockCode
from services.supervision.domain.rules import Alert, Rules, RulesRefused
from tests.unit.supervision.watch import RULES

SHIPPED = yaml.safe_load(
    (Path(__file__).resolve().parents[3] / "deploy" / "xining" / "supervision.yaml").read_text(encoding="utf-8")
)


def changed(*path, to):
    data = copy.deepcopy(SHIPPED)
    section = data
    for name in path[:-1]:
        section = section[name]
    section[path[-1]] = to
    return data


def test_the_shipped_file_answers_for_every_clock():
    for code in ClockCode:
        assert RULES.alerts[code] <= frozenset(Alert)
        assert RULES.thresholds[code].percent <= 20
        assert RULES.triggers[code].startswith("SUP-")


def test_what_practice_says_is_what_is_shipped():
    assert RULES.alerts["HANDLE"] == {Alert.WARN, Alert.BREACH, Alert.ESCALATE, Alert.PROPOSE}
    assert RULES.alerts["CHAIN"] == {Alert.WARN, Alert.BREACH}
    assert RULES.alerts["ASK_REVIEW"] == {Alert.LAPSE}
    assert RULES.alerts["RATE"] == frozenset()
    first = RULES.escalations[0]
    assert (first.days_late, first.role, first.levels_up) == (7, "J", 0)
    assert [RULES.triggers[code] for code in ("HANDLE", "ASSIGN_RPT", "SERVE", "NOTICE")] == [
        "SUP-1",
        "SUP-2",
        "SUP-3",
        "SUP-7",
    ]
    assert {"DL", "D"} == RULES.signers
    assert RULES.transfer_targets == {"city": 3, "district": 4, "township": 15}


def test_an_index_named_by_itself_keeps_what_the_file_says_of_it():
    rules = Rules.parse(changed("alerts", "clocks", "CHAIN", to=["warn"]))

    assert rules.alerts["CHAIN"] == {Alert.WARN}
    assert rules.alerts["NOTICE_KPI"] == {Alert.WARN, Alert.BREACH}


@pytest.mark.parametrize(
    "data",
    [
        None,
        [],
        changed("lamps", "clocks", to={"HANDLING": {"days": 3}}),
        changed("lamps", to={"clocks": {}}),
        changed("lamps", "default", to={"percnt": 20}),
        changed("lamps", "clocks", to={"HANDLE": {"days": "five"}}),
        changed("alerts", "default", to=["shout"]),
        changed("alerts", "default", to="warn"),
        changed("escalation", to=[{"days_late": 7, "role": "BOSS", "levels_up": 0}]),
        changed("escalation", to=[{"days_late": 0, "role": "J", "levels_up": 0}]),
        changed("escalation", to=[{"days_late": late, "role": "J", "levels_up": 0} for late in (14, 7)]),
        changed("escalation", to=["7 days"]),
        changed("escalation", to=[{"role": "J", "levels_up": 0}]),
        changed("escalation", to=[{"days_late": "seven", "role": "J", "levels_up": 0}]),
        changed("escalation", to=[{"days_late": 7, "role": "J", "levels_up": -1}]),
        changed("proposals", "propose_at", to=["here"]),
        changed("orders", "signers", to=["nobody"]),
        changed("transfer_targets", to={"city": 3}),
        changed("transfer_targets", "district", to=16),
    ],
)
def test_what_cannot_be_meant_is_refused_at_the_start(data):
    with pytest.raises(RulesRefused):
        Rules.parse(data)
