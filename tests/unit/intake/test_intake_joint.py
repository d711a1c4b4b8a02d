"""Who stands beside a petitioner, several claims in one contact, and visits that came to too high a door."""

import pytest

from lianxi.casework.errors import Invalid
from lianxi.casework.messages.facts import PetitionClass
from lianxi.casework.messages.notices import DossierReceived
from services.intake import handlers
from services.intake.domain.reading import read_filing
from services.intake.handlers.sealing import seal_text
from tests.unit.intake.desk import (
    DIVISIONS,
    NOW,
    REGISTRAR,
    FakeWork,
    a_call,
    a_desk,
    a_letter,
    a_visit,
    a_web_petition,
)

SIGNERS = [
    {"name": "祁有才", "phone": "13897412399", "representative": True},
    {"name": "李占奎", "address": "西宁市城西区虎台一巷3号楼"},
]
AGENT = {"name": "马文魁", "phone": "13997412300", "authority": "授权委托书2026-3号"}


def read(body):
    return read_filing(body, DIVISIONS, NOW)


def fault(body):
    with pytest.raises(Invalid) as refusal:
        read(body)
    assert refusal.value.message
    return refusal.value.field, refusal.value.rule


def test_co_signers_count_as_persons_and_those_marked_represent_the_others():
    filing = read(a_letter(co_signers=SIGNERS))

    assert (filing.persons, filing.representatives) == (3, 1)
    assert [party.representative for party in filing.parties] == [True, False]


def test_more_persons_may_stand_behind_a_petition_than_are_listed_never_fewer():
    assert read(a_letter(co_signers=SIGNERS, persons=40)).persons == 40
    assert fault(a_letter(co_signers=SIGNERS, persons=2)) == ("persons", "PR-5")


def test_at_most_five_represent_however_they_are_counted():
    six = [{"name": f"代表{word}", "representative": True} for word in "甲乙丙丁戊己"]

    assert fault(a_visit(co_signers=six)) == ("representatives", "R-20-3")
    assert fault(a_visit(persons=9, representatives=6)) == ("representatives", "R-20-3")
    assert fault(a_visit(persons=9)) == ("representatives", "R-20-3")
    assert fault(a_letter(co_signers=six[:3], representatives=2)) == ("representatives", "R-20-3")


@pytest.mark.parametrize(
    ("signers", "field"),
    [
        ([{"name": ""}], "co_signers.0.name"),
        ([SIGNERS[0], {"name": "王五", "phone": "12"}], "co_signers.1.phone"),
        ([{"name": "王五", "id_number": "630102198001010001"}], "co_signers.0.id_number"),
        ([SIGNERS[0], SIGNERS[0]], "co_signers.1.name"),
        (["祁有才"], "co_signers"),
    ],
)
def test_a_fault_in_the_list_names_the_person_by_place(signers, field):
    assert fault(a_letter(co_signers=signers))[0] == field


def test_an_agent_shows_by_what_authority_and_the_petitioner_stays_the_principal():
    work, desk = FakeWork(), a_desk()

    handlers.register(a_letter(agent=AGENT), work, desk)
    handlers.register(a_letter(), work, desk)

    keys = [message.petitioner_key for message in work.sent]
    assert keys[0] == keys[1]
    assert fault(a_letter(agent=AGENT | {"authority": ""})) == ("agent.authority", "agent")


def test_a_co_signer_has_the_key_by_which_the_same_person_is_known_as_a_petitioner():
    work, desk = FakeWork(), a_desk()

    first = handlers.register(a_letter(co_signers=SIGNERS), work, desk)["number"]
    handlers.register(a_letter(petitioner={"name": "祁有才", "phone": "138 9741 2399"}), work, desk)

    assert work.contacts.kept[first].parties[0].party_key == work.sent[1].petitioner_key
    assert "祁有才" not in repr(work.contacts.kept[first])


def test_nobody_stands_beside_an_anonymous_petitioner():
    nameless = {"anonymous": True, "petitioner": None}

    assert fault(a_letter(co_signers=SIGNERS, **nameless)) == ("anonymous", "R-19-1")
    assert fault(a_letter(agent=AGENT, **nameless)) == ("anonymous", "R-19-1")


def test_claims_are_told_to_routing_one_by_one_with_their_class_and_their_words_stay_sealed():
    work, desk = FakeWork(), a_desk()
    claims = [{"text": "恢复供热"}, {"text": "查处物业乱收费", "petition_class": "c"}]

    number = handlers.register(a_letter(claims=claims), work, desk)["number"]

    [message] = work.sent
    assert message.claims == 2
    assert [(claim.number, claim.petition_class) for claim in message.stated_claims] == [
        (1, None),
        (2, PetitionClass.RELIEF),
    ]
    assert "恢复供热" not in repr(message)
    shown = handlers.show_contact({"number": number, "actor": REGISTRAR, "reason": "办理"}, work, desk)
    assert [claim["text"] for claim in shown["claims"]] == ["恢复供热", "查处物业乱收费"]


