"""A running node takes changed rules, keeps the old ones when the new have a mistake, and says so."""

import shutil
from datetime import datetime

import pytest

from lianxi.runtime.metrics import exposition
from services.routing.storage.rulebook import BadRulebook, LiveRulebook
from services.routing.storage.rulebook.live import FILES
from tests.support.builders import SHANGHAI
from tests.unit.routing.sorting_desk import XINING

NOW = datetime(2026, 3, 2, 10, tzinfo=SHANGHAI)


@pytest.fixture
def data(tmp_path):
    """A copy of the rule files that a test may change."""
    for name in FILES:
        shutil.copy(XINING / name, tmp_path / name)
    return tmp_path


def live(data, **more):
    return LiveRulebook(data, lambda: NOW, interval=0.0, **more)


def change(data, old, new):
    text = (data / "rules.yaml").read_text(encoding="utf-8")
    assert old in text
    (data / "rules.yaml").write_text(text.replace(old, new, 1), encoding="utf-8")


def bad():
    return b"routing_rulebook_bad 1.0" in exposition()


def test_changed_rules_are_taken_without_a_restart(data):
    book = live(data)
    before = book.current()

    change(data, 'version: "2026.2"', 'version: "2026.9-new"')

    assert book.current().version == "2026.9-new"
    assert before.version == "2026.2"
    assert book.standing.problem == ""


def test_nothing_is_read_again_while_nothing_changes(data):
    book = live(data)

    assert book.current() is book.current()


def test_a_mistake_keeps_the_old_rules_and_is_told_until_it_is_mended(data):
    book = live(data)
    kept = book.current()

    change(data, "sure: 0.2", "sure: high")

    assert book.current() is kept
    assert "sure" in book.standing.problem
    assert book.standing.version == kept.version
    assert bad()

    change(data, "sure: high", "sure: 0.25")

    assert book.current().sure == 0.25
    assert book.standing.problem == ""
    assert not bad()


def test_a_file_that_is_away_keeps_the_old_rules(data):
    book = live(data)
    kept = book.current()

    (data / "terms.yaml").unlink()

    assert book.current() is kept
    assert "terms.yaml" in book.standing.problem


def test_a_node_does_not_start_with_a_mistake(data):
    change(data, "sure: 0.2", "sure: high")

    with pytest.raises(BadRulebook):
        live(data)


def test_the_directory_is_amended_when_the_amendments_change(data):
    number, seen = [1], []

    def amend(directory):
        seen.append(number[0])
        return directory

    book = live(data, amend=amend, amendments=lambda: number[0])
    book.current()
    book.current()
    number[0] = 2
    book.current()

    assert seen == [1, 2]


def test_a_change_made_here_holds_for_the_next_question(data):
    number, seen = [1], []
    book = LiveRulebook(data, lambda: NOW, lambda seed: seen.append(number[0]) or seed, lambda: number[0], 3600.0)
    book.current()
    number[0] = 2
    book.current()
    book.look_again()
    book.current()

    assert seen == [1, 2]


def test_every_version_that_came_into_use_is_remembered_with_its_files_until_it_is_kept(data):
    book = live(data)
    change(data, 'version: "2026.2"', 'version: "2026.9-new"')
    book.current()
    change(data, "sure: 0.2", "sure: high")
    book.current()

    first, second = book.unkept
    assert [(each.version, each.since) for each in (first, second)] == [("2026.2", NOW), ("2026.9-new", NOW)]
    assert set(first.files) == set(FILES)
    assert 'version: "2026.2"' in first.files["rules.yaml"]
    assert first.digest != second.digest

    book.kept(first)

    assert book.unkept == (second,)
