"""What the portal refuses is kept, within bounds; attempts at one filing are settled together; guided visits."""

from datetime import timedelta

import pytest

from lianxi.bus.answers import Answerer, CallProblem
from lianxi.runtime.clock import FixedClock
from services.intake import service, wiring
from services.intake.domain.refused import LONGEST, Room
from services.intake.handlers import drafts
from services.intake.settings import Settings
from services.intake.storage import SqlRejects
from tests.unit.intake.desk import REGISTRAR, a_visit, a_web_petition

pytestmark = pytest.mark.database
FAULT = {"field": "petitioner.phone", "rule": "V-3", "message": "电话号码有误。"}
OFFICER = {"person": "officer-3", "role": "U", "unit": "630104.housing", "node": "630104"}


@pytest.fixture
def answerer(parts, monkeypatch):
    monkeypatch.setattr(service, "build", lambda: parts)
    return Answerer(service.Service())


@pytest.fixture
def ask(answerer):
    numbers = iter(range(10_000))
    return lambda door, body: answerer.answer(door, body, command_id=f"c-{next(numbers)}")


def a_refused_filing(*, errors=(FAULT,), more=None, **changes):
    content = {"subject": "停暖", "text": "室内14度。", "petitioner": {"name": "马桂兰", "phone": "123"}, **changes}
    return {"content": content, "errors": list(errors), **(more or {})}


def test_what_the_portal_refused_is_listed_opened_with_every_fault_and_settled_by_its_filing(ask, migrated):
    unknown = {"field": "马桂兰的电话", "rule": "unknown-field", "message": "没有这个栏目。"}
    reject_id = ask("keep_refused", a_refused_filing(errors=[FAULT, unknown]))["reject_id"]

    [row] = ask("rejects", {"actor": REGISTRAR})["rows"]
    assert (row["id"], row["field"], row["rule"], row["reason"]) == (
        reject_id,
        "petitioner.phone",
        "V-3",
        FAULT["message"],
    )
    assert row["errors"] == [FAULT, unknown | {"field": ""}]
    opened = ask("reject", {"actor": REGISTRAR, "id": reject_id, "reason": "改正电话"})
    assert opened["content"]["petitioner"] == {"name": "马桂兰", "phone": "123"}
    assert "马桂兰" not in str(migrated.query("SELECT to_jsonb(r) FROM intake.reject r"))

    ask("register", a_web_petition(reject_id=reject_id))
    assert ask("rejects", {"actor": REGISTRAR})["rows"] == []


def test_every_attempt_at_a_filing_is_settled_by_the_one_that_succeeds_whoever_refused_it(ask, migrated):
    first = ask("keep_refused", a_refused_filing())["reject_id"]
    with pytest.raises(CallProblem) as refusal:
        ask("register", a_web_petition(text="", reject_id=first))
    second = refusal.value.problem["reject_id"]
    third = ask("keep_refused", a_refused_filing(subject="又改", reject_id=second))["reject_id"]
    alone = ask("keep_refused", a_refused_filing(subject="别人的"))["reject_id"]
    assert len({first, second, third, alone}) == 4

    number = ask("register", a_web_petition(reject_id=third))["number"]

    assert migrated.query("SELECT id FROM intake.reject WHERE settled_at IS NULL") == [(alone,)]
    assert migrated.query("SELECT count(*) FROM intake.reject WHERE number = %s", number) == [(3,)]


def test_only_the_newest_attempt_is_listed_and_dropping_it_drops_the_earlier_ones(ask, migrated):
    first = ask("keep_refused", a_refused_filing())["reject_id"]
    second = ask("keep_refused", a_refused_filing(subject="又改", reject_id=first))["reject_id"]
    alone = ask("keep_refused", a_refused_filing(subject="别人的"))["reject_id"]
    _tick(migrated, second)
    assert [row["id"] for row in ask("rejects", {"actor": REGISTRAR})["rows"]] == [second, alone]

    ask("drop_reject", {"actor": REGISTRAR, "id": second})

    assert [row["id"] for row in ask("rejects", {"actor": REGISTRAR})["rows"]] == [alone]


