"""What a clerk enters of a visit or letter arrives at intake whole; a visit to too high a door is guided (R-20-5)."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from services.intake import handlers
from services.portal.domain.accounts import AccountRole as A
from services.portal.handlers.access import digest
from tests.unit.intake.desk import REGISTRAR, FakeWork, a_desk
from tests.unit.portal.form_reading import ReadPage, nothing_amiss
from tests.unit.portal.gate import gate, person

VISIT = {
    "channel": "visit",
    "subject": "路灯不亮",
    "text": "请修好虎台一巷的路灯。",
    "petitioner.name": "马桂兰",
    "petitioner.phone": "13897412356",
    "reception_place": "人民来访接待室",
    "read_back": "yes",
}
BESIDE = {
    "co_signers": "祁有才，13897412399*\n李占奎，西宁市城西区虎台一巷3号楼",
    "agent.name": "马文魁",
    "agent.phone": "13997412300",
    "agent.authority": "授权委托书2026-3号",
}


@dataclass
class Window:
    """The page of a registrar of a node, the intake behind it, and the way to send the form."""

    send: Callable[..., Any]
    work: FakeWork
    contact: Callable[[], dict[str, Any]]


def window(node):
    made, work, desk = gate(node), FakeWork(), a_desk(node)
    who = person(A.REGISTRAR, node)
    made.people[digest(who.login)] = who
    made.offices.answers["intake.register"] = lambda body: handlers.register(body, work, desk)

    def send(**typed):
        return made.client.post("/desk/register", data=typed, headers={"Authorization": f"Bearer {who.login}"})

    def contact():
        [number] = work.contacts.kept
        actor = REGISTRAR | {"node": node}
        return handlers.show_contact({"number": number, "actor": actor, "reason": "核对"}, work, desk)

    return Window(send, work, contact)


def test_a_visit_two_levels_too_high_is_guided_with_a_number_and_opens_no_case():
    city = window("630100")

    receipt = city.send(**VISIT, competent_division="630104001")

    assert receipt.status_code == 201, receipt.text
    contact = city.contact()
    assert contact["number"] in receipt.text
    assert contact["guided_to"] == "630104001"
    assert "引导告知" in receipt.text
    assert city.work.sent == []
    assert "打开事项" not in receipt.text


@pytest.mark.parametrize(("node", "competent"), [("630104", "630104001"), ("630100", "630104"), ("630100", "")])
def test_a_visit_to_the_right_door_or_one_above_becomes_a_case(node, competent):
    right = window(node)

    receipt = right.send(**VISIT, competent_division=competent)

    assert receipt.status_code == 201, receipt.text
    assert len(right.work.sent) == 1
    assert "引导告知" not in receipt.text
    assert "打开事项" in receipt.text


def test_an_agent_and_co_signers_arrive():
    town = window("630104")

    assert town.send(**VISIT, **BESIDE).status_code == 201

    contact = town.contact()
    assert [(party["kind"], party["name"], party["representative"]) for party in contact["parties"]] == [
        ("co-signer", "祁有才", True),
        ("co-signer", "李占奎", False),
        ("agent", "马文魁", False),
    ]
    assert contact["parties"][0]["phone"] == "13897412399"
    assert contact["parties"][1]["address"] == "西宁市城西区虎台一巷3号楼"
    assert (contact["parties"][2]["phone"], contact["parties"][2]["authority"]) == ("13997412300", "授权委托书2026-3号")
    assert (contact["persons"], contact["representatives"]) == (3, 1)


@pytest.mark.parametrize(
    ("changes", "box", "message"),
    [
        ({"co_signers": "祁有才\n李占奎 12345"}, "co_signers", "第2行："),
        ({"agent.authority": ""}, "agent.authority", "必填"),
        ({"claims": f"修路灯\n{'长' * 2001}"}, "claims", "第2行："),
        ({"competent_division": "630123001999"}, "competent_division", "区划"),
        ({"read_back": "", "petitioner.email": ""}, "read_back", "宣读"),
    ],
    ids=["co-signer", "authority", "claim", "division", "read back"],
)
def test_a_fault_beside_the_petitioner_stands_at_its_box_with_the_line_and_nothing_is_lost(changes, box, message):
    town = window("630104")

    again = town.send(**VISIT | BESIDE | changes)

    assert again.status_code == 422, again.text
    page = ReadPage(again.text)
    assert nothing_amiss(page) == (True, page.faults())
    assert (page.focused, page.wrong, page.links) == ([box], [box], [box])
    assert message in again.text.split(f'id="{box}-error"', 1)[1].split("</p>", 1)[0]
    assert again.text.count("<details open>") == 2
    assert all(words in again.text for words in ("马文魁", "祁有才"))
    assert not town.work.contacts.kept
