"""The figures of the benchmarks say what was measured, and a missed target is never shown as reached."""

import importlib

import pytest

from tests.bench.__main__ import BENCHMARKS
from tests.bench.document import as_text
from tests.bench.explanations import EXPLANATIONS
from tests.bench.figures import Figure, Row, percentile, plain


def a_row(*values, **more):
    return Row(**{"key": "k", "what": "w", "unit": "u", "ours": Figure.of(values), **more})


def test_a_figure_is_the_middle_repetition_with_its_range():
    assert Figure.of([9000, 7000, 8000]).text == "8,000 (7,000–9,000)"
    assert Figure.of([0.5]).text == "0.50"


@pytest.mark.parametrize(("share", "value"), [(0.5, 50), (0.95, 95), (0.99, 99), (1.0, 100), (0.001, 1)], ids=str)
def test_a_percentile_is_a_value_that_so_many_do_not_exceed(share, value):
    assert percentile(range(100, 0, -1), share) == value


@pytest.mark.parametrize(
    ("ours", "target", "at_most", "reached"),
    [(8000, 8000, False, True), (7999, 8000, False, False), (1.0, 1.0, True, True), (1.1, 1.0, True, False)],
)
def test_a_target_is_a_floor_for_rates_and_a_ceiling_for_seconds(ours, target, at_most, reached):
    assert a_row(ours, target=target, at_most=at_most).reached is reached


def test_without_a_target_nothing_is_reached_or_missed():
    assert a_row(1).reached is None
    assert a_row(1).verdict == "—"


def test_the_ratio_is_our_median_by_theirs():
    assert a_row(1, 2, 3, bare=Figure.of([4, 8, 16])).ratio == 0.25


def test_what_broke_off_is_in_the_table():
    assert "link" in as_text([a_row(1)], {"link": "the link came up"})


@pytest.mark.parametrize("name", BENCHMARKS)
def test_every_benchmark_is_there(name):
    module, _, function = BENCHMARKS[name].partition(":")

    assert callable(getattr(importlib.import_module(f"tests.bench.{module}"), function))


def test_no_explanation_is_empty():
    assert all(text.endswith(".") for text in EXPLANATIONS.values())


def test_digits_are_as_many_as_the_number_deserves():
    assert [plain(value) for value in (12345.6, 123.4, 12.34, 1.234)] == ["12,346", "123", "12.3", "1.23"]