@pytest.mark.parametrize(
    ("claims", "field"),
    [
        ([{"text": ""}], "claims.0.text"),
        ([{"text": "甲"}, {"text": "乙", "petition_class": "Z"}], "claims.1.petition_class"),
        ([{"text": "甲"}] * 51, "claims"),
        (0, "claims"),
    ],
)
def test_a_fault_in_a_claim_names_it(claims, field):
    assert fault(a_letter(claims=claims))[0] == field


def test_persons_and_claims_travel_with_custody():
    handed_in, desk = FakeWork(), a_desk()
    handlers.register(a_letter(co_signers=SIGNERS, agent=AGENT, claims=[{"text": "恢复供热"}]), handed_in, desk)
    [message] = handed_in.sent
    number = message.contact_no
    there = FakeWork()

    handlers.keep_dossiers(
        [
            DossierReceived(
                case_no=number,
                node="630104",
                channel="letter",
                received_at=NOW,
                subject_sealed=seal_text("subject", "停暖", number, desk.vault),
                text_sealed=seal_text("text", "停暖", number, desk.vault),
                petitioner_key=message.petitioner_key,
                petitioner_sealed=message.petitioner_sealed,
            )
        ],
        there,
        desk,
    )

    shown = handlers.show_contact({"number": number, "actor": REGISTRAR, "reason": "办理"}, there, desk)
    assert [(party["kind"], party["name"]) for party in shown["parties"]] == [
        ("co-signer", "祁有才"),
        ("co-signer", "李占奎"),
        ("agent", "马文魁"),
    ]
    assert shown["parties"][2]["authority"] == AGENT["authority"]
    assert [claim["text"] for claim in shown["claims"]] == ["恢复供热"]


def test_a_visit_two_levels_too_high_is_guided_and_recorded_and_opens_no_case():
    work, desk = FakeWork(), a_desk("630100")

    answer = handlers.register(a_visit(competent_division="630104001"), work, desk)

    assert answer["guided"]["to"] == "630104001"
    assert answer["guided"]["rule"] == "R-20-5"
    assert not work.sent
    assert work.contacts.kept[answer["number"]].guided_to == "630104001"
    assert handlers.find({"query_code": answer["query_code"]}, work, desk)["guided"]["to"] == "630104001"


@pytest.mark.parametrize(
    ("node", "body"),
    [
        ("630104", a_visit(competent_division="630104001")),
        ("630100", a_visit(competent_division="630104")),
        ("630100", a_letter(competent_division="630104001")),
        ("630100", a_visit()),
    ],
)
def test_one_level_above_the_right_office_or_by_letter_a_case_is_opened(node, body):
    work, desk = FakeWork(), a_desk(node)

    assert "guided" not in handlers.register(body, work, desk)
    assert len(work.sent) == 1


def test_a_stamp_is_put_on_paper_only():
    assert read(a_letter(stamp="收文2026-17")).stamp == "收文2026-17"
    assert fault(a_call(stamp="收文2026-17"))[0] == "stamp"


def test_numbers_are_read_however_wide_they_were_typed():
    filing = read(a_letter(persons="３", received_at="２０２６年３月１日", representatives=" ２ "))

    assert (filing.persons, filing.representatives, filing.received_at.day) == (3, 2, 1)


@pytest.mark.parametrize("name", ["Ивaн", "Αλi", "马А兰"])
def test_a_name_of_letters_that_only_look_alike_is_refused_at_its_place(name):
    body = a_web_petition()
    body["petitioner"] = body["petitioner"] | {"name": name}

    assert fault(body) == ("petitioner.name", "look-alike")


@pytest.mark.parametrize(
    ("field", "value"),
    [("address", "城东区\u0410座"), ("email", "\u0430dmin@example.cn"), ("name", "马\u2e80")],
)
def test_no_field_of_a_person_takes_a_letter_that_only_looks_alike(field, value):
    body = a_web_petition()
    body["petitioner"] = body["petitioner"] | {field: value}

    assert fault(body) == (f"petitioner.{field}", "look-alike")


def test_numbers_of_stamp_and_recording_have_one_spelling():
    assert read(a_letter(stamp="收文２０２６-Ａ１７")).stamp == "收文2026-A17"
    assert read(a_call(recording="ＲＥＣ-１")).recording == "REC-1"
    assert fault(a_letter(stamp="\u0410-17")) == ("stamp", "look-alike")
    assert fault(a_letter(stamp="A\u0410-17")) == ("stamp", "look-alike")
    assert fault(a_call(recording="REC-\u0410")) == ("recording", "look-alike")


def test_a_name_pasted_from_a_pdf_is_the_same_person():
    def identity(name, address):
        body = a_web_petition()
        body["petitioner"] = {"name": name, "address": address}
        return read(body).petitioner.identity()

    assert identity("\u2ee2建国", "建国路１号") == identity("马建国", "建国路1号")


def test_what_was_taken_in_as_an_accusation_is_restricted():
    work, desk = FakeWork(), a_desk()

    for body in (
        a_letter(petition_class="B"),
        a_letter(purpose="揭发控告"),
        a_letter(claims=[{"text": "查处", "petition_class": "B"}]),
        a_letter(),
    ):
        handlers.register(body, work, desk)

    assert [contact.restricted for contact in work.contacts.kept.values()] == [True, True, True, False]
