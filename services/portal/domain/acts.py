"""Which acts exist, who may be offered them, and what each asks for beside its own fields.

All of it is read from the table of transitions and the command classes of the rule book: an act that the table gains
is offered here without a change. The routing service decides again, with the case in hand.
"""

import dataclasses
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from lianxi.casework.errors import Forbidden
from lianxi.casework.messages.catalogue import COMMANDS
from lianxi.casework.messages.commands import Command
from lianxi.casework.messages.facts import CaseState, Role
from lianxi.casework.transitions import TRANSITIONS, steps_for, steps_from
from services.portal.domain.accounts import AccountRole, Principal

NOT_ASKED = frozenset({field.name for field in dataclasses.fields(Command)} - {"paper"}) | {"reasons", "into_cases"}
"""Fields that nobody types: the address, the sign-in, If-Match or the node itself fill them in."""
NOT_OVER_HTTP = frozenset(
    {"receive-case", "file-at-organ"}  # open a case; that is what filing a petition is for
    | {name for name in COMMANDS if all(step.actors <= {Role.SYSTEM} for _, step in steps_for(name))}
)
OFFERED_COMMANDS = tuple(sorted(COMMANDS.keys() - NOT_OVER_HTTP))
"""The acts people may take, by the name of their command."""


@dataclass(frozen=True, slots=True)
class Act:
    """One act as it is offered: its command, its Chinese name and the document it issues."""

    command: str
    label: str
    document: str
    article: str


@cache
def labels() -> Mapping[str, str]:
    """Return the Chinese name of every command in the table."""
    return {step.command: _label(step.command) for row in TRANSITIONS for step in row.steps}


def offered(person: Principal, state: str) -> tuple[Act, ...]:
    """Return what this person's role may do with a case in `state`, each act once."""
    role = _case_role(person)
    try:
        found = steps_from(CaseState(state), role) if role else ()
    except ValueError:
        return ()
    acts = {
        step.command: Act(step.command, _label(step.command), step.document, row.article)
        for row, step in found
        if step.command in OFFERED_COMMANDS
    }
    return tuple(acts.values())


def check_role(person: Principal, command: str) -> None:
    """Refuse an act that this person's role never takes, whatever the case."""
    role = _case_role(person)
    if role is None or not any(role in step.actors for row, step in steps_for(command) if row.built):
        raise Forbidden(f"“{_label(command)}”不由{person.role.label}办理，请转交有权办理的人员。", rule="actor")


def check_acts(person: Principal) -> None:
    """Refuse who acts in no case: supervisors order and administrators read, and neither does the office's work."""
    if person.role.acts_as is None:
        raise Forbidden(f"事项不由{person.role.label}办理，请转交有权办理的人员。", rule="actor")


def state_to_act_in(view: Mapping[str, Any]) -> str:
    """Return the state by which acts are offered: of a case in transfer, what may be said is what may be said later."""
    return CaseState.AWAITING_ACCEPTANCE.value if view.get("transfer") else str(view.get("state"))


def only_offered(acts: Iterable[Mapping[str, Any]], person: Principal, state: str) -> list[str]:
    """Return those of routing's acts that this portal can ask for, as command names, in routing's order."""
    mine = {act.command for act in offered(person, state)}
    names = (str(act["act"]) for act in acts)
    return [name for name in dict.fromkeys(names) if name in mine]


def _case_role(person: Principal) -> Role | None:
    return None if person.role is AccountRole.SUPERVISOR else person.role.acts_as


_NAMES = {
    "transfer-case": "转送",
    "forward-in-system": "转送本系统下级机关（直接收件）",
    "tell-competent-organ": "告知向有权机关提出（直接收件）",
    "classify-as-duty": "分类为履行法定职责",
    "perform-duty": "作出履职答复",
    "uphold-objection": "认可异议，收回事项",
    "refuse-objection": "驳回异议",
    "submit-opinion": "提交处理意见书稿",
    "sign-opinion": "签发处理意见书",
    "file-report": "提交办结报告",
    "accept-report": "认可办结报告",
    "return-report": "退回办结报告",
    "admit-review": "受理复查申请",
    "decline-review": "不予受理复查申请",
    "decide-review": "作出复查决定",
    "open-mediation": "开始调解、和解",
    "close-mediation": "结束调解、和解",
    "open-hearing": "决定举行听证",
    "close-hearing": "签署听证笔录",
    "admit-final-review": "受理复核申请",
    "decline-final-review": "不予受理复核申请",
    "open-final-hearing": "决定举行复核听证",
    "close-final-hearing": "签署复核听证笔录",
    "decide-final-review": "作出复核决定",
    "request-completion": "要求补正",
    "receive-completion": "收到补正材料",
    "object-late": "逾期提出异议",
    "admit-late-objection": "受理逾期异议",
    "refer-dispute": "提请指定或者协调",
    "agree-on-organ": "记录协商结果",
    "coordinate-dispute": "联席会议协调",
    "file-assist-opinion": "提出协办意见",
    "urge-assists": "催促协办单位",
}


def _label(command: str) -> str:
    if command in _NAMES:
        return _NAMES[command]
    return next((row.label for row, _ in steps_for(command)), command)
