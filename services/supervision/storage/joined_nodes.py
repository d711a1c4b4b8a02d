"""Which nodes of the subtree take part, as routing of this node says: asked now and then, remembered in between.

A node that joins or leaves while everything runs is expected, or no more expected, within seconds. While routing does
not answer, what it said last stands; before its first answer the nodes of the settings do.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from typing import Any

from lianxi.bus.calls import CallRefused
from lianxi.casework.identifiers import DivisionCode

Ask = Callable[[], Mapping[str, Any]]


class JoinedNodes:
    """The nodes of the subtree of `own` that are expected to speak, and those that left with the day."""

    def __init__(self, own: str, seeded: Iterable[str], ask: Ask | None) -> None:
        self._own = DivisionCode.parse(own)
        self._ask = ask
        self.joined: frozenset[str] = frozenset(seeded)
        self.left: Mapping[str, date] = {}

    def ask(self) -> None:
        """Ask routing once; keep what is known if it does not answer."""
        if self._ask is None:
            return
        try:
            told = self._ask()
        except CallRefused:
            return
        self.joined = frozenset(code for code in told["joined"] if self._below(code)) | {str(self._own)}
        self.left = {
            row["node"]: date.fromisoformat(row["since"])
            for row in told["left"]
            if self._below(row["node"]) and row["node"] != str(self._own)
        }

    def _below(self, code: str) -> bool:
        return self._own.contains(DivisionCode.parse(code))
