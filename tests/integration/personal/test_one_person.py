"""One person's request: what is kept of them is taken out, or blanked where the law allows it."""

import pytest

from lianxi.casework.errors import Forbidden
from services.portal.domain.answers import Answered
from services.portal.handlers import personal_data
from tests.integration.personal.office import DISPATCHER, ID_NUMBER, LEADER, OFFICER, PERSON, SUBJECT, TEXT, somebody

pytestmark = pytest.mark.database
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
    assert office.looks()[-1][1] == "exported"


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
    office.later(days=365 * 11)
    before = office.database.query("SELECT count(*) FROM routing.repeat_proposal")

    erase(office)

    traces = ("case_person", "case_fingerprint", "repeat_search", "repeat_proposal", "proposed_act")
    left = [office.database.query(f"SELECT count(*) FROM routing.{table}") for table in traces]
    assert (before, left) == ([(1,)], [[(0,)]] * len(traces))


def test_routing_blanks_no_text_of_an_open_case_whatever_it_is_told(office):
    number = office.file()["number"]

    with pytest.raises(Answered, match="尚未办结"):
        office.call("routing", "erase_texts", {"case_nos": [number], "actor": LEADER.actor()})
    with pytest.raises(Answered, match="负责人"):
        office.call("routing", "erase_texts", {"case_nos": [number], "actor": DISPATCHER.actor()})

    assert office.view(number, DISPATCHER)["text"] == TEXT
