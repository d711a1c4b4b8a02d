"""What intake keeps of a contact is shown whole to its handler, by API and by page, and each look is written down.

The portal stands before the real use cases of intake, so that neither can drop a field of the other unnoticed.
"""

from dataclasses import dataclass

import pytest

from services.intake import handlers
from services.portal.domain.accounts import AccountRole as A
from services.portal.handlers.access import digest
from tests.unit.intake.desk import FakeWork, a_call, a_desk, a_letter, a_visit
from tests.unit.portal.gate import Gate, gate, person
from tests.unit.portal.offices import a_case

SIGNERS = [
    {"name": "祁有才", "phone": "13897412399", "representative": True},
    {"name": "李占奎", "address": "西宁市城西区虎台一巷3号楼"},
]
AGENT = {"name": "马文魁", "phone": "13997412300", "authority": "授权委托书2026-3号"}
CLAIMS = [{"text": "恢复供热", "category": ["城乡建设", "供热"]}, {"text": "退还多收的取暖费"}]
JOINT_LETTER = a_letter(
    co_signers=SIGNERS,
    agent=AGENT,
    claims=CLAIMS,
    posted_on="2026-02-27",
    stamp="收文2026-17",
    received_at="2026-03-01",
)
BESIDE = {"parties", "claims", "stamp", "posted_on", "recording", "reception_place", "read_back", "additions"}


@dataclass
class Office:
    """A portal with an intake behind it, and a handler of the case at its door."""

    number: str
    gate: Gate
    work: FakeWork
    handler: dict[str, str]

    @property
    def case(self):
        return f"/api/v1/cases/{self.number}"

    def page(self):
        return self.gate.client.post(
            f"/desk/cases/{self.number}/petitioner", data={"reason": "电话核实"}, headers=self.handler
        ).text


def office(body):
    """Return the office that took this contact in."""
    made, work, desk = gate(), FakeWork(), a_desk()
    receipt = handlers.register(body, work, desk)
    who = person(A.CASE_OFFICER)
    made.people[digest(who.login)] = who
    made.offices.answers["routing.case"] = a_case(case_no=receipt["number"])
    made.offices.answers["intake.contact"] = lambda asked: handlers.show_contact(asked, work, desk)
    for kind, text in (("material", "另有照片三张。"), ("urge", "")):
        handlers.bring({"query_code": receipt["query_code"], "kind": kind, "text": text}, work, desk)
    return Office(receipt["number"], made, work, {"Authorization": f"Bearer {who.login}"})


def test_a_joint_letter_is_answered_whole_to_its_handler_and_the_look_is_written_down():
    joint = office(JOINT_LETTER)

    shown = joint.gate.client.post(f"{joint.case}/petitioner", json={"reason": "电话核实"}, headers=joint.handler).json

    assert shown["parties"] == [
        {"kind": "co-signer", **SIGNERS[0]},
        {"kind": "co-signer", "representative": False, **SIGNERS[1]},
        {"kind": "agent", "representative": False, **AGENT},
    ]
    assert [(claim["number"], claim["text"], claim["category"]) for claim in shown["claims"]] == [
        (1, "恢复供热", ["城乡建设", "供热"]),
        (2, "退还多收的取暖费", []),
    ]
    assert (shown["posted_on"], shown["stamp"]) == ("2026-02-27", "收文2026-17")
    assert (shown["persons"], shown["representatives"]) == (3, 1)
    assert [(addition["kind"], addition["text"]) for addition in shown["additions"]] == [
        ("material", "另有照片三张。"),
        ("urge", ""),
    ]
    [line] = joint.work.unmaskings.lines
    assert (line.number, line.role, line.unit, line.reason) == (joint.number, "U", "630104.housing", "电话核实")


def test_the_page_shows_it_whole_under_headings_and_the_look_is_written_down():
    joint = office(JOINT_LETTER)

    text = joint.page()

    for words in ("代理人", "联名人", "诉求", "邮戳和收文章", "补充材料"):
        assert f"<h2>{words}</h2>" in text
    said = [value for someone in (*SIGNERS, AGENT) for value in someone.values() if isinstance(value, str)]
    for words in (
        *said,
        "恢复供热",
        "退还多收的取暖费",
        "2026年2月27日",
        "收文2026-17",
        "另有照片三张。",
        "3人，代表1人",
    ):
        assert words in text
    assert text.count("推选的代表") == 1
    assert [line.reason for line in joint.work.unmaskings.lines] == ["电话核实"]


@pytest.mark.parametrize(
    ("body", "there"),
    [(a_visit(), ("接待场所", "城西区人民来访接待室", "宣读")), (a_call(), ("录音编号", "REC-20260302-0017"))],
    ids=["visit", "call"],
)
def test_the_page_has_no_heading_over_nothing(body, there):
    text = office(body).page()

    assert all(words in text for words in ("接待和录音", *there))
    assert not [words for words in ("代理人", "联名人", "邮戳", "诉求</h2>", "代表") if words in text]


def test_nothing_of_it_enters_what_is_shown_without_a_reason():
    joint = office(JOINT_LETTER)
    offices = joint.gate.offices
    whole = offices.answers["intake.contact"](
        {"number": joint.number, "actor": person(A.CASE_OFFICER).actor(), "reason": "核对"}
    )
    masked = offices.answers["intake.petitioner_masked"]
    talkative = {name: whole[name] for name in BESIDE}
    offices.answers["intake.petitioner_masked"] = lambda asked: {**talkative, **masked(asked)}

    shown = joint.gate.client.get(f"{joint.case}/petitioner", headers=joint.handler)
    case = joint.gate.client.get(joint.case, headers=joint.handler)
    page = joint.gate.client.get(f"/desk/cases/{joint.number}/petitioner", headers=joint.handler)

    assert (shown.status_code, case.status_code, page.status_code) == (200, 200, 200)
    assert shown.json["petitioner"]["name"] == "马*兰"
    assert not BESIDE & {*shown.json}
    assert not (BESIDE - {"claims"}) & {*case.json}  # a case counts its claims; their words are not there
    assert not [
        name for name in ("祁有才", "马文魁", "收文2026-17", "恢复供热") if name in shown.text + case.text + page.text
    ]
