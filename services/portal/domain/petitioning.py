"""What a petitioner may do with the own case, by its state: add material, complete, urge, rate, withdraw.

The state decides what is offered; routing has the last word, with the case in hand. What an act is called there, and
what the words are kept for at intake, stands in one table.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lianxi.casework.messages.facts import CaseState, Role
from lianxi.casework.transitions import steps_from

PERSON = "petitioner"
"""The account of somebody who has no account: the query code alone speaks for him."""


@dataclass(frozen=True, slots=True)
class Wish:
    """One thing a petitioner can ask for: its command, what its words are kept as, and what it is called."""

    name: str
    command: str
    label: str


WISHES: Mapping[str, Wish] = {
    wish.name: wish
    for wish in (
        Wish("completion", "receive-completion", "提交补正"),
        Wish("material", "add-material", "补充材料"),
        Wish("urge", "urge-case", "催办"),
        Wish("rating", "rate-case", "评价"),
        Wish("withdrawal", "withdraw-case", "撤回"),
    )
}
RATINGS = {"satisfied": "满意", "mostly": "基本满意", "dissatisfied": "不满意"}
RATED = {"department": "信访部门", "unit": "责任单位"}


def offers(state: str) -> tuple[Wish, ...]:
    """Return what a petitioner may ask for while the case is in `state`, "" when nobody knows the state yet."""
    try:
        commands = {step.command for _, step in steps_from(CaseState(state), Role.PETITIONER)}
    except ValueError:
        return ()
    return tuple(wish for wish in WISHES.values() if wish.command in commands)


def offers_on_the_way() -> tuple[Wish, ...]:
    """Return what may be asked for while the case is in transfer: it waits, and is done where the case arrives."""
    return tuple(wish for wish in offers(CaseState.AWAITING_ACCEPTANCE.value) if wish.name != "rating")


def command_of(wish: Wish, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of the command that carries a wish; the words are the text of its document."""
    words = str(given.get("text") or "")
    fields: dict[str, Any] = {"paper": {"text": words} if words else {}}
    if wish.name == "withdrawal":
        fields["free_will_recorded"] = bool(given.get("free_will"))
        fields["paper"] = {"reason": words}
    if wish.name == "rating":
        fields |= {"rated": given["rated"], "rating": given["rating"]}
    return fields


def actor(node: str) -> dict[str, str]:
    """Return the petitioner as an actor at the node where the query code was given."""
    return {"person": PERSON, "role": Role.PETITIONER.value, "unit": "", "node": node}
