"""One person's request: what is kept of them is taken out, or blanked where the law allows it."""

import json

import pytest

from lianxi.casework.errors import Forbidden
from services.portal.domain.answers import Answered
from services.portal.handlers import personal_data
from tests.integration.personal.office import DISPATCHER, ID_NUMBER, LEADER, OFFICER, PERSON, SUBJECT, TEXT, somebody

pytestmark = pytest.mark.database
SIGNER = {"name": "韩得福", "phone": "13897000011", "address": "城西区虎台一巷5号楼"}
WHO = {"id_number": f"{ID_NUMBER[:6]} {ID_NUMBER[6:]}"}


def erase(office, who=WHO, person=LEADER):
    return personal_data.erase_person(person, who, "本人书面申请", office.ports)


def withdraw(office, number):
    body = {
        "command_type": "withdraw-case",
        "command": {"free_will_recorded": True, "actor": somebody("registrar").actor(), "case_no": number},
        "actor": somebody("registrar").actor(),
    }
    return office.call("routing", "act", body)


def test_a_person_gets_everything_that_is_kept_of_them_and_nothing_of_others(office):
    mine = office.file()
    office.file(petitioner={"name": "李娜", "phone": "13997000000", "address": "西关大街1号"})

    told = personal_data.export_person(LEADER, WHO, "本人持证申请", office.ports)

    (contact,) = told["contacts"]
    assert contact["number"] == mine["number"]
    assert {name: contact[name] for name in PERSON} == PERSON
    assert (contact["subject"], contact["text"], contact["state"]) == (SUBJECT, TEXT, "S02")
    assert (contact["parts"], contact["others"]) == (["petitioner"], 0)
    assert office.looks()[-1][1:3] == ("exported", [*PERSON, "subject", "text"])


def test_what_was_claimed_brought_and_attached_goes_out_and_others_are_only_counted(office):
    claims = [{"text": "退还物业费"}, {"text": "修好外墙"}]
    mine = office.file(claims=claims, co_signers=[SIGNER])
    code = {"query_code": mine["query_code"]}
    office.call("intake", "bring", {**code, "kind": "material", "text": "补交一张收据"})
    begun = office.call("intake", "start_upload", {**code, "case_no": mine["number"], "name": "外墙.jpg", "size": 1234})
    key = {"upload_id": begun["upload_id"], "key": begun["key"]}
    office.call("intake", "finish_upload", {**key, "sha256": "a" * 64, "media_type": "image/jpeg"})

    told = personal_data.export_person(LEADER, WHO, "本人持证申请", office.ports)

    (contact,) = told["contacts"]
    assert [claim["text"] for claim in contact["claims"]] == ["退还物业费", "修好外墙"]
    assert [(added["kind"], added["text"]) for added in contact["additions"]] == [("material", "补交一张收据")]
    assert [(file["name"], file["size"], file["added_by"]) for file in contact["files"]] == [
        ("外墙.jpg", 1234, "petitioner")
    ]
    assert (contact["others"], "parties" in contact) == (1, False)
    assert SIGNER["name"] not in json.dumps(told, ensure_ascii=False)
    (line,) = [fields for _, kind, fields, *_ in office.looks() if kind == "exported"]
    assert line == [*PERSON, "subject", "text", "claims", "additions", "files"]


def test_a_co_signer_gets_what_they_signed_and_their_own_entry_and_nothing_of_the_petitioner(office):
    mine = office.file(text="外墙脱落。", claims=[{"text": "修好外墙"}], co_signers=[SIGNER])
    office.call("intake", "bring", {"query_code": mine["query_code"], "kind": "material", "text": "补交一张收据"})

    told = personal_data.export_person(LEADER, {"phone": SIGNER["phone"]}, "本人持证申请", office.ports)

    (contact,) = told["contacts"]
    assert contact["parties"] == [{"kind": "co-signer", "representative": False, **SIGNER}]
    assert (contact["parts"], contact["others"], contact["text"]) == (["co-signer"], 1, "外墙脱落。")
    assert [claim["text"] for claim in contact["claims"]] == ["修好外墙"]
    assert not {*PERSON, "additions", "files"} & contact.keys()
    assert not any(value in json.dumps(told, ensure_ascii=False) for value in PERSON.values())


