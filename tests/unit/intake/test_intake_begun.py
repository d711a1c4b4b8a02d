"""Of a draft or of refused input a person gets what is theirs; the rest belongs to others or is sealed."""

import pytest

from services.intake.domain.begun import accuses, own_part
from services.intake.domain.petitioner import Petitioner

PHONE = "13997000000"
ME = Petitioner(name="李娜", phone=PHONE, address="西关大街1号")
SIGNER = {"name": "韩得福", "phone": "13897000011"}
MINE = {"name": "李娜", "phone": PHONE}


def test_whoever_it_was_begun_for_gets_the_words_and_others_are_counted():
    begun = {"subject": "外墙", "text": "脱落", "petitioner": MINE, "co_signers": [SIGNER], "agent": {"name": "张三"}}

    own = own_part(begun, ME)

    assert (own.content, own.others) == ({"petitioner": MINE, "subject": "外墙", "text": "脱落"}, 2)


def test_whoever_only_stands_beside_gets_the_own_entry():
    begun = {"subject": "外墙", "petitioner": SIGNER, "co_signers": [MINE, {"name": "张三"}]}

    own = own_part(begun, ME)

    assert (own.content, own.others) == ({"parties": [MINE]}, 2)


def test_the_boxes_of_a_form_are_read_like_an_object():
    typed = {
        "subject": "外墙",
        "petitioner.name": "李娜",
        "petitioner.phone": PHONE,
        "petitioner.email": "",
        "co_signers": "韩得福 13897000011\n\n张三",
        "agent.name": "",
    }

    own = own_part(typed, ME)

    assert (own.content, own.others) == ({"petitioner": MINE, "subject": "外墙"}, 2)
    assert own_part({**typed, "petitioner.phone": "", "petitioner.name": "张三"}, ME).content == {}


def test_a_line_of_a_form_that_names_the_person_is_their_own_entry():
    own = own_part({"petitioner.name": "张三", "co_signers": f"韩得福\n李娜 {PHONE}"}, ME)

    assert (own.content, own.others) == ({"parties": [f"李娜 {PHONE}"]}, 2)


def test_who_took_it_in_and_words_that_only_mention_a_person_are_not_theirs():
    begun = {"text": f"邻居的电话是{PHONE}", "petitioner": SIGNER, "registered_by": {"person": "wang"}}

    assert (own_part(begun, ME).content, own_part(begun, ME).others) == ({}, 1)
    mine = own_part({"petitioner": MINE, "registered_by": {"person": "wang"}, "actor": {"person": "wang"}}, ME)
    assert mine.content == {"petitioner": MINE}


@pytest.mark.parametrize(
    ("begun", "accusing"),
    [
        ({"petition_class": "b"}, True),
        ({"purpose": "揭发控告"}, True),
        ({"claims": [{"text": "一", "petition_class": "C"}, {"text": "二", "petition_class": "B"}]}, True),
        ({"petition_class": "C", "claims": 2, "purpose": "申诉"}, False),
        ({"claims": ["B"], "petition_class": None}, False),
    ],
)
def test_an_accusation_is_known_by_its_class_its_purpose_or_a_claim(begun, accusing):
    assert accuses(begun) is accusing
