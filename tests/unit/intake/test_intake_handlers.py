"""The use cases of intake with fakes of every port."""

import json

import pytest

from lianxi.casework.errors import Conflict, Forbidden, Invalid, Unknown
from lianxi.casework.messages.notices import DossierReceived
from services.intake import handlers
from services.intake.domain.records import MAX_SEQUENCE, Fate, ForeignContact, Origin
from services.intake.handlers.sealing import open_text, seal_petitioner, seal_text
from tests.unit.intake.desk import NOW, REGISTRAR, FakeWork, a_desk, a_letter, a_visit, a_web_petition

CODE_LENGTH = len("XXXXX-XXXXX-XXXXX")


@pytest.fixture
def desk():
    return a_desk()


@pytest.fixture
def work():
    return FakeWork()


def test_a_contact_gets_the_next_number_of_its_day_and_channel(work, desk):
    numbers = [
        handlers.register(body, work, desk)["number"] for body in (a_web_petition(), a_visit(), a_web_petition())
    ]

    assert numbers == ["63010400020260302W00001", "63010400020260302F00001", "63010400020260302W00002"]


def test_the_query_code_is_answered_and_stored_only_hashed_and_sealed(work, desk):
    answer = handlers.register(a_web_petition(), work, desk)
    contact = work.contacts.kept[answer["number"]]

    assert len(answer["query_code"]) == CODE_LENGTH
    assert answer["query_code"] not in repr(contact)
    assert contact.query_code_hash is not None
    assert answer["received_at"] == NOW.isoformat()


def test_no_personal_field_is_stored_in_clear(work, desk):
    body = a_web_petition()

    contact = work.contacts.kept[handlers.register(body, work, desk)["number"]]

    for clear in (*body["petitioner"].values(), body["subject"], body["text"]):
        assert clear not in repr(contact)


def test_routing_is_told_everything_it_needs_and_no_personal_data_in_clear(work, desk):
    answer = handlers.register(a_letter(received_at="2026-02-27", division="630104001"), work, desk)

    [message] = work.sent
    assert (message.contact_no, message.node, message.channel) == (answer["number"], "630104", "letter")
    assert (message.entered_at, message.received_at.day, message.division) == (NOW, 27, "630104001")
    assert message.registered_by.person == "clerk-7"
    assert open_text("subject", message.subject_sealed, message.contact_no, desk.vault) == a_letter()["subject"]
    for clear in a_letter()["petitioner"].values():
        assert clear not in message.petitioner_sealed


def test_notify_is_told_how_the_petitioner_wants_to_be_told(work, desk):
    notice = {"channels": ["letter"], "language": "zh", "electronic": True}
    handlers.register(a_web_petition(notice=notice), work, desk)
    handlers.register(a_web_petition(subject="另一件事"), work, desk)

    told = [(each.notice_channels, each.notice_language, each.electronic_service) for each in work.sent]
    assert told == [(("letter",), "zh", True), ((), "", False)]


def test_the_same_person_has_the_same_key_and_unknown_persons_never_do(work, desk):
    nameless = a_web_petition(anonymous=True, petitioner=None)
    for body in (a_web_petition(), a_web_petition(subject="另一件事"), nameless, nameless):
        handlers.register(body, work, desk)

    keys = [message.petitioner_key for message in work.sent]
    assert keys[0] == keys[1]
    assert len(set(keys)) == 3


def test_refused_input_is_kept_sealed_with_the_reason_and_an_id(work, desk):
    body = a_web_petition(subject="")

    with pytest.raises(Invalid) as refusal:
        handlers.register(body, work, desk)

    [kept] = desk.rejects.kept
    assert refusal.value.as_problem()["reject_id"] == "reject-1"
    assert (kept.field, kept.rule, kept.origin) == ("subject", "R-19-1", Origin.REGISTERED)
    assert "马桂兰" not in repr(kept)
    assert json.loads(desk.vault.open(kept.content_sealed, f"reject/{kept.fingerprint}")) == body
    assert not work.contacts.kept
    assert not work.sent


def test_half_a_character_can_be_kept_as_a_reject(work, desk):
    with pytest.raises(Invalid):
        handlers.register(a_web_petition(text="冷\ud800"), work, desk)

    assert len(desk.rejects.kept) == 1


