"""Writes the tables of docs/case.md from the code: `python -m tests.repository.transition_table --write`.

The prose of the page is written by hand; what stands between a pair of markers is made here. Without `--write` the
command says whether the page is stale, which is what the test beside it asks as well.
"""

import inspect
import re
import sys
from collections.abc import Callable, Iterable

from lianxi.casework.case.guards import GUARDS
from lianxi.casework.messages.facts import STATE_LABELS, TERMINAL_STATES, CaseState, Role
from lianxi.casework.transitions import ANY_OPEN, TRANSITIONS, ClockEffect, Step, Transition
from services.routing.handlers.directives import DIRECTIVES
from tests.repository.tree import ROOT, text_of

PAGE = ROOT / "docs" / "case.md"
LEVELS = {"C": "city", "K": "district", "T": "township"}
BLOCK = re.compile(r"(<!-- table: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)


def stale(page: str) -> bool:
    """Return whether the page says something else than the code."""
    return filled(page) != page


def filled(page: str) -> str:
    """Return the page with its tables as the code has them now; KeyError for a marker nobody knows."""
    return BLOCK.sub(lambda found: f"{found[1]}\n{TABLES[found[2]]()}\n\n{found[3]}", page)


def built() -> str:
    """The transitions that can be done."""
    return _table(
        ("", "办理步骤", "article", "who", "from → to", "act", "guards", "document", "clocks"),
        (_row(transition, step) for transition in TRANSITIONS if transition.built for step in transition.steps),
    )


def _row(transition: Transition, step: Step) -> tuple[str, ...]:
    levels = "" if transition.levels == "CKT" else f" ({_level_words(transition.levels)})"
    return (
        transition.id,
        transition.label,
        transition.article,
        " ".join(sorted(role.value for role in step.actors)) + levels,
        f"{_states(step)} → {' '.join(step.end)}",
        f"`{step.command}`",
        ", ".join(f"`{name}`" for name in step.guards),
        step.document,
        _clocks(step.clocks),
    )


def not_built() -> str:
    """The transitions that are refused as not built yet."""
    rows = [
        (row.id, row.label, row.article, f"{_states(step)} → {' '.join(step.end)}", f"`{step.command}`")
        for row in TRANSITIONS
        if not row.built
        for step in row.steps
    ]
    return _table(("", "办理步骤", "article", "from → to", "act"), rows)


def states() -> str:
    """Every state with its label."""
    rows = [
        (state.value, STATE_LABELS[state], f"`{state.name}`", "end" if state in TERMINAL_STATES else "")
        for state in CaseState
    ]
    return _table(("state", "shown as", "name in code", ""), rows)


def roles() -> str:
    """Every role."""
    return _table(("role", "name in code"), ((role.value, f"`{role.name}`") for role in Role))


def guards() -> str:
    """Every guard with what it checks."""
    rows = ((f"`{name}`", inspect.getdoc(guard) or "") for name, guard in sorted(GUARDS.items()))
    return _table(("guard", "transition, rule: what must hold"), rows)


def directives() -> str:
    """The acts that a node above may send down."""
    rows = ((f"`{name}`", kind.value if kind else "–") for name, kind in DIRECTIVES.items())
    return _table(("act", "document numbered by the node that decides"), rows)


TABLES: dict[str, Callable[[], str]] = {
    "built": built,
    "not_built": not_built,
    "states": states,
    "roles": roles,
    "guards": guards,
    "directives": directives,
}


def _table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    names = tuple(head)
    lines = [names, ("---",) * len(names), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _level_words(letters: str) -> str:
    return ", ".join(LEVELS[letter] for letter in letters)


def _states(step: Step) -> str:
    return "any open state" if step.start == ANY_OPEN else " ".join(sorted(state.value for state in step.start))


def _clocks(effect: ClockEffect) -> str:
    words = [f"opens {code}" for code, _ in effect.opens]
    for verb in ("closes", "cancels", "reopens", "extends", "pauses", "resumes"):
        words += [f"{verb} {code}" for code in getattr(effect, verb)]
    if effect.cancels_all:
        words.insert(0, "cancels all open ones")
    return "; ".join(words)


def main() -> int:
    """Write the page, or say whether it is stale."""
    page = text_of(PAGE)
    if "--write" in sys.argv[1:]:
        PAGE.write_text(filled(page), encoding="utf-8")
        return 0
    return int(stale(page))


if __name__ == "__main__":
    sys.exit(main())
