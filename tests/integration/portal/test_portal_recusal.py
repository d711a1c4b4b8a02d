"""Who must keep out of a case is typed as a login and travels as the account that acts are compared with (GD-2)."""

import pytest

from services.portal.handlers import access

pytestmark = pytest.mark.database
CASE = "63010400020260302W00001"
FACTS = {
    "purpose": "揭发控告",
    "petition_class": "B",
    "category": ["纪检监察"],
    "place": "630104",
    "claims": [{"number": 1}],
    "same_matter_checked": True,
}


@pytest.fixture
def accused(ports):
    return access.add_account("zhang.accused", "correct-horse-9", "department_leader", ("630104", ""), ports)["id"]


def register(person, *recused):
    return person.post(f"/api/v1/cases/{CASE}/acts/register-case", {**FACTS, "recused": list(recused)})


def test_a_login_becomes_the_account_in_whose_name_acts_are_done(sign_in, offices, accused):
    done = register(sign_in("registrar"), "Zhang.Accused", accused)

    assert done.status_code == 200, done.text
    assert offices.last("routing.act")["command"]["recused"] == [accused]


def test_an_organ_of_any_node_is_kept_out_by_its_code(sign_in, offices):
    done = register(sign_in("registrar"), "630100.housing")

    assert done.status_code == 200, done.text
    assert offices.last("routing.act")["command"]["recused"] == ["630100.housing"]


def test_a_stranger_is_told_at_once_because_nobody_would_be_kept_out(sign_in, offices):
    refused = register(sign_in("registrar"), "nobody.here")

    assert (refused.status_code, refused.json["errors"][0]["field"]) == (422, "recused")
    assert offices.times("routing.act") == 0
