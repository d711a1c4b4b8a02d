"""Repeats on a real database: found by index, sealed at rest, kept with their decisions, asked of the city."""

import json

import pytest

from lianxi.casework.messages import commands as c
from lianxi.casework.messages.facts import Actor, CaseState, PetitionClass, Role
from lianxi.casework.messages.repeats import KnownCase, RepeatsTold
from services.routing.domain.repeats import Decision, Verdict
from services.routing.handlers import cases, repeats
from services.routing.handlers.repeat_decisions import decide_repeat
from tests.support.builders import CITY, TOWNSHIP, an_actor

pytestmark = pytest.mark.database
PHONE, ID = "phone:" + "a1" * 16, "id:" + "b2" * 16
SUBJECT = "安康家园搅拌站扰民"
LETTER = "二〇二五年三月起，安康家园南门外修建搅拌站，距居民楼不足五十米，粉尘噪声昼夜不停，我们要求依法搬迁。"


def number(counter):
    return f"63010400120260302W{counter:05d}"


FIRST, SECOND, THIRD = number(1), number(2), number(3)
ELSEWHERE = "63010500020260105X00003"


def file(street, *numbers, **more):
    facts = {"subject": SUBJECT, "text": LETTER, "person_keys": (PHONE,), **more}
    with street.parts.open_work() as work:
        cases.open_cases(work, [street.contact(n, **facts) for n in numbers], street.parts.here)


def decided(street, case_no, earlier, verdict):
    actor = Actor(person="li", role=Role.DISPATCHER, unit="", node=TOWNSHIP)
    with street.parts.open_work() as work:
        decision = Decision(case_no=case_no, earlier=earlier, verdict=Verdict(verdict), actor=actor, note="电话核实过")
        return decide_repeat(work, decision, street.parts.here)


def page(street, case_no):
    with street.parts.open_work() as work:
        case, _ = work.desk.view(case_no)
        return repeats.shown(work, case, an_actor("D", TOWNSHIP))


def test_a_repeat_within_one_batch_is_found_before_anything_is_written(street):
    file(street, FIRST, SECOND)

    (row,) = page(street, SECOND)["rows"]

    assert (row["earlier"], row["same_person"], row["score"]) == (FIRST, True, 100)
    assert street.database.query("SELECT state FROM routing.case_file WHERE case_no = %s", SECOND) == [("S01",)]


def test_any_identity_will_do_and_nothing_of_it_is_stored(street):
    file(street, FIRST, person_keys=(PHONE, ID))

    file(street, SECOND, person_keys=(ID,), text=f"再次反映：{LETTER}")

    assert page(street, SECOND)["rows"][0]["reasons"][0] == "证件号码相同"
    stored = street.database.query("SELECT t::text FROM routing.case_person t")
    assert len(stored) == 5  # two keys and one, and the petitioner's own key of each
    assert not any(key.partition(":")[2] in row for (row,) in stored for key in (PHONE, ID))


def test_a_near_copy_of_somebody_else_is_found_by_its_fingerprint(street):
    file(street, FIRST)

    file(street, SECOND, person_keys=("phone:" + "c3" * 16,), text=f"{LETTER}我也是住户。")

    (row,) = page(street, SECOND)["rows"]
    assert (row["earlier"], row["same_person"]) == (FIRST, False)


def test_of_a_campaign_of_copies_the_first_are_kept_and_a_few_are_proposed(street):
    for counter in range(1, 61):
        file(street, number(counter), person_keys=(f"phone:{counter:032d}",))

    ((kept,),) = street.database.query("SELECT count(*) FROM routing.case_fingerprint")
    assert kept == 50
    assert len(page(street, number(60))["rows"]) == 5


def test_fingerprint_and_held_contact_hold_nothing_of_the_text(street):
    file(street, FIRST, SECOND)

    for table in ("case_fingerprint", "repeat_search", "repeat_proposal"):
        rows = street.database.query(f"SELECT t::text FROM routing.{table} t")
        assert rows
        assert not any(word in row for (row,) in rows for word in ("搅拌站", "安康家园")), table
    ((held,),) = street.database.query("SELECT contact FROM routing.repeat_search WHERE contact IS NOT NULL")
    assert {held["subject_sealed"], held["text_sealed"], held["petitioner_sealed"]} == {""}