def test_drafts_and_refused_input_go_out_as_far_as_they_are_the_persons_own(office):
    draft = {"subject": SUBJECT, "text": TEXT, "petitioner": PERSON, "co_signers": [SIGNER]}
    office.call("intake", "save_draft", {"content": draft})
    with pytest.raises(Answered):
        office.file(channel="PIGEON", petitioner={"name": "李娜", "phone": "13997000000"}, co_signers=[PERSON])
    office.call("intake", "save_draft", {"content": {"subject": "别人的", "petitioner": SIGNER}})

    told = personal_data.export_person(LEADER, WHO, "本人持证申请", office.ports)

    whole, beside = told["unfinished"]
    assert (whole["kind"], whole["others"]) == ("draft", 1)
    assert whole["content"] == {"petitioner": PERSON, "subject": SUBJECT, "text": TEXT}
    assert (beside["kind"], beside["others"], beside["content"]) == ("reject", 1, {"parties": [PERSON]})
    assert [(number, fields) for number, kind, fields, *_ in office.looks() if kind == "exported"] == [
        (f"draft/{whole['id']}", ["petitioner", "subject", "text"]),
        (f"reject/{beside['id']}", ["parties"]),
    ]


def test_nothing_of_an_accusation_goes_out_not_even_of_one_that_was_only_begun(office):
    filed = office.file(purpose="揭发控告", co_signers=[SIGNER])
    draft = {"subject": SUBJECT, "purpose": "揭发控告", "petitioner": PERSON}
    office.call("intake", "save_draft", {"content": draft})

    told = personal_data.export_person(LEADER, WHO, "本人持证申请", office.ports)

    (contact,), (begun,) = told["contacts"], told["unfinished"]
    assert (contact["number"], contact["withheld"], begun["withheld"]) == (filed["number"], "GD-1", "GD-1")
    assert "content" not in begun
    assert not any(text in json.dumps(told, ensure_ascii=False) for text in (SUBJECT, SIGNER["name"], PERSON["phone"]))
    assert "exported" not in {kind for _, kind, *_ in office.looks()}


def test_a_person_is_found_by_name_and_address_too_and_never_by_a_bare_name(office):
    filed = office.file(petitioner={"name": "李娜", "address": "西关大街1号"})

    found = personal_data.export_person(LEADER, {"name": "李 娜", "address": "西关大街１号"}, "申请", office.ports)

    assert [row["number"] for row in found["contacts"]] == [filed["number"]]
    with pytest.raises(Answered, match="至少一项"):
        personal_data.export_person(LEADER, {"name": "李娜"}, "申请", office.ports)


@pytest.mark.parametrize("person", [DISPATCHER, OFFICER, somebody("registrar"), somebody("admin")])
def test_only_the_leader_of_the_department_answers_such_requests(office, person):
    office.file()

    for answer in (personal_data.export_person, personal_data.erase_person):
        with pytest.raises(Forbidden):
            answer(person, WHO, "申请", office.ports)
    assert office.looks() == []


def test_nothing_is_blanked_while_a_case_is_open(office):
    office.file()

    with pytest.raises(Answered) as refused:
        erase(office)

    assert (refused.value.rule, refused.value.code_of_http) == ("PIPL-13", 409)
    assert office.database.query("SELECT count(*) FROM intake.contact WHERE name_sealed IS NOT NULL") == [(1,)]


def test_nor_before_the_archive_period_is_over(office):
    withdraw(office, office.file()["number"])
    office.later(days=365 * 9)

    with pytest.raises(Answered, match="须保管至") as refused:
        erase(office)

    assert refused.value.rule == "CF-43"


