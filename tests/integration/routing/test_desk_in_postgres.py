"""The dispatcher's desk on a real database: takings, proposed acts, split cases, piles and many acts at once."""

import json
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine
from sqlalchemy.pool import NullPool

from lianxi.casework.errors import Conflict
from lianxi.contracts.schemas import dump
from services.routing.handlers import acts, cases, desk, piles, proposing, taking
from tests.support.builders import OFFICE, TOWNSHIP, an_actor

MIGRATIONS = Path(__file__).resolve().parents[3] / "services" / "routing" / "migrations"
PAPER = {"reasons": "非本单位职权", "basis": "三定方案"}
WHO, COLLEAGUE = an_actor("D", person="ma"), an_actor("D", person="li")
LEADER = an_actor("DL", person="wang")


def number(counter):
    return f"63010400120260302W{counter:05}"


def petitioner(street, n):
    return {"petitioner_sealed": street.keys.seal_for_transport('{"name": "张三"}', f"petitioner/{number(n)}")}


@pytest.fixture
def filed(street):
    """Three cases that the rules left to people: registered by hand, they wait for a dispatcher."""
    unclear = {"same_matter_checked": True, "category": (), "petition_class": None, "subject": "来信"}
    contacts = [street.contact(number(n), text=f"事由{n}", **unclear, **petitioner(street, n)) for n in (1, 2, 3)]
    with street.parts.open_work() as work:
        cases.open_cases(work, contacts, street.parts.here)
    facts = {"purpose": "求决", "petition_class": "C", "category": ["城乡建设"], "place": TOWNSHIP}
    claims = [{"number": 1}, {"number": 2}]
    for n in (1, 2, 3):
        act(street, "register-case", n, an_actor("R"), **facts, claims=claims, same_matter_checked=True)
    return street


def text(n, actor, **fields):
    return json.dumps({"case_no": number(n), "actor": dump(actor), **fields}, ensure_ascii=False)


def act(street, name, n, actor, **fields):
    with street.parts.open_work() as work:
        return acts.act_on_case(work, name, text(n, actor, **fields), street.parts.here)


def to_the_office(street, n, actor=WHO):
    return act(street, "transfer-case", n, actor, to_node=TOWNSHIP, to_unit=OFFICE)


def pile(street, name, actor=WHO):
    with street.parts.open_work() as work:
        return piles.list_pile(work, street.parts.here, name, ("", 50), actor)["rows"]


def counts(street):
    with street.parts.open_work() as work:
        found = piles.overview(work, street.parts.here)["rows"]
    return {row["pile"]: row["cases"] for row in found if row["cases"]}


def test_a_taken_case_is_kept_from_colleagues_and_seen_in_the_pile(filed):
    with filed.parts.open_work() as work:
        taking.take(work, number(1), WHO, filed.parts.here)

    with pytest.raises(Conflict):
        to_the_office(filed, 1, COLLEAGUE)
    rows = {row["case_no"]: row for row in pile(filed, "dispatch", COLLEAGUE)}
    assert (rows[number(1)]["taken"], rows[number(1)]["taken_role"], rows[number(2)]["taken"]) == (True, "D", False)
    to_the_office(filed, 1)
    assert counts(filed) == {"dispatch": 2, "acceptance": 1}


def test_a_proposed_act_is_sealed_at_rest_and_decided_by_another(filed):
    with filed.parts.open_work() as work:
        order = text(1, WHO, to_node=TOWNSHIP, to_unit=OFFICE, paper={"note": "张三家门口"})
        made = proposing.propose_act(work, ("transfer-case", order), "请审定", WHO, filed.parts.here)
    (stored,) = filed.database.query("SELECT command FROM routing.proposed_act")[0]
    assert "张三" not in stored
    assert counts(filed)["proposed"] == 1
    assert [row["case_no"] for row in pile(filed, "proposed", LEADER)] == [number(1)]

    with filed.parts.open_work() as work:
        shown = proposing.list_proposed(work, "", None, 10, LEADER)["rows"]
        done = proposing.decide_act(work, made["id"], LEADER, filed.parts.here, approve=True, reason="")

    assert shown[0]["command"]["paper"] == {"note": "张三家门口"}
    assert done["state"] == "S06"
    assert "proposed" not in counts(filed)


def test_what_clerks_write_about_a_proposed_act_is_sealed_and_read_again(filed):
    made = propose(filed, "张三在门口等")

    with filed.parts.open_work() as work:
        proposing.decide_act(work, made["id"], LEADER, filed.parts.here, approve=False, reason="张三已搬走")

    assert said(filed) == ("张三在门口等", "张三已搬走")
    (stored,) = filed.database.query("SELECT p::text FROM routing.proposed_act p")[0]
    assert "张三" not in stored
    clear = filed.database.query("SELECT note, reason FROM routing.proposed_act")
    assert clear == [("", "")]


