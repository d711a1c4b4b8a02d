"""Every rule of Xining has a petition it sends, or keeps, and the decision names rule, version and reason."""

from dataclasses import replace
from datetime import date

import pytest

from lianxi.casework.messages.facts import PetitionClass, Route
from services.routing.domain.sorting import Sorter, Target
from services.routing.domain.sorting.rulebook import Rule, Whither
from services.routing.domain.sorting.rules import RuleSorter
from tests.unit.routing.sorting_desk import CITY, DISTRICT, STREET, TODAY, rulebook, rules_named, sort

WAITS = None
# rule, node, subject, text, where to
DECISIONS = [
    ("XN-B1", CITY, "副镇长受贿的线索", "城西区有人行贿受贿", WAITS),
    ("XN-B2", CITY, "城西区某干部党纪处分问题", "党纪处分、政纪处分、处分决定都没有公布", WAITS),
    ("XN-J1", CITY, "城西区法院判决两年没有执行", "强制执行申请了，执行局找不到老赖", WAITS),
    (
        "XN-J2",
        CITY,
        "城西区物业公司乱收费",
        "物业费的事一审判决了，二审还没有开庭，物业公司又涨物业费，业委会不管",
        WAITS,
    ),
    ("XN-P1", DISTRICT, "湟源县停水", "自来水公司停水三天", WAITS),
    ("XN-P2", CITY, "停水三天", "自来水公司没有通知", WAITS),
    (
        "XN-C1",
        CITY,
        "城西区住房公积金提取",
        "公积金中心不给办公积金提取",
        Target(to_node=CITY, to_unit="630100.provident-fund"),
    ),
    (
        "XN-C2",
        CITY,
        "建议海湖新区多种树",
        "绿化太少，绿化带没有树木",
        Target(to_node=CITY, to_unit="630100.urban-management"),
    ),
    ("XN-C3", CITY, "虎台街道垃圾成堆", "垃圾没有清运，环境卫生差", Target(to_node=DISTRICT, automatic=True)),
    (
        "XN-C4",
        CITY,
        "全西宁市的供暖",
        "西宁供暖不热，热力公司不管",
        Target(to_node=CITY, to_unit="630100.construction"),
    ),
    (
        "XN-D1",
        "630105",
        "生物科技产业园路灯不亮",
        "路灯坏了，人行道看不见",
        Target(to_node="630105", to_unit="630105.biotech-park"),
    ),
    (
        "XN-D2",
        DISTRICT,
        "建议虎台多建公厕",
        "公厕太少，环境卫生差",
        Target(to_node=DISTRICT, to_unit="630104.urban-management"),
    ),
    (
        "XN-D3",
        DISTRICT,
        "虎台街道垃圾成堆",
        "垃圾没有清运，环境卫生差",
        Target(to_node=STREET, to_unit=f"{STREET}.office", automatic=True),
    ),
    (
        "XN-D4",
        DISTRICT,
        "虎台街道学校食堂",
        "小学食堂伙食费高，家长有意见",
        Target(to_node=DISTRICT, to_unit="630104.education"),
    ),
    (
        "XN-T1",
        STREET,
        "垃圾成堆",
        "垃圾没有清运，环境卫生差",
        Target(to_node=STREET, to_unit=f"{STREET}.office", automatic=True),
    ),
]


@pytest.mark.parametrize(("rule", "node", "subject", "text", "target"), DECISIONS, ids=[case[0] for case in DECISIONS])
def test_each_rule_decides_its_petition(rule, node, subject, text, target):
    found = sort(subject, text, node=node)

    assert rules_named(found)[-1] == rule
    assert found.target == target
    assert found.reasons[-1].version == "1"
    assert found.reasons[-1].text
    assert "{" not in found.reasons[-1].text


def test_every_rule_in_force_has_its_petition():
    assert {rule.id for rule in rulebook().rules} == {case[0] for case in DECISIONS}


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
    assert sort("城西区物业公司乱收费", "物业费涨了，再不改就起诉物业公司").route is None


def test_a_township_takes_what_its_district_declared_for_it():
    assert sort("垃圾成堆", "垃圾没有清运，环境卫生差", node=STREET, declared=DISTRICT).target.automatic


def a_rule(**changes):
    rule = Rule(id="R", version="1", valid_from=date(2026, 1, 1), whither=Whither.ORGAN, reason="{unit}")
    return replace(rule, **changes)


def sort_by(*rules, today=TODAY, text="虎台街道垃圾成堆，环境卫生差", node=DISTRICT):
    sorter = RuleSorter(replace(rulebook(), rules=rules), today and (lambda: today))
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

    assert rules_named(sort_by(rule))[-1] == "SORT-PLACE"
    assert rules_named(sort_by(replace(rule, places=frozenset({"township"}))))[-1] == "R"


def test_the_same_petition_gives_the_same_finding():
    assert sort("虎台停水", "自来水公司") == sort("虎台停水", "自来水公司")


def test_the_sorter_is_what_the_use_cases_ask_for():
    sorter: Sorter = RuleSorter(rulebook())

    assert sorter.sort(subject="", text="", declared="", address="", node=CITY).settled is False
