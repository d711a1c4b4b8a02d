"""The class of a petition and its purpose follow from words, and an accusation is never sent by a rule."""

import pytest

from lianxi.casework.messages.facts import PetitionClass
from services.routing.domain.sorting import Target
from tests.unit.routing.sorting_desk import DISTRICT, STREET, rules_named, sort

ACCUSATION, SUGGESTION, RELIEF = PetitionClass.ACCUSATION, PetitionClass.SUGGESTION, PetitionClass.RELIEF


@pytest.mark.parametrize(
    ("subject", "text", "petition_class"),
    [
        ("村支书贪污低保款", "低保户的钱没有发下来", ACCUSATION),
        ("反映问题", "实名举报我村的村主任优亲厚友，低保名额都给了亲戚", ACCUSATION),
        ("举报某单位领导", "低保名额给了亲戚", ACCUSATION),
        ("举报夜间施工噪音", "工地噪音扰民", RELIEF),
        ("书记您好，我要举报噪音", "工地噪音扰民", RELIEF),
        ("建议增加公交线路", "公交太少，公交车站太远", SUGGESTION),
        ("关于公交的想法", "我提几点建议：公交线路改一改", SUGGESTION),
        ("停水三天", "建议不要再拖了，自来水公司没有通知", RELIEF),
        ("停水三天", "自来水公司没有通知", RELIEF),
    ],
)
def test_words_tell_the_classes_apart(subject, text, petition_class):
    assert sort(subject, text).petition_class is petition_class


@pytest.mark.parametrize(
    ("subject", "text", "purpose"),
    [
        ("村支书贪污低保款", "低保户的钱没有发", "揭发控告"),
        ("建议增加公交线路", "公交太少", "意见建议"),
        ("停水三天", "自来水公司没有通知", "求决"),
        ("咨询落户手续", "户口迁移要什么材料", "咨询"),
        ("低保被取消", "我不服民政局的决定，低保户资格没了", "申诉"),
    ],
)
def test_the_purpose_is_one_of_the_national_list(subject, text, purpose):
    assert sort(subject, text).purpose == purpose


def test_an_accusation_found_by_words_waits_for_a_person_and_names_no_target():
    found = sort("村支书贪污低保款", "虎台街道的低保户没有拿到钱", node=STREET)

    assert not found.settled
    assert found.target is None
    assert "可能是检举控告" in found.why
    assert "XN-B3" in rules_named(found)


def test_an_accusation_settled_by_a_registrar_is_registered_and_still_not_sent():
    found = sort("停水", "虎台街道自来水公司停水", node=STREET, registrar_class=ACCUSATION)

    assert found.settled
    assert found.purpose == "揭发控告"
    assert found.target == Target(to_node=DISTRICT)  # proposed to the level above, which has an organ for it


def test_a_class_settled_by_a_registrar_is_not_second_guessed():
    found = sort("村支书贪污低保款", "虎台街道的低保户没有拿到钱", node=STREET, registrar_class=RELIEF)

    assert found.petition_class is RELIEF
    assert found.reasons[1].text == "登记人员确定。"


def test_the_reason_names_the_words_an_accusation_rests_on():
    assert "举报…主任" in sort("", "举报我们村的村主任").reasons[1].text
