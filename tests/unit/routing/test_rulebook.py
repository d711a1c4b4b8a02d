"""A mistake in a rule file is named by file, entry and field, and nothing is loaded half."""

import shutil

import pytest

from services.routing.storage.rulebook import BadRulebook, load_directory, load_rulebook
from services.routing.storage.rulebook.terms import load_catalogue
from tests.unit.routing.sorting_desk import XINING

RULE = """
  - id: XN-NEW
    version: "1"
    valid_from: 2026-01-01
    when: {node: city}
    then: {to: organ}
    reason: 由{unit}办理。
"""


@pytest.fixture
def data(tmp_path):
    """A copy of the rule files that a test may spoil."""
    for name in ("rules.yaml", "terms.yaml", "gazetteer.yaml", "units.yaml", "topology.yaml"):
        shutil.copy(XINING / name, tmp_path / name)
    for name in ("categories.csv", "divisions.csv"):
        shutil.copy(XINING / name, tmp_path / name)
    return tmp_path


def change(data, name, old, new):
    text = (data / name).read_text(encoding="utf-8")
    assert old in text
    (data / name).write_text(text.replace(old, new, 1), encoding="utf-8")


def add(data, name, text):
    with (data / name).open("a", encoding="utf-8") as file:
        file.write(text)


def refused(data, *said):
    with pytest.raises(BadRulebook) as caught:
        load_rulebook(data)
    for word in said:
        assert word in caught.value.message
    assert caught.value.branch == "broken"
    return caught.value


def test_the_files_of_xining_load():
    book = load_rulebook(XINING)

    assert len({rule.id for rule in book.rules}) == len(book.rules)
    assert len(book.gazetteer.divisions) == 88
    assert len([path for path in load_catalogue(XINING) if len(path) == 3]) == 517
    assert len([path for path in load_catalogue(XINING) if len(path) == 1]) == 15


def test_a_further_rule_is_taken(data):
    add(data, "rules.yaml", RULE)

    assert load_rulebook(data).rules[-1].id == "XN-NEW"


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        ("id: XN-NEW", "name: XN-NEW", "name"),
        ('version: "1"', "version: 1", "version"),
        ("valid_from: 2026-01-01", "valid_from: 明天", "valid_from"),
        ("valid_from: 2026-01-01", 'note: ""', "note"),
        ("    valid_from: 2026-01-01\n", "", "valid_from"),
        ("2026-01-01", "2026-01-01\n    valid_until: 2025-01-01", "valid_until"),
        ("{node: city}", "{node: village}", "node"),
        ("{node: city}", "{class: D}", "class"),
        ("{node: city}", "{category: everything}", "category"),
        ("{node: city}", "{place: moon}", "place"),
        ("{node: city}", "{signal: loud}", "signal"),
        ("{node: city}", "{colour: red}", "colour"),
        ("{node: city}", "always", "when"),
        ("{to: organ}", "{to: away}", "to"),
        ("{to: organ}", "{unit: tax}", "to"),
        ("{to: organ}", "{to: organ, unit: nobody}", "unit"),
        ("{to: organ}", "{to: organ, automatic: perhaps}", "automatic"),
        ("{to: organ}", "{to: wait, automatic: true}", "to"),
        ("{to: organ}", "{to: organ, route: RT9}", "route"),
        ("由{unit}办理。", "由{someone}办理。", "reason"),
        ("由{unit}办理。", "由{unit办理。", "reason"),
        ("由{unit}办理。", "''", "reason"),
        ("由{unit}办理。", "[]", "reason"),
    ],
)
def test_a_mistake_in_a_rule_names_the_rule_and_the_field(data, old, new, field):
    assert old in RULE
    add(data, "rules.yaml", RULE.replace(old, new, 1))

    error = refused(data, "rules.yaml", field)

    assert "XN-NEW" in error.message or "第20条" in error.message
    assert error.field == field
    assert error.details == {"file": "rules.yaml"}


def test_a_second_version_needs_days_of_its_own(data):
    add(data, "rules.yaml", RULE + RULE.replace('"1"', '"2"').replace("2026-01-01", "2026-07-01"))

    refused(data, "rules.yaml", "XN-NEW", "valid_from", "重叠")


def test_a_second_version_needs_a_number_of_its_own(data):
    add(data, "rules.yaml", RULE + RULE)

    refused(data, "rules.yaml", "XN-NEW", "version")


def test_a_rule_that_ended_makes_room_for_its_next_version(data):
    ended = RULE.replace("2026-01-01", "2026-01-01\n    valid_until: 2026-06-30")
    add(data, "rules.yaml", ended + RULE.replace('"1"', '"2"').replace("2026-01-01", "2026-07-01"))

    assert [rule.version for rule in load_rulebook(data).rules[-2:]] == ["1", "2"]


