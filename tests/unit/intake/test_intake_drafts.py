"""What is not finished: drafts by code or owner, refused input listed, mended, dropped; and what is brought later."""

from dataclasses import replace
from datetime import timedelta

import pytest

from lianxi.casework.errors import Conflict, Forbidden, Invalid, Unknown
from lianxi.runtime.clock import FixedClock
from services.intake import handlers
from services.intake.domain.records import OpenReject
from services.intake.handlers import drafts
from services.intake.handlers.bring import MOST
from tests.unit.intake.desk import NOW, REGISTRAR, FakeWork, a_desk, a_visit, a_web_petition


@pytest.fixture
def desk():
    return a_desk()


@pytest.fixture
def work():
    return FakeWork()


def refused(body, work, desk):
    """Have a body refused; return the id of its reject, which the book of the work then knows."""
    with pytest.raises(Invalid) as refusal:
        handlers.register(body, work, desk)
    reject_id = refusal.value.details["reject_id"]
    kept = desk.rejects.kept[-1]
    work.rejects.rows[reject_id] = OpenReject(
        id=reject_id,
        fingerprint=kept.fingerprint,
        origin=kept.origin,
        field=kept.field,
        rule=kept.rule,
        reason=kept.reason,
        content_sealed=kept.content_sealed,
        times=1,
        first_at=kept.at,
        last_at=kept.at,
        source=kept.source,
        source_id=kept.source_id,
    )
    return reject_id


def test_a_petitioner_finds_the_draft_by_its_code_and_goes_on_with_it(work, desk):
    code = drafts.save_draft({"content": {"subject": "停暖"}}, work, desk)["code"]

    drafts.save_draft({"code": code, "content": {"subject": "停暖", "text": "三号楼"}}, work, desk)

    assert drafts.open_draft({"code": code.lower()}, work, desk)["content"] == {"subject": "停暖", "text": "三号楼"}
    assert len(work.drafts.kept) == 1
    assert "停暖" not in repr(work.drafts.kept)


def test_a_registered_contact_takes_its_draft_away(work, desk):
    code = drafts.save_draft({"content": a_web_petition()}, work, desk)["code"]

    handlers.register(a_web_petition(draft_code=code), work, desk)

    assert not work.drafts.kept
    with pytest.raises(Unknown):
        drafts.open_draft({"code": code}, work, desk)


def test_a_clerk_sees_the_own_drafts_only(work, desk):
    mine = drafts.save_draft({"content": {"subject": "甲"}, "actor": REGISTRAR}, work, desk)["id"]
    drafts.save_draft({"content": {"subject": "乙"}, "actor": REGISTRAR | {"person": "clerk-8"}}, work, desk)

    rows = drafts.list_drafts({"actor": REGISTRAR}, work, desk)["rows"]

    assert [(row["id"], row["subject"]) for row in rows] == [(mine, "甲")]
    assert drafts.open_draft({"id": mine, "actor": REGISTRAR}, work, desk)["content"] == {"subject": "甲"}
    with pytest.raises(Unknown):
        drafts.open_draft({"id": mine, "actor": REGISTRAR | {"person": "clerk-8"}}, work, desk)
    drafts.drop_draft({"id": mine, "actor": REGISTRAR}, work, desk)
    assert not drafts.list_drafts({"actor": REGISTRAR}, work, desk)["rows"]


def test_every_draft_of_a_clerk_is_reached_page_by_page(work, desk):
    clock = FixedClock(NOW)
    desk = replace(desk, clock=clock)
    saved = []
    for number in range(7):
        saved.append(drafts.save_draft({"content": {"subject": str(number)}, "actor": REGISTRAR}, work, desk)["id"])
        clock.advance(microseconds=number % 2)

    pages, after = [], ""
    while after is not None:
        page = drafts.list_drafts({"actor": REGISTRAR, "limit": 2, "after": after}, work, desk)
        pages.append([row["id"] for row in page["rows"]])
        after = page["next"]

    assert [len(page) for page in pages] == [2, 2, 2, 1]
    assert [draft_id for page in pages for draft_id in page] == saved[::-1]
    with pytest.raises(Invalid) as refusal:
        drafts.list_drafts({"actor": REGISTRAR, "after": "tomorrow"}, work, desk)
    assert (refusal.value.field, refusal.value.rule) == ("after", "cursor")


@pytest.mark.parametrize("content", [None, "停暖", {"text": "长" * 200_001}])
def test_what_is_no_draft_or_too_long_is_refused(work, desk, content):
    with pytest.raises(Invalid):
        drafts.save_draft({"content": content}, work, desk)


