"""The door of intake: what is let in, what is refused, and by which rule."""

from datetime import date, datetime, timedelta

import pytest

from lianxi.casework.errors import Invalid
from lianxi.casework.identifiers import Channel
from lianxi.casework.messages.facts import PetitionClass, Role
from lianxi.runtime.clock import SHANGHAI
from services.intake.domain.filing import MAX_SUBJECT, MAX_TEXT
from services.intake.domain.reading import read_filing
from tests.unit.intake.desk import DIVISIONS, NOW, REGISTRAR, a_call, a_letter, a_visit, a_web_petition


def read(body, **options):
    return read_filing(body, DIVISIONS, NOW, **options)


def refused(body, **options):
    with pytest.raises(Invalid) as refusal:
        read(body, **options)
    assert any("一" <= character <= "鿿" for character in refusal.value.message)
    return refusal.value.field, refusal.value.rule


def test_a_web_petition_is_received_when_the_server_takes_it():
    filing = read(a_web_petition())

    assert (filing.channel, filing.received_at, filing.registered_by) == (Channel.WEB, NOW, None)
    assert filing.petitioner.name == "马桂兰"
    assert filing.persons == 1


@pytest.mark.parametrize("channel", ["web", "WEB", "Web", "ＷＥＢ "])
def test_the_channel_may_be_written_in_either_case_and_width(channel):
    assert read(a_web_petition(channel=channel)).channel is Channel.WEB


@pytest.mark.parametrize("channel", [None, "", "pigeon", 7, ["WEB"]])
def test_an_unknown_channel_is_refused(channel):
    assert refused(a_web_petition(channel=channel))[0] == "channel"


@pytest.mark.parametrize("missing", ["subject", "text"])
@pytest.mark.parametrize("value", [None, "", "  \u200b ", "\n"])
def test_claim_and_facts_are_needed(missing, value):
    body = a_web_petition(**{missing: value})

    assert refused(body)[0] == missing


def test_a_web_petition_needs_name_and_address():
    body = a_web_petition()
    without_name = a_web_petition(petitioner=body["petitioner"] | {"name": ""})
    without_address = a_web_petition(petitioner=body["petitioner"] | {"address": None})

    assert refused(without_name) == ("petitioner.name", "R-19-1")
    assert refused(without_address) == ("petitioner.address", "R-19-1")
    assert refused(a_web_petition(petitioner=None)) == ("petitioner.name", "R-19-1")


def test_an_anonymous_petition_needs_neither_and_may_not_carry_a_name():
    assert read(a_web_petition(anonymous=True, petitioner=None)).anonymous
    assert read(a_web_petition(anonymous=True, petitioner={"phone": "13897412356"})).petitioner.phone == "13897412356"
    assert refused(a_web_petition(anonymous=True)) == ("anonymous", "R-19-1")


def test_a_letter_without_return_address_is_registered_all_the_same():
    filing = read(a_letter(petitioner={"name": "祁有才"}))

    assert filing.petitioner.address == ""


def test_a_letter_counts_from_the_day_the_unit_received_it_and_keeps_its_postmark():
    filing = read(a_letter(received_at="2026-02-27", posted_on="2026-02-24"))

    assert filing.received_at == datetime(2026, 2, 27, tzinfo=SHANGHAI)
    assert filing.posted_on == date(2026, 2, 24)


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"received_at": "2026-02-20", "posted_on": "2026-02-24"}, "D-13b"),
        ({"posted_on": "1912-02-24"}, "D-13b"),
        ({"posted_on": "soon"}, "date"),
    ],
)
def test_an_impossible_postmark_is_refused(changes, rule):
    assert refused(a_letter(**changes)) == ("posted_on", rule)


def test_only_a_letter_has_a_postmark():
    assert refused(a_web_petition(posted_on="2026-02-24")) == ("posted_on", "D-13b")


@pytest.mark.parametrize("channel", ["LETTER", "VISIT", "PHONE", "FAX"])
def test_what_comes_in_at_the_counter_is_recorded_by_somebody(channel):
    body = a_visit(channel=channel, registered_by=None)

    assert refused(body) == ("registered_by", "T2")
    assert read(body | {"actor": REGISTRAR, "recording": "REC-1"}).registered_by.role is Role.REGISTRAR


def test_a_petitioner_who_acts_alone_is_nobodys_registrar():
    actor = REGISTRAR | {"role": "P"}

    assert read(a_web_petition(actor=actor)).registered_by is None
    assert refused(a_letter(registered_by=actor)) == ("registered_by", "T2")


@pytest.mark.parametrize(
    ("actor", "field"),
    [
        ({"role": "KING"}, "registered_by.role"),
        ({"person": ""}, "registered_by.person"),
        ({"node": ["630104"]}, "registered_by.node"),
    ],
)
def test_a_registrar_is_named_properly(actor, field):
    assert refused(a_letter(registered_by=REGISTRAR | actor))[0] == field