def test_a_different_matter_goes_on_with_what_its_contact_said_and_proposal_and_decision_stay(street):
    file(street, FIRST, SECOND, claims=3)

    done = decided(street, SECOND, FIRST, "different")

    assert done["outcome"] == "opened"
    with street.parts.open_work() as work:
        assert len(work.cases.get(SECOND).claims) == 3
        assert work.repeats.held(SECOND) is None
    (row,) = page(street, SECOND)["rows"]
    assert (row["verdict"], row["decided_by"], row["note"]) == ("different", "li", "电话核实过")
    notes = street.database.query("SELECT note FROM routing.repeat_proposal")
    assert notes[0][0]
    assert "核实" not in notes[0][0]


def test_the_same_matter_is_merged_though_another_identity_was_left(street):
    file(street, FIRST, person_keys=(PHONE, ID), category=(), petition_class=None)
    file(street, SECOND, person_keys=(ID,))
    with street.parts.open_work() as work:
        assert work.repeats.share_a_person(FIRST, SECOND)
        assert not work.repeats.share_a_person(FIRST, ELSEWHERE)

    done = decided(street, SECOND, FIRST, "same")

    assert (done["outcome"], done["state"]) == ("merged", CaseState.MERGED.value)


def test_a_merged_case_is_not_proposed_again_but_what_it_joined_is(street):
    file(street, FIRST, SECOND)
    decided(street, SECOND, FIRST, "same")

    file(street, THIRD)

    assert [row["earlier"] for row in page(street, THIRD)["rows"]] == [FIRST]


def test_the_question_goes_to_the_city_and_its_late_answer_shows_at_the_case(street):
    file(street, FIRST)
    frames = street.database.query("SELECT convert_from(body, 'UTF8') FROM routing.link_outbox")
    asked = [json.loads(frame) for (frame,) in frames if "repeats-asked" in frame]
    known = KnownCase(
        case_no=ELSEWHERE,
        state="S10",
        holder="630105",
        received_on=street.parts.here.clock.today(),
        category=(),
        place="",
        kind="phone",
    )
    told = RepeatsTold(case_no=FIRST, from_node=CITY, known=(known,), told_at=street.parts.here.clock.now())

    for _ in range(2):
        with street.parts.open_work() as work:
            repeats.take_answer(work, CITY, told, street.parts.here)

    assert len(asked) == 1
    found = page(street, FIRST)
    assert [(row["earlier"], row["told_by"], row["holder"]) for row in found["rows"]] == [(ELSEWHERE, CITY, "630105")]
    assert found["question"]["asked_of"] == CITY
    assert found["question"]["answered_at"]


def test_cases_that_were_here_before_are_found_by_their_petitioners_key(street):
    """What the migration writes for a case is what this program would have written."""
    file(street, FIRST, petitioner_key="k" * 64, person_keys=())

    query = (
        "SELECT count(*) FROM routing.case_file f JOIN routing.case_person p USING (case_no) WHERE p.person ="
        " encode(substring(sha256(convert_to(f.petitioner_key, 'UTF8')) FROM 1 FOR 16), 'hex')::uuid"
    )
    assert street.database.query(query) == [(1,)]


def test_a_clerk_may_register_what_waits_and_a_later_decision_is_kept_and_moves_nothing(street):
    file(street, FIRST, SECOND)
    facts = {"purpose": "求决", "petition_class": PetitionClass.RELIEF, "category": ("城乡建设",), "place": TOWNSHIP}
    with street.parts.open_work() as work:
        command = c.RegisterCase(
            case_no=SECOND,
            actor=an_actor("R", TOWNSHIP),
            claims=street_claims(),
            same_matter_checked=True,
            **facts,
        )
        cases.carry_out(work, street.parts.here, work.cases.get(SECOND), command)

    assert decided(street, SECOND, FIRST, "different")["outcome"] == "kept"


