"""Blank the texts of ended cases when their petitioner's data are erased; the history, which names nobody, stays.

Intake decides whether the law allows it. This side refuses a case that is still open, whatever it is told.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from lianxi.casework.case.state import Case
from lianxi.casework.errors import Conflict, Forbidden, Invalid
from lianxi.casework.identifiers import CaseNumber
from lianxi.casework.messages.facts import Actor, Role
from services.routing.handlers import Here

MOST_CASES = 1000


class Cases(Protocol):
    """The cases of this node."""

    def get(self, case_no: str) -> Case | None:
        """Return the case, locked until the end of the work, or None."""
        ...


class ErasingWork(Protocol):
    """One transaction."""

    @property
    def cases(self) -> Cases:
        """Return the cases."""
        ...

    def erase_texts(self, case_nos: Sequence[str]) -> int:
        """Blank what petitioners wrote and all that could recognise them; return how many texts there were."""
        ...


def read_numbers(body: Mapping[str, Any]) -> list[str]:
    """Read `{case_nos}`."""
    given = body.get("case_nos")
    if not isinstance(given, list) or len(given) > MOST_CASES:
        raise Invalid("case_nos", "list", f"应当是不超过{MOST_CASES}个信访编号的列表。")
    return [str(CaseNumber.parse(number, "case_nos")) for number in given]


def erase_texts(work: ErasingWork, case_nos: Sequence[str], actor: Actor | None, here: Here) -> dict[str, Any]:
    """Blank the texts of these cases, all of them or none."""
    if actor is None or actor.node != here.node or actor.role is not Role.DEPARTMENT_LEADER:
        raise Forbidden("只有本节点信访部门负责人可以删除个人信息。", rule="PIPL-45")
    for case_no in sorted(case_nos):
        case = work.cases.get(case_no)
        if case is not None and case.is_open:
            raise Conflict(f"{case_no}尚未办结，不能删除信访内容。", rule="PIPL-13")
    return {"erased": work.erase_texts(sorted(case_nos))}
