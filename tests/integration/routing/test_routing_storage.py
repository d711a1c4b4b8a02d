"""Routing on a real database: sealed texts, numbers without gaps or doubles, batches, savepoints."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from lianxi.casework.errors import Invalid, Unknown
from lianxi.casework.messages import commands as c
from lianxi.casework.messages.facts import DocumentKind
from services.routing.handlers import cases, desk
from tests.support.builders import TOWNSHIP, an_actor

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