def test_a_code_that_nobody_was_given_saves_nothing(work, desk):
    code = drafts.save_draft({"content": {}}, work, desk)["code"]
    drafts.drop_draft({"code": code}, work, desk)

    with pytest.raises(Unknown):
        drafts.save_draft({"code": code, "content": {}}, work, desk)


def test_what_a_petitioner_left_for_a_month_is_forgotten_and_a_clerks_draft_is_not(work, desk):
    drafts.save_draft({"content": {}}, work, desk)
    drafts.save_draft({"content": {}, "actor": REGISTRAR}, work, desk)

    later = replace(desk, clock=FixedClock(NOW + timedelta(days=31)))

    assert drafts.forget_drafts(work, desk) == 0
    assert drafts.forget_drafts(work, later) == 1
    assert len(work.drafts.kept) == 1


def test_refused_input_is_listed_with_field_rule_and_reason_and_without_what_it_says(work, desk):
    reject_id = refused(a_visit(subject=""), work, desk)

    [row] = drafts.list_rejects({"actor": REGISTRAR}, work, desk)["rows"]

    assert (row["id"], row["field"], row["rule"], row["origin"]) == (reject_id, "subject", "R-19-1", "registered")
    assert "马桂兰" not in str(row)


def test_whoever_opens_refused_input_says_why_and_is_written_down(work, desk):
    reject_id = refused(a_visit(subject=""), work, desk)

    with pytest.raises(Invalid):
        drafts.open_reject({"id": reject_id, "actor": REGISTRAR}, work, desk)
    opened = drafts.open_reject({"id": reject_id, "actor": REGISTRAR, "reason": "补登"}, work, desk)

    assert opened["content"]["petitioner"]["name"] == "马桂兰"
    assert [line.number for line in work.unmaskings.lines] == [f"reject/{reject_id}"]


def test_a_mended_contact_settles_what_was_refused(work, desk):
    reject_id = refused(a_visit(subject=""), work, desk)

    number = handlers.register(a_visit(reject_id=reject_id), work, desk)["number"]

    assert work.rejects.settled == {reject_id: number}
    assert not drafts.list_rejects({"actor": REGISTRAR}, work, desk)["rows"]


def test_what_will_not_be_mended_leaves_the_list(work, desk):
    reject_id = refused(a_visit(subject=""), work, desk)

    drafts.drop_reject({"id": reject_id, "actor": REGISTRAR}, work, desk)

    with pytest.raises(Unknown):
        drafts.open_reject({"id": reject_id, "actor": REGISTRAR, "reason": "看看"}, work, desk)


@pytest.mark.parametrize("actor", [REGISTRAR | {"node": "630102"}, REGISTRAR | {"role": "U"}])
def test_refused_input_is_for_the_petition_department_of_the_node(work, desk, actor):
    with pytest.raises(Forbidden):
        drafts.list_rejects({"actor": actor}, work, desk)
    with pytest.raises(Invalid):
        drafts.list_rejects({}, work, desk)
    with pytest.raises(Invalid):
        drafts.list_rejects({"actor": REGISTRAR, "origin": "custody"}, work, desk)
    with pytest.raises(Invalid, match="翻页标记"):
        drafts.list_rejects({"actor": REGISTRAR, "after": "junk"}, work, desk)


def test_what_a_petitioner_brings_is_sealed_and_shown_to_the_officer(work, desk):
    answer = handlers.register(a_web_petition(), work, desk)
    brought = {"query_code": answer["query_code"], "kind": "material", "text": "楼道照片已另寄。"}

    handlers.bring(brought, work, desk)
    handlers.bring(brought, work, desk)

    [addition] = work.contacts.brought
    assert "楼道" not in repr(addition)
    shown = handlers.show_contact({"number": answer["number"], "actor": REGISTRAR, "reason": "办理"}, work, desk)
    assert [(row["kind"], row["text"]) for row in shown["additions"]] == [("material", "楼道照片已另寄。")]


def test_what_says_nothing_or_belongs_to_nothing_is_refused(work, desk):
    code = handlers.register(a_web_petition(), work, desk)["query_code"]

    for changes, error in (
        ({"text": " "}, Invalid),
        ({"kind": "bribe"}, Invalid),
        ({"query_code": "ABCDE-23456-FGHJK"}, (Unknown, Invalid)),
    ):
        with pytest.raises(error):
            handlers.bring({"query_code": code, "kind": "material", "text": "材料"} | changes, work, desk)


def test_a_contact_takes_only_so_many_additions(work, desk):
    code = handlers.register(a_web_petition(), work, desk)["query_code"]
    for number in range(MOST):
        handlers.bring({"query_code": code, "kind": "material", "text": f"第{number}件"}, work, desk)

    with pytest.raises(Conflict):
        handlers.bring({"query_code": code, "kind": "material", "text": "又一件"}, work, desk)
