"""What holds for every operation of the API, tried on each: repeated requests, limits, pages, written-down looks.

The operations come from the portal's own list, so that a new one is held to the same.
"""

import pytest
from marshmallow import fields

from services.portal.domain.accounts import AccountRole as A
from services.portal.domain.permissions import Proof
from services.portal.schemas import personal_data, views
from services.portal.schemas.fields import QueryNumber
from tests.unit.portal.gate import Everything, all_operations, body_of, gate, person

pytestmark = pytest.mark.timeout(300)
OPERATIONS = all_operations()
HELD = "630104"
WHOLE = {
    "read_clocks": "of one case",
    "read_notices": "of one case",
    "read_repeats": "of one case",
    "read_services": "of one case",
    "list_files": "of one case",
    "list_files_with_code": "of one case",
    "track_documents": "of one case",
    "reads_told": "of one case",
    "units": "the directory of a node",
    "unit_history": "of one organ",
    "links": "one row for each node next to this one",
    "transitions": "the table of the rule book",
    "notice_rules": "the table of rules",
    "kpis": "a fixed set of figures",
    "list_piles": "a fixed set of piles",
    "list_tokens": "one's own",
    "act_on_many": "one outcome for each of the cases sent",
}
"""Lists that are answered whole, and why they stay short."""
BOOKED_DOORS = {
    "intake.guided_visit",
    "intake.petitioner_names",
    "intake.petitioner_masked",
    "intake.contact",
    "intake.note_read",
    "intake.open_attachment",
    "intake.reject",
    "intake.export_person",
    "intake.erase_person",
    "notify.print_letters",
}
"""Doors whose answers are written into the book of looks before they are given."""
PERSONAL = {"petitioner", "name", "phone", "text", "subject", "paper", "address", "content", "contacts"}
NOT_OF_PERSONS = {
    "list_reads": "how many contacts a look was at",
    "list_tokens": "name of a token",
    "issue_token": "name of a token",
    "list_files": "names of files, given by who handed them in; the content is opened one by one",
    "finish_upload": "the name of the file just sent",
}


def somebody(operation):
    """Return somebody who may call, None where that needs no account."""
    if operation.access.open_to_all:
        return None
    role = next(role for role in (A.DEPARTMENT_LEADER, *A) if role in operation.access.roles)
    return person(A.CASE_OFFICER if operation.name == "prove_service" else role, HELD)


def portal(**limits):
    """Return a portal where every office has an answer to everything."""
    made = gate(HELD, **limits)
    made.offices.answers = Everything(made.offices.answers)
    return made


KEYED = [operation for operation in OPERATIONS.values() if operation.keyed]


def key_of(operation):
    return {"Idempotency-Key": f"one-request-to-{operation.name}"}


def test_a_repeated_key_has_the_same_answer_and_one_effect():
    made = portal()
    for operation in KEYED:
        made.offices.asked.clear()
        who = somebody(operation)

        first, second = (made.call(operation, who, **key_of(operation)) for _ in range(2))

        assert first.status_code < 300, (operation.name, first.text)
        assert (first.status_code, first.data) == (second.status_code, second.data), operation.name
        assert first.headers.get("Location") == second.headers.get("Location"), operation.name
        commands = [command for _, _, command in made.offices.asked if command]
        assert len(commands) == len(set(commands)), operation.name


def test_the_key_of_one_content_is_refused_for_another():
    made = portal()
    for operation in KEYED:
        who, other = somebody(operation), another(operation)
        assert made.call(operation, who, **key_of(operation)).status_code < 300
        made.offices.asked.clear()

        elsewhere = {"case_no": "63010400020260302X00007", "x-1": "x-2"}
        answer = made.call(operation, who, address=elsewhere, body=other, **key_of(operation))

        if "<case_no>" in operation.rule or other is not None:
            assert answer.status_code == 409, (operation.name, answer.text)
            assert [door for door, _, command in made.offices.asked if command] == [], operation.name


def another(operation):
    """Return another body that fits, None where there is nothing to vary."""
    if operation.body is None:
        return None
    body, schema = body_of(operation), operation.body()
    for name, field in schema.fields.items():
        if name in {"query_code", "draft_code", "act", "command", "consent", "free_will", "number"}:
            continue
        for value in ("另一段文字", False, "2026-03-01", 7, ["sms"], {"text": "另一份"}, "mostly"):
            changed = {**body, field.data_key or name: value}
            if body.get(field.data_key or name) != value and not schema.validate(changed):
                return changed
    return None


def test_a_key_that_is_too_easy_to_meet_is_refused():
    made, short = portal(), {"Idempotency-Key": "short"}
    answers = {operation.name: made.call(operation, somebody(operation), **short).status_code for operation in KEYED}

    assert {name: status for name, status in answers.items() if status != 422} == {}


def test_the_document_offers_the_key_wherever_it_counts():
    by_hand = {op.name for op in OPERATIONS.values() if op.method == "POST" and not op.keyed}

    assert all(op.reads for op in OPERATIONS.values() if op.name in by_hand)
    assert len(KEYED) > 80


