"""The bodies of routing's calls, read once at the door; Invalid names the field."""

import json
from datetime import date
from typing import Any

from lianxi.casework.errors import Invalid
from lianxi.casework.identifiers import CaseNumber
from lianxi.casework.messages.facts import Actor
from lianxi.casework.validators import clean_text
from lianxi.contracts.schemas import load
from services.routing.domain.members import AskedMembership, Standing
from services.routing.domain.repeats import Decision, Verdict
from services.routing.domain.unit_changes import AskedChange

LONGEST_TEXT = 200
LONGEST_NOTE = 500


def text(body: dict[str, Any], name: str, *, required: bool = True) -> str:
    """Return a short text of the body."""
    value = body.get(name)
    if not required and (value is None or value == ""):
        return ""
    if not isinstance(value, str) or not value or len(value) > LONGEST_TEXT or not value.isprintable():
        raise Invalid(name, "text", f"应填写 {name}（不超过{LONGEST_TEXT}字，不含控制字符）。")
    return value


def case_no(body: dict[str, Any]) -> str:
    """Return the case number, checked."""
    return str(CaseNumber.parse(text(body, "case_no"), "case_no"))


def actor(body: dict[str, Any]) -> Actor | None:
    """Return who asks, None for nobody in particular."""
    return load(Actor, body["actor"], within="actor") if body.get("actor") else None


def page(body: dict[str, Any]) -> tuple[str, int]:
    """Return where a page begins and how many rows it has at most."""
    limit = body.get("limit", 50)
    if not isinstance(limit, int) or isinstance(limit, bool) or limit < 1:
        raise Invalid("limit", "page", "limit 应为正整数。")
    return text(body, "after", required=False), limit


def read_act(body: dict[str, Any]) -> tuple[str, str]:
    """Return the name of an act and its command as JSON."""
    command = body.get("command")
    if not isinstance(command, dict):
        raise Invalid("command", "command", "应给出办理步骤的内容。")
    case_no({"case_no": command.get("case_no")})
    return text(body, "command_type"), json.dumps(command, ensure_ascii=False)


def actor_given(body: dict[str, Any]) -> Actor:
    """Return who asks; somebody must."""
    found = actor(body)
    if found is None:
        raise Invalid("actor", "required", "请注明办理人。")
    return found


def flag(body: dict[str, Any], name: str) -> bool:
    """Return a yes or no of the body, no when it is not there."""
    value = body.get(name, False)
    if not isinstance(value, bool):
        raise Invalid(name, "boolean", f"{name} 应为 true 或 false。")
    return value


def note(body: dict[str, Any], name: str) -> str:
    """Return a remark of some lines."""
    return clean_text(body.get(name) or "", name, LONGEST_NOTE, multiline=True, required=False)


def read_acts(body: dict[str, Any]) -> tuple[str, list[str]]:
    """Return the name of an act and its command, once for each case."""
    cases, command = body.get("cases"), body.get("command")
    if not isinstance(cases, list) or not isinstance(command, dict):
        raise Invalid("cases", "list", "应给出事项编号的列表和办理步骤的内容。")
    commands = []
    for row in cases:
        if not isinstance(row, dict):
            raise Invalid("cases", "list", "每一件应给出编号。")
        each = {**command, "case_no": case_no(row)}
        if row.get("expected_seq") is not None:
            each["expected_seq"] = row["expected_seq"]
        commands.append(json.dumps(each, ensure_ascii=False))
    return text(body, "command_type"), commands


def read_decision(body: dict[str, Any]) -> Decision:
    """Return a clerk's decision on a proposed repeat."""
    decider = actor(body)
    if decider is None:
        raise Invalid("actor", "PR-3", "请注明认定人。")
    try:
        verdict = Verdict(text(body, "verdict"))
    except ValueError:
        raise Invalid("verdict", "PR-3", "认定结果应为 same（同一事项）或 different（不同事项）。") from None
    return Decision(
        case_no=case_no(body),
        earlier=str(CaseNumber.parse(text(body, "earlier"), "earlier")),
        verdict=verdict,
        actor=decider,
        note=clean_text(body.get("note") or "", "note", LONGEST_NOTE, multiline=True, required=False),
    )


def day(body: dict[str, Any], name: str) -> date | None:
    """Return a day of the body, None where it is not given."""
    value = body.get(name)
    if value is None or value == "":
        return None
    try:
        return date.fromisoformat(value)
    except (TypeError, ValueError):
        raise Invalid(name, "date", f"{name} 应为日期，如 2026-01-01。") from None


def read_unit_change(body: dict[str, Any]) -> AskedChange:
    """Return what somebody wants to be so of an organ from a day on."""
    asking, facts, first = actor(body), body.get("facts"), day(body, "valid_from")
    if asking is None:
        raise Invalid("actor", "required", "请注明办理人。")
    if not isinstance(facts, dict):
        raise Invalid("facts", "facts", "应写明变更的内容。")
    if first is None:
        raise Invalid("valid_from", "required", "请写明自哪天起适用。")
    return AskedChange(
        unit=text(body, "unit"),
        valid_from=first,
        valid_to=day(body, "valid_to"),
        facts=facts,
        reason=clean_text(body.get("reason") or "", "reason", LONGEST_NOTE, multiline=True),
        actor=asking,
    )


def read_membership(body: dict[str, Any]) -> AskedMembership:
    """Return how a node is to stand."""
    standing = text(body, "standing")
    if standing not in {each.value for each in Standing}:
        raise Invalid("standing", "text", "standing 应为 joined、leaving 或 left。")
    return AskedMembership(node=text(body, "node"), standing=Standing(standing), by=text(body, "by"))
