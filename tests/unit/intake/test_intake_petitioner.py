"""How a petitioner is recognised again."""

import pytest

from services.intake.domain.petitioner import Petitioner


def test_the_strongest_identity_counts():
    everything = {
        "name": "祁有才",
        "address": "湟源县城关镇",
        "account": "board/A1",
        "phone": "13897412356",
        "credit_code": "91630102MA758AB13L",
        "id_number": "630102198001010019",
    }
    expected = ["id:", "credit:", "phone:", "account:", "person:"]

    for kind, dropped in zip(expected, ["id_number", "credit_code", "phone", "account", "name"], strict=True):
        assert str(Petitioner(**everything).identity()).startswith(kind)
        everything.pop(dropped)
    assert Petitioner(**everything).identity() is None


@pytest.mark.parametrize(
    ("name", "address"),
    [
        ("阿卜杜·热合曼", "城东区 东关大街１号"),
        ("阿卜杜•热合曼", "城东区东关大街1号"),
        ("阿卜杜．热合曼", "城东区东关大街 1号"),
    ],
)
def test_the_same_person_is_the_same_in_another_spelling(name, address):
    usual = Petitioner(name="阿卜杜·热合曼", address="城东区东关大街1号")

    assert Petitioner(name=name, address=address).identity() == usual.identity()


def test_a_bare_name_identifies_nobody():
    assert Petitioner(name="张伟").identity() is None


def test_a_petitioner_shows_nothing_of_himself():
    assert "祁" not in repr(Petitioner(name="祁有才"))
