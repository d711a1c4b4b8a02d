"""Intake on a real database: sealed at rest, numbered without a gap, announced in the same transaction."""

import json
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine

from lianxi.bus.answers import Answerer, CallProblem
from lianxi.bus.messages import RawMessage
from lianxi.casework.errors import Invalid
from lianxi.casework.identifiers import DivisionCode
from lianxi.casework.messages.notices import CaseSealed, ContactRegistered, DossierReceived
from lianxi.contracts import envelope
from lianxi.runtime.crypto import CannotOpen, KeyRing
from lianxi.runtime.metrics import REGISTRY
from services.intake import handlers, service, wiring
from services.intake.domain.records import Wanted
from services.intake.handlers.export import export_page
from services.intake.storage.tables import SCHEMA, metadata
from tests.unit.intake.desk import REGISTRAR, a_visit, a_web_petition

pytestmark = pytest.mark.database


@pytest.fixture
def intake(parts, monkeypatch):
    monkeypatch.setattr(service, "build", lambda: parts)
    return service.Service()


@pytest.fixture
def answerer(intake):
    return Answerer(intake)


def everything(database):
    """Return every row of every table of intake as text, bytes included."""
    text = ""
    for (table,) in database.query("SELECT tablename FROM pg_tables WHERE schemaname = %s", SCHEMA):
        for (row,) in database.query(f"SELECT to_jsonb(t) FROM {SCHEMA}.{table} t"):
            text += json.dumps(row, ensure_ascii=False)
    for (body,) in database.query("SELECT convert_from(body, 'UTF8') FROM intake.outbox"):
        text += str(body)
    return text


def test_models_and_migrations_agree(migrated):
    engine = create_engine(migrated.url)
    with engine.connect() as connection:
        context = MigrationContext.configure(
            connection,
            opts={
                "include_schemas": True,
                "include_name": lambda name, kind, _parents: kind != "schema" or name == SCHEMA,
                "version_table_schema": SCHEMA,
            },
        )
        assert compare_metadata(context, metadata) == []
    engine.dispose()


def test_nothing_personal_stands_in_any_table_in_clear(answerer, migrated):
    petitioner = {
        "name": "马桂兰",
        "id_number": "630102198001010019",
        "phone": "13897412356",
        "email": "guilan@example.cn",
        "address": "西宁市城西区虎台一巷3号楼2单元",
    }
    body = a_web_petition(petitioner=petitioner)

    answer = answerer.answer("register", body, command_id="c-1")
    answerer.answer("contact", {"number": answer["number"], "actor": REGISTRAR, "reason": "核对"}, command_id="c-2")
    with suppress(CallProblem):
        answerer.answer("register", body | {"subject": ""}, command_id="c-3")

    stored = everything(migrated)
    for clear in (*petitioner.values(), answer["query_code"], answer["query_code"].replace("-", "")):
        assert clear not in stored
    rows = json.dumps(migrated.query("SELECT to_jsonb(c) FROM intake.contact c"), ensure_ascii=False)
    assert body["text"] not in rows
    assert answer["number"] in rows


def test_a_sealed_field_opens_in_its_own_place_only(parts, migrated):
    with parts.open_work() as work:
        number = handlers.register(a_web_petition(), work, parts.desk)["number"]
    migrated.query("UPDATE intake.contact SET name_sealed = phone_sealed")

    with parts.open_work() as work, pytest.raises(CannotOpen):
        handlers.reach_petitioner({"case_no": number}, work, parts.desk)


def test_the_contact_and_its_announcement_are_committed_together(parts, migrated):
    with parts.open_work() as work:
        number = handlers.register(a_visit(), work, parts.desk)["number"]
        assert migrated.query("SELECT count(*) FROM intake.contact") == [(0,)]

    [(body, exchange, key, kind)] = migrated.query("SELECT body, exchange, routing_key, type FROM intake.outbox")
    opened = envelope.decode(bytes(body))
    assert (exchange, key, kind) == ("case", "contact.contact-registered", "lianxi.contact-registered.v1")
    assert isinstance(opened.message, ContactRegistered)
    assert opened.message.contact_no == opened.subject == number


def test_what_is_rolled_back_leaves_no_row_no_message_and_no_gap(parts, migrated):
    with suppress(RuntimeError), parts.open_work() as work:
        handlers.register(a_visit(), work, parts.desk)
        raise RuntimeError

    with parts.open_work() as work:
        number = handlers.register(a_visit(), work, parts.desk)["number"]

    assert number.endswith("F00001")
    assert migrated.query("SELECT count(*) FROM intake.outbox") == [(1,)]


def test_numbers_have_no_gap_when_many_register_at_once(parts, migrated):
    def register(index):
        with suppress(RuntimeError), parts.open_work() as work:
            number = handlers.register(a_web_petition(subject=f"第{index}件"), work, parts.desk)["number"]
            if index % 5 == 0:
                raise RuntimeError
            return number
        return None

    with ThreadPoolExecutor(8) as threads:
        numbers = [number for number in threads.map(register, range(60)) if number]

    assert sorted(int(number[-5:]) for number in numbers) == list(range(1, 49))
    assert migrated.query("SELECT last FROM intake.running_number") == [(48,)]


