"""The words: places filled, lines left out, mistakes named, and nothing said about a sealed case."""

import pytest

from services.notify.domain.rules import Rules, RulesRefused
from services.notify.domain.texts import Office, Texts, organ
from tests.support.builders import CITY, DISTRICT, OFFICE, TOWNSHIP
from tests.unit.notify.post_room import RULES, TEXTS, FakeNames
from tests.unit.notify.test_notify_rules import SOUND

HERE = Office(DISTRICT, FakeNames())
SOUND_TEXTS = {"clock-warned": {"title": "提醒", "body": "${case_no}", "sealed": "clock-warned"}}


def filled(body, facts, *, sealed=False, title="题", **more):
    texts = Texts.parse({"t": {"title": title, "body": body, "sealed": "s"}, "s": _sealed()})
    return texts.words("t", facts, HERE, sealed=sealed, **more)


def _sealed():
    return {"title": "密件", "body": "密件 ${case_no}", "sealed": "s"}


def test_days_are_written_out_and_codes_get_their_names():
    words = filled(
        "${clock_name} ${raw_due} ${node_name} ${unit_name} ${owner_name} ${organ}",
        {"clock": "HANDLE", "raw_due": "2026-05-01", "node": TOWNSHIP, "unit": OFFICE, "owner": "U"},
    )

    assert words.body == "办理期限 2026年5月1日 西关大街街道 西关大街街道办事处 承办单位 西关大街街道办事处"


def test_a_line_with_an_empty_place_is_left_out():
    words = filled("编号：${case_no}\n查询码：${query_code}\n完", {"case_no": "N"})

    assert words.body == "编号：N\n完"


def test_the_query_code_stands_where_it_is_known():
    assert filled("查询码：${query_code}", {}, query_code="ABCDE").body == "查询码：ABCDE"


def test_a_number_of_a_person_in_a_fact_does_not_leave_the_node():
    words = filled(
        "理由：${reason}，编号：${case_no}", {"reason": "请打13897412356", "case_no": "63010200120261123W00012"}
    )

    assert words.body == "理由：请打［手机号］，编号：63010200120261123W00012"


def test_an_empty_place_in_a_title_is_left_empty():
    assert filled("x", {"order_no": ""}, title="督办函 ${order_no}").title == "督办函 "


def test_codes_nobody_knows_are_shown_as_they_are():
    words = filled("${clock_name} ${owner_name} ${channel_name} ${node_name}", {
        "clock": "NEW", "owner": "superior", "channel": "drone", "node": "630199",
    })  # fmt: skip

    assert words.body == "NEW superior drone 630199"


def test_an_empty_code_has_no_name():
    assert filled("单位：${unit_name}\n完", {"unit": ""}).body == "完"


@pytest.mark.parametrize(
    ("node", "unit", "name"),
    [
        (TOWNSHIP, OFFICE, "西关大街街道办事处"),
        (CITY, "", "西宁市信访部门"),
        (DISTRICT, "630104.unknown", "城西区有关责任单位"),
        ("", "", ""),
    ],
)
def test_an_organ_is_named_by_unit_or_petition_department(node, unit, name):
    assert organ(node, unit, FakeNames()) == name


def test_a_sealed_case_gets_the_text_named_for_it():
    words = filled("${clock_name} ${case_no}", {"clock": "HANDLE", "case_no": "N"}, sealed=True)

    assert (words.title, words.body) == ("密件", "密件 N")


@pytest.mark.parametrize("sealed", [False, True])
def test_a_text_that_was_removed_is_replaced_by_the_plainest(sealed):
    words = TEXTS.words("gone", {"case_no": "N", "clock": "HANDLE"}, HERE, sealed=sealed)

    assert words.body == "编号 N 的信访事项有新的情况，请登录系统查看。"


def test_facts_are_not_places_themselves():
    assert filled("${case_no}", {"case_no": "${office} $$"}).body == "${office} $$"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("word", "t: title must be a text"),
        ({"body": "b", "sealed": "t"}, "t: title must be a text"),
        ({"title": "t", "body": 5, "sealed": "t"}, "t: body must be a text"),
        ({"title": "t", "body": "b"}, "t: sealed must be a text"),
        ({"title": "t", "body": "b", "sealed": "x"}, "t: sealed names x, which is missing"),
        ({"title": "t", "body": "b", "sealed": "t", "html": "h"}, "t: html is unknown"),
        ({"title": "a\nb", "body": "b", "sealed": "t"}, "t: title must be one line"),
        ({"title": "t", "body": "10 $", "sealed": "t"}, "t: a place must be written ${name}"),
    ],
)
def test_a_mistake_in_a_text_is_named(text, said):
    with pytest.raises(RulesRefused) as refused:
        Texts.parse({"t": text})

    assert any(mistake.startswith(said) for mistake in refused.value.mistakes), refused.value.mistakes


@pytest.mark.parametrize("given", [None, [], {}])
def test_a_file_without_texts_is_refused(given):
    with pytest.raises(RulesRefused, match=r"^templates\.yaml: there is no text"):
        Texts.parse(given)


def test_rules_and_texts_that_fit_are_accepted():
    Texts.parse(SOUND_TEXTS).check(Rules.parse(SOUND).rules)


def test_a_text_that_a_rule_names_and_nobody_wrote_is_named():
    with pytest.raises(RulesRefused, match="clock-warned is missing; rule warned names it"):
        Texts.parse({"other": {**SOUND_TEXTS["clock-warned"], "sealed": "other"}}).check(Rules.parse(SOUND).rules)


@pytest.mark.parametrize("place", ["subject", "query_code", "days_late", "to_organ"])
def test_a_place_that_the_message_cannot_fill_is_named_with_text_and_rule(place):
    texts = Texts.parse({"clock-warned": {**SOUND_TEXTS["clock-warned"], "body": f"${{{place}}}"}})

    with pytest.raises(RulesRefused, match=rf"clock-warned: \$\{{{place}\}} is not known where rule warned uses it"):
        texts.check(Rules.parse(SOUND).rules)


def test_the_text_for_sealed_cases_is_checked_too():
    texts = Texts.parse(
        {
            "clock-warned": {**SOUND_TEXTS["clock-warned"], "sealed": "hidden"},
            "hidden": {"title": "密", "body": "${query_code}", "sealed": "hidden"},
        }
    )

    with pytest.raises(RulesRefused, match=r"hidden: \$\{query_code\}"):
        texts.check(Rules.parse(SOUND).rules)


def test_the_offices_own_texts_are_all_used():
    used = {rule.template for rule in RULES.rules}

    assert set(TEXTS._texts) - used == {"staff-sealed", "petitioner-sealed", "digest", "agency-paused"}


def test_the_texts_for_sealed_cases_say_nothing_but_the_number():
    for name, text in TEXTS._texts.items():
        if name not in {
            "registration-receipt",
            "agency-paused",
        }:  # the one goes before it is sealed, the other tells no case
            assert TEXTS._texts[text.sealed].places <= {"case_no", "portal"}, name
