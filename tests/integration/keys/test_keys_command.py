"""`lianxi keys` on a node's database: the key changes while services write, and the way back stays open."""

import hashlib
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from sqlalchemy import create_engine

from lianxi.ops.local.databases import SCHEMAS
from lianxi.ops.resealing import reseal
from lianxi.ops.sealed_columns import SEALED, columns_of
from lianxi.runtime.crypto import KeyRing, read_ring
from services.intake import handlers
from services.intake.storage import tables as intake_tables
from services.portal import blobs
from tests.integration.keys.registering import PHONE, keys, register
from tests.unit.intake.desk import REGISTRAR

pytestmark = pytest.mark.database
ROOT = Path(__file__).resolve().parents[3]


def names_of_keys(node):
    return {row for (row,) in node.query("SELECT DISTINCT split_part(phone_sealed, ':', 1) FROM intake.contact")}


def readable(intake, registered):
    for each in registered:
        with intake.open_work() as work:
            told = handlers.show_contact(
                {"number": each["number"], "actor": REGISTRAR, "reason": "核对"}, work, intake.desk
            )
        assert told["petitioner"]["phone"] == PHONE


def test_a_running_service_follows_a_rotation_and_the_way_back(node, intake):
    before = register(intake, 3)

    assert keys("add").output == "node key k2 was added; it is not in use yet\n"
    assert keys("use", "k2").exit_code == 0
    between = register(intake)
    assert names_of_keys(node) == {"k1", "k2"}
    readable(intake, before + between)

    refused = keys("retire", "k1")
    assert refused.exit_code == 1
    assert "intake.contact.phone_sealed 3" in refused.output
    assert "in use" in keys("retire", "k2").output

    assert keys("rotate").exit_code == 0
    assert names_of_keys(node) == {"k2"}
    assert keys("use", "k1").exit_code == 0
    assert keys("rotate", "--batch", "2").exit_code == 0
    assert names_of_keys(node) == {"k1"}
    assert keys("retire", "k2").output == "node key k2 was retired\n"
    readable(intake, before + between)


def test_nothing_is_lost_while_others_write_and_the_rotation_is_killed(node, intake):
    registered = register(intake, 30)
    assert keys("add").exit_code == 0
    stop = threading.Event()

    def keep_registering():
        while not stop.is_set():
            registered.extend(register(intake))

    writers = [threading.Thread(target=keep_registering) for _ in range(2)]
    for writer in writers:
        writer.start()
    try:
        assert keys("use", "k2").exit_code == 0
        command = [sys.executable, "-m", "lianxi.ops", "keys", "rotate", "--batch", "1"]
        with subprocess.Popen(command, cwd=ROOT, env=os.environ, stderr=subprocess.PIPE, text=True) as killed:
            for _ in range(5):
                assert "more" in killed.stderr.readline()
            killed.send_signal(signal.SIGKILL)
        assert names_of_keys(node) == {"k1", "k2"}
        done = keys("rotate", "--batch", "7")
    finally:
        stop.set()
        for writer in writers:
            writer.join()

    assert done.exit_code == 0, done.output
    assert names_of_keys(node) == {"k2"}
    assert keys("retire", "k1").output == "node key k1 was retired\n"
    readable(intake, registered)


def test_a_value_no_key_opens_is_named_and_left(node, intake):
    register(intake, 2)
    node.query("UPDATE intake.contact SET phone_sealed = 'k9:' || repeat('A', 60) WHERE number LIKE '%%1'")
    assert keys("add").exit_code == keys("use", "k2").exit_code == 0

    refused = keys("rotate")

    assert refused.exit_code == 1
    assert "intake.contact.phone_sealed 1" in refused.output
    assert names_of_keys(node) == {"k2", "k9"}


def test_a_key_is_kept_for_a_column_nobody_listed(node, intake):
    assert keys("add").exit_code == keys("use", "k2").exit_code == 0
    old = KeyRing(read_ring(Path(os.environ["LIANXI_KEYRING_FILE"])).changed("node", "k1", intake.desk.vault.keys))
    node.query("CREATE TABLE notify.slip (body jsonb)")
    node.query("ALTER TABLE notify.slip OWNER TO " + node.template + "_notify")
    node.query("INSERT INTO notify.slip VALUES (jsonb_build_object('to', %s::text))", old.seal("x", "letter"))

    refused = keys("retire", "k1")

    assert refused.exit_code == 1
    assert "notify.slip.body 1" in refused.output


def test_the_city_changes_its_transport_key_node_by_node(intake, tmp_path, monkeypatch):
    other = tmp_path / "other.yaml"
    ring = intake.desk.vault
    KeyRing.generate(index=ring.index, transport=ring.transport).write(other)
    old = ring.seal_for_transport("人", "case")

    assert keys("add", "--kind", "transport", "--save", str(tmp_path / "t2.key")).exit_code == 0
    monkeypatch.setenv("LIANXI_KEYRING_FILE", str(other))
    assert keys("add", "--kind", "transport", "--from", str(tmp_path / "t2.key")).exit_code == 0
    assert keys("use", "--kind", "transport", "t2").exit_code == 0
    there = KeyRing.from_file(other)

    assert there.open_from_transport(old, "case") == "人"
    assert ring.open_from_transport(there.seal_for_transport("人", "case"), "case") == "人"
    assert keys("retire", "--kind", "transport", "t").exit_code == 1


