"""The sorting desk with the rules of Xining, read once for all tests of this folder."""

from datetime import date
from functools import cache
from pathlib import Path

from services.routing.domain.sorting.rulebook import Rulebook
from services.routing.domain.sorting.rules import RuleSorter
from services.routing.storage.rulebook import load_rulebook

XINING = Path(__file__).parents[3] / "deploy" / "xining"
CITY, DISTRICT, TOWNSHIP, STREET = "630100", "630104", "630121101", "630104003"
TODAY = date(2026, 8, 4)


@cache
def rulebook() -> Rulebook:
    """The rules as deployed."""
    return load_rulebook(XINING)


def sort(subject="", text="", *, node=CITY, declared="", address="", **by_registrar):
    """Sort one petition by the rules as deployed."""
    sorter = RuleSorter(rulebook, lambda: TODAY)
    return sorter.sort(subject=subject, text=text, declared=declared, address=address, node=node, **by_registrar)


def rules_named(found):
    """The ids of the rules a finding rests on."""
    return [reason.rule for reason in found.reasons]