def test_a_clear_note_of_an_act_proposed_before_is_read_and_sealed_when_it_is_decided_on(filed):
    made = propose(filed, "")
    filed.database.query("UPDATE routing.proposed_act SET note = '张三在门口等'")
    assert said(filed) == ("张三在门口等", "")

    with filed.parts.open_work() as work:
        proposing.decide_act(work, made["id"], LEADER, filed.parts.here, approve=False, reason="退回")

    assert said(filed) == ("张三在门口等", "退回")
    (stored,) = filed.database.query("SELECT p::text FROM routing.proposed_act p")[0]
    assert "张三" not in stored


def test_the_migration_takes_clear_words_of_settled_acts_away_and_leaves_those_that_wait(filed):
    open_act, settled = propose(filed, "待定"), propose(filed, "已定")
    filed.database.query("UPDATE routing.proposed_act SET note = '张三来过', note_sealed = ''")
    filed.database.query(
        "UPDATE routing.proposed_act SET state = 'returned', reason = '张三已搬走' WHERE id = %s", settled["id"]
    )
    migrate(filed.database, command.downgrade, "0013")
    migrate(filed.database, command.upgrade, "head")

    kept = dict(filed.database.query("SELECT id, note || reason FROM routing.proposed_act"))

    assert kept == {open_act["id"]: "张三来过", settled["id"]: ""}


def migrate(database, step, revision):
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.set_main_option("path_separator", "os")
    engine = create_engine(database.url, poolclass=NullPool)
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        step(config, revision)


def propose(filed, note):
    with filed.parts.open_work() as work:
        order = text(1, WHO, to_node=TOWNSHIP, to_unit=OFFICE, paper={"note": "核对"})
        return proposing.propose_act(work, ("transfer-case", order), note, WHO, filed.parts.here)


def said(filed):
    """Note and reason of the one act, as the desk shows them."""
    with filed.parts.open_work() as work:
        (row,) = proposing.list_proposed(work, number(1), None, 10, LEADER)["rows"]
    return row["note"], row["reason"]


def test_a_split_case_has_its_text_its_petitioner_and_its_links(filed):
    part = {"claims": [2], "petition_class": "C", "category": ["民政"], "place": TOWNSHIP}
    act(filed, "split-case", 1, WHO, parts=[part], paper={"reason": "诉求不同"})

    with filed.parts.open_work() as work:
        first = desk.show_case(work, work.desk, number(1), WHO, filed.parts.here)
        child = first["linked"][0]["case_no"]
        second = desk.show_case(work, work.desk, child, WHO, filed.parts.here)

    assert (first["linked"][0]["kind"], second["linked"][0]["kind"]) == ("has-part-of", "part-of")
    assert (second["text"], second["category"]) == (first["text"], ["民政"])
    assert [len(page["claims"]) for page in (first, second)] == [1, 1]
    assert child.endswith("90001")
    with filed.parts.open_work() as work:
        sealed = work.texts.get(child).petitioner_sealed
    assert "张三" in filed.keys.open_from_transport(sealed, f"petitioner/{child}")
    dossiers = filed.database.query("SELECT count(*) FROM routing.outbox WHERE strpos(type, 'dossier-received') > 0")
    assert dossiers[0][0] == 1


def test_t44_a_new_matter_and_the_closed_one_show_each_other(filed):
    closed = {"state": "S61", "ended_as": "S61", "petitioner_key": "p"}
    for n in (1, 2):
        filed.database.query(
            "UPDATE routing.case_file SET state = %s, snapshot = snapshot || %s::jsonb WHERE case_no = %s",
            closed["state"] if n == 1 else "S02",
            json.dumps(closed if n == 1 else {"petitioner_key": "p"}),
            number(n),
        )
    paper = {"new_facts": "新的规划", "evidence": "规划文件"}

    done = act(filed, "open-new-matter", 2, WHO, earlier=number(1), paper=paper)

    assert (done["state"], [document["kind"] for document in done["documents"]]) == ("S02", ["新"])
    with filed.parts.open_work() as work:
        new, old = (desk.show_case(work, work.desk, number(n), WHO, filed.parts.here) for n in (2, 1))
        steps = desk.track(work, work.desk, number(2))["steps"]
    assert [(row["case_no"], row["kind"]) for row in new["linked"]] == [(number(1), "new-beside")]
    assert [(row["case_no"], row["kind"]) for row in old["linked"]] == [(number(2), "has-new-beside")]
    assert steps[-1]["label"] == "新事实、新理由另立新事项"