def test_the_hundred_thousandth_contact_of_a_day_is_refused_and_kept(work, desk):
    work.numbers.last["630104", NOW.date(), "web"] = MAX_SEQUENCE - 1
    assert handlers.register(a_web_petition(), work, desk)["number"].endswith("W99999")

    with pytest.raises(Conflict) as refusal:
        handlers.register(a_web_petition(), work, desk)

    assert refusal.value.rule == "PR-17"
    assert desk.rejects.kept[0].rule == "PR-17"
    assert handlers.register(a_visit(), work, desk)["number"].endswith("F00001")


def test_a_contact_is_found_by_its_query_code_however_it_is_typed(work, desk):
    answer = handlers.register(a_web_petition(), work, desk)

    found = handlers.find({"query_code": answer["query_code"].lower().replace("-", " ")}, work, desk)

    assert found == {
        "number": answer["number"],
        "subject": "虎台小区三号楼停暖",
        "channel": "web",
        "received_at": NOW.isoformat(),
    }


def test_an_unknown_query_code_is_not_found_and_not_repeated(work, desk):
    code = str(desk.draw_code())

    with pytest.raises(Unknown) as refusal:
        handlers.find({"query_code": code}, work, desk)

    assert code not in str(refusal.value.as_problem())


@pytest.mark.parametrize("code", ["", None, 17, "AAAAA-AAAAA-AAAAB"])
def test_what_is_no_query_code_is_refused(work, desk, code):
    with pytest.raises(Invalid):
        handlers.find({"query_code": code}, work, desk)


def test_a_full_look_is_written_down_with_its_reason(work, desk):
    number = handlers.register(a_visit(persons=3), work, desk)["number"]

    shown = handlers.show_contact({"number": number, "actor": REGISTRAR, "reason": "核对住址"}, work, desk)

    assert shown["petitioner"] == a_visit()["petitioner"]
    assert (shown["text"], shown["persons"], shown["representatives"]) == (a_visit()["text"], 3, 3)
    [line] = work.unmaskings.lines
    assert (line.number, line.person, line.reason, line.at) == (number, "clerk-7", "核对住址", NOW)


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"reason": ""}, Invalid),
        ({"reason": "  "}, Invalid),
        ({"actor": None}, Invalid),
        ({"actor": REGISTRAR | {"node": "630102"}}, Forbidden),
        ({"number": "63010400020260302W99999"}, Unknown),
        ({"number": "x"}, Invalid),
    ],
)
def test_a_look_without_right_or_reason_shows_nothing_and_writes_nothing(work, desk, changes, error):
    number = handlers.register(a_web_petition(), work, desk)["number"]

    with pytest.raises(error):
        handlers.show_contact({"number": number, "actor": REGISTRAR, "reason": "核对"} | changes, work, desk)

    assert not work.unmaskings.lines


def test_notify_learns_how_to_reach_the_petitioner_and_what_to_print_on_the_receipt(work, desk):
    answer = handlers.register(a_web_petition(), work, desk)

    reach = handlers.reach_petitioner({"case_no": answer["number"]}, work, desk)

    assert reach == {"name": "马桂兰", "phone": "13897412356", "query_code": answer["query_code"]}


def a_dossier(desk, number="63010000020260301W00007", **changes):
    handed_in = FakeWork()
    handlers.register(a_web_petition(), handed_in, desk)
    [contact] = handed_in.contacts.kept.values()
    opened = handlers.sealing.open_petitioner(handed_in.sent[0].petitioner_sealed, contact.number, desk.vault)
    petitioner = handlers.sealing.Petitioner(**opened.petitioner)
    values = {
        "case_no": number,
        "node": "630100",
        "channel": "web",
        "received_at": NOW,
        "subject_sealed": seal_text("subject", "停暖", number, desk.vault),
        "text_sealed": seal_text("text", changes.pop("text", "至今无人维修"), number, desk.vault),
        "petitioner_key": "k",
        "petitioner_sealed": seal_petitioner(petitioner, number, desk.vault),
    }
    return DossierReceived(**values | changes)


def test_a_petitioner_that_came_with_custody_is_sealed_anew_for_this_node(work, desk):
    handlers.keep_dossiers([a_dossier(desk)], work, desk)

    kept = work.contacts.kept["63010000020260301W00007"]
    assert kept.origin is Origin.CUSTODY
    assert kept.query_code_hash is None
    assert "马桂兰" not in repr(kept)
    reach = handlers.reach_petitioner({"case_no": kept.number}, work, desk)
    assert reach == {"name": "马桂兰", "phone": "13897412356"}


def test_a_dossier_without_a_petitioner_is_kept_all_the_same(work, desk):
    handlers.keep_dossiers([a_dossier(desk, petitioner_sealed="")], work, desk)

    assert work.contacts.kept["63010000020260301W00007"].anonymous