def street_claims():
    return (c.Claim(number=1),)


ACCUSED = "城西区教育局"
CORRUPT = f"{ACCUSED}在学校食堂招标中收受中标公司贿赂，中标价高出市场三成，请纪检部门查处。"
ACCUSATION = {
    "subject": f"举报{ACCUSED}招标受贿",
    "text": CORRUPT,
    "person_keys": (),
    "anonymous": True,
    "petition_class": PetitionClass.ACCUSATION,
    "category": ("纪检监察",),
}


PAPER = {"matter": SECOND, "into": FIRST, "basis": "《信访工作条例》第十九条第三款"}


class TestAnonymousAccusations:
    """PR-3: nobody signs, so the accused organ says whether it is the same matter; named officers alone hear of it."""

    def test_they_are_compared_by_the_accused(self, street):
        file(street, FIRST, **ACCUSATION)
        file(street, SECOND, **ACCUSATION | {"text": f"再次举报：{CORRUPT}"})

        (row,) = page_of_leader(street, SECOND)["rows"]

        assert (row["earlier"], row["same_person"]) == (FIRST, True)
        assert row["reasons"][0] == "匿名检举控告，被检举控告的单位相同"
        assert page(street, SECOND)["rows"] == []

    def test_another_accused_or_another_matter_is_no_repeat(self, street):
        file(street, FIRST, **ACCUSATION)
        other = ACCUSATION | {
            "subject": "举报城西区城管局执法不公",
            "text": "城西区城管局工作人员对摊贩选择性执法，收取好处费。",
        }
        file(street, SECOND, **other)
        same_organ = ACCUSATION | {
            "subject": "举报干部旷工",
            "text": f"某干部是{ACCUSED}职工，今年以来多次上班时间在茶园打麻将，长期旷工仍领全额工资，影响很坏。",
        }
        file(street, THIRD, **same_organ)

        assert page_of_leader(street, SECOND)["rows"] == []
        assert page_of_leader(street, THIRD)["rows"] == []

    def test_who_gives_a_name_is_compared_by_it(self, street):
        file(street, FIRST, **ACCUSATION)
        file(street, SECOND, **ACCUSATION | {"anonymous": False, "person_keys": (PHONE,)})

        rows = page_of_leader(street, SECOND)["rows"]

        assert [row["same_person"] for row in rows] == [False]  # a near-copy, by somebody else as far as is known

    def test_what_a_clerk_finds_the_same_is_merged(self, street):
        file(street, FIRST, **ACCUSATION)
        file(street, SECOND, **ACCUSATION | {"text": f"再次举报：{CORRUPT}"})
        with street.parts.open_work() as work:
            assert work.repeats.share_the_accused(FIRST, SECOND)
            assert not work.repeats.share_a_person(FIRST, SECOND)

        leader = Actor(person="li", role=Role.DEPARTMENT_LEADER, unit="", node=TOWNSHIP)
        with street.parts.open_work() as work:
            decision = Decision(case_no=SECOND, earlier=FIRST, verdict=Verdict.SAME, actor=leader, note="同一招标")
            done = decide_repeat(work, decision, street.parts.here)

        street.do(c.MergeCase(case_no=SECOND, actor=leader, into=FIRST, paper=PAPER))

        assert done["outcome"] == "linked"
        with street.parts.open_work() as work:
            assert work.cases.get(SECOND).state is CaseState.MERGED

    def test_the_accused_are_found_by_an_index(self, street):
        file(street, FIRST, **ACCUSATION)
        plan = street.database.query(
            "SET enable_seqscan = off; EXPLAIN SELECT case_no FROM routing.sorting"
            " WHERE proposal->'sealed' = 'true'::jsonb AND proposal->'accused' ?| ARRAY['630104.education']"
        )

        assert "sorting_accused" in str(plan)


def page_of_leader(street, case_no):
    with street.parts.open_work() as work:
        case, _ = work.desk.view(case_no)
        return repeats.shown(work, case, an_actor("DL", TOWNSHIP))
