"""Who decides for the petition department: its dispatcher, and its head wherever the dispatcher may (decision 0012)."""

import re
from pathlib import Path

from lianxi.casework.messages.facts import Role
from lianxi.casework.transitions import TRANSITIONS

DECISION = Path(__file__).parents[3] / "docs" / "decisions" / "0012-the-head-acts-for-the-department.md"


DESK_WORK = {"raise-dispute", "agree-on-organ", "record-service", "open-new-matter"}


def steps_of(role):
    return {(row.id, step.command) for row in TRANSITIONS for step in row.steps if role in step.actors}


def test_t4_t12_t13_and_every_other_decision_of_a_dispatcher_is_open_to_the_head_and_t10_to_the_head_alone():
    dispatcher, head = steps_of(Role.DISPATCHER), steps_of(Role.DEPARTMENT_LEADER)

    assert {command for _, command in dispatcher - head} <= DESK_WORK
    assert head - dispatcher == {("T10", "refer-up")}
    assert {("T4", "merge-case"), ("T12", "transfer-case"), ("T13", "transfer-case")} <= head


def test_the_decision_names_every_such_row():
    decided = DECISION.read_text(encoding="utf-8").partition("## Decision")[2].partition("T10")[0]

    both = steps_of(Role.DISPATCHER) & steps_of(Role.DEPARTMENT_LEADER)
    assert set(re.findall(r"\bT\d+\b", decided)) == {row for row, _ in both}
