"""The city changes its index key: people and codes are found all the while, hashes are made anew, the old key goes."""

import threading
from uuid import UUID

import pytest

from lianxi.runtime.crypto import read_ring
from services.intake import handlers, wiring
from services.intake.domain.records import ForeignContact
from services.intake.handlers import drafts, personal
from services.routing.storage.persons import person_id
from tests.integration.keys.registering import PHONE, keys, register, ring_file
from tests.unit.intake.desk import REGISTRAR, a_web_petition

pytestmark = pytest.mark.database
CO_SIGNER = "13709715566"


def test_query_codes_work_through_a_change_of_the_index_key(intake):
    (registered,) = register(intake)
    assert keys("add", "--kind", "index").exit_code == keys("use", "--kind", "index", "i2").exit_code == 0

    (later,) = register(intake)

    for each in (registered, later):
        with intake.open_work() as work:
            assert handlers.find({"query_code": each["query_code"]}, work, intake.desk)["number"] == each["number"]


def test_an_index_key_stays_while_hashes_may_be_its_own(intake):
    register(intake)
    assert keys("add", "--kind", "index").exit_code == keys("use", "--kind", "index", "i2").exit_code == 0
    old = next(name for name in read_ring(ring_file()).index.keys if name != "i2")
    gone = ("retire", "--kind", "index", old, "--every-node-uses-the-new-one")

    refused = keys(*gone)

    assert refused.exit_code == 1
    assert "intake.contact.petitioner_key 1; intake.contact.query_code_hash 1" in refused.output
    assert old in read_ring(ring_file()).index.keys
    assert keys(*gone, "--forget-hashes").exit_code == 0
    assert list(read_ring(ring_file()).index.keys) == ["i2"]


def test_an_index_key_by_which_nothing_was_hashed_goes(node):
    assert keys("add", "--kind", "index").exit_code == 0

    assert keys("retire", "--kind", "index", "i2", "--every-node-uses-the-new-one").exit_code == 0
    assert node.query("SELECT count(*) FROM intake.contact") == [(0,)]


def a_joint_petition(phone=PHONE):
    petitioner = {"name": "马桂兰", "phone": phone, "address": "西宁市城西区"}
    signer = {"name": "祁有才", "phone": CO_SIGNER, "representative": True}
    return a_web_petition(petitioner=petitioner, co_signers=[signer], persons=2)


def change_index_key():
    assert keys("add", "--kind", "index").exit_code == keys("use", "--kind", "index", "i2").exit_code == 0


def numbers_of(intake, phone):
    with intake.open_work() as work:
        asked = {"identity": {"phone": phone}, "actor": REGISTRAR | {"role": "DL"}}
        return sorted(personal.find_person(asked, work, intake.desk)["numbers"])


def routing_knows(node, intake, numbers, phone=PHONE):
    """Let routing know the people of these contacts as it would by the message about each."""
    persons = [person_id(key[:32]) for key in intake.desk.vault.keyed_hashes(f"phone:{phone}", "person")]
    with node.connect() as opened, opened.cursor() as cursor:
        rows = [(persons[0], number) for number in numbers]
        cursor.executemany("INSERT INTO routing.case_person VALUES (%s, %s, 'phone', CURRENT_DATE)", rows)


RETIRE = ("retire", "--kind", "index", "i", "--every-node-uses-the-new-one")


def test_every_hash_of_a_full_table_is_made_anew_and_the_old_key_goes(node, intake, tmp_path):
    registered = []
    for number in range(40):
        with intake.open_work() as work:
            registered.append(handlers.register(a_joint_petition(f"138974{number:05}"), work, intake.desk))
    with intake.open_work() as work:
        row = ForeignContact(source="board", source_id="1", body=a_foreign_row())
        handlers.take_over([row], work, intake.desk)
    known = [each["number"] for each in registered[:3]]
    routing_knows(node, intake, known, "13897400000")
    change_index_key()
    assert numbers_of(intake, CO_SIGNER) == sorted(each["number"] for each in registered)
    assert keys(*RETIRE).exit_code == 1

    done = keys("rehash", "--save", str(tmp_path / "pairs"))

    assert (done.exit_code, "41 contacts have new hashes" in done.output) == (0, True), done.output
    assert (tmp_path / "pairs").stat().st_mode & 0o777 == 0o600
    assert "0 contacts" in keys("rehash").output
    assert keys(*RETIRE).output == "index key i was retired\n"
    assert numbers_of(intake, CO_SIGNER) == sorted(each["number"] for each in registered)
    for each in registered[::13]:
        with intake.open_work() as work:
            assert handlers.find({"query_code": each["query_code"]}, work, intake.desk)["number"] == each["number"]
            [again] = handlers.take_over([row], work, intake.desk)
        assert again.fate.value == "already"
    [new] = intake.desk.vault.keyed_hashes("phone:13897400000", "person")
    assert node.query("SELECT DISTINCT person::text FROM routing.case_person") == [(str(UUID(person_id(new[:32]))),)]


