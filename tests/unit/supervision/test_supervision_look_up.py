"""Answers about the books: what they show, what they add up, what is refused."""

import base64
from datetime import date, timedelta

import pytest

from lianxi.casework.errors import Invalid, Unknown
from services.supervision import schemas
from services.supervision.domain.figures import TITLES, Count, Period
from services.supervision.domain.orders import Proposal
from services.supervision.domain.queries import Cursor, LedgerFilter, LedgerQuery, Page
from services.supervision.handlers import look_up
from tests.support.builders import CITY, DISTRICT, OFFICE, TOWNSHIP, Road, an_actor
from tests.unit.supervision.watch import START, Watch

TODAY = date(2026, 3, 20)


class FakeBooks:
    def __init__(self, *, page=None, clocks=None, counts=(), proposals=()):
        self._page, self._clocks, self._counts, self._proposals = page, clocks, counts, proposals
        self.asked = []

    @property
    def books(self):
        return self

    def page(self, query, today):
        self.asked.append((query, today))
        return self._page

    def clocks(self, case_no):
        self.asked.append(case_no)
        return self._clocks

    def counts(self, period, today, targets):
        self.asked.append((period, today, targets))
        return self._counts

    def standing(self, today):
        return [{"node": CITY, "state": "S02", "lamp": "red", "cases": 3, "today": today}]

    def proposals(self, status, after, limit):
        self.asked.append((status, after, limit))
        return self._proposals[:limit]


def test_every_clock_is_shown_with_its_derivation_and_its_lamp():
    road = Road().at_the_township()
    watch = Watch(TOWNSHIP).follow(road)
    books = FakeBooks(clocks=watch.file(road).clocks)

    shown = look_up.list_clocks(road.case.case_no, books, watch.office, TODAY)["rows"]

    notice = next(row for row in shown if row["clock"] == "NOTICE")
    assert (notice["lamp"], notice["status"], notice["node"], notice["unit"]) == ("red", "open", TOWNSHIP, OFFICE)
    assert (notice["raw_due"], notice["legal_due"], notice["provisional"]) == ("2026-03-17", "2026-03-17", False)
    assert any("第15日为2026-03-17" in line for line in notice["derivation"])
    closed = next(row for row in shown if row["clock"] == "DISPOSE")
    assert (closed["lamp"], closed["closed_on"], closed["kept"]) == ("", "2026-03-02", True)
    assert next(row for row in shown if row["clock"] == "OBJECT")["lamp"] == ""


@pytest.mark.parametrize(("days", "lamp"), [(9, "green"), (10, "yellow"), (15, "yellow"), (16, "red")])
def test_the_lamp_of_fifteen_days(days, lamp):
    road = Road().at_the_township()
    row = Watch(TOWNSHIP).follow(road).clock_of(road, "NOTICE")

    assert look_up.lamp_of(row, row.start + timedelta(days=days)) == lamp


def test_instants_of_warning_and_breach_are_shown():
    road = Road().at_the_township()
    watch = Watch(TOWNSHIP).follow(road).day_after(date(2026, 3, 17))
    watch.sweep()

    rows = look_up.list_clocks("x", FakeBooks(clocks=watch.file(road).clocks), watch.office, TODAY)["rows"]

    notice = next(row for row in rows if row["clock"] == "NOTICE")
    assert notice["warned_at"] == notice["breached_at"] == "2026-03-18T00:00:00+08:00"


def test_a_case_nobody_knows_is_refused():
    with pytest.raises(Unknown):
        look_up.list_clocks("63010000020260302W00001", FakeBooks(), Watch().office, TODAY)


def test_a_page_of_the_ledger_brings_the_cursor_of_the_next():
    cursor = Cursor("10:20:", date(2026, 3, 1), "x")
    query = LedgerQuery(filter=LedgerFilter())

    assert look_up.list_ledger(query, FakeBooks(page=Page([{"case_no": "x"}], cursor)), TODAY) == {
        "rows": [{"case_no": "x"}],
        "next": cursor.text(),
    }
    assert look_up.list_ledger(query, FakeBooks(page=Page([], None)), TODAY) == {"rows": [], "next": None}


