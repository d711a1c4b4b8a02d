"""Every command and every case event by its name, whichever module defines it: what tables and pages are made from."""

from collections.abc import Mapping
from types import ModuleType
from typing import Any

from lianxi.casework.messages import (
    commands,
    direct_filing,
    dispute,
    events,
    final_review,
    hearing,
    mediation,
    petitioner,
    sorting,
)
from lianxi.casework.messages.commands import Command
from lianxi.casework.messages.events import CaseEvent

CASE_MODULES: tuple[ModuleType, ...] = (
    commands,
    events,
    sorting,
    direct_filing,
    dispute,
    petitioner,
    hearing,
    mediation,
    final_review,
)
"""The modules whose messages are about one case, in the order in which documents list them."""


def _declared(parent: type[Any]) -> dict[str, type[Any]]:
    return {
        vars(value)["MESSAGE"].name: value
        for module in CASE_MODULES
        for value in vars(module).values()
        if isinstance(value, type) and issubclass(value, parent) and "MESSAGE" in vars(value)
    }


COMMANDS: Mapping[str, type[Command]] = _declared(Command)
"""The class of each command by its name."""
EVENTS: Mapping[str, type[CaseEvent]] = _declared(CaseEvent)
"""The class of each case event by its name."""
