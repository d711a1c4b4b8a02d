"""A sample of a message board through three nodes: every row accounted for, the indices those of the file."""

import csv
import os
from datetime import datetime, timedelta

import pytest
import yaml

from lianxi.ops.local.stack import Stack
from lianxi.runtime.clock import SHANGHAI
from tests.bench.ground import ROOT
from tests.bench.web import LIMITS
from tests.support.sharing import STATE
from tests.trial.trial import NODES, run_trial

pytestmark = [pytest.mark.nodes, pytest.mark.broker, pytest.mark.database, pytest.mark.timeout(600)]
PETITIONS = ROOT / "deploy" / "demo" / "petitions.yaml"
SUBMITTED = datetime(2023, 5, 8, 10, 0, tzinfo=SHANGHAI)
REPLIED_AFTER = (3, 60, 61, 11, None, 90, 3, 20)
"""Days until the reply, row after row: the last day of handling and the day after it among them."""


@pytest.fixture
def board(tmp_path):
    """A file of the shape of a message board, of the petitions of the demonstration."""
    petitions = yaml.safe_load(PETITIONS.read_text(encoding="utf-8"))["petitions"]
    ordinary = [row for row in petitions if row["category"] != "纪检监察"][:16]
    path = tmp_path / "board.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["message_id", "author", "subject", "submitted_at", "text", "reply", "replied_at"])
        for number, row in enumerate(ordinary):
            after = REPLIED_AFTER[number % len(REPLIED_AFTER)]
            replied = ["已办结", (SUBMITTED + timedelta(days=after)).isoformat()] if after else ["", ""]
            author = f"A{number % 14:05d}"  # two of them write twice
            writer.writerow([number, author, row["subject"], SUBMITTED.isoformat(), row["text"], *replied])
    return path


def test_every_row_of_a_file_is_accounted_for_and_the_indices_are_the_files(board):
    stack = Stack(STATE / f"trial-{os.getpid()}", NODES, settings=LIMITS)
    said = []
    try:
        stack.up()
        account = run_trial(stack, [board], said.append)
    finally:
        stack.remove()

    assert (account.rows, account.imported, account.opened) == (16, 16, 16), said
    assert account.accepted + account.sealed == 16
    assert account.computed == account.expected
    assert account.expected["K-4"] == (10, 16)
    assert account.whole