def test_townships_add_up_to_their_district_and_districts_to_the_city():
    counts = [
        Count("K-1", CITY, 1, 1),
        Count("K-1", DISTRICT, 2, 4),
        Count("K-1", TOWNSHIP, 3, 5),
        Count("K-1", "630104002", 0, 1),
        Count("K-1", "630105", 7, 8),
        Count("K-1", "630200", 9, 9),
    ]
    asked = Period(TODAY, TODAY, CITY)

    rows = look_up.list_kpis(asked, FakeBooks(counts=counts), Watch().office, TODAY)["rows"]

    figures = {row["node"]: row for row in rows if row["kpi"] == "K-1"}
    assert (figures[CITY]["numerator"], figures[CITY]["denominator"]) == (13, 19)
    assert (figures[CITY]["own_numerator"], figures[CITY]["own_denominator"]) == (1, 1)
    assert (figures[DISTRICT]["numerator"], figures[DISTRICT]["denominator"]) == (5, 10)
    assert (figures[TOWNSHIP]["numerator"], figures[TOWNSHIP]["denominator"]) == (3, 5)
    assert "630200" not in figures
    assert {row["kpi"] for row in rows} == set(TITLES)
    assert {row["kpi"]: row["denominator"] for row in rows if row["node"] == CITY}["K-4"] == 0


def test_counts_and_proposals_are_shown_as_they_are():
    assert look_up.list_counts(FakeBooks(), TODAY)["rows"][0]["cases"] == 3
    proposal = Proposal(
        proposal_no="630100-2026-000001",
        case_no="63010000020260302W00001",
        clock="NOTICE",
        instance=1,
        node=TOWNSHIP,
        unit=OFFICE,
        trigger="SUP-7",
        status="ordered",
        proposed_at=START,
        decided_at=START,
        feedback_due=TODAY,
        order_no="宁信督〔2026〕1号",
    )

    full = look_up.list_proposals("ordered", "", 1, FakeBooks(proposals=[proposal, proposal]))
    last = look_up.list_proposals(None, "", 5, FakeBooks(proposals=[proposal]))

    assert (full["next"], last["next"]) == ("630100-2026-000001", None)
    assert full["rows"][0]["order_no"] == "宁信督〔2026〕1号"
    assert full["rows"][0]["feedback_due"] == "2026-03-20"
    assert full["rows"][0]["decided_at"].endswith("+08:00")


def test_an_undecided_proposal_has_no_dates_yet():
    proposal = Proposal(
        proposal_no="n", case_no="c", clock="NOTICE", instance=1, node=CITY, unit="", trigger="SUP-7",
        status="proposed", proposed_at=START,
    )  # fmt: skip

    (row,) = look_up.list_proposals(None, "", 5, FakeBooks(proposals=[proposal]))["rows"]

    assert (row["decided_at"], row["feedback_due"], row["order_no"], row["paper"]) == (None, None, None, {})


def test_bodies_are_read_into_queries():
    cursor = Cursor("10:20:11,12", date(2026, 3, 1), "63010000020260302W00001", changed=True)
    body = {
        "filter": {"state": "S06", "under": "630104", "place": "630100", "number": "６３０１００００0 20260302w00001"},
        "after": cursor.text(),
        "limit": 200,
    }

    query = schemas.ledger_query(body)

    assert (query.cursor, query.limit) == (cursor, 200)
    assert (query.filter.under, query.filter.place, query.filter.holder) == ("630104", "6301", None)
    assert query.filter.number == "63010000020260302W00001"
    assert schemas.ledger_query({}).cursor is None
    assert schemas.period({"from": "2026-03-01", "to": "2026-03-31"}, DISTRICT).node == DISTRICT
    assert schemas.period({"from": "2026-03-01", "to": "2026-03-31", "node": TOWNSHIP}, CITY).node == TOWNSHIP
    assert schemas.proposals_query({"status": "proposed"}) == ("proposed", "", 50)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"filter": {"state": "S99"}}, "filter.state"),
        ({"filter": {"lamp": "blue"}}, "filter.lamp"),
        ({"filter": {"state": 3}}, "filter.state"),
        ({"filter": {"holder": "63"}}, "filter.holder"),
        ({"filter": {"unit": "office"}}, "filter.unit"),
        ({"filter": {"number": "' OR 1=1"}}, "filter.number"),
        ({"filter": "red"}, "filter"),
        ({"limit": 0}, "limit"),
        ({"limit": 201}, "limit"),
        ({"limit": "many"}, "limit"),
        ({"after": "!!!"}, "after"),
        ({"after": Cursor("1:2:3'); DROP", date.min, "").text()}, "after"),
        ({"after": "AAAA"}, "after"),
        ({"after": Cursor("1:2:", date.min, "\0").text()}, "after"),
        ({"after": Cursor("2:1:", date.min, "").text()}, "after"),
        ({"after": Cursor("1:9:5,3", date.min, "").text()}, "after"),
        ({"after": Cursor("1:5:7", date.min, "").text()}, "after"),
        ({"after": Cursor("99999999999999999999:1:", date.min, "").text()}, "after"),
        ({"after": base64.urlsafe_b64encode(b"[null, null, null, null]").decode()}, "after"),
    ],
)
def test_a_query_that_cannot_be_meant_is_refused_by_field(body, field):
    with pytest.raises(Invalid) as refused:
        schemas.ledger_query(body)

    assert refused.value.field == field