def test_of_attempts_that_come_back_to_the_first_one_is_listed(ask, migrated):
    first = ask("keep_refused", a_refused_filing())["reject_id"]
    second = ask("keep_refused", a_refused_filing(subject="又改", reject_id=first))["reject_id"]
    _tick(migrated, second)
    assert ask("keep_refused", a_refused_filing(reject_id=second))["reject_id"] == first
    _tick(migrated, first, minutes=2)

    assert [row["id"] for row in ask("rejects", {"actor": REGISTRAR})["rows"]] == [first]


def _tick(migrated, reject_id, minutes=1):
    """The clock of these tests stands; a person takes a moment to type again."""
    later = "UPDATE intake.reject SET last_at = first_at + make_interval(mins => %s) WHERE id = %s RETURNING id"
    assert migrated.query(later, minutes, reject_id) == [(reject_id,)]


def test_what_is_too_long_is_not_kept(ask, migrated):
    assert ask("keep_refused", a_refused_filing(text="x" * LONGEST)) == {"reject_id": None, "why": "too-long"}
    assert migrated.query("SELECT count(*) FROM intake.reject") == [(0,)]


@pytest.mark.parametrize("body", [{"content": ["停暖"], "errors": [FAULT]}, {"content": {"subject": "停暖"}}])
def test_what_is_no_refused_filing_is_refused(ask, body):
    with pytest.raises(CallProblem):
        ask("keep_refused", body)


@pytest.mark.parametrize("room", [Room(an_hour=2), Room(in_all=700)])
def test_strangers_fill_their_room_and_no_more_while_clerks_always_have_some(parts, monkeypatch, migrated, room):
    answerer = _with_room(room, parts, monkeypatch)
    numbers = iter(range(100))

    def keep(subject, **more):
        body = a_refused_filing(subject=subject, registered_by=REGISTRAR, more=more)
        return answerer.answer("keep_refused", body, command_id=f"c-{next(numbers)}")

    answers = [keep(f"第{number}件") for number in range(6)]

    kept = [answer["reject_id"] for answer in answers if answer["reject_id"]]
    assert kept == [answer["reject_id"] for answer in answers[: len(kept)]]
    assert 0 < len(kept) < 6
    assert answers[-1] == {"reject_id": None, "why": "no-room"}
    assert keep("第0件")["reject_id"] == kept[0]
    assert keep("登记人员的", registered_by=REGISTRAR)["reject_id"] not in {None, *kept}
    assert migrated.query("SELECT count(*) FROM intake.reject WHERE stranger") == [(len(kept),)]


@pytest.mark.parametrize("door", ["keep_refused", "register"])
def test_one_address_takes_its_part_of_the_room_at_either_door_and_leaves_the_others_theirs(
    parts, monkeypatch, migrated, door
):
    answerer = _with_room(Room(an_hour=5, an_hour_each=2), parts, monkeypatch)
    numbers = iter(range(100))

    def keep(sender, subject):
        sent = {"sender_key": sender * 32}
        if door == "keep_refused":
            body = a_refused_filing(subject=subject, sender_key="f" * 32, more=sent)
            return answerer.answer(door, body, command_id=f"c-{next(numbers)}")["reject_id"]
        with pytest.raises(CallProblem) as refusal:
            answerer.answer(door, a_web_petition(subject=subject, text="") | sent, command_id=f"c-{next(numbers)}")
        return refusal.value.problem.get("reject_id")

    kept = {sender: [keep(sender, f"{sender}{turn}") for turn in range(4)] for sender in "abc"}

    assert {sender: sum(map(bool, ids)) for sender, ids in kept.items()} == {"a": 2, "b": 2, "c": 1}
    assert keep("a", "a1") == kept["a"][1], "what is kept already is found again"
    assert migrated.query("SELECT sender_key FROM intake.reject ORDER BY 1") == [
        (sender * 32,) for sender in ("a", "a", "b", "b", "c")
    ]


def _with_room(room, parts, monkeypatch):
    """Return the service with so much room for what strangers hand in."""
    small = SqlRejects(parts.desk.rejects._engine, parts.desk.new_id, lambda _rule: None, room)
    desk = wiring.Desk(**{name: getattr(parts.desk, name) for name in parts.desk.__slots__} | {"rejects": small})
    monkeypatch.setattr(service, "build", lambda: wiring.Parts(**_fields(parts) | {"desk": desk}))
    return Answerer(service.Service())


def _fields(parts):
    return {name: getattr(parts, name) for name in parts.__slots__}