def test_after_it_the_person_is_gone_and_the_history_stays(office):
    filed = office.file()
    withdraw(office, filed["number"])
    office.later(days=365 * 11)

    done = erase(office)

    assert done["erased"] == [filed["number"]]
    contact = office.call("intake", "contact", {"number": filed["number"], "actor": LEADER.actor(), "reason": "核对"})
    assert (contact["petitioner"], contact["subject"], contact["text"]) == ({}, "", "")
    with pytest.raises(Answered):
        office.call("intake", "find", {"query_code": filed["query_code"]})
    view = personal_data.shown_case(office.view(filed["number"], LEADER), LEADER, office.ports)
    assert (view["erased"], view["petitioner"], "text" in view) == (True, {}, False)
    assert [step["name"] for step in view["history"]] == ["case-received", "case-registered", "case-withdrawn"]
    assert ("erased", "本人书面申请") in [(kind, reason) for _, kind, _, _, _, reason in office.looks()]
    with pytest.raises(Answered) as unknown:
        erase(office)
    assert unknown.value.code_of_http == 404


def test_drafts_and_refused_input_of_the_person_are_gone_too_and_those_of_others_stay(office):
    other = {"name": "李娜", "phone": "13997000000"}
    for petitioner in (PERSON, other):
        office.call("intake", "save_draft", {"content": {"subject": SUBJECT, "petitioner": petitioner}})
        with pytest.raises(Answered):
            office.file(petitioner=petitioner, channel="PIGEON")

    done = erase(office)

    assert (done["erased"], done["unfinished"]) == ([], 2)
    left = office.database.query("SELECT count(*) FROM intake.draft UNION ALL SELECT count(*) FROM intake.reject")
    assert left == [(1,), (1,)]


def test_nothing_in_routing_recognises_an_erased_person(office):
    numbers = [office.file()["number"] for _ in range(2)]
    for number in numbers:
        withdraw(office, number)
    office.database.query(
        "INSERT INTO routing.proposed_act"
        " (id, case_no, command_type, command, note, seq, person, role, proposed_at, state)"
        " VALUES ('p1', %s, 'transfer-case', 'k1:', '马桂兰来过', 1, 'wang', 'D', now(), 'returned')",
        numbers[0],
    )
    order = office.intake.desk.vault.seal('{"note": "马桂兰来过"}', "d1")
    office.database.query(
        "INSERT INTO routing.directive"
        " (directive_id, direction, case_no, from_node, to_node, command_type, command, issued_at, answered_at, done,"
        " reason) VALUES ('d1', 'out', %s, '630104', '630104001', 'accept-case', %s, now(), now(), true,"
        " '马桂兰未到场')",
        numbers[0],
        order,
    )
    office.database.query(
        "INSERT INTO routing.wish (wish_id, case_no, command_type, command, document_no, role, declared_at, asked_by,"
        " to_node, attempt, state, reason)"
        " VALUES ('w1', %s, 'urge-case', %s, '', 'P', now(), '', '630104001', 1, 'refused', '马桂兰已撤回')",
        numbers[0],
        office.intake.desk.vault.seal('{"note": "马桂兰来过"}', "w1"),
    )
    office.later(days=365 * 11)
    before = office.database.query("SELECT count(*) FROM routing.repeat_proposal")

    erase(office)

    traces = ("case_person", "case_fingerprint", "repeat_search", "repeat_proposal", "proposed_act")
    left = [office.database.query(f"SELECT count(*) FROM routing.{table}") for table in traces]
    assert (before, left) == ([(1,)], [[(0,)]] * len(traces))
    [(command, done)] = office.database.query("SELECT command, done FROM routing.directive")
    assert (office.intake.desk.vault.open(command, "d1"), done) == ("{}", True)
    assert office.database.query("SELECT reason FROM routing.directive") == [("",)]
    assert office.database.query("SELECT command, reason, state FROM routing.wish") == [("", "", "refused")]


def test_routing_blanks_no_text_of_an_open_case_whatever_it_is_told(office):
    number = office.file()["number"]

    with pytest.raises(Answered, match="尚未办结"):
        office.call("routing", "erase_texts", {"case_nos": [number], "actor": LEADER.actor()})
    with pytest.raises(Answered, match="负责人"):
        office.call("routing", "erase_texts", {"case_nos": [number], "actor": DISPATCHER.actor()})

    assert office.view(number, DISPATCHER)["text"] == TEXT
