"""Routing on a real database: sealed texts, numbers without gaps or doubles, batches, savepoints, damage."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from sqlalchemy import create_engine

from lianxi.casework.errors import Invalid, Unknown
from lianxi.casework.messages import commands as c
from lianxi.casework.messages.facts import DocumentKind
from lianxi.ops.verify import Tally, document_findings, findings
from services.routing.handlers import cases, desk
from tests.support.builders import OFFICE, RT6, TOWNSHIP, an_actor

pytestmark = pytest.mark.database
SECRET = "住户张三丰反映的内容"


def number(counter):
    return f"63010400120260302W{counter:05d}"


def opened(street, *numbers, **more):
    with street.parts.open_work() as work:
        cases.open_cases(work, [street.contact(n, **more) for n in numbers], street.parts.here)


def test_texts_and_documents_are_sealed_at_rest(street):
    opened(street, number(1), text=SECRET)
    street.do(c.AcceptCase(case_no=number(1), actor=an_actor("U"), paper={"note": SECRET}))

    for table in ("case_text", "document", "case_event", "case_file", "sorting", "link_outbox", "outbox"):
        rows = street.database.query(f"SELECT t::text FROM routing.{table} t")
        if table.endswith("outbox"):
            rows = street.database.query(f"SELECT convert_from(body, 'UTF8') FROM routing.{table}")
        assert rows
        assert not any(SECRET in row[0] for row in rows), table
    with street.parts.open_work() as work:
        page = desk.show_case(work, work.desk, number(1), an_actor("U"), street.parts.here)
        papers = [document.paper for document in work.documents.of(number(1))]
    assert page["text"] == SECRET
    assert {"note": SECRET} in papers


def test_a_batch_writes_histories_files_and_outbox_in_one_transaction(street):
    opened(street, *(number(n) for n in range(1, 51)))

    counts = street.database.query(
        "SELECT (SELECT count(*) FROM routing.case_file), (SELECT count(*) FROM routing.case_event),"
        " (SELECT count(*) FROM routing.outbox WHERE exchange = 'case')"
    )
    assert counts == [(50, 200, 200)]  # received, registered, transferred to the street's own office, delivered


def test_a_failure_in_a_batch_leaves_nothing_behind(street):
    def broken(work):
        cases.open_cases(work, [street.contact(number(1))], street.parts.here)
        raise RuntimeError("on purpose")

    with pytest.raises(RuntimeError), street.parts.open_work() as work:
        broken(work)

    assert street.database.query("SELECT count(*) FROM routing.case_event") == [(0,)]


def test_a_savepoint_taken_back_forgets_the_case_it_opened(street):
    def inside(work):
        cases.open_cases(work, [street.contact(number(1))], street.parts.here)
        raise RuntimeError("on purpose")

    with street.parts.open_work() as work:
        with pytest.raises(RuntimeError), work.savepoint():
            inside(work)
        assert work.cases.get(number(1)) is None
        with work.savepoint():
            cases.open_cases(work, [street.contact(number(2))], street.parts.here)

    assert street.database.query("SELECT DISTINCT case_no FROM routing.case_event") == [(number(2),)]


def test_document_numbers_have_no_doubles_and_no_gaps_under_concurrency(street):
    def issue(_):
        with street.parts.open_work() as work:
            return work.documents.number(DocumentKind.OPINION, 2026)

    with ThreadPoolExecutor(8) as pool:
        numbers = list(pool.map(issue, range(40)))

    assert sorted(int(n.split("〕")[1].removesuffix("号")) for n in numbers) == list(range(1, 41))


def test_a_changed_document_from_another_node_is_not_taken(street):
    opened(street, number(1))
    street.do(c.AcceptCase(case_no=number(1), actor=an_actor("U"), paper={"note": "原文"}))
    with street.parts.open_work() as work:
        (document, *_) = work.documents.sealed(number(1))
        for forged in ({"sealed": "t:forged"}, {}, dict(document.paper)):
            moved = replace(document, number="街信受〔2026〕9号", paper=forged)
            with pytest.raises(Invalid):
                work.documents.take(number(1), [moved])


def test_the_pile_counts_pages_and_ages_what_waits(street):
    opened(street, *(number(n) for n in range(1, 6)), category=(), petition_class=None, subject="x", text="y")

    with street.parts.open_work() as work:
        first = desk.list_waiting(work.desk, street.parts.here, "", 3)
        rest = desk.list_waiting(work.desk, street.parts.here, first["next"], 3)
        street.parts.watch_pile(work)
        counted = work.desk.count_waiting(TOWNSHIP)
        assert work.desk.oldest_offer() == (0, None)

    assert len(first["rows"]) + len(rest["rows"]) == 5
    assert counted == {"S01": 5}
    since = [row["since"] for page in (first, rest) for row in page["rows"]]
    assert since == sorted(since)


def test_an_unknown_case_has_no_page(street):
    with street.parts.open_work() as work, pytest.raises(Unknown):
        desk.show_case(work, work.desk, number(9), None, street.parts.here)


def verified(street):
    routing = create_engine(street.database.service_url("routing"))
    supervision = create_engine(street.database.service_url("supervision"))
    with routing.connect() as of_cases, supervision.connect() as of_ledger:
        found = {(f.case_no, f.seq, f.damage) for f in findings(of_cases, of_ledger, Tally())}
    routing.dispose()
    supervision.dispose()
    return found


SWAP = "UPDATE routing.case_event SET seq ="
SWAPPED = (
    f"{SWAP} CASE seq WHEN 2 THEN -3 ELSE -2 END WHERE case_no = '{{0}}' AND seq IN (2, 3);"
    f" {SWAP} -seq WHERE case_no = '{{0}}' AND seq < 0"
)
DAMAGES = {
    "an edited event": (
        "UPDATE routing.case_event SET body = replace(body, 'WEB', 'FAX') WHERE case_no = '{0}' AND seq = 1",
        (1, "edited"),
    ),
    "a deleted event": ("DELETE FROM routing.case_event WHERE case_no = '{0}' AND seq = 3", (3, "missing")),
    "a history cut short": ("DELETE FROM routing.case_event WHERE case_no = '{0}' AND seq >= 5", (5, "truncated")),
    "two events swapped": (SWAPPED, (2, "swapped")),
    "a changed digest column": (
        "UPDATE routing.case_event SET digest = repeat('0', 64) WHERE case_no = '{0}' AND seq = 2",
        (2, "edited"),
    ),
    "a changed state": ("UPDATE routing.case_file SET state = 'S61' WHERE case_no = '{0}'", (0, "edited")),
    "a changed snapshot": (
        "UPDATE routing.case_file SET snapshot = jsonb_set(snapshot, '{{unit}}', '\"x\"') WHERE case_no = '{0}'",
        (0, "edited"),
    ),
    "a lost file": ("DELETE FROM routing.case_file WHERE case_no = '{0}'", (0, "missing")),
    "a lost history": ("DELETE FROM routing.case_event WHERE case_no = '{0}'", (0, "missing")),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_verify_names_every_damage_and_nothing_else(street, damage):
    opened(street, *(number(n) for n in range(1, 4)))
    for n in range(1, 4):
        street.do(c.AcceptCase(case_no=number(n), actor=an_actor("U", unit=OFFICE)))
        street.do(c.ClassifyCase(case_no=number(n), actor=an_actor("U", unit=OFFICE), claims=RT6))
    assert verified(street) == set()
    statement, (seq, kind) = DAMAGES[damage]

    for part in statement.format(number(2)).split(";"):
        street.database.query(part)

    found = verified(street)
    assert (number(2), seq, kind) in found
    assert {case_no for case_no, _, _ in found} == {number(2)}


def test_verify_names_a_document_whose_text_was_exchanged(street):
    opened(street, number(1), number(2))
    for n in (1, 2):
        street.do(c.AcceptCase(case_no=number(n), actor=an_actor("U"), paper={"note": f"原文{n}"}))
    engine = create_engine(street.database.service_url("routing"))
    with engine.connect() as connection:
        assert list(document_findings(connection, street.keys)) == []

        changed = street.keys.seal('{"note": "改过"}', f"{number(1)}/街信受")
        street.database.query(f"UPDATE routing.document SET paper = '{changed}' WHERE case_no = '{number(1)}'")
        found = {(f.case_no, f.damage) for f in document_findings(connection, street.keys)}
    engine.dispose()
    assert found == {(number(1), "edited")}


def test_verify_names_what_only_the_ledger_still_knows(street):
    opened(street, number(1), number(2))
    street.supervised()
    assert verified(street) == set()

    for table in ("case_event", "case_file"):
        street.database.query(f"DELETE FROM routing.{table} WHERE case_no = '{number(1)}'")
    cut = "DELETE FROM routing.case_event WHERE case_no = '{0}' AND seq > 2"
    street.database.query(cut.format(number(2)))
    street.database.query(
        "UPDATE routing.case_file f SET seq = 2, head_digest = e.digest FROM routing.case_event e"
        f" WHERE e.case_no = f.case_no AND e.seq = 2 AND f.case_no = '{number(2)}'"
    )

    found = verified(street)
    assert (number(1), 0, "missing") in found
    assert (number(2), 3, "truncated") in found