def test_a_joint_visit_is_presented_by_at_most_five():
    assert refused(a_visit(persons=12, representatives=6)) == ("representatives", "R-20-3")
    assert refused(a_visit(persons=12)) == ("representatives", "R-20-3")
    assert refused(a_visit(persons=2, representatives=3)) == ("representatives", "R-20-3")
    assert read(a_visit(persons=12, representatives=5)).representatives == 5
    assert read(a_visit(persons=4)).representatives == 4
    assert read(a_visit()).representatives == 0


@pytest.mark.parametrize("persons", [0, -1, 100_001, True, 1.5, "many", [2]])
def test_the_number_of_persons_is_a_sane_whole_number(persons):
    assert refused(a_visit(persons=persons))[0] == "persons"


def test_a_visit_has_its_place_and_its_record_read_back():
    assert refused(a_visit(reception_place="")) == ("reception_place", "R-20-1")
    assert refused(a_visit(read_back=False)) == ("read_back", "T2")
    assert refused(a_visit(read_back="yes")) == ("read_back", "yes-no")


def test_a_call_has_a_recording_or_a_record_read_back():
    assert read(a_call()).recording == "REC-20260302-0017"
    assert read(a_call(recording="", read_back=True)).read_back
    assert refused(a_call(recording="")) == ("recording", "T2")


@pytest.mark.parametrize("field", ["received_at", "submitted_at"])
def test_nothing_is_received_in_the_future(field):
    assert refused(a_web_petition(**{field: "2026-03-02T09:40:00+08:00"})) == (field, "D-13")
    assert refused(a_web_petition(**{field: "0026-03-02"})) == (field, "D-13")


def test_a_clock_that_runs_a_little_ahead_is_forgiven():
    filing = read(a_web_petition(received_at=(NOW + timedelta(seconds=40)).isoformat()))

    assert filing.received_at == NOW


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("2026-03-01T20:00:00+08:00", datetime(2026, 3, 1, 20, tzinfo=SHANGHAI)),
        ("2026-03-01T23:30:00Z", datetime(2026, 3, 2, 7, 30, tzinfo=SHANGHAI)),
        ("2026/3/1 9:05", datetime(2026, 3, 1, 9, 5, tzinfo=SHANGHAI)),
        ("\t2026-3-1 9:05:07\n", datetime(2026, 3, 1, 9, 5, 7, tzinfo=SHANGHAI)),
        ("2026年3月1日", datetime(2026, 3, 1, tzinfo=SHANGHAI)),
        ("2026年3月1日 9时05分", datetime(2026, 3, 1, 9, 5, tzinfo=SHANGHAI)),
        ("2026.03.01", datetime(2026, 3, 1, tzinfo=SHANGHAI)),
        ("20260301", datetime(2026, 3, 1, tzinfo=SHANGHAI)),
    ],
)
def test_dates_are_read_as_offices_write_them(written, meant):
    assert read(a_web_petition(received_at=written)).received_at == meant


@pytest.mark.parametrize("written", ["2026-02-30", "yesterday", "2026-13-01", 20260301, "2026年3月", "25:00", ["x"]])
def test_what_is_no_date_is_refused(written):
    assert refused(a_web_petition(received_at=written)) == ("received_at", "date")


@pytest.mark.parametrize(
    ("field", "value", "rule"),
    [
        ("id_number", "630103199002290017", "V-1"),
        ("id_number", "110105194912310021", "V-1"),
        ("id_number", 630102198001010019, "text"),
        ("credit_code", "91630102MA758AB13M", "V-2"),
        ("phone", "12345678901", "V-3"),
        ("phone", "call me", "V-3"),
        ("phone", "12345", "V-3"),
        ("email", "nobody", "email"),
        ("email", "a@b", "email"),
        ("name", "马\x00桂兰", "characters"),
        ("name", "马" * 101, "length"),
        ("address", "虎台\u202e一巷", "characters"),
        ("address", "巷" * 301, "length"),
    ],
)
def test_what_a_petitioner_gives_is_checked(field, value, rule):
    petitioner = a_web_petition()["petitioner"] | {field: value}

    assert refused(a_web_petition(petitioner=petitioner)) == (f"petitioner.{field}", rule)


def test_numbers_are_kept_in_one_spelling():
    petitioner = {
        "name": "青海某建材有限公司",
        "address": "西宁市城东区建国路",
        "id_number": " 630102198001010019 ",
        "credit_code": "91630102ma758ab13l",
        "phone": "+86 138-9741-2356",
        "email": "office@example.cn",
    }

    read_petitioner = read(a_web_petition(petitioner=petitioner)).petitioner

    assert read_petitioner.phone == "13897412356"
    assert read_petitioner.credit_code == "91630102MA758AB13L"
    assert read_petitioner.id_number == "630102198001010019"


