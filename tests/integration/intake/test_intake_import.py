"""`lianxi import` into a real database: every row is accounted for, nothing is in twice."""

import csv
import json
import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import openpyxl
import pytest
from click.testing import CliRunner

from lianxi.casework.errors import Conflict, Invalid
from lianxi.contracts import envelope
from lianxi.ops import rejects
from lianxi.ops.importing import command
from lianxi.ops.importing.table import REJECT_HEADER
from services.intake import handlers
from services.intake.handlers import drafts, mending
from tests.support.waiting import eventually

pytestmark = pytest.mark.database
HEADER = ["message_id", "author", "subject", "submitted_at", "text"]
PLACES = [
    "城东区八一路",
    "城中区南关街",
    "城西区胜利路",
    "城北区朝阳西路",
    "湟中区鲁沙尔镇",
    "大通县桥头镇",
    "湟源县城关镇",
]


def a_row(number, **changes):
    row = {
        "message_id": str(number),
        "author": f"A{number % 50:04d}",
        "subject": f"{PLACES[number % len(PLACES)]}路灯不亮（{number}）",
        "submitted_at": f"2025-{number % 12 + 1:02d}-15T20:00:00+08:00",
        "text": f"{PLACES[number % len(PLACES)]}第{number}号路灯已有两周不亮，\n夜间行走不便，请求尽快维修。",
    }
    return list((row | changes).values())


def write(path, rows, header=HEADER, encoding="utf-8"):
    with path.open("w", encoding=encoding, newline="") as file:
        csv.writer(file).writerows([header, *rows])
    return path


