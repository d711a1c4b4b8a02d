"""What makes a repeat: how petitions are compared, how near-copies are known, how a score comes about."""

from datetime import date

import pytest

from lianxi.casework.messages.facts import PetitionClass
from services.routing.domain.fingerprints import BANDS, bands
from services.routing.domain.repeats import LEAST_OF_A_PERSON, Known, assess
from services.routing.domain.wording import Wording
from services.routing.storage.likeness import found_in

KEY, OTHER_KEY = b"one node", b"another node"
WORDING = Wording(found_in, ("西宁市", "城西区"))
ROOF = (
    "安康家园三号楼屋顶漏水",
    "尊敬的领导，安康家园三号楼屋顶漏水，物业公司拖了半年没有维修，每逢下雨家里就要接水。",
)
ROOF_AGAIN = (
    "再次反映屋顶漏水",
    "我是安康家园三号楼住户，屋顶漏水的事物业公司仍然没有维修，这周下雨家里又进了水，恳请领导解决。",
)
NOISE = ("学校门口夜间施工噪音", "尊敬的领导，学校门口工地每天夜间施工到凌晨，搅拌车噪音很大，孩子无法休息，恳请解决。")
PAPER = "二〇二五年三月起，安康家园南门外修建搅拌站，距居民楼不足五十米，粉尘噪声昼夜不停，老人孩子无法入睡，"
SIGNED = "我们一致要求依法搬迁。"


def likeness(one, other):
    return WORDING.likeness(WORDING.read(*one), WORDING.read(*other))


def a_case(**more):
    facts = {"case_no": "x", "state": "S10", "holder": "630104", "received_on": date(2026, 1, 5), "kind": "phone"}
    return Known(**{**facts, **more})


def test_the_same_matter_in_other_words_is_nearer_than_another_in_the_same_phrases():
    assert likeness(ROOF, ROOF) == pytest.approx(1)
    assert likeness(ROOF, ROOF_AGAIN) > LEAST_OF_A_PERSON > likeness(ROOF, NOISE)


def test_the_order_of_two_petitions_does_not_matter():
    assert likeness(ROOF, ROOF_AGAIN) == pytest.approx(likeness(ROOF_AGAIN, ROOF))


def test_politeness_and_names_of_divisions_say_nothing():
    polite = ("请领导解决问题", "尊敬的西宁市城西区领导您好，谢谢！")

    assert likeness(polite, polite) == 0
    assert likeness(("", ""), ROOF) == 0


def test_width_case_and_marks_do_not_count():
    assert likeness(("A1 楼漏水", "安康家园，漏水！"), ("Ａ１楼漏水", "安康家园漏水")) == pytest.approx(1)


def test_copies_of_a_joint_letter_share_bands_and_other_letters_do_not():
    letter = PAPER + SIGNED
    copy = PAPER + "我也是这里的住户。" + SIGNED

    assert set(bands(letter, KEY)) & set(bands(copy, KEY))
    assert not set(bands(letter, KEY)) & set(bands(NOISE[1] * 2, KEY))


def test_a_fingerprint_is_another_with_another_key():
    assert len(bands(PAPER, KEY)) == BANDS
    assert bands(PAPER, KEY) == bands(PAPER, KEY)
    assert not set(bands(PAPER, KEY)) & set(bands(PAPER, OTHER_KEY))


def test_a_few_words_have_no_fingerprint():
    assert bands("请修路", KEY) == ()


@pytest.mark.parametrize("text", ["路面破损" * 40, PAPER, "".join(chr(0x4E00 + n) for n in range(3000))])
def test_bands_fit_into_the_database_whatever_the_text(text):
    assert all(-(2**63) <= band < 2**63 for band in bands(text, KEY))


def test_a_proposal_says_by_what_the_person_was_known_and_how_alike_the_texts_are():
    found = assess(a_case(likeness=0.61, category=("城乡建设", "供暖"), place="630104"), ("城乡建设",), "630104")

    assert found.reasons == ("联系电话相同", "内容相似度 61%", "内容分类相同（城乡建设）", "问题属地相同")
    assert 50 < found.score < 100


def test_more_alike_is_a_higher_score_and_never_above_a_hundred():
    scores = [assess(a_case(likeness=share), (), "").score for share in (0.3, 0.5, 0.7, 0.9, 1.0)]

    assert scores == sorted(scores)
    assert scores[-1] == 100


def test_another_matter_of_the_same_person_is_not_proposed():
    assert assess(a_case(likeness=0.1), (), "") is None
    assert assess(a_case(likeness=0.3, category=("教育",), place="630105"), ("交通",), "630104") is None


def test_a_copy_of_somebody_else_scores_lower_and_says_so():
    own, other = (assess(a_case(kind=kind, likeness=0.9), (), "") for kind in ("phone", None))

    assert other.score < own.score
    assert other.reasons[0].startswith("不同信访人")
    assert assess(a_case(kind=None, likeness=0.4), (), "") is None


def test_a_case_whose_text_is_elsewhere_is_proposed_unless_something_speaks_against_it():
    alone = assess(a_case(), ("交通",), "630104001")

    assert "内容不在本节点" in alone.reasons[1]
    assert assess(a_case(category=("交通",), place="630104"), ("交通",), "630104001").score > alone.score
    assert assess(a_case(category=("教育",)), ("交通",), "") is None


def test_a_place_that_is_no_division_is_passed_over():
    assert len(assess(a_case(likeness=0.9, place="elsewhere"), (), "630104").reasons) == 2


def test_gd_1_an_accusation_is_sealed():
    assert a_case(petition_class=PetitionClass.ACCUSATION).sealed
    assert not a_case(petition_class=PetitionClass.RELIEF).sealed