def test_the_last_number_of_a_day_is_followed_by_a_clear_refusal(answerer, parts, migrated):
    migrated.query("INSERT INTO intake.running_number VALUES ('630104', %s, 'web', 0, 99998)", parts.clock.today())

    assert answerer.answer("register", a_web_petition(), command_id="c-1")["number"].endswith("W99999")
    with pytest.raises(CallProblem) as refusal:
        answerer.answer("register", a_web_petition(subject="又一件"), command_id="c-2")

    assert refusal.value.problem["rule"] == "PR-17"
    assert migrated.query("SELECT last FROM intake.running_number") == [(99999,)]
    assert migrated.query("SELECT id FROM intake.reject") == [(refusal.value.problem["reject_id"],)]


def test_a_block_of_numbers_is_cut_at_the_end(parts):
    day = date(2026, 3, 2)
    with parts.open_work() as work:
        division = DivisionCode.parse("630104")
        web, fax = (day, "web"), (day, "fax")
        assert work.numbers.take(division, {web: 99_990}) == {web: range(1, 99_991)}
        assert work.numbers.take(division, {web: 20, fax: 1}) == {web: range(99_991, 100_000), fax: range(1, 2)}
        assert not work.numbers.take(division, {web: 1})[web]


def test_a_repeated_command_registers_once_and_answers_the_same(answerer, migrated):
    answers = [answerer.answer("register", a_web_petition(), command_id="c-1") for _ in range(3)]

    assert answers[0] == answers[1] == answers[2]
    assert migrated.query("SELECT count(*) FROM intake.contact") == [(1,)]
    assert migrated.query("SELECT count(*) FROM intake.outbox") == [(1,)]
    assert answers[0]["query_code"] not in str(migrated.query("SELECT answer FROM intake.command_result"))


def test_a_repeated_refusal_is_the_same_refusal_and_one_reject(answerer, migrated):
    problems = []
    for command_id in ("c-1", "c-1", "c-2"):
        with pytest.raises(CallProblem) as refusal:
            answerer.answer("register", a_web_petition(text=""), command_id=command_id)
        problems.append(refusal.value.problem)

    assert problems[0] == problems[1] == problems[2]
    assert problems[0]["field"] == "text"
    assert migrated.query("SELECT id, times, rule FROM intake.reject") == [(problems[0]["reject_id"], 2, "R-19-1")]


def test_refusals_are_kept_while_every_connection_is_busy(parts, migrated):
    body = a_web_petition(subject="")

    def refuse(_):
        with suppress(Invalid), parts.open_work() as work:
            _ = work.connection.info
            handlers.register(body, work, parts.desk)

    with ThreadPoolExecutor(16) as threads:
        list(threads.map(refuse, range(40)))

    assert migrated.query("SELECT times FROM intake.reject") == [(40,)]


def test_the_drafts_of_a_clerk_are_paged_from_the_newest_to_the_oldest(answerer, migrated):
    def save(number, actor):
        body = {"content": {"subject": str(number)}, "actor": actor}
        return answerer.answer("save_draft", body, command_id=f"c-{number}-{actor['person']}")["id"]

    saved = [save(number, REGISTRAR) for number in range(5)]
    save(5, REGISTRAR | {"person": "clerk-8"})
    migrated.query("UPDATE intake.draft SET changed_at = date_trunc('hour', changed_at) RETURNING id")  # the id decides

    seen, after = [], ""
    while after is not None:
        page = answerer.answer("drafts", {"actor": REGISTRAR, "limit": 2, "after": after})
        seen, after = [*seen, *(row["id"] for row in page["rows"])], page["next"]

    assert seen == sorted(saved, reverse=True)
    opened = answerer.answer("draft", {"id": seen[-1], "actor": REGISTRAR})
    assert opened["content"] == {"subject": str(saved.index(seen[-1]))}


def test_every_full_look_leaves_a_line(answerer, migrated):
    number = answerer.answer("register", a_web_petition(), command_id="c-1")["number"]

    shown = answerer.answer("contact", {"number": number, "actor": REGISTRAR, "reason": "电话回访"}, command_id="c-2")

    assert shown["petitioner"]["name"] == "马桂兰"
    assert migrated.query("SELECT number, person, role, reason FROM intake.personal_read") == [
        (number, "clerk-7", "R", "电话回访")
    ]


def test_the_query_code_finds_the_contact(answerer):
    answer = answerer.answer("register", a_web_petition(), command_id="c-1")

    assert answerer.answer("find", {"query_code": answer["query_code"]})["number"] == answer["number"]
    assert answerer.answer("petitioner_reach", {"case_no": answer["number"]})["query_code"] == answer["query_code"]


