"""What was registered at one node is seen by the handler at another, or there is a decision why not, field by field."""

import json
from dataclasses import fields, replace

import pytest

from lianxi.casework.messages.notices import DossierReceived
from services.intake import handlers
from services.intake.domain import travelling
from services.intake.domain.records import Contact
from services.routing.domain.claims import beside_a_part
from tests.unit.intake.desk import NOW, REGISTRAR, FakeWork, a_call, a_desk, a_letter, a_visit, a_web_petition

THERE = {**REGISTRAR, "person": "officer-3", "role": "U", "unit": "630104001.office", "node": "630104001"}
OWN_THERE = {"entered_at", "guided_to"}
"""What a handler sees that does not come from the node that registered the contact: `travelling` says why."""
CO_SIGNERS = [{"name": "祁有才", "phone": "13897412399", "representative": True}]
CONTACTS = {
    "letter": a_letter(
        posted_on="2026-02-27",
        received_at="2026-03-01",
        stamp="收文2026-17",
        division="630104001",
        address_division="630104",
        co_signers=CO_SIGNERS,
        claims=[{"text": "恢复供热", "category": ["城乡建设", "供热"]}, {"text": "查处收费", "petition_class": "B"}],
    ),
    "visit": a_visit(persons=3, representatives=2),
    "call": a_call(read_back=True),
    "web": a_web_petition(),
    "anonymous": a_letter(anonymous=True, petitioner={}, posted_on="2026-02-27"),
}


def handed_on(body):
    """Register a contact at one node; return it with what its next holder makes of the dossier, and both desks."""
    home, desk, there = FakeWork(), a_desk(), a_desk("630104001")
    handlers.register(body, home, desk)
    [message] = home.sent
    dossier = DossierReceived(
        case_no=message.contact_no,
        node="630104001",
        channel=message.channel,
        received_at=message.received_at,
        subject_sealed=message.subject_sealed,
        text_sealed=message.text_sealed,
        petitioner_key=message.petitioner_key,
        petitioner_sealed=message.petitioner_sealed,
    )
    away = FakeWork()
    there.clock.advance(days=2)
    handlers.keep_dossiers([dossier], away, there)
    return home, desk, away, there, dossier


def test_every_field_of_a_contact_has_one_decision_whether_it_travels():
    decided = [*travelling.TRAVELS, *travelling.BROUGHT, *travelling.SETTLED_ANEW, *travelling.STAYS]

    assert sorted(decided) == sorted(field.name for field in fields(Contact))


@pytest.mark.parametrize("body", CONTACTS.values(), ids=CONTACTS)
def test_the_next_handler_sees_what_the_first_one_registered(body):
    home, desk, away, there, dossier = handed_on(body)

    asked = {"number": dossier.case_no, "reason": "承办"}
    registered = handlers.show_contact({**asked, "actor": REGISTRAR}, home, desk)
    seen = handlers.show_contact({**asked, "actor": THERE}, away, there)

    assert {name for name in registered if registered[name] != seen[name]} == OWN_THERE - {"guided_to"}
    assert [getattr(away.contacts.kept[dossier.case_no], name) for name in travelling.TRAVELS] == [
        getattr(home.contacts.kept[dossier.case_no], name) for name in travelling.TRAVELS
    ]


def test_the_contacts_of_this_test_say_everything_that_can_travel():
    said = set()
    for body in CONTACTS.values():
        home, *_ = handed_on(body)
        [contact] = home.contacts.kept.values()
        said |= set(travelling.written(contact))

    assert set(travelling.TRAVELS) - said == {"source"}  # that of what was taken over: the storage tests have one


def test_the_query_code_stays_at_home():
    _, _, away, _, dossier = handed_on(CONTACTS["letter"])

    kept = away.contacts.kept[dossier.case_no]
    assert (kept.query_code_hash, "query_code" in kept.sealed) == (None, False)


def reopened(dossier, desk, change):
    opened = json.loads(desk.vault.open_from_transport(dossier.petitioner_sealed, f"petitioner/{dossier.case_no}"))
    changed = json.dumps(change(opened), ensure_ascii=False)
    sealed = desk.vault.seal_for_transport(changed, f"petitioner/{dossier.case_no}")
    return replace(dossier, petitioner_sealed=sealed)


def test_a_dossier_of_an_older_node_comes_without_these_facts_and_of_a_newer_one_with_more():
    _, desk, _, there, dossier = handed_on(CONTACTS["letter"])
    older = reopened(dossier, desk, lambda known: {name: known[name] for name in known if name != "contact"})
    newer = reopened(dossier, desk, lambda known: {**known, "contact": {**known["contact"], "drone": "yes"}})
    before, after = FakeWork(), FakeWork()

    handlers.keep_dossiers([older], before, there)
    handlers.keep_dossiers([newer], after, there)

    assert (before.contacts.kept[dossier.case_no].stamp, before.contacts.kept[dossier.case_no].anonymous) == ("", False)
    assert after.contacts.kept[dossier.case_no].stamp == "收文2026-17"


def test_a_part_of_a_split_has_the_same_postmark_and_stamp():
    _, desk, _, there, dossier = handed_on(CONTACTS["letter"])
    part = reopened(dossier, desk, lambda known: json.loads(beside_a_part(json.dumps(known), [2])))
    work = FakeWork()

    handlers.keep_dossiers([part], work, there)

    kept = work.contacts.kept[dossier.case_no]
    assert (kept.stamp, str(kept.posted_on), len(kept.claims)) == ("收文2026-17", "2026-02-27", 1)
    assert kept.received_at <= NOW
