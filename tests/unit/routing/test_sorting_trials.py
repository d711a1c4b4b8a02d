"""The trials beside the rules hold, reach every rule, and say so when they do not."""

from dataclasses import replace

import pytest

from services.routing.domain.sorting.trials import Trial, mismatches
from services.routing.storage.rulebook import BadRulebook
from services.routing.storage.rulebook.trials import load_trials
from tests.unit.routing.sorting_desk import CITY, TODAY, XINING, rulebook


def test_every_trial_of_xining_holds_and_every_rule_has_one():
    assert list(mismatches(rulebook(), load_trials(XINING), TODAY)) == []


def test_a_trial_that_fails_names_the_field_and_both_values():
    trial = Trial(name="停水", node=CITY, subject="虎台停水", text="自来水公司停水", expected={"to": "630102"})

    first = next(mismatches(rulebook(), [trial], TODAY))

    assert (first.trial, first.field, first.expected, first.found) == ("停水", "to", "630102", CITY)


def test_a_rule_that_no_trial_reaches_is_named():
    kept = replace(rulebook(), rules=rulebook().rules[:1], routes=())

    assert [found.field for found in mismatches(kept, [], TODAY)] == ["XN-B1"]


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ("trials: {a: {node: '630100', text: x, expect: {colour: red}}}", "colour"),
        ("trials: {a: {node: '630100', text: x, colour: red}}", "colour"),
        ("trials: {a: {text: x}}", "node"),
        ("trials: {a: {node: '630100', class: D}}", "class"),
        ("trials: {a: {node: '630100', text: x, expect: {urgent: perhaps}}}", "urgent"),
    ],
)
def test_a_mistake_in_a_trial_names_it(tmp_path, text, field):
    (tmp_path / "rules_tests.yaml").write_text(text, encoding="utf-8")

    with pytest.raises(BadRulebook) as caught:
        load_trials(tmp_path)

    assert caught.value.field == field
    assert "rules_tests.yaml" in caught.value.message