def test_times_are_told_in_shanghai_whatever_the_zone_of_the_database(answerer, migrated):
    migrated.query(f"ALTER DATABASE {migrated.name} SET timezone = 'America/Lima'")
    answer = answerer.answer("register", a_web_petition(received_at="2026-03-01 00:10"), command_id="c-1")

    found = answerer.answer("find", {"query_code": answer["query_code"]})

    assert found["received_at"] == answer["received_at"] == "2026-03-01T00:10:00+08:00"


def test_a_petitioner_travels_to_a_node_with_other_keys(parts, environment, tmp_path, migrated):
    city = parts.desk.vault
    town_ring = tmp_path / "town.yaml"
    KeyRing.generate(index=city.index, transport=city.transport).write(town_ring)
    with parts.open_work() as work:
        number = handlers.register(a_web_petition(), work, parts.desk)["number"]
    [(body,)] = migrated.query("SELECT body FROM intake.outbox")
    registered = envelope.decode(bytes(body)).message
    migrated.query("DELETE FROM intake.contact")
    town = wiring.build(wiring.Settings.from_environment(environment | {"LIANXI_KEYRING_FILE": str(town_ring)}))
    dossier = DossierReceived(
        case_no=number,
        node="630104",
        channel="web",
        received_at=registered.received_at,
        subject_sealed=registered.subject_sealed,
        text_sealed=registered.text_sealed,
        petitioner_key=registered.petitioner_key,
        petitioner_sealed=registered.petitioner_sealed,
    )

    later = town.desk.vault.seal_for_transport("停暖（补）", f"subject/{number}")
    with town.open_work() as work:
        handlers.keep_dossiers([dossier, replace(dossier, subject_sealed=later)], work, town.desk)
    with town.open_work() as work:
        reach = handlers.reach_petitioner({"case_no": number}, work, town.desk)
        shown = handlers.show_contact({"number": number, "actor": REGISTRAR, "reason": "承办"}, work, town.desk)

    assert reach == {"name": "马桂兰", "phone": "13897412356"}
    assert (shown["subject"], shown["petitioner"]["address"]) == ("停暖（补）", "西宁市城西区虎台一巷3号楼2单元")
    with parts.open_work() as work, pytest.raises(CannotOpen):
        handlers.reach_petitioner({"case_no": number}, work, parts.desk)
    town.close()


def test_what_turns_out_to_be_an_accusation_stands_in_no_list_any_more(intake, parts, migrated):
    with parts.open_work() as work:
        numbers = [handlers.register(a_web_petition(), work, parts.desk)["number"] for _ in range(2)]
    raw = envelope.encode(
        CaseSealed(case_no=numbers[0]), id="m-2", node="630104", service="routing", time=parts.clock.now(), subject="x"
    )

    with intake.open_work() as work:
        intake.dossiers(work, [intake.decode(RawMessage(raw))])

    assert migrated.query("SELECT number FROM intake.contact WHERE restricted") == [(numbers[0],)]
    with parts.open_work() as work:
        rows = export_page(Wanted(after="", limit=10), None, work, parts.desk)
    assert [(row["source_id"], row["subject"] == "（密件）") for row in rows] == [
        (numbers[0], True),
        (numbers[1], False),
    ]


def test_a_dossier_is_read_from_the_bus(intake, parts, migrated):
    vault = parts.desk.vault
    number = "63010000020260301W00007"
    message = DossierReceived(
        case_no=number,
        node="630100",
        channel="web",
        received_at=parts.clock.now(),
        subject_sealed=vault.seal_for_transport("停暖", f"subject/{number}"),
        text_sealed=vault.seal_for_transport("至今无人维修", f"text/{number}"),
        petitioner_key="k",
        petitioner_sealed=vault.seal_for_transport('{"name": "马桂兰", "later": 1}', f"petitioner/{number}"),
    )
    raw = envelope.encode(message, id="m-1", node="630100", service="routing", time=parts.clock.now(), subject=number)

    with intake.open_work() as work:
        intake.dossiers(work, [intake.decode(RawMessage(raw))])

    assert migrated.query("SELECT number, origin FROM intake.contact") == [(number, "custody")]


def test_registrations_and_refusals_are_counted_once_committed(answerer, intake):
    def counted(name, **labels):
        return REGISTRY.get_sample_value(name, labels) or 0.0

    before = counted("intake_contacts_registered_total", channel="visit")
    refused = counted("intake_rejects_total", rule="R-20-3")

    answerer.answer("register", a_visit(), command_id="c-1")
    answerer.answer("register", a_visit(), command_id="c-1")
    with pytest.raises(CallProblem):
        answerer.answer("register", a_visit(persons=9), command_id="c-2")
    intake.look_after_database()

    assert counted("intake_contacts_registered_total", channel="visit") == before + 1
    assert counted("intake_rejects_total", rule="R-20-3") == refused + 1
    assert counted("intake_database_up") == 1.0


def test_the_list_of_divisions_is_the_one_shipped():
    divisions = wiring.read_divisions(Path(wiring.__file__).parents[2] / "deploy" / "xining" / "divisions.csv")

    assert divisions.place("630104001", "division") == "630104001"
    with pytest.raises(Invalid):
        divisions.place("630104099", "division")
