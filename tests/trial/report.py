"""The account of a whole message board as a section of docs/benchmarks.md."""

from collections.abc import Mapping
from pathlib import Path

from tests.trial.trial import Account


def section(account: Account, files: list[Path], machine: Mapping[str, str]) -> str:
    """Return the section: what became of every row, how fast, and the indices beside those of the file."""
    took = account.seconds["until everything was accepted"]
    steps = [
        ("rows of the files", account.rows),
        ("imported at the city, each with its number", account.imported),
        ("cases in the ledger of the city", account.opened),
        *((f"left to the clerks of {node} by its rules", number) for node, number in account.left.items()),
        ("accepted at the unit that handles them", account.accepted),
        ("accusations that wait for a named officer (GD-1)", account.sealed),
        ("answered, on the day the file says", account.replied),
    ]
    names = ", ".join(file.name for file in files)
    lines = [
        "## A whole message board",
        "",
        f"{names}: {account.rows:,} petitions through city, district and street,",
        f"from the import to the last answer in {account.seconds['all'] / 60:.0f} minutes. What is done stands in",
        "`tests/trial/trial.py`.",
        f"Written by `python -m tests.trial FILE… --write`, {machine['date']}, commit {machine['commit']},",
        f"{machine['processor']}.",
        "",
        "| step | petitions |",
        "|---|---:|",
        *(f"| {what} | {number:,} |" for what, number in steps),
        "",
        f"From the import to the last acceptance {account.rows / took:.1f} petitions a second ({took:.0f} s), by HTTP.",
        "",
        "| index | computed by the nodes | from the files alone |",
        "|---|---:|---:|",
        *(f"| {kpi} | {_ratio(account.computed[kpi])} | {_ratio(account.expected[kpi])} |" for kpi in account.expected),
        "",
    ]
    return "\n".join(lines)


def _ratio(index: tuple[int, int]) -> str:
    numerator, denominator = index
    return f"{numerator:,} / {denominator:,}"
