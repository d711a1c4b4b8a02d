"""`lianxi export` and XLSX both ways: masked unless on record, nothing that calculates, and what went out comes in."""

import csv
import json
from contextlib import closing
from pathlib import Path

import pytest
from alembic import command as migration
from alembic.config import Config
from click.testing import CliRunner
from openpyxl import Workbook, load_workbook
from sqlalchemy import create_engine

from lianxi.ops import exporting, importing
from lianxi.ops.exporting.writing import guarded, plain
from lianxi.ops.importing.table import REJECT_HEADER
from services.intake import handlers
from services.portal import wiring as portal
from tests.unit.intake.desk import a_letter, a_visit, a_web_petition

pytestmark = pytest.mark.database
HEADER = ["信访编号", "信访形式", "姓名", "联系电话", "标题", "正文", "收到日期"]
ROW = ["7", "来信", "祁有才", "13897412356", "停水", "湟源县城关镇停水三天。", "2025-03-04"]


@pytest.fixture
def office(environment, tmp_path, monkeypatch):
    """Run a command in the node; return exit code, output and the JSON answer."""
    monkeypatch.chdir(tmp_path)

    def run(command, *arguments):
        result = CliRunner().invoke(command, [*map(str, arguments), "--node", "630104", "--json"], env=environment)
        return result.exit_code, result.output, json.loads(result.stdout) if result.stdout.startswith("{") else {}

    return run


@pytest.fixture
def staff(migrated, environment):
    """The portal's accounts in the same database: a dispatcher, a leader, an officer and one who has left."""
    config = Config()
    config.set_main_option("script_location", str(Path(portal.__file__).parent / "migrations"))
    engine = create_engine(migrated.url)
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        migration.upgrade(config, "head")
    engine.dispose()
    environment |= {"LIANXI_DATABASE_URL_PORTAL": migrated.url, "LIANXI_AMQP_URI": "amqp://unused"}
    with closing(portal.AccountDesk(environment)) as desk:
        for login, role in (("d1", "D"), ("l1", "DL"), ("u1", "U"), ("d2", "D")):
            desk.add(login, "不容易猜到的密码-7", role, "630104.housing" if role == "U" else "")
        desk.disable("d2")


@pytest.fixture
def registered(parts):
    def register(*bodies):
        with parts.open_work() as work:
            return [handlers.register(body, work, parts.desk)["number"] for body in bodies]

    return register


def a_workbook(path, *rows, header=HEADER):
    book = Workbook()
    sheet = book.active
    for row in (header, *rows):
        sheet.append(row)
    book.save(path)
    return path


def cells_of(path):
    if path.suffix == ".csv":
        with path.open(encoding="utf-8-sig", newline="") as file:
            return list(csv.reader(file))
    book = load_workbook(path)
    return [["" if value is None else value for value in row] for row in book.active.iter_rows(values_only=True)]


def test_a_workbook_is_imported_and_each_row_has_its_own_channel(office, tmp_path, migrated):
    file = a_workbook(
        tmp_path / "board.xlsx", ROW, ["8", "来电", "马桂兰", 13897412356, "噪音", "施工噪音。", "2025/3/5"]
    )

    code, output, summary = office(importing.command, file)

    assert (code, summary["imported"]) == (0, 2), output
    assert migrated.query("SELECT number FROM intake.contact ORDER BY number") == [
        ("63010400020250304X00001",),
        ("63010400020250305D00001",),
    ]
    assert office(importing.command, file)[2]["already"] == 2


def test_a_long_number_that_the_spreadsheet_rounded_is_refused(office, tmp_path):
    header = [*HEADER, "身份证号"]
    file = a_workbook(tmp_path / "board.xlsx", [*ROW, 630102198001010000], header=header)

    code, _, summary = office(importing.command, file)

    assert (code, summary["rejected"]) == (1, 1)
    [_, row] = cells_of(tmp_path / "board.rejects.xlsx")
    assert row[1] == "身份证号"
    assert "文本" in row[2]


def test_a_mended_workbook_of_rejects_goes_in_as_it_is_and_settles_what_was_refused(office, tmp_path, migrated):
    file = a_workbook(tmp_path / "board.xlsx", ROW, ["8", "鸽子", "马桂兰", "", "噪音", "施工噪音。", "2025-03-05"])
    assert office(importing.command, file)[2] == {"rows": 2, "imported": 1, "already": 0, "rejected": 1}
    rejects = tmp_path / "board.rejects.xlsx"
    header, row = cells_of(rejects)
    assert header == [*REJECT_HEADER, *HEADER]

    a_workbook(rejects, [cell.replace("鸽子", "来访") for cell in row], header=header)
    code, output, summary = office(importing.command, rejects)

    assert (code, summary["imported"]) == (0, 1), output
    [(number, settled)] = migrated.query("SELECT number, settled_at IS NOT NULL FROM intake.reject")
    assert (number, settled) == ("63010400020250305F00001", True)
    assert office(importing.command, file)[2] == {"rows": 2, "imported": 0, "already": 2, "rejected": 0}