def test_whoever_comes_too_often_is_told_when_to_come_again():
    made = portal(account=1, address=1)
    for operation in OPERATIONS.values():
        made.counts.of.clear()
        made.call(operation, somebody(operation))

        answer = made.call(operation, somebody(operation))

        assert (answer.status_code, answer.content_type) == (429, "application/problem+json"), operation.name
        assert answer.headers["Retry-After"] == "42"


@pytest.mark.parametrize("purpose", ["filing", "tracking", "sign_in"])
def test_what_strangers_may_do_has_a_narrower_limit_of_its_own(purpose):
    meant = [operation for operation in OPERATIONS.values() if operation.purpose == purpose]
    made = portal(**{purpose: 1})
    for operation in meant:
        made.counts.of.clear()
        assert made.call(operation).status_code != 429
        assert made.call(operation).status_code == 429, operation.name
    assert meant


def test_a_stranger_has_no_way_around_the_narrower_limits():
    without = {op.name for op in OPERATIONS.values() if op.access.open_to_all and not op.purpose}

    assert {OPERATIONS[name].access.proof for name in without} <= {Proof.UPLOAD_KEY, Proof.GATEWAY}


def answers_rows(operation):
    return operation.answer is not None and "rows" in operation.answer().fields


def test_every_list_has_pages_or_is_known_to_stay_short():
    lists = {op.name for op in OPERATIONS.values() if answers_rows(op)}
    paged = {name for name in lists if OPERATIONS[name].query and issubclass(OPERATIONS[name].query, views.Page)}
    paged |= {name for name in lists if OPERATIONS[name].query is personal_data.ReadsQuery}

    assert lists - paged == set(WHOLE)


def test_every_page_hands_its_place_and_size_to_the_office_that_owns_the_list():
    made = portal()
    for operation in OPERATIONS.values():
        if operation.query is None or "after" not in operation.query().fields:
            continue
        before = len(made.offices.asked)
        who = somebody(operation)
        made.call(operation, who)
        answer = made.page(operation, who, after="7", limit="3")
        assert answer.status_code == 200, (operation.name, answer.text)
        assert any(
            str(body.get("after")) == "7" and body.get("limit") == 3 for _, body, _ in made.offices.asked[before:]
        ), operation.name
        assert made.page(operation, who, limit="100000").status_code == 422, operation.name
        assert "next" in operation.answer().fields, operation.name


def test_a_place_that_is_a_number_is_read_as_one():
    made = portal()
    counted = [
        op
        for op in OPERATIONS.values()
        if op.query is not None and isinstance(op.query().fields.get("after"), QueryNumber)
    ]
    for operation in counted:
        who = somebody(operation)
        made.call(operation, who)
        for junk in ("junk", "-1", "1.5", "9" * 40):
            answer = made.page(operation, who, after=junk)
            assert (answer.status_code, answer.json["errors"][0]["field"]) == (422, "after"), (operation.name, junk)
    assert "agency_events" in {operation.name for operation in counted}


def personal_fields(schema, seen=()):
    """Return the fields of an answer that tell about a person, however deep they lie."""
    found = set()
    for name, field in schema.fields.items():
        inner = field.inner if isinstance(field, fields.List) else field
        if name in PERSONAL:
            found.add(name)
        if isinstance(inner, fields.Nested) and type(inner.schema) not in seen:
            found |= personal_fields(inner.schema, (*seen, type(schema)))
    return found


def test_every_answer_to_staff_with_personal_data_is_written_down_first():
    shown = {
        name: personal_fields(op.answer())
        for name, op in OPERATIONS.items()
        if op.answer is not None and not op.access.open_to_all
    }
    telling = {name: told for name, told in shown.items() if told and name not in NOT_OF_PERSONS}
    telling |= {
        "list_cases": {"petitioner"},
        "waiting": {"petitioner"},
        "list_proposed_acts": {"paper"},
    }  # rows as their office describes them
    made, silent = portal(), {}
    for name, told in telling.items():
        made.offices.asked.clear()
        answer = made.call(OPERATIONS[name], somebody(OPERATIONS[name]))
        assert answer.status_code < 300, (name, answer.text)
        if not {door for door, _, _ in made.offices.asked} & BOOKED_DOORS:
            silent[name] = told

    assert silent == {}


def test_a_case_that_has_not_moved_on_is_not_sent_again():
    made, operation = portal(), OPERATIONS["read_case"]
    who = person(A.DISPATCHER, HELD)
    etag = made.call(operation, who).headers["ETag"]
    made.offices.asked.clear()

    for seen in (etag, f"W/{etag}", f'"4", {etag}', "*"):
        answer = made.call(operation, who, **{"If-None-Match": seen})
        assert (answer.status_code, answer.data, answer.headers["ETag"]) == (304, b"", etag)
    assert not {door for door, _, _ in made.offices.asked} & BOOKED_DOORS

    assert made.call(operation, who, **{"If-None-Match": '"4"'}).status_code == 200
    assert made.call(operation, person(A.CASE_OFFICER, "630105"), **{"If-None-Match": etag}).status_code == 403
