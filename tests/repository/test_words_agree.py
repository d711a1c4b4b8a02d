"""Rule ids and words mean the same in documents, code and tests."""

import re

import pytest

from tests.repository.tree import ROOT, markdown_files, named, python_files, text_of

RULE_ID = re.compile(r"\b(?:R-\d+-\d+|D-\d+[a-e]?|CF-\d+|GD-\d+|PR-\d+|MK-\d+|RO-\d+|V-\d+[a-z]?)(?![\w-])")
NAME = re.compile(r"`([A-Za-z_][A-Za-z0-9_]*)`")
PAGES = [
    path for path in markdown_files() if path.is_relative_to(ROOT / "docs") or path.parent.parent.name == "services"
]
CODE = "\n".join(text_of(path) for path in python_files("lianxi", "services"))
DATA = "\n".join(text_of(path) for path in (ROOT / "deploy").rglob("*.yaml"))
TESTS = "\n".join(text_of(path) for path in python_files("tests") if path.parent.name != "repository").lower()


@pytest.fixture(scope="module")
def words_in_code():
    return set(re.findall(r"[A-Za-z_][A-Za-z0-9_]*", CODE))


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_a_rule_that_a_page_cites_stands_in_code(page):
    known = set(RULE_ID.findall(CODE)) | set(RULE_ID.findall(DATA))
    cited = set(RULE_ID.findall(text_of(page)))

    assert cited - known == set(), f"{named(page)} cites rules that no code or setting follows"


def test_every_rule_of_the_law_of_deadlines_is_tested():
    cited = set(RULE_ID.findall(text_of(ROOT / "docs" / "deadline-law.md")))
    spoken = TESTS.replace("_", "-")

    assert {rule for rule in cited if not re.search(rf"{rule.lower()}(?![0-9])", spoken)} == set()


def test_every_name_of_the_glossary_exists_in_code(words_in_code):
    rows = [line.split("|") for line in _built_part().splitlines() if line.startswith("| ")]
    names = {name for row in rows if len(row) > 2 for name in NAME.findall(row[2])}

    assert len(names) > 100
    assert names - words_in_code == set(), "docs/glossary.md names what is not in the code"


def test_a_word_of_the_glossary_has_one_row():
    words = [line.split("|")[1].strip() for line in _built_part().splitlines() if line.startswith("| ")]
    words = [word for word in words if word not in {"word", "---"}]

    assert sorted({word for word in words if words.count(word) > 1}) == []


def test_a_name_kept_for_later_is_not_in_use_yet():
    kept = text_of(ROOT / "docs" / "glossary.md").partition("\n## 9. ")[2]
    domain = "\n".join(text_of(path) for path in python_files("lianxi/law", "lianxi/casework", "services"))
    classes = set(re.findall(r"^class ([A-Za-z]+)", domain, re.MULTILINE))

    assert set(NAME.findall(kept)) & classes == set(), "move these words from section 9 of docs/glossary.md"


def _built_part():
    return text_of(ROOT / "docs" / "glossary.md").partition("\n## 9. ")[0]
