"""What rules decide, and how; the petition that reaches each rule stands in deploy/xining/rules_tests.yaml."""

from dataclasses import replace
from datetime import date

import pytest

from lianxi.casework.messages.facts import PetitionClass, Route
from services.routing.domain.sorting import Sorter, Target
from services.routing.domain.sorting.rulebook import Rule, Whither
from services.routing.domain.sorting.rules import RuleSorter
from tests.unit.routing.sorting_desk import CITY, DISTRICT, STREET, TODAY, rulebook, rules_named, sort


@pytest.mark.parametrize(
    ("text", "target"),
    [
        ("城东区", "630102"),
        ("大通县桥头镇", "630121"),
        ("甘河工业园", "630106"),
        ("湟源县日月乡", "630123"),
    ],
)
def test_the_city_sends_to_the_district_that_holds_the_place(text, target):
    found = sort("垃圾成堆", f"{text}垃圾没有清运，环境卫生差")

    assert found.target == Target(to_node=target, automatic=True)


def test_a_district_proposes_its_own_organ_when_no_township_is_known():
    found = sort("城西区垃圾成堆", "垃圾没有清运，环境卫生差", node=DISTRICT)

    assert found.target == Target(to_node=DISTRICT, to_unit="630104.urban-management")
    assert "请分办人员确认" in found.why


def test_an_automatic_decision_leaves_nothing_to_ask():
    found = sort("虎台街道垃圾成堆", "垃圾没有清运，环境卫生差")

    assert found.settled
    assert found.why == ""


def test_a_matter_of_court_is_registered_waits_and_is_seen_as_such():
    found = sort("城西区物业公司乱收费", "物业费一审判决了，二审没有开庭，业委会不管，物业公司涨物业费")

    assert found.settled
    assert found.route is Route.RT1
    assert found.target is None
    assert "涉法涉诉" in found.why


def test_one_word_of_court_in_the_text_alone_is_not_enough():
    assert sort("城西区物业公司乱收费", "物业费涨了，再不改就起诉物业公司").route is Route.RT6


def test_a_township_takes_what_its_district_declared_for_it():
    assert sort("垃圾成堆", "垃圾没有清运，环境卫生差", node=STREET, declared=DISTRICT).target.automatic


def a_rule(**changes):
    rule = Rule(id="R", version="1", valid_from=date(2026, 1, 1), whither=Whither.ORGAN, reason="{unit}")
    return replace(rule, **changes)


def sort_by(*rules, today=TODAY, text="虎台街道垃圾成堆，环境卫生差", node=DISTRICT):
    sorter = RuleSorter(lambda: replace(rulebook(), rules=rules), today and (lambda: today))
    return sorter.sort(subject="", text=text, declared="", address="", node=node)


def test_the_first_rule_that_holds_decides():
    first, second = a_rule(id="A", unit="education"), a_rule(id="B", unit="health")

    assert sort_by(first, second).target.to_unit == "630104.education"


def test_a_rule_applies_from_its_first_to_its_last_day():
    old = a_rule(version="1", valid_until=date(2026, 6, 30), unit="education")
    new = a_rule(version="2", valid_from=date(2026, 7, 1), unit="health")

    assert sort_by(old, new, today=date(2026, 6, 30)).reasons[-1].version == "1"
    assert sort_by(old, new, today=date(2026, 7, 1)).reasons[-1].version == "2"
    assert rules_named(sort_by(old, new, today=date(2025, 12, 31)))[-1] == "SORT-PLACE"


def test_without_a_day_the_rules_without_an_end_apply():
    ended = a_rule(version="1", valid_until=date(2026, 6, 30))

    assert sort_by(ended, a_rule(version="2"), today=None).reasons[-1].version == "2"


def test_without_a_rule_that_holds_a_dispatcher_decides():
    found = sort_by(a_rule(node_levels=frozenset({"city"})))

    assert found.settled
    assert found.target is None
    assert "没有适用的规则" in found.why


@pytest.mark.parametrize(
    ("rule", "text", "node"),
    [
        (a_rule(), "虎台街道垃圾成堆，环境卫生差", STREET),  # a township's office has no competence by category
        (a_rule(unit="tax"), "虎台街道垃圾成堆，环境卫生差", STREET),
        (a_rule(whither=Whither.LOWER), "生物科技产业园垃圾成堆，环境卫生差", "630105"),  # a park is no node
        (a_rule(whither=Whither.LOWER, unit="tax"), "虎台街道垃圾成堆，环境卫生差", DISTRICT),
    ],
)
def test_a_rule_that_finds_no_organ_leaves_the_case_to_a_dispatcher(rule, text, node):
    found = sort_by(rule, text=text, node=node)

    assert found.settled
    assert found.target is None
    assert "单位目录中没有" in found.why


def test_a_rule_with_several_conditions_needs_all_of_them():
    rule = a_rule(classes=frozenset({PetitionClass.RELIEF}), places=frozenset({"city"}), categories=(("城乡建设",),))

    assert rules_named(sort_by(rule))[-1] == "XN-R6"
    assert rules_named(sort_by(replace(rule, places=frozenset({"township"}))))[-1] == "R"


def test_the_same_petition_gives_the_same_finding():
    assert sort("虎台停水", "自来水公司") == sort("虎台停水", "自来水公司")


def test_the_sorter_is_what_the_use_cases_ask_for():
    sorter: Sorter = RuleSorter(rulebook)

    assert sorter.sort(subject="", text="", declared="", address="", node=CITY).settled is False


def test_what_may_be_urgent_says_so_first_and_is_sent_by_a_person():
    found = sort("虎台街道垃圾成堆", "垃圾没有清运，环境卫生差，居民要集体上访")

    assert found.urgent
    assert found.settled
    assert not found.target.automatic
    assert found.why.startswith("可能是重大、紧急事项")
    assert "URGENT" in rules_named(found)


def test_the_organs_that_help_are_those_of_the_rule_and_of_the_directory():
    rule = a_rule(unit="market", assist=("health",), classes=frozenset({PetitionClass.RELIEF}))

    found = sort_by(rule, text="虎台街道菜价肉价乱涨价，物价局不管")

    assert found.assisting == ("630104.health", "630104.development")


def test_an_accused_organ_never_receives_the_accusation():
    rule = a_rule(unit="education")
    sorter = RuleSorter(lambda: replace(rulebook(), rules=(rule,)), lambda: TODAY)
    accusation = {
        "subject": "举报城西区教育局局长受贿",
        "text": "学校的老师、学生、家长、校长都知道",
        "declared": "",
        "address": "",
    }

    found = sorter.sort(**accusation, node=DISTRICT, registrar_class=PetitionClass.ACCUSATION)

    assert found.sealed
    assert found.accused == ("630104.education",)
    assert found.target == Target(to_node=CITY)
    assert "应当回避" in found.why


def test_a_condition_on_the_channel_needs_that_channel():
    rule = a_rule(channels=frozenset({"visit"}), unit="education")
    sorter = RuleSorter(lambda: replace(rulebook(), rules=(rule,)), lambda: TODAY)
    petition = {"subject": "虎台街道垃圾成堆", "text": "环境卫生差", "declared": "", "address": "", "node": DISTRICT}

    assert sorter.sort(**petition, channel="visit").target is not None
    assert sorter.sort(**petition, channel="letter").target is None
    assert sorter.sort(**petition).target is None