@pytest.fixture
def lianxi_import(environment, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def run(*arguments):
        options = ["--node", "630104", "--json"] + ["--channel", "web"] * ("--channel" not in arguments)
        result = CliRunner().invoke(command, [*map(str, arguments), *options], env=environment)
        summary = json.loads(result.stdout) if result.stdout.startswith("{") else {}
        if summary:
            assert summary["rows"] == summary["imported"] + summary["already"] + summary["rejected"]
        return result, summary

    return run


def contacts(database):
    return database.query("SELECT number, source, source_id FROM intake.contact ORDER BY number")


def test_a_file_is_imported_once_however_often_it_is_given(lianxi_import, tmp_path, migrated):
    file = write(tmp_path / "board.csv", [a_row(number) for number in range(1, 1201)])

    first, summary = lianxi_import(file)
    again, summary_again = lianxi_import(file.rename(tmp_path / "renamed.csv"))

    assert first.exit_code == again.exit_code == 0, first.output
    assert summary == {"rows": 1200, "imported": 1200, "already": 0, "rejected": 0}
    assert summary_again == {"rows": 1200, "imported": 0, "already": 1200, "rejected": 0}
    assert len(contacts(migrated)) == 1200
    assert migrated.query("SELECT count(*) FROM intake.outbox") == [(1200,)]
    assert migrated.query("SELECT sum(last) FROM intake.running_number") == [(1200,)]
    assert not list(tmp_path.glob("*.rejects.csv"))


def test_the_moment_of_receipt_is_that_of_the_row_and_entry_is_now(lianxi_import, tmp_path, migrated):
    lianxi_import(write(tmp_path / "board.csv", [a_row(1)]))

    [(body,)] = migrated.query("SELECT body FROM intake.outbox")
    message = envelope.decode(bytes(body)).message
    assert message.contact_no == "63010400020250215W00001"
    assert message.received_at.isoformat() == "2025-02-15T20:00:00+08:00"
    assert message.entered_at > message.received_at
    assert message.registered_by is None


def test_letters_of_another_office_are_registered_by_the_import(lianxi_import, tmp_path, migrated):
    header = ["信访编号", "姓名", "标题", "正文", "收到日期", "邮戳日期"]
    row = ["7", "祁有才", "停水", "湟源县城关镇停水三天。", "2025/3/4", "2025/3/1"]

    lianxi_import(write(tmp_path / "letters.csv", [row], header), "--channel", "LETTER")

    [(body,)] = migrated.query("SELECT body FROM intake.outbox")
    message = envelope.decode(bytes(body)).message
    assert (message.contact_no, message.registered_by.person) == ("63010400020250304X00001", "import")
    assert message.posted_on.isoformat() == "2025-03-01"


def test_an_author_without_name_or_address_is_recognised_again(lianxi_import, tmp_path, migrated):
    rows = [a_row(1, author="A7"), a_row(2, author="A7"), a_row(3, author="A8")]

    lianxi_import(write(tmp_path / "board.csv", rows))

    keys = [key for (key,) in migrated.query("SELECT petitioner_key FROM intake.contact ORDER BY source_id")]
    assert keys[0] == keys[1] != keys[2]


def test_every_pitfall_of_a_file_is_rejected_with_row_field_and_reason(lianxi_import, tmp_path, migrated):
    file = write(
        tmp_path / "board.csv",
        [
            a_row(1),
            a_row(2, text=""),
            a_row(3, subject="电\x07话"),
            a_row(4, text="含\x00空字符"),
            a_row(5, text="长" * 20_001),
            a_row(6, submitted_at="2099-01-01"),
            a_row(7, submitted_at="前天"),
            a_row(8, submitted_at=""),
            a_row(9, author=""),
            a_row(10, message_id=""),
            a_row(1, text="同一编号，另一内容。"),
            a_row(12, text="<b>'; DROP TABLE intake.contact; --</b>"),
            a_row(13, message_id="x\x00y"),
            a_row(14, message_id="长" * 101),
        ],
        encoding="utf-8-sig",
    )
    with file.open("a", encoding="utf-8") as more:
        more.write('15,A1,"标题"错,2025-01-01,x\n16,A1,少一列,2025-01-01\n17,A1,好,2025-01-01,"他说""好"""\n')

    result, summary = lianxi_import(file)

    assert result.exit_code == 1
    assert summary == {"rows": 17, "imported": 3, "already": 0, "rejected": 14}
    with (tmp_path / "board.rejects.csv").open(encoding="utf-8-sig", newline="") as rejects:
        header, *rows = csv.reader(rejects)
    assert header == [*REJECT_HEADER, *HEADER]
    assert [(int(row[0]), row[1]) for row in rows] == [
        (2, "text"),
        (3, "subject"),
        (4, "text"),
        (5, "text"),
        (6, "submitted_at"),
        (7, "submitted_at"),
        (8, "submitted_at"),
        (9, "author"),
        (10, "message_id"),
        (11, "message_id"),
        (13, "message_id"),
        (14, "message_id"),
        (15, "csv"),
        (16, "csv"),
    ]
    assert all(row[2] for row in rows)
    assert rows[2][8] == "含\x00空字符"
    assert len(contacts(migrated)) == 3
    assert migrated.query("SELECT count(*) FROM intake.reject") == [(12,)]


def test_a_mended_rejects_file_goes_in_and_the_original_adds_nothing(lianxi_import, tmp_path, migrated):
    file = write(tmp_path / "board.csv", [a_row(1), a_row(2, submitted_at="前天"), a_row(3)])
    lianxi_import(file)
    rejects = tmp_path / "board.rejects.csv"
    rejects.write_text(rejects.read_text(encoding="utf-8-sig").replace("前天", "2025-02-03"), encoding="gb18030")

    result, summary = lianxi_import(rejects)

    assert result.exit_code == 0, result.output
    assert summary == {"rows": 1, "imported": 1, "already": 0, "rejected": 0}
    _, summary = lianxi_import(file)
    assert summary == {"rows": 3, "imported": 0, "already": 3, "rejected": 0}
    assert len(contacts(migrated)) == 3


def test_rows_without_an_id_are_known_by_their_content(lianxi_import, tmp_path):
    header = ["姓名", "联系电话", "标题", "正文", "留言时间"]
    one = ["祁有才", "13897412356", "停水", "湟源县城关镇停水三天。", "2025/3/1 9:05"]
    other = ["马桂兰", "0971-6123456", "停水", "湟源县城关镇停水三天。", "2025年3月1日"]

    _, first = lianxi_import(write(tmp_path / "a.csv", [one, other, one], header))
    _, second = lianxi_import(write(tmp_path / "b.csv", [other, one, one, one], header, "gbk"))

    assert first == {"rows": 3, "imported": 3, "already": 0, "rejected": 0}
    assert second == {"rows": 4, "imported": 1, "already": 3, "rejected": 0}


def test_a_rejected_row_counts_once_however_often_it_comes(lianxi_import, tmp_path, migrated):
    file = write(tmp_path / "board.csv", [a_row(1, text="")])

    lianxi_import(file)
    lianxi_import(file)

    assert migrated.query("SELECT times, origin, field FROM intake.reject") == [(2, "taken-over", "text")]


def test_limit_reads_so_many_rows_and_the_rest_follows_later(lianxi_import, tmp_path):
    file = write(tmp_path / "board.csv", [a_row(number) for number in range(1, 31)])

    assert lianxi_import(file, "--limit", 10)[1]["imported"] == 10
    assert lianxi_import(file)[1] == {"rows": 30, "imported": 20, "already": 10, "rejected": 0}


def test_received_now_ignores_the_column(lianxi_import, tmp_path, migrated):
    lianxi_import(write(tmp_path / "board.csv", [a_row(1, submitted_at="前天")]), "--received", "now")

    assert migrated.query("SELECT entered_at - received_at < interval '1 minute' FROM intake.contact") == [(True,)]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--map", "text=没有"], "没有这一列"),
        (["--map", "nothing=text"], "nothing"),
        (["--rejects", "board.csv"], "--rejects"),
        (["--state", "nowhere"], "lianxi node up"),
        (["--map", "text"], "字段=列名"),
    ],
)
def test_what_cannot_work_ends_with_status_2_and_imports_nothing(lianxi_import, tmp_path, migrated, arguments, said):
    result, _ = lianxi_import(write(tmp_path / "board.csv", [a_row(1)]), *arguments)

    assert (result.exit_code, said in result.output or "没有“没有”这一列" in result.output) == (2, True), result.output
    assert not contacts(migrated)


