"""Who sees what of a petitioner, and the book in which every look stands (MK-1 to MK-8)."""

import os

import psycopg2
import pytest
from click.testing import CliRunner

from lianxi.casework.errors import Forbidden
from lianxi.ops.__main__ import lianxi
from services.portal.domain.answers import Answered, NoAnswer
from services.portal.handlers import personal_data
from tests.integration.personal.office import (
    ABOVE,
    ADMIN,
    DISPATCHER,
    HOUSING,
    LEADER,
    NODE,
    OFFICER,
    PERSON,
    SUBJECT,
    TEXT,
    somebody,
)

pytestmark = pytest.mark.database


@pytest.fixture
def filed(office):
    return office.file()


def shown(office, filed, person, **more):
    return personal_data.shown_case({**office.view(filed["number"], DISPATCHER), **more}, person, office.ports)


def test_the_handler_reads_the_content_and_numbers_stay_masked(office, filed):
    seen = shown(office, filed, DISPATCHER)

    assert (seen["subject"], seen["text"]) == (SUBJECT, TEXT)
    assert seen["petitioner"] == {
        "name": PERSON["name"],
        "id_number": "6301**********0019",
        "phone": "138****2356",
        "address": PERSON["address"],
    }
    assert office.looks() == [
        (
            filed["number"],
            "content",
            ["name", "id_number", "phone", "address", "subject", "text"],
            DISPATCHER.account_id,
            "D",
            "",
        )
    ]


@pytest.mark.parametrize(
    ("person", "name", "subject"),
    [
        (somebody("case_officer", f"{NODE}.labour"), "马**花", SUBJECT),
        (ADMIN, "马**花", SUBJECT),
        (somebody("registrar"), "马桂兰花", SUBJECT),
    ],
)
def test_a_colleague_sees_the_title_and_the_ends_of_a_name(office, filed, person, name, subject):
    seen = shown(office, filed, person)

    assert (seen["petitioner"]["name"], seen["subject"]) == (name, subject)
    assert ("text" in seen) == (name == PERSON["name"])


def test_the_unit_that_has_the_case_reads_it_and_the_registrar_no_more(office, filed):
    assert shown(office, filed, OFFICER, unit=HOUSING)["text"] == TEXT
    assert "text" not in shown(office, filed, somebody("registrar"), unit=HOUSING)


def test_another_node_sees_the_surname_and_no_word_of_the_content(office, filed):
    seen = shown(office, filed, DISPATCHER, holder="630104001")

    assert seen["petitioner"] == {
        "name": "马*",
        "id_number": "6301**************",
        "phone": "138********",
        "address": "西宁市城西区***",
    }
    assert not {"subject", "text"} & set(seen)


def test_an_accuser_is_seen_by_the_officers_of_the_case_alone(office, filed):
    assert shown(office, filed, OFFICER, petition_class="B")["petitioner"] == {}
    assert shown(office, filed, LEADER, petition_class="B")["petitioner"]["name"] == PERSON["name"]
    assert personal_data.with_names(
        [{"case_no": filed["number"], "holder": NODE, "unit": "", "petition_class": "B"}], LEADER, office.ports
    ) == [{"case_no": filed["number"], "holder": NODE, "unit": "", "petition_class": "B"}]


def test_a_list_shows_masked_names_and_is_one_line_in_the_book(office, filed):
    second = office.file(petitioner={**PERSON, "name": "李娜"})
    rows = [{"case_no": each["number"], "holder": NODE, "unit": ""} for each in (filed, second)]

    listed = personal_data.with_names(rows, LEADER, office.ports)

    assert [row["petitioner"] for row in listed] == ["马**花", "李*"]
    ((number, kind, fields, *_),) = office.looks()
    assert (number, kind, fields) == (filed["number"], "listed", ["name"])


def test_nothing_is_shown_that_cannot_be_written_down(office, filed):
    view = office.view(filed["number"], DISPATCHER)

    class Silence:
        def call(self, *_args, **_more):
            raise NoAnswer(in_time=True)

    office.ports.calls = Silence()
    seen = personal_data.shown_case(view, LEADER, office.ports)

    assert seen["withheld"] == personal_data.WITHHELD
    assert not {"subject", "text", "petitioner"} & set(seen)
    row = {"case_no": filed["number"], "holder": NODE, "unit": ""}
    assert personal_data.with_names([row], LEADER, office.ports) == [{**row, "petitioner": None}]


