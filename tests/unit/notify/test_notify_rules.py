"""The rules file: what it may say, and every mistake by its place."""

from copy import deepcopy

import pytest

from services.notify.domain.facts import MESSAGES, fact_names
from services.notify.domain.rules import Recipient, Rules, RulesRefused
from services.notify.settings import read_rules_and_texts
from tests.unit.notify.post_room import RULES

SOUND = {
    "mail": {"retry_after": [60], "pause_after_outage": [5]},
    "rules": {
        "warned": {
            "event": "clock-warned",
            "if": {"node": "here"},
            "channel": "inbox",
            "to": {"roles": ["U"], "unit_in": "unit"},
            "template": "clock-warned",
        }
    },
}


def mistakes(**changed):
    """Change the one rule and return what is said about it."""
    data = deepcopy(SOUND)
    data["rules"]["warned"] |= changed
    with pytest.raises(RulesRefused) as refused:
        Rules.parse(data)
    return refused.value.mistakes


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"event": "clock-warmed"}, "rules.warned.event: no message is called clock-warmed"),
        ({"event": ["clock-warned", "x", "a"]}, "rules.warned.event: no message is called a, x"),
        ({"event": None}, "rules.warned.event: no message is called None"),
        ({"channel": "pigeon"}, "rules.warned.channel: must be one of inbox, mail, sms, letter"),
        ({"channel": ["inbox", "mail"]}, "rules.warned.channel: inbox stands alone"),
        ({"urgent": "soon"}, "rules.warned.urgent: must be yes or no"),
        ({"if": {"nod": "here"}}, "rules.warned.if: nod is no fact of these messages"),
        ({"if": {"node": 7}}, "rules.warned.if.node: must be here, below, given, empty, a value"),
        ({"if": {"node": {"at_most": 3, "at_least": 1}}}, "rules.warned.if.node: must be here"),
        ({"if": ["node"]}, "rules.warned.if: must be a mapping"),
        ({"to": {"roles": ["Q"]}}, "rules.warned.to.roles: Q is no role of an officer"),
        ({"to": {"roles": ["P"]}}, "rules.warned.to.roles: P is no role of an officer"),
        ({"to": {"roles": []}}, "rules.warned.to: names nobody"),
        ({"to": {"roles": ["U"], "unit_in": "units"}}, "rules.warned.to.unit_in: units is no fact"),
        ({"to": {"roles": ["U"], "unit_in": 5}}, "rules.warned.to.unit_in: 5 is no fact"),
        ({"to": {"role_in": "unit_head"}}, "rules.warned.to.role_in: unit_head is no fact"),
        ({"to": {"role": "U"}}, "rules.warned.to.role: unknown"),
        ({"to": "petitioner"}, "rules.warned.to: must be a mapping"),
        ({"channel": "mail"}, "rules.warned.to: mail, sms and letters go to the petitioner only"),
        ({"template": ""}, "rules.warned.template: must name a text"),
        ({"template": ["a"]}, "rules.warned.template: must name a text"),
        (
            {"medium": "inbox"},
            "rules.warned.medium: unknown; a rule has channel, digest, event, if, template",
        ),
    ],
)
def test_a_mistake_is_named_with_its_place(changed, said):
    assert any(mistake.startswith(said) for mistake in mistakes(**changed)), mistakes(**changed)


def test_every_mistake_is_told_at_once():
    assert len(mistakes(channel="pigeon", template="", to={})) == 3


def test_the_error_names_file_and_place():
    with pytest.raises(RulesRefused, match=r"^rules\.yaml: rules\.warned: must be a mapping"):
        Rules.parse({**SOUND, "rules": {"warned": "U"}})


@pytest.mark.parametrize("given", [None, [], "rules", {}])
def test_a_file_without_rules_is_refused(given):
    with pytest.raises(RulesRefused, match="there is no rule"):
        Rules.parse(given)


@pytest.mark.parametrize("seconds", [None, [], [0], ["60"], 60])
def test_a_wrong_pause_is_refused(seconds):
    with pytest.raises(RulesRefused, match=r"mail\.retry_after: must be a list of seconds"):
        Rules.parse({**SOUND, "mail": {"retry_after": seconds, "pause_after_outage": [5]}})


@pytest.mark.parametrize(
    ("wanted", "text", "holds"),
    [
        ("here", "630104", True),
        ("here", "630104001", False),
        ("below", "630104001", True),
        ("below", "630104", False),
        ("below", "630105001", False),
        ("below", "", False),
        ("given", "x", True),
        ("given", "", False),
        ("empty", "", True),
        ("empty", "x", False),
        ("U", "U", True),
        ("U", "D", False),
        (["U", "P"], "P", True),
        (["U", "P"], "D", False),
        ({"at_most": 15}, "15", True),
        ({"at_most": 15}, "16", False),
        ({"at_most": 15}, "", False),
    ],
)
def test_a_condition_asks_for_what_it_says(wanted, text, holds):
    rules = Rules.parse(
        {**SOUND, "rules": {"warned": {**SOUND["rules"]["warned"], "if": {"unit": wanted}}}},
    )

    assert rules.about("clock-warned")[0].holds({"unit": text}, "630104") is holds


def test_a_rule_without_conditions_always_holds():
    data = deepcopy(SOUND)
    del data["rules"]["warned"]["if"]

    assert Rules.parse(data).about("clock-warned")[0].holds({}, "630104")


def test_a_role_named_twice_is_told_once():
    data = deepcopy(SOUND)
    data["rules"]["warned"]["to"] = {"roles": ["D", "U"], "role_in": "owner"}
    rule = Rules.parse(data).about("clock-warned")[0]

    assert list(rule.recipients({"owner": "D"}, "630104")) == [Recipient("D"), Recipient("U")]


def test_the_petitioner_is_the_only_recipient_of_mail():
    mails = [rule for rule in RULES.rules if rule.to_petitioner]

    assert mails
    assert {str(one) for rule in mails for one in rule.recipients({}, "630104")} == {"P@"}


def test_a_message_nobody_listens_to_has_no_rule():
    assert RULES.about("case-archived") == ()


def test_no_fact_of_any_message_can_hold_what_a_petitioner_wrote():
    facts = frozenset().union(*map(fact_names, MESSAGES))

    assert not facts & {
        "subject_sealed",
        "text_sealed",
        "petitioner_sealed",
        "petitioner_key",
        "proposed_organ",
        "paper",
        "signer",
    }


def test_a_file_that_is_no_yaml_is_refused_by_its_name(tmp_path):
    (tmp_path / "rules.yaml").write_text("rules: [", encoding="utf-8")

    with pytest.raises(RulesRefused, match=r"^rules\.yaml: is not readable as YAML"):
        read_rules_and_texts(tmp_path)