def test_a_node_of_another_environment_is_refused(environment, tmp_path):
    file = write(tmp_path / "board.csv", [a_row(1)])

    result = CliRunner().invoke(command, [str(file), "--node", "630100", "--channel", "web"], env=environment)

    assert result.exit_code == 2
    assert "630100" in result.output


def test_a_database_that_goes_away_ends_with_status_3_and_a_repeat_goes_on(lianxi_import, tmp_path, migrated):
    file = write(tmp_path / "board.csv", [a_row(number) for number in range(1, 601)])
    lianxi_import(file, "--limit", 500)
    migrated.query("ALTER TABLE intake.running_number RENAME TO gone")

    result, _ = lianxi_import(file)
    migrated.query("ALTER TABLE intake.gone RENAME TO running_number")
    _, summary = lianxi_import(file)

    assert result.exit_code == 3
    assert "早已导入500" in result.output
    assert summary == {"rows": 600, "imported": 100, "already": 500, "rejected": 0}


def test_an_import_that_is_killed_and_started_again_has_every_row_once(environment, tmp_path, migrated):
    file = write(tmp_path / "board.csv", [a_row(number) for number in range(1, 4001)])
    arguments = [
        sys.executable,
        "-m",
        "lianxi.ops",
        "import",
        str(file),
        "--node",
        "630104",
        "--channel",
        "web",
        "--json",
    ]
    variables = {**os.environ, **environment, "PYTHONPATH": str(Path(__file__).parents[3])}

    for at_least in (1, 1501):
        running = subprocess.Popen(arguments, env=variables, cwd=tmp_path, stdout=subprocess.PIPE)
        eventually(lambda least=at_least: migrated.query("SELECT count(*) FROM intake.contact")[0][0] >= least)
        with suppress(ProcessLookupError):
            running.send_signal(signal.SIGKILL)
        running.communicate()
    finished = subprocess.run(arguments, env=variables, cwd=tmp_path, capture_output=True, check=True)

    summary = json.loads(finished.stdout)
    assert summary["rows"] == summary["imported"] + summary["already"] == 4000
    assert summary["already"] >= 1501
    ids = [source_id for _, _, source_id in contacts(migrated)]
    assert sorted(map(int, ids)) == list(range(1, 4001))
    assert migrated.query("SELECT count(*) FROM intake.outbox") == [(4000,)]
    gaps = migrated.query(
        "SELECT left(number, 18), max(right(number, 5)::int) - count(*) FROM intake.contact GROUP BY 1"
    )
    assert {gap for _, gap in gaps} == {0}