def test_what_strangers_left_is_forgotten_after_three_months_and_what_clerks_left_is_not(parts, ask, migrated):
    ask("keep_refused", a_refused_filing())
    by_a_clerk = ask("keep_refused", a_refused_filing(subject="来信", more={"registered_by": REGISTRAR}))["reject_id"]
    later = wiring.Desk(
        **{name: getattr(parts.desk, name) for name in parts.desk.__slots__}
        | {"clock": FixedClock(parts.desk.clock.now() + timedelta(days=91))}
    )

    with parts.open_work() as work:
        drafts.forget_drafts(work, later)

    assert migrated.query("SELECT id FROM intake.reject") == [(by_a_clerk,)]


def test_an_own_draft_is_renewed_by_its_id_and_gone_with_the_contact_made_of_it(ask):
    saved = ask("save_draft", {"content": {"subject": "停暖"}, "actor": OFFICER})
    again = ask("save_draft", {"content": {"subject": "停暖三天"}, "actor": OFFICER, "id": saved["id"]})

    assert again["id"] == saved["id"]
    assert [row["subject"] for row in ask("drafts", {"actor": OFFICER})["rows"]] == ["停暖三天"]
    assert ask("draft", {"code": saved["code"]})["content"] == {"subject": "停暖三天"}
    with pytest.raises(CallProblem):
        ask("save_draft", {"content": {"subject": "别人的"}, "actor": REGISTRAR, "id": saved["id"]})
    ask("register", a_visit(registered_by=REGISTRAR, draft_id=saved["id"]))
    assert len(ask("drafts", {"actor": OFFICER})["rows"]) == 1

    ask("register", a_visit(registered_by=OFFICER, subject="另一件", draft_id=saved["id"]))

    assert ask("drafts", {"actor": OFFICER})["rows"] == []


def test_a_petitioner_has_no_list_of_drafts(ask):
    with pytest.raises(CallProblem) as refusal:
        ask("drafts", {"actor": REGISTRAR | {"role": "P", "person": "petitioner"}})
    assert refusal.value.problem["status"] == 403


@pytest.fixture
def at_the_city(environment, monkeypatch):
    built = wiring.build(Settings.from_environment(environment | {"LIANXI_NODE": "630100"}))
    monkeypatch.setattr(service, "build", lambda: built)
    answerer, numbers = Answerer(service.Service()), iter(range(1000))
    yield lambda door, body: answerer.answer(door, body, command_id=f"c-{next(numbers)}")
    built.close()


def test_guided_visits_are_listed_without_names_and_opened_with_a_reason(at_the_city, migrated):
    clerk = REGISTRAR | {"node": "630100", "unit": "630100.petition"}
    numbers = [
        at_the_city("register", a_visit(subject=subject, competent_division="630104001", registered_by=clerk))["number"]
        for subject in ("停暖", "停水", "停电")
    ]
    secret = a_visit(petition_class="B", competent_division="630104001", registered_by=clerk, purpose="揭发控告")
    hidden = at_the_city("register", secret)["number"]
    ordinary = at_the_city("register", a_visit(registered_by=clerk))["number"]

    first = at_the_city("guided_visits", {"actor": clerk, "limit": 2})
    second = at_the_city("guided_visits", {"actor": clerk, "limit": 2, "after": first["next"]})
    assert [row["number"] for row in first["rows"] + second["rows"]] == numbers[::-1]
    assert (second["next"], first["rows"][0]["place"]) == (None, "西关大街街道")
    assert "马桂兰" not in str(first)

    opened = at_the_city("guided_visit", {"actor": clerk, "number": numbers[0], "reason": "再次来访"})
    assert (opened["petitioner"]["name"], opened["guided_to"]) == ("马桂兰", "630104001")
    assert migrated.query("SELECT number, reason FROM intake.personal_read") == [(numbers[0], "再次来访")]
    for number in (hidden, ordinary):
        with pytest.raises(CallProblem) as refusal:
            at_the_city("guided_visit", {"actor": clerk, "number": number, "reason": "看看"})
        assert refusal.value.problem["status"] == 404
    with pytest.raises(CallProblem) as refusal:
        at_the_city("guided_visits", {"actor": OFFICER | {"node": "630100"}})
    assert refusal.value.problem["status"] == 403