def test_a_case_that_comes_home_keeps_its_own_registration(work, desk):
    answer = handlers.register(a_web_petition(), work, desk)

    handlers.keep_dossiers([a_dossier(desk, answer["number"], text="改过")], work, desk)

    assert work.contacts.kept[answer["number"]].origin is Origin.REGISTERED


def test_a_dossier_sealed_for_another_case_does_not_open(work, desk):
    swapped = a_dossier(desk, "63010000020260301W00008").petitioner_sealed

    with pytest.raises(ValueError, match="another place"):
        handlers.keep_dossiers([a_dossier(desk, petitioner_sealed=swapped)], work, desk)


def a_row(source_id, *, source="board", **changes):
    body = {
        "channel": "web",
        "subject": f"第{source_id}件：朝阳西路路灯不亮",
        "text": "城北区朝阳西路一段路灯不亮已有两周。",
        "received_at": "2019-04-02 10:00",
        "petitioner": {"name": "A0001", "account": "A0001"},
    }
    return ForeignContact(source=source, source_id=source_id, body=body | changes)


def test_rows_are_taken_over_once_and_numbered_by_the_day_of_receipt(work, desk):
    first = handlers.take_over([a_row("1"), a_row("2"), a_row("3", received_at="2019-04-03")], work, desk)
    second = handlers.take_over([a_row("1"), a_row("4")], work, desk)

    assert [outcome.number for outcome in first] == [
        "63010400020190402W00001",
        "63010400020190402W00002",
        "63010400020190403W00001",
    ]
    assert [outcome.fate for outcome in second] == [Fate.ALREADY, Fate.IMPORTED]
    assert second[0].number == first[0].number
    assert len(work.sent) == len(work.contacts.kept) == 4
    assert work.sent[0].entered_at == NOW
    assert len({message.petitioner_key for message in work.sent}) == 1


def test_a_row_that_stands_twice_in_one_batch_is_taken_over_once(work, desk):
    outcomes = handlers.take_over([a_row("1"), a_row("1")], work, desk)

    assert [outcome.fate for outcome in outcomes] == [Fate.IMPORTED, Fate.ALREADY]
    assert len(work.contacts.kept) == 1


@pytest.mark.parametrize("together", [True, False])
def test_one_id_for_two_texts_is_refused_never_skipped(work, desk, together):
    rows = [a_row("1"), a_row("1", text="另一件完全不同的事。")]

    outcomes = (
        handlers.take_over(rows, work, desk)
        if together
        else [outcome for row in rows for outcome in handlers.take_over([row], work, desk)]
    )

    assert [outcome.fate for outcome in outcomes] == [Fate.IMPORTED, Fate.REJECTED]
    assert outcomes[1].refusal.rule == "source-id"
    assert len(desk.rejects.kept) == 1


def test_the_same_author_of_another_board_is_somebody_else(work, desk):
    handlers.take_over([a_row("1")], work, desk)
    handlers.take_over([a_row("1", source="other")], work, desk)

    assert work.sent[0].petitioner_key != work.sent[1].petitioner_key
    assert work.contacts.locked == ["board", "other"]


def test_a_bad_row_is_rejected_and_kept_while_the_rest_goes_in(work, desk):
    rows = [a_row("1"), a_row("2", text=""), a_row("3", received_at="2031-01-01"), a_row("4")]

    outcomes = handlers.take_over(rows, work, desk)

    assert [outcome.fate.value for outcome in outcomes] == ["imported", "rejected", "rejected", "imported"]
    assert [outcome.refusal.field for outcome in outcomes[1:3]] == ["text", "received_at"]
    assert [kept.origin for kept in desk.rejects.kept] == [Origin.TAKEN_OVER] * 2
    assert [outcome.number[-5:] for outcome in (outcomes[0], outcomes[3])] == ["00001", "00002"]


def test_rows_beyond_the_last_number_are_rejected_one_by_one(work, desk):
    work.numbers.last["630104", NOW.date().replace(2019, 4, 2), "web"] = MAX_SEQUENCE - 1

    outcomes = handlers.take_over([a_row("1"), a_row("2"), a_row("3")], work, desk)

    assert [outcome.fate.value for outcome in outcomes] == ["imported", "rejected", "rejected"]
    assert {outcome.refusal.rule for outcome in outcomes[1:]} == {"PR-17"}
    assert len(work.contacts.kept) == 1
