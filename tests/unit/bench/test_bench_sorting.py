"""How the accuracy of sorting is reckoned: right is counted once, and held out means unseen."""

from dataclasses import replace

from services.routing.domain.sorting.category import Terms
from services.routing.domain.sorting.words import Words
from tests.bench.document import section_of, with_section
from tests.bench.sorting import Labelled, Verdict, accuracy, confusion, held_out, verdicts

WATER, SCHOOL = (("城乡建设",), 4.0), (("教育文体",), 4.0)
TERMS = Terms(
    version="1",
    words=Words({"停水": (WATER,), "学校": (SCHOOL,), "独一": (WATER,)}),
    subject_counts=4,
    most=4,
    doubt=4,
)
ROWS = [Labelled("停水", "", "城乡建设")] * 10 + [Labelled("学校", "", "教育文体")] * 10


def test_a_row_is_right_when_its_first_level_is():
    found = verdicts(TERMS, [*ROWS, Labelled("学校停电", "", "城乡建设")])

    assert accuracy(found) == 20 / 21


def test_a_word_that_only_the_held_out_rows_contain_is_not_there_when_they_are_sorted():
    rows = [*ROWS, Labelled("独一", "", "城乡建设")]

    assert accuracy(verdicts(TERMS, rows)) == 1
    assert sum(not verdict.right for verdict in held_out(TERMS, rows)) == 1


def test_words_that_occur_in_other_folds_stay():
    assert accuracy(held_out(TERMS, ROWS)) == 1
    assert accuracy(verdicts(replace(TERMS, words=Words({"停水": (WATER,)})), ROWS)) == 0.5


def test_the_table_counts_every_row_once():
    table = confusion(
        [Verdict("城乡建设", "城乡建设", 1), Verdict("城乡建设", "教育文体", 1), Verdict("教育文体", "", 0)]
    )

    assert table.splitlines()[2:] == ["| 城乡建设 | 1 | 1 |  | 50% |", "| 教育文体 |  |  | 1 | 0% |"]


def test_the_section_on_sorting_is_replaced_and_what_stands_around_it_stays():
    page = with_section("# 页\n\n## 数\n", "sorting", "旧\n")

    again = with_section(page + "\n## 后\n", "sorting", "新\n")
    beside = with_section(again, "board", "另一节\n")

    assert section_of(page, "sorting") == "旧\n"
    assert section_of(again, "sorting") == section_of(beside, "sorting") == "新\n"
    assert (section_of(again, "board"), section_of(beside, "board")) == ("", "另一节\n")
    assert again.startswith("# 页\n\n## 数\n")
    assert again.endswith("## 后\n")
    assert "旧" not in again