@pytest.mark.parametrize(
    ("read", "body", "field"),
    [
        (schemas.sign_order, {"proposal_no": "\0", "paper": {}}, "proposal_no"),
        (schemas.sign_order, {"proposal_no": "1", "paper": {"\0": "x"}}, "paper"),
        (schemas.dismiss_proposal, {"proposal_no": "\0", "reason": "x"}, "proposal_no"),
        (schemas.record_feedback, {"proposal_no": "\0", "document": "x", "received_on": "2026-03-02"}, "proposal_no"),
        (schemas.proposals_query, {"after": "\0"}, "after"),
        (schemas.proposals_query, {"after": "630104-2026"}, "after"),
    ],
)
def test_what_no_database_can_store_is_refused_at_the_door(read, body, field):
    actor = {"person": "p", "role": "D", "unit": "", "node": DISTRICT}

    with pytest.raises(Invalid) as refused:
        read(body if "after" in body else {**body, "actor": actor})

    assert refused.value.field == field


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"from": "yesterday", "to": "2026-03-31"}, "from"),
        ({"from": "2026-03-01"}, "to"),
        ({"from": "2026-03-02", "to": "2026-03-01"}, "to"),
        ({"from": "2026-03-01", "to": "2026-03-31", "node": "630105"}, "node"),
    ],
)
def test_a_period_that_cannot_be_meant_is_refused(body, field):
    with pytest.raises(Invalid) as refused:
        schemas.period(body, DISTRICT)

    assert refused.value.field == field


ACTOR = {"person": "dl", "role": "DL", "unit": "", "node": DISTRICT}


def test_commands_are_read_with_their_actor():
    signed = schemas.sign_order({"proposal_no": "n", "actor": ACTOR, "paper": {"request": "限期告知"}})
    dismissed = schemas.dismiss_proposal({"proposal_no": "n", "actor": ACTOR, "reason": "已核实"})
    answered = schemas.record_feedback(
        {"proposal_no": "n", "actor": ACTOR, "document": "西信复〔2026〕3号", "received_on": "2026-03-20"}
    )

    assert signed.actor == an_actor("DL", DISTRICT, person="dl")
    assert (dismissed.reason, answered.received_on) == ("已核实", TODAY)
    assert schemas.case_number({"case_no": "63010000020260302W00001"}) == "63010000020260302W00001"


@pytest.mark.parametrize(
    ("read", "body", "field"),
    [
        (schemas.case_number, {}, "case_no"),
        (schemas.sign_order, {"proposal_no": "n", "actor": ACTOR}, "paper"),
        (schemas.sign_order, {"proposal_no": "n", "actor": {**ACTOR, "role": "KING"}, "paper": {}}, "actor.role"),
        (schemas.sign_order, {"proposal_no": "n", "actor": ACTOR, "paper": {str(n): "" for n in range(51)}}, "paper"),
        (schemas.sign_order, {"proposal_no": "n", "actor": ACTOR, "paper": {"a": "长" * 20_001}}, "paper.a"),
        (schemas.dismiss_proposal, {"proposal_no": "n", "actor": ACTOR, "reason": "a\0b"}, "reason"),
        (schemas.proposals_query, {"status": "lost"}, "status"),
    ],
)
def test_commands_that_cannot_be_meant_are_refused_by_field(read, body, field):
    with pytest.raises(Invalid) as refused:
        read(body)

    assert refused.value.field == field