def test_an_old_or_broken_workbook_is_refused_with_what_to_do(office, tmp_path):
    (tmp_path / "old.xls").write_bytes(b"\xd0\xcf\x11\xe0" + bytes(600))
    (tmp_path / "cut.xlsx").write_bytes(b"PK\x03\x04" + bytes(600))

    old = office(importing.command, tmp_path / "old.xls", "--channel", "web")
    cut = office(importing.command, tmp_path / "cut.xlsx", "--channel", "web")

    assert (old[0], cut[0]) == (2, 2)
    assert ".xlsx" in old[1]
    assert "工作簿" in cut[1]


@pytest.mark.parametrize("name", ["out.csv", "out.xlsx"])
def test_an_export_is_masked_and_holds_no_text(office, registered, tmp_path, migrated, name):
    registered(a_web_petition(text="我叫马桂兰，电话13897412356。"))

    code, output, answer = office(exporting.command, tmp_path / name)

    assert (code, answer) == (0, {"rows": 1, "masked": True}), output
    said = str(cells_of(tmp_path / name))
    for clear in ("马桂兰", "13897412356", "虎台一巷3号楼", "我叫"):
        assert clear not in said
    assert "138****2356" in said
    assert migrated.query("SELECT count(*) FROM intake.personal_read") == [(0,)]


@pytest.mark.usefixtures("staff")
def test_an_export_in_full_needs_an_account_that_may_and_a_reason_and_is_on_record(
    office, registered, tmp_path, migrated
):
    [number] = registered(a_web_petition())
    file = tmp_path / "out.csv"

    refused = [
        office(exporting.command, file, "--unmasked", *said)[0]
        for said in (
            ("--by", "u1", "--reason", "核对"),
            ("--by", "u1", "--role", "D", "--reason", "核对"),
            ("--by", "d1", "--role", "DL", "--reason", "核对"),
            ("--by", "d2", "--reason", "核对"),
            ("--by", "nobody", "--role", "D", "--reason", "核对"),
            ("--role", "D", "--reason", "核对"),
            ("--by", "d1", "--role", "D"),
        )
    ]
    code, output, _ = office(exporting.command, file, "--unmasked", "--by", "D1", "--reason", "年度核对")

    assert refused == [2] * 7
    assert code == 0, output
    assert "马桂兰" in str(cells_of(file))
    assert migrated.query("SELECT number, person, role, reason FROM intake.personal_read") == [
        (number, "d1", "D", "年度核对")
    ]


@pytest.mark.usefixtures("staff")
def test_an_accusation_is_exported_as_number_and_day_only_even_in_full(office, registered, tmp_path):
    registered(a_letter(petition_class="B", subject="检举某科长", text="收受财物。"))

    office(exporting.command, tmp_path / "out.csv", "--unmasked", "--by", "l1", "--role", "DL", "--reason", "核对")

    said = str(cells_of(tmp_path / "out.csv"))
    for clear in ("检举某科长", "收受", "马桂兰"):
        assert clear not in said
    assert "63010400020" in said


@pytest.mark.usefixtures("staff")
@pytest.mark.parametrize("name", ["out.csv", "out.xlsx"])
def test_what_looks_like_a_formula_stays_text_and_survives_the_way_out_and_in(office, registered, tmp_path, name):
    formula = '=HYPERLINK("http://evil.example";"点我")'
    registered(a_web_petition(subject=formula, text="+86 是国际区号。"))
    file = tmp_path / name

    office(exporting.command, file, "--unmasked", "--by", "d1", "--role", "D", "--reason", "迁移")

    header, row = cells_of(file)
    shown = row[header.index("主题")]
    if file.suffix == ".csv":
        assert shown == f"'{formula}"
    else:
        assert load_workbook(file).active.cell(2, header.index("主题") + 1).data_type == "s"
    again = office(importing.command, file, "--source", "elsewhere")
    assert again[2]["imported"] == 1, again[1]
    assert guarded(plain("'=1")) == "'=1"
    assert plain(guarded(formula)) == formula


def test_only_the_days_and_the_channel_asked_for_are_exported(office, registered, tmp_path):
    numbers = registered(a_letter(received_at="2026-02-20"), a_letter(received_at="2026-02-21"), a_visit())

    code, output, answer = office(
        exporting.command, tmp_path / "out.csv", "--since", "2026-02-21", "--until", "2026-02-21", "--channel", "letter"
    )

    assert (code, answer["rows"]) == (0, 1), output
    assert cells_of(tmp_path / "out.csv")[1][0] == numbers[1]
    assert office(exporting.command, tmp_path / "out.csv")[0] == 2  # it is there already


def test_pages_follow_one_another_to_the_end(registered, monkeypatch, tmp_path, office):
    registered(*(a_web_petition(subject=f"第{number}件") for number in range(7)))
    monkeypatch.setattr(exporting, "BATCH", 3)

    assert office(exporting.command, tmp_path / "out.csv")[2]["rows"] == 7
