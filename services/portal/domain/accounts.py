"""Local accounts: the roles they can have, what a role acts as in a case, and how far it may read.

A role of the portal is a word a personnel office would use; in a case it acts as one of the letters of the rule book
(law §4.1). Reading has three widths: an officer of a unit sees what that unit handles, a registrar what the own node
holds or had a part in, everybody who answers for others sees the whole subtree.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Self

from lianxi.casework.errors import Forbidden, Invalid
from lianxi.casework.identifiers import DivisionCode, UnitCode
from lianxi.casework.messages.facts import Role


class AccountRole(StrEnum):
    """What somebody is employed for; the letter of the rule book is accepted in its place."""

    REGISTRAR = "registrar"
    DISPATCHER = "dispatcher"
    DEPARTMENT_LEADER = "department_leader"
    CASE_OFFICER = "case_officer"
    UNIT_HEAD = "unit_head"
    CONFERENCE_OFFICE = "conference_office"
    CONVENOR = "convenor"
    SUPERVISOR = "supervisor"
    REVIEWER = "reviewer"
    FINAL_REVIEWER = "final_reviewer"
    ADMIN = "admin"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a role as a word or a letter."""
        word = text.strip().lower().replace("-", "_")
        for role in cls:
            if word == role.value or text.strip() == _LETTERS.get(role):
                return role
        raise Invalid("role", "AccountRole", f"角色应为以下之一：{'、'.join(cls)}。")

    @property
    def acts_as(self) -> Role | None:
        """The actor of the rule book; None for who never acts in a case."""
        letter = _LETTERS.get(self)
        return Role(letter) if letter else None

    @property
    def label(self) -> str:
        """The role in Chinese."""
        return _LABELS[self]


_LETTERS = {
    AccountRole.REGISTRAR: "R",
    AccountRole.DISPATCHER: "D",
    AccountRole.DEPARTMENT_LEADER: "DL",
    AccountRole.CASE_OFFICER: "U",
    AccountRole.UNIT_HEAD: "UL",
    AccountRole.CONFERENCE_OFFICE: "J",
    AccountRole.CONVENOR: "JC",
    AccountRole.REVIEWER: "RV",
    AccountRole.FINAL_REVIEWER: "FV",
}
_LABELS = {
    AccountRole.REGISTRAR: "登记人员",
    AccountRole.DISPATCHER: "分办人员",
    AccountRole.DEPARTMENT_LEADER: "信访部门负责人",
    AccountRole.CASE_OFFICER: "承办人",
    AccountRole.UNIT_HEAD: "单位负责人",
    AccountRole.CONFERENCE_OFFICE: "联席会议办公室",
    AccountRole.CONVENOR: "联席会议召集人",
    AccountRole.SUPERVISOR: "督办人员",
    AccountRole.REVIEWER: "复查人员",
    AccountRole.FINAL_REVIEWER: "复核人员",
    AccountRole.ADMIN: "系统管理员",
}
_OF_A_UNIT = frozenset({AccountRole.CASE_OFFICER, AccountRole.UNIT_HEAD})
_OF_THE_NODE = frozenset({AccountRole.REGISTRAR})
MAY_ORDER = frozenset({AccountRole.DISPATCHER, AccountRole.DEPARTMENT_LEADER, AccountRole.SUPERVISOR})
"""Who may sign or dismiss a proposed supervision order (PR-26)."""


class Reach(StrEnum):
    """How far a role may read."""

    UNIT = "unit"
    NODE = "node"
    SUBTREE = "subtree"


def reach_of(role: AccountRole) -> Reach:
    """Return how far a role may read."""
    if role in _OF_A_UNIT:
        return Reach.UNIT
    return Reach.NODE if role in _OF_THE_NODE else Reach.SUBTREE


class Scope(StrEnum):
    """What an API token may be used for; a session may do all of it."""

    READ = "read"
    FILE = "file"
    ACT = "act"
    AGENCY = "agency"


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """Somebody who is signed in, by a session or an API token."""

    account_id: str
    login: str
    role: AccountRole
    node: str
    unit: str
    scopes: frozenset[Scope] = frozenset(Scope)
    csrf: str = ""

    @property
    def reach(self) -> Reach:
        """How far this person may read."""
        return reach_of(self.role)

    def actor(self) -> dict[str, str]:
        """Who acts, as commands carry it; a supervisor orders in the place of the department's leader."""
        role = self.role.acts_as or Role.DEPARTMENT_LEADER
        return {"person": self.account_id, "role": str(role), "unit": self.unit, "node": self.node}

    def need(self, scope: Scope) -> None:
        """Refuse when the token was not made for this."""
        if scope not in self.scopes:
            raise Forbidden(f"此访问令牌没有“{scope}”权限。请换用含该权限的令牌。", rule="scope")


def check_place(role: AccountRole, node: str, unit: str) -> tuple[str, str]:
    """Return node and unit of a new account in canonical form; an officer of a unit needs one, of that node."""
    division = DivisionCode.parse(node, "node")
    if not unit:
        if role in _OF_A_UNIT:
            raise Invalid("unit", "required", "承办人和单位负责人须填写所属单位代码。")
        return str(division), ""
    code = UnitCode.parse(unit, "unit")
    if code.node != division:
        raise Invalid("unit", "UnitCode", "单位不属于所填节点。")
    return str(division), str(code)


def may_read(person: Principal, view: Mapping[str, Any]) -> bool:
    """Whether this person may open the case shown in `view` (routing's answer)."""
    holder = str(view.get("holder") or "")
    target = str((view.get("transfer") or {}).get("to_node") or "")
    if person.reach is Reach.UNIT:
        return assists_in(person, view) or (holder == person.node and view.get("unit") == person.unit)
    if person.reach is Reach.SUBTREE and (is_within(holder, person.node) or is_within(target, person.node)):
        return True
    return holder == person.node or any(entry.get("node") == person.node for entry in view.get("history", ()))


def assists_in(person: Principal, view: Mapping[str, Any]) -> bool:
    """Whether this person's unit assists the one that handles the case, whichever node holds it (R-24-6)."""
    return bool(person.unit) and person.unit in (view.get("assists") or ())


def is_within(division: str, node: str) -> bool:
    """Whether a division is `node` or lies below it."""
    try:
        return DivisionCode.parse(node).contains(DivisionCode.parse(division))
    except Invalid:
        return False


def narrowed(person: Principal, wanted: Mapping[str, str]) -> dict[str, str]:
    """Return the filter of a ledger list with this person's reach put into it; refuse what lies outside."""
    narrow = {key: value for key, value in wanted.items() if value}
    if person.reach is Reach.SUBTREE:
        for field in ("holder", "under"):
            if field in narrow and not is_within(narrow[field], person.node):
                raise Forbidden("只能查看本节点及下级节点的事项。", rule="node-scope", field=field)
        return narrow
    if narrow.get("holder") not in {None, person.node} or "under" in narrow:
        raise Forbidden("只能查看本节点的事项。", rule="node-scope", field="holder")
    narrow["holder"] = person.node
    if person.reach is Reach.UNIT:
        if narrow.get("unit") not in {None, person.unit}:
            raise Forbidden("只能查看本单位的事项。", rule="unit-scope", field="unit")
        narrow["unit"] = person.unit
    return narrow