def a_foreign_row():
    said = {"name": "A0001", "account": "A0001"}
    return {"channel": "web", "subject": "路灯不亮", "text": "胜利路路灯已有两周不亮。", "petitioner": said}


def test_the_way_back_from_a_new_index_key_is_the_same_way(node, intake):
    [registered] = register(intake)
    before = node.query("SELECT petitioner_key, query_code_hash FROM intake.contact")
    change_index_key()
    assert keys("rehash").exit_code == 0
    assert node.query("SELECT petitioner_key, query_code_hash FROM intake.contact") != before

    assert keys("use", "--kind", "index", "i").exit_code == keys("rehash").exit_code == 0

    assert node.query("SELECT petitioner_key, query_code_hash FROM intake.contact") == before
    assert keys("retire", "--kind", "index", "i2", "--every-node-uses-the-new-one").exit_code == 0
    assert numbers_of(intake, PHONE) == [registered["number"]]


def test_nobody_is_lost_while_others_register_and_the_rehash_is_killed(node, intake, monkeypatch):
    registered = register(intake, 12)
    change_index_key()
    stop = threading.Event()

    def keep_registering():
        while not stop.is_set():
            registered.extend(register(intake))
            assert numbers_of(intake, PHONE)

    writer = threading.Thread(target=keep_registering)
    writer.start()
    try:
        monkeypatch.setattr("lianxi.ops.rehashing.BATCH", 2)
        pages = wiring.Rehasher().pages(2, write=True)
        next(pages), next(pages)  # the process ends here, after two pages of two
        pages.close()
        assert numbers_of(intake, PHONE)[:12] == sorted(each["number"] for each in registered)[:12]
        done = keys("rehash")
    finally:
        stop.set()
        writer.join()

    assert done.exit_code == 0, done.output
    assert keys(*RETIRE).exit_code == 0
    assert numbers_of(intake, PHONE) == sorted(each["number"] for each in registered)
    assert len(node.query("SELECT DISTINCT petitioner_key FROM intake.contact")) == 1


def test_a_node_that_has_no_file_of_a_case_gets_the_pairs_of_the_one_that_has(node, intake, tmp_path):
    [registered] = register(intake)
    routing_knows(node, intake, [registered["number"]])
    change_index_key()
    assert keys("rehash", "--save", str(tmp_path / "below")).exit_code == 0
    # the same case at a node above: known to routing by the old hash, and intake has nothing of it
    node.query("TRUNCATE intake.contact, routing.case_person")
    with node.connect() as opened, opened.cursor() as cursor:
        old = intake.desk.vault.keyed_hashes(f"phone:{PHONE}", "person")[1][:32]
        values = (person_id(old), registered["number"])
        cursor.execute("INSERT INTO routing.case_person VALUES (%s, %s, 'phone', CURRENT_DATE)", values)

    refused = keys(*RETIRE, "--pairs", str(tmp_path / "below"))
    assert "routing.case_person.person 1" in refused.output
    assert keys("rehash", "--pairs", str(tmp_path / "below")).exit_code == 0
    assert "routing.case_person.person 1" in keys(*RETIRE).output
    assert keys(*RETIRE, "--pairs", str(tmp_path / "below")).exit_code == 0


def test_a_draft_that_is_saved_again_has_its_code_hashed_anew(node, intake):
    with intake.open_work() as work:
        code = drafts.save_draft({"content": {"subject": "路灯"}}, work, intake.desk)["code"]
    before = node.query("SELECT code_hash FROM intake.draft")
    change_index_key()

    assert "intake.draft.code_hash 1" in keys(*RETIRE).output
    with intake.open_work() as work:
        drafts.save_draft({"content": {"subject": "路灯不亮"}, "code": code}, work, intake.desk)
    with intake.open_work() as work:
        assert drafts.open_draft({"code": code}, work, intake.desk)["content"]["subject"] == "路灯不亮"
    assert node.query("SELECT code_hash FROM intake.draft") != before


def row_of(source_id, **changes):
    return ForeignContact(source="board", source_id=source_id, body=a_foreign_row() | changes)


def taken_over(intake, *rows):
    with intake.open_work() as work:
        return [outcome.fate.value for outcome in handlers.take_over(rows, work, intake.desk)]


def test_a_file_given_again_during_and_after_a_change_of_the_index_key_adds_and_complains_of_nothing(intake):
    spaced, too_short = "  胜利路１２号路灯已有两周不亮。 ", row_of("3", text="")
    file = (row_of("1"), row_of("2", text=spaced), too_short)
    assert taken_over(intake, *file) == ["imported", "imported", "rejected"]
    assert taken_over(intake, row_of("3", text="路灯不亮已有两周。")) == ["imported"]
    assert taken_over(intake, *file) == ["already"] * 3

    change_index_key()
    assert taken_over(intake, *file) == ["already"] * 3
    assert keys("rehash").exit_code == 0
    assert taken_over(intake, *file) == ["already"] * 3
    assert keys(*RETIRE).exit_code == 0

    assert taken_over(intake, *file) == ["already"] * 3
    assert taken_over(intake, row_of("2", text="另一件事，与路灯无关。")) == ["rejected"]