def test_many_acts_have_their_own_outcomes_and_a_refusal_undoes_only_itself(filed):
    to_the_office(filed, 2)
    commands = [text(n, WHO, to_node=TOWNSHIP, to_unit=OFFICE) for n in (1, 2, 3)]

    with filed.parts.open_work() as work:
        rows = acts.act_on_many(work, "transfer-case", commands, filed.parts.here)["rows"]

    assert [row["status"] for row in rows] == ["done", "refused", "done"]
    assert counts(filed) == {"acceptance": 3}


def test_every_pile_knows_what_waits_in_it(filed):
    for n in (1, 2, 3):
        to_the_office(filed, n)
    officer = an_actor("U")
    act(filed, "object-to-transfer", 1, officer, proposed_organ="x", paper=PAPER)
    other = "630104.housing"
    act(filed, "raise-dispute", 2, officer, parties=[OFFICE, other], paper=PAPER)
    act(filed, "accept-case", 3, officer)

    assert counts(filed) == {"objection": 1, "consultation": 1, "classification": 1}
    assert [row["case_no"] for row in pile(filed, "objection")] == [number(1)]
    assert [row["case_no"] for row in pile(filed, "classification", an_actor("U", unit=f"{TOWNSHIP}.other"))] == []
    with filed.parts.open_work() as work:
        filed.parts.watch_pile(work)


def test_a_final_review_lies_with_its_reviewer_until_it_is_decided(filed):
    to_the_office(filed, 1)
    for state, still in (("S40", 1), ("S41", 1), ("S42", 1), ("S43", 0)):
        filed.database.query(
            "UPDATE routing.case_file SET state = %s,"
            " snapshot = jsonb_set(snapshot, '{reviewing_node}', to_jsonb(%s::text)) WHERE case_no = %s RETURNING 1",
            state,
            TOWNSHIP,
            number(1),
        )
        assert counts(filed).get("final-review", 0) == still, state


def test_the_stale_are_told_who_did_what(filed):
    to_the_office(filed, 1)

    with pytest.raises(Conflict) as caught:
        act(filed, "transfer-case", 1, COLLEAGUE, to_node=TOWNSHIP, to_unit=OFFICE, expected_seq=2)

    assert [change["act"] for change in caught.value.details["changes"]] == ["T12", "T15"]


def test_what_an_assisting_unit_has_not_given_waits_for_it_and_for_nobody_else(filed):
    office, other = an_actor("U"), an_actor("U", unit=f"{TOWNSHIP}.other")
    act(filed, "transfer-case", 1, WHO, to_node=TOWNSHIP, to_unit=OFFICE)
    filed.database.query(
        "UPDATE routing.case_file SET snapshot = jsonb_set(snapshot, '{assists}', to_jsonb(%s::text[]))"
        " WHERE case_no = %s RETURNING 1",
        [other.unit, "630104.housing"],
        number(1),
    )

    assert counts(filed) == {"acceptance": 1, "assistance": 1, "dispatch": 2}
    assert [row["case_no"] for row in pile(filed, "assistance", other)] == [number(1)]
    assert pile(filed, "assistance", office) == []
    assert pile(filed, "assistance", other)[0]["age_seconds"] >= 0

    act(filed, "file-assist-opinion", 1, other, paper={"opinion": "已核实"})
    assert "assistance" not in counts(filed)
    assert pile(filed, "assistance", other) == []


def test_a_call_back_waits_for_whoever_was_rated_wherever_the_case_is(filed):
    rated = {"rated": "department", "rating": "dissatisfied"}
    act(filed, "rate-case", 1, an_actor("R"), **rated)
    to_the_office(filed, 1)

    assert counts(filed) == {"acceptance": 1, "call-back": 1, "dispatch": 2}
    assert [row["case_no"] for row in pile(filed, "call-back")] == [number(1)]
    assert pile(filed, "call-back", an_actor("U")) == []

    filed.database.query(
        "UPDATE routing.case_file SET snapshot = jsonb_set(snapshot, '{call_backs,0,unit}', to_jsonb(%s::text))"
        " WHERE case_no = %s RETURNING 1",
        OFFICE,
        number(1),
    )
    assert [row["case_no"] for row in pile(filed, "call-back", an_actor("U"))] == [number(1)]
    said = {"caller": "王岚", "said": "太慢", "result_of_call": "已说明"}
    today = filed.parts.here.clock.today().isoformat()
    call = {"rated": "department", "called_on": today, "reached": True, "paper": said}
    act(filed, "record-call-back", 1, an_actor("U"), **call)
    assert "call-back" not in counts(filed)