def test_a_message_that_waits_keeps_the_transport_key(node, intake):
    register(intake)
    assert keys("add", "--kind", "transport").exit_code == keys("use", "--kind", "transport", "t2").exit_code == 0

    waiting = keys("retire", "--kind", "transport", "t", "--every-node-uses-the-new-one")
    node.query("DELETE FROM intake.outbox")
    sent = keys("retire", "--kind", "transport", "t", "--every-node-uses-the-new-one")

    assert waiting.exit_code == 1
    assert "intake.outbox.body 1" in waiting.output
    assert sent.exit_code == 0


def test_files_get_a_new_header_and_keep_their_content(intake, tmp_path, monkeypatch):
    monkeypatch.setenv("LIANXI_BLOBS", str(tmp_path / "files"))
    store = blobs.BlobStore(blobs.open_store(str(tmp_path / "files"), {}), intake.desk.vault)
    contents = [b"a photograph", b"", bytes(range(256)) * 25_000]
    digests = [hashlib.sha256(content).hexdigest() for content in contents]
    for number, content in enumerate(contents):
        store.write_chunk("upload", number, content)
        store.keep_thumbnail(digests[number], content)
    assert keys("add").exit_code == keys("use", "k2").exit_code == 0

    refused = keys("retire", "k1")
    rotated = keys("rotate")

    assert "files 6" in refused.output
    assert (rotated.exit_code, rotated.output.splitlines()[-1]) == (0, "6 values were sealed anew")
    assert keys("retire", "k1").exit_code == 0
    assert [b"".join(store.read_thumbnail(digest).pieces()) for digest in digests] == contents
    assert [store.chunk("upload", number) for number in range(3)] == contents


def test_every_sealed_column_is_listed(node):
    listed = {(column.schema, column.table, column.column): column for column in SEALED}
    declared = {(table.schema, table.name, column): place for table, column, place in intake_tables.SEALED_COLUMNS}

    for which, place in declared.items():
        assert listed[which].context == place
    for schema in SCHEMAS:
        engine = create_engine(node.service_url(schema))
        with engine.connect() as connection:
            stored = columns_of(connection, schema)
        engine.dispose()
        found = {(schema, table, name) for table, names in stored.items() for name in names if name.endswith("_sealed")}
        assert found <= set(listed)
        for column in (each for each in SEALED if each.schema == schema):
            assert {column.column, *column.key} <= set(stored[column.table])


def test_an_act_that_waits_for_a_decision_is_sealed_anew_and_lets_the_old_key_go(node, intake):
    ring = intake.desk.vault
    said = {"command": "{}", "note_sealed": "马桂兰来过", "reason_sealed": "地址不清"}
    places = {"command": "proposed/p1", "note_sealed": "proposed/p1/note", "reason_sealed": "proposed/p1/reason"}
    node.query(
        "INSERT INTO routing.proposed_act"
        " (id, case_no, command_type, command, note_sealed, reason_sealed, seq, person, role, proposed_at, state)"
        " VALUES ('p1', '63010400020260302W00012', 'transfer-case', %s, %s, %s, 1, 'wang', 'D', now(), 'open')",
        *(ring.seal(text, places[name]) for name, text in said.items()),
    )
    assert keys("add").exit_code == keys("use", "k2").exit_code == 0

    assert keys("rotate").exit_code == 0

    (stored,) = node.query("SELECT command, note_sealed, reason_sealed FROM routing.proposed_act")
    assert all(value.startswith("k2:") for value in stored)
    assert [ring.open(*pair) for pair in zip(stored, places.values(), strict=True)] == list(said.values())
    assert keys("retire", "k1").exit_code == 0


def test_a_full_table_is_sealed_anew_batch_by_batch(node, intake):
    register(intake, 20)
    node.query(
        "INSERT INTO intake.reject SELECT 'r' || n, 'f' || n, 'registered', '', '', '', 'k1:AAAA', 1, now(), now()"
        " FROM generate_series(1, 2000) AS n"
    )
    ring = intake.desk.vault
    rows = [(ring.seal("x", f"reject/f{n}"), f"f{n}") for n in range(1, 2001)]
    with node.connect() as opened, opened.cursor() as cursor:
        cursor.executemany("UPDATE intake.reject SET content_sealed = %s WHERE fingerprint = %s", rows)
    assert keys("add").exit_code == keys("use", "k2").exit_code == 0
    engine = create_engine(node.service_url("intake"))
    batches = []

    progress = reseal({"intake": engine}, ring, batch=500, told=lambda place, number: batches.append((place, number)))

    engine.dispose()
    assert progress.done["intake.reject.content_sealed"] == 2000
    assert [number for place, number in batches if place == "intake.reject.content_sealed"] == [500] * 4