@pytest.mark.parametrize(
    ("name", "old", "new", "said"),
    [
        ("rules.yaml", "sure: 0.2", "sure: high", ("sure", "数字")),
        ("rules.yaml", "sure: 0.2", "sure: 0.2\nsure: 0.3", ("sure", "两次")),
        ("rules.yaml", "discipline: [纪检监察]", "discipline: [纪检]", ("categories.discipline", "纪检")),
        ("rules.yaml", "discipline: [纪检监察]", "discipline: 3", ("discipline", "列表")),
        ("rules.yaml", "rules:\n", "rules:\n  - 全部转送\n", ("rules.1",)),
        ("rules.yaml", 'version: "2026.2"', "version: [", ("YAML",)),
        ("terms.yaml", "    5: 公租房", "    5: 房", ("保障性住房", "字段 5", "太短")),
        ("terms.yaml", "    5: 公租房", "    5: 公租房 公租房", ("保障性住房", "公租房", "两次")),
        ("terms.yaml", "    5: 公租房", "    high: 公租房", ("保障性住房", "high", "权重")),
        ("terms.yaml", "    5: 公租房", "    6: 3\n    5: 公租房", ("保障性住房", "字段 6")),
        ("terms.yaml", "  城乡建设/村镇建设:\n", "  城乡建设/城镇:\n", ("城乡建设/城镇", "分类目录")),
        (
            "terms.yaml",
            "  城乡建设/村镇建设:\n",
            "  城乡建设/村镇建设: 3\n  城乡建设/其他:\n",
            ("terms.城乡建设/村镇建设",),
        ),
        ("terms.yaml", "  reach: 15", "  reach: 15\n  loud: 大声", ("signals", "loud")),
        ("terms.yaml", "doubt: 4", "", ("doubt",)),
        ("gazetteer.yaml", '"630123201": [日月乡]', '"630199": [日月乡]', ("short_names", "630199")),
        ("gazetteer.yaml", '"630123201": [日月乡]', "630123201: [日月乡]", ("630123201", "引号")),
        ("gazetteer.yaml", '"630123201": [日月乡]', '"630123201": [月]', ("630123201", "太短")),
        ("gazetteer.yaml", "[城中村,", "[城东区, 城中村,", ("not_places", "城东区")),
        ("divisions.csv", "630123206,寺寨乡,township", "630123206,寺寨乡,village", ("level",)),
        ("divisions.csv", "630123206,", "630123205,", ("code", "两次")),
        ("divisions.csv", "code,name", "number,name", ("code", "缺少")),
        ("categories.csv", "城乡建设,安全生产,安全隐患", "城乡建设,安全生产,事故处理", ("level3", "两次")),
        ("units.yaml", "mark: 城西信", "mark: 城东信", ("mark", "630104", "630102")),
        ("units.yaml", "mark: 城西信", "mark: 城西区信访工作联席会议办公室", ("630104", "代字")),
        ("units.yaml", "mark: 城西信", "mark: 西信, colour: red", ("630104", "colour")),
        ("units.yaml", "competence: [教育文体]", "competence: [教育]", ("education", "competence", "教育")),
        ("units.yaml", "competence: [卫生计生]", "competence: [教育文体]", ("templates.city", "教育文体")),
        ("units.yaml", "    tax:", "    Tax Office:", ("Tax Office",)),
        ("units.yaml", "competence: [教育文体]", "leader: boss", ("education", "leader")),
        ("units.yaml", "city: city,", "city: town,", ("templates.town",)),
        ("units.yaml", '"630106": {ganhe-park', '"630199": {ganhe-park', ("also.630199", "topology.yaml")),
        ("units.yaml", '  "630105": {short', "  630105: {short", ("630105", "引号")),
        ("topology.yaml", "name: 古城台街道", "name: 虎台街道", ("mark", "相同")),
    ],
)
def test_a_mistake_in_a_file_names_the_file_and_the_place(data, name, old, new, said):
    change(data, name, old, new)

    refused(data, name if name != "topology.yaml" else "units.yaml", *said)


def test_a_rulebook_without_rules_is_refused(data):
    text = (data / "rules.yaml").read_text(encoding="utf-8")
    (data / "rules.yaml").write_text(text.partition("\nrules:")[0] + "\nrules: []\n", encoding="utf-8")

    refused(data, "rules.yaml", "rules")


@pytest.mark.parametrize("name", ["rules.yaml", "terms.yaml", "units.yaml", "categories.csv", "divisions.csv"])
def test_a_missing_file_is_named(data, name):
    (data / name).unlink()

    refused(data, name, "无法读取")


def test_a_file_that_is_no_mapping_is_named(data):
    (data / "gazetteer.yaml").write_text("- 西宁\n", encoding="utf-8")

    refused(data, "gazetteer.yaml")


def test_a_node_whose_district_is_unknown_is_named(data):
    change(data, "units.yaml", '  "630104": {short: 城西, prefix: 城西区, mark: 城西信}\n', "")

    with pytest.raises(BadRulebook, match="630104"):
        load_directory(data)