def test_only_the_handler_sees_numbers_in_full_and_says_why(office, filed):
    view = office.view(filed["number"], DISPATCHER)

    full = personal_data.petitioner_in_full(view, "电话13897412356核实", DISPATCHER, office.ports)

    assert full["petitioner"]["id_number"] == PERSON["id_number"]
    assert office.looks()[-1][1:] == (
        "full",
        ["name", "id_number", "credit_code", "phone", "email", "address", "subject", "text"],
        DISPATCHER.account_id,
        "D",
        "电话［手机号］核实",
    )
    with pytest.raises(Forbidden):
        personal_data.petitioner_in_full(view, "看看", OFFICER, office.ports)
    with pytest.raises(Answered, match="理由"):
        personal_data.petitioner_in_full(view, " ", DISPATCHER, office.ports)
    assert len(office.looks()) == 1


def test_the_leader_lists_who_looked_and_others_do_not(office, filed):
    shown(office, filed, DISPATCHER)
    shown(office, filed, ADMIN)

    page = personal_data.reads(LEADER, {"number": filed["number"], "limit": 1, "after": 0}, office.ports)
    rest = personal_data.reads(ADMIN, {"after": int(page["next"]), "person": DISPATCHER.account_id}, office.ports)

    assert [row["person"] for row in page["rows"]] == [ADMIN.account_id]
    assert [row["person"] for row in rest["rows"]] == [DISPATCHER.account_id]
    for person in (DISPATCHER, OFFICER, somebody("registrar")):
        with pytest.raises(Forbidden):
            personal_data.reads(person, {}, office.ports)


def test_the_petitioner_learns_which_office_looked_but_not_who(office, filed):
    view = office.view(filed["number"], DISPATCHER)
    personal_data.petitioner_in_full(view, "核实住址", DISPATCHER, office.ports)
    office.call("intake", "petitioner_reach", {"case_no": filed["number"]})

    told = personal_data.reads_of_petitioner(filed["query_code"], office.ports)

    assert [(row["what"], row["role"], row["reason"]) for row in told["rows"]] == [
        ("系统发送通知时使用联系方式", "SYS", ""),
        ("查看原文", "D", "核实住址"),
    ]
    assert DISPATCHER.account_id not in str(told)


def test_who_is_of_another_node_looks_at_nothing_here(office, filed):
    with pytest.raises(Answered):
        shown(office, filed, ABOVE)
    assert office.looks() == []


def test_the_book_can_be_added_to_and_not_changed(office, filed):
    shown(office, filed, DISPATCHER)

    for statement in (
        "UPDATE intake.personal_read SET person = 'nobody'",
        "DELETE FROM intake.personal_read",
        "TRUNCATE intake.personal_read",
    ):
        with pytest.raises(psycopg2.errors.RaiseException, match="never changed"):
            office.database.query(statement)


def test_whoever_gets_round_that_is_found_out(office, filed, monkeypatch):
    for _ in range(3):
        shown(office, filed, DISPATCHER)
    for name, value in {**os.environ, **office.environment}.items():
        monkeypatch.setenv(name, value)

    def verify(*changes):
        for change in ("ALTER TABLE intake.personal_read DISABLE TRIGGER ALL", *changes):
            office.database.query(change)
        return CliRunner().invoke(lianxi, ["audit", "verify"])

    whole = verify()
    altered = verify("UPDATE intake.personal_read SET person = 'nobody' WHERE position = 2")
    taken_out = verify("DELETE FROM intake.personal_read WHERE position = 2")
    torn_off = verify("DELETE FROM intake.personal_read WHERE position = 3")

    assert (whole.exit_code, whole.output[:19]) == (0, "3 lines, all whole;")
    assert (altered.exit_code, "line 2 was altered" in altered.output) == (1, True)
    assert "lines 2 to 2 are missing" in taken_out.output
    assert "the book ends at line 1, but 3 were written" in torn_off.output


def test_looks_are_listed_on_the_command_line_without_the_data(office, filed, monkeypatch):
    shown(office, filed, DISPATCHER)
    for name, value in office.environment.items():
        monkeypatch.setenv(name, value)

    plain = CliRunner().invoke(lianxi, ["audit", "reads", "--number", filed["number"]])
    lines = CliRunner().invoke(lianxi, ["audit", "reads", "--json", "--since", "2020-01-01"])

    assert plain.exit_code == lines.exit_code == 0
    assert "查看信访内容  D dispatcher-1" in plain.output
    for value in (*PERSON.values(), SUBJECT):
        assert value not in plain.output + lines.output