class TestMendedInTheBooks:
    """Refused rows come out of the books again where the file of rejects is lost."""

    @pytest.fixture
    def refused(self, lianxi_import, tmp_path, monkeypatch):
        monkeypatch.setattr("lianxi.ops.rejects.role_of", lambda *_: "D")
        rows = [a_row(1), a_row(2, text=""), a_row(3, submitted_at="someday"), a_row(4)]
        lianxi_import(write(tmp_path / "board.csv", rows))
        (tmp_path / "board.rejects.csv").unlink()
        return tmp_path

    def ask(self, environment, *arguments):
        return CliRunner().invoke(rejects.command, [*map(str, arguments), "--node", "630104"], env=environment)

    def export(self, environment, file):
        return self.ask(environment, "export", file, "--by", "ma.ping", "--reason", "改正后重新导入")

    @pytest.mark.parametrize("name", ["again.csv", "again.xlsx"])
    def test_they_are_written_out_mended_and_imported(self, refused, environment, lianxi_import, migrated, name):
        assert "csv:message_id  2行" in self.ask(environment, "list").output
        written = self.export(environment, refused / name)
        assert written.exit_code == 0, written.output
        assert "--source 'csv:message_id'" in written.output
        assert migrated.query("SELECT count(*) FROM intake.personal_read WHERE number LIKE 'reject/%%'") == [(2,)]

        if name.endswith(".xlsx"):
            book = openpyxl.load_workbook(refused / name)
            cells = [["" if cell is None else str(cell) for cell in row] for row in book.active.values]
        else:
            cells = list(csv.reader((refused / name).read_text(encoding="utf-8-sig").splitlines(keepends=True)))
        header, *rows = cells
        for row in rows:
            row[header.index("text")] = "胜利路第二号路灯已有两周不亮，请尽快维修。"
            row[header.index("received_at")] = "2025-03-15 20:00"
        mended = write(refused / "mended.csv", rows, header)
        _, summary = lianxi_import(mended, "--source", "csv:message_id", "--channel", "web")

        assert (summary["imported"], summary["rejected"]) == (2, 0)
        assert "共0行" in self.ask(environment, "list").output
        assert len(migrated.query("SELECT number FROM intake.contact")) == 4

    def test_who_asks_is_named_and_says_why(self, refused, environment):
        nameless = self.ask(environment, "export", refused / "again.csv", "--reason", "x")
        unknown = self.ask(environment, "export", refused / "a.csv", "--by", "x", "--reason", "x", "--source", "other")

        assert (nameless.exit_code, unknown.exit_code) == (2, 2)
        assert "没有等待改正的行" in unknown.output
        assert not (refused / "again.csv").exists()

    def test_one_is_mended_at_the_desk(self, refused, parts, migrated):
        del refused
        actor = {"person": "ma.ping", "role": "R", "unit": "630104.petition", "node": "630104"}
        with parts.open_work() as work:
            row = drafts.list_rejects({"actor": actor, "origin": "taken-over"}, work, parts.desk)["rows"][0]
            opened = drafts.open_reject({"actor": actor, "id": row["id"], "reason": "改正"}, work, parts.desk)
        body = {"actor": actor, "id": row["id"], "content": opened["content"]}

        with pytest.raises(Invalid) as still, parts.open_work() as work:
            mending.import_reject(body, work, parts.desk)
        mended = opened["content"] | {"text": "南关街路灯已有两周不亮，请尽快维修。", "source": "another"}
        with parts.open_work() as work:
            done = mending.import_reject(body | {"content": mended}, work, parts.desk)

        assert still.value.field == row["field"]
        assert done["status"] == "imported"
        assert migrated.query("SELECT source, source_id FROM intake.contact WHERE number = %s", done["number"]) == [
            ("csv:message_id", "2")
        ]
        assert migrated.query("SELECT count(*) FROM intake.reject WHERE settled_at IS NULL") == [(1,)]

    def test_what_was_refused_at_the_desk_is_no_row_of_an_import(self, parts):
        actor = {"person": "ma.ping", "role": "R", "unit": "630104.petition", "node": "630104"}
        with pytest.raises(Invalid) as refusal, parts.open_work() as work:
            handlers.register({"channel": "letter", "actor": actor, "petitioner": {}}, work, parts.desk)
        asked = {"actor": actor, "id": refusal.value.details["reject_id"], "content": {}}

        with pytest.raises(Conflict), parts.open_work() as work:
            mending.import_reject(asked, work, parts.desk)