def test_only_an_organisation_has_the_number_of_a_service():
    bank = {"name": "青海某银行", "address": "西宁市城东区", "credit_code": "91630102MA758AB13L", "phone": "95588"}

    assert read(a_web_petition(petitioner=bank)).petitioner.phone == "95588"


@pytest.mark.parametrize(
    ("field", "value", "rule"),
    [
        ("subject", "停暖" * MAX_SUBJECT, "length"),
        ("subject", "停暖\x07", "characters"),
        ("text", "冷" * (MAX_TEXT + 1), "length"),
        ("text", "冷\x1b[31m", "characters"),
        ("text", "冷\ud800", "characters"),
        ("text", {"html": "冷"}, "text"),
        ("subject", 12, "text"),
    ],
)
def test_texts_have_limits(field, value, rule):
    assert refused(a_web_petition(**{field: value})) == (field, rule)


def test_html_and_sql_are_only_text():
    text = "<script>alert(1)</script>'; DROP TABLE contact; --\n第二行"

    assert read(a_web_petition(text=text, subject="<b>停暖</b> ' OR 1=1")).text == text


def test_the_place_of_the_problem_is_a_place_of_the_city():
    assert read(a_web_petition(division="630104001")).division == "630104001"
    assert read(a_web_petition(division="630104000")).division == "630104"
    assert refused(a_web_petition(division="630199")) == ("division", "X-3")
    assert refused(a_web_petition(division="110105")) == ("division", "X-3")
    assert refused(a_web_petition(division="城西区")) == ("division", "DivisionCode")


def test_a_petitioner_may_live_elsewhere():
    assert read(a_web_petition(address_division="110105")).address_division == "110105"
    assert refused(a_web_petition(address_division="630199")) == ("address_division", "X-3")


def test_what_a_registrar_settled_is_kept():
    filing = read(
        a_letter(
            purpose="求决",
            petition_class="c",
            category=["城乡建设", "城市建设和市政管理", "供热"],
            claims=2,
            same_matter_checked=True,
        )
    )

    assert filing.petition_class is PetitionClass.RELIEF
    assert filing.category == ("城乡建设", "城市建设和市政管理", "供热")
    assert (filing.claims, filing.purpose, filing.same_matter_checked) == (2, "求决", True)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("petition_class", "D"),
        ("claims", 0),
        ("claims", 51),
        ("category", [1]),
        ("category", ["a"] * 4),
        ("purpose", 1),
    ],
)
def test_what_a_registrar_settled_is_checked(field, value):
    assert refused(a_letter(**{field: value}))[0].startswith(field)


def test_a_petitioner_that_is_no_object_is_refused():
    assert refused(a_web_petition(petitioner="马桂兰")) == ("petitioner", "object")


def test_what_another_system_received_is_not_asked_for_its_address_again():
    filing = read(a_web_petition(petitioner={"name": "A0001", "account": "A0001"}), taken_over_from="board")

    assert filing.petitioner.account == "board/A0001"
    assert (
        read(a_visit(registered_by=None, read_back=None, reception_place=""), taken_over_from="old").registered_by
        is None
    )


def test_an_account_counts_only_for_what_was_taken_over():
    petitioner = a_web_petition()["petitioner"] | {"account": "A0001"}

    assert read(a_web_petition(petitioner=petitioner)).petitioner.account == ""


def test_no_refusal_repeats_what_was_written():
    with pytest.raises(Invalid) as refusal:
        read(a_web_petition(petitioner={"name": "马桂兰", "id_number": "110105194912310021", "address": "虎台"}))

    assert "110105194912310021" not in str(refusal.value.as_problem())


def test_how_the_petitioner_wants_to_be_told_is_read_and_told_on():
    wanted = read(a_web_petition(notice={"channels": ["sms", "sms", "mail"], "language": "en", "electronic": True}))

    assert (wanted.notice.channels, wanted.notice.language, wanted.notice.electronic) == (("sms", "mail"), "en", True)
    assert read(a_web_petition()).notice is None


@pytest.mark.parametrize(
    ("notice", "field"),
    [
        ({"channels": ["pigeon"]}, "notice.channels"),
        ({"language": "fr"}, "notice.language"),
        ({"language": "bo"}, "notice.language"),
        ({"electronic": "perhaps"}, "notice.electronic"),
        ("sms", "notice"),
    ],
)
def test_a_way_to_be_told_that_there_is_not_is_refused(notice, field):
    assert refused(a_web_petition(notice=notice))[0] == field
