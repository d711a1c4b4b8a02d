"""The office's settings for supervision, read from deploy/xining/supervision.yaml: lamps, alerts, steps, orders.

The file names clocks and exceptions; `Rules` holds the answer for every clock of the law, so that nobody asks for a
default later. A file with an unknown clock, role or word is refused when the service starts, not when a case is late.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Any, TypeVar

from lianxi.casework.identifiers import DivisionLevel
from lianxi.casework.messages.facts import Role
from lianxi.law.clocks import CLOCKS, ClockCode, Kind
from lianxi.law.lamps import Thresholds

Value = TypeVar("Value")
DISPOSE_DAYS = 15
"""The law's limit, which a local target may only shorten (R-22-1, CF-2)."""


class Alert(StrEnum):
    """What a running clock may set off."""

    WARN = "warn"
    BREACH = "breach"
    ESCALATE = "escalate"
    PROPOSE = "propose"
    LAPSE = "lapse"


class RulesRefused(Exception):  # noqa: N818  reads as what happened
    """The settings file says something that cannot be meant."""


@dataclass(frozen=True, slots=True)
class Escalation:
    """One step: so many days after the first red day this role is told, `levels_up` nodes above the one that owes."""

    number: int
    days_late: int
    role: str
    levels_up: int


@dataclass(frozen=True, slots=True)
class Rules:
    """The settings, complete: every mapping has a line for every clock."""

    thresholds: Mapping[str, Thresholds]
    alerts: Mapping[str, frozenset[Alert]]
    escalations: tuple[Escalation, ...]
    triggers: Mapping[str, str]
    propose_at: frozenset[int]
    signers: frozenset[str]
    transfer_targets: Mapping[str, int]

    @classmethod
    def parse(cls, data: object) -> "Rules":
        """Read the settings from plain data."""
        sections = _mapping(data, "supervision.yaml")
        lamps, alerts = _mapping(sections.get("lamps"), "lamps"), _mapping(sections.get("alerts"), "alerts")
        proposals = _mapping(sections.get("proposals"), "proposals")
        orders = _mapping(sections.get("orders"), "orders")
        targets = _mapping(sections.get("transfer_targets"), "transfer_targets")
        return cls(
            thresholds=_thresholds(lamps),
            alerts=_alerts(alerts),
            escalations=_escalations(sections.get("escalation")),
            triggers=_per_clock(proposals, "proposals", str),
            propose_at=frozenset(
                _whole(level, "proposals.propose_at") for level in _list(proposals.get("propose_at"), "propose_at")
            ),
            signers=frozenset(_role(role) for role in _list(orders.get("signers"), "signers")),
            transfer_targets={level.value: _target(targets.get(level.value)) for level in _LEVELS_WITH_NODES},
        )


_LEVELS_WITH_NODES = (DivisionLevel.CITY, DivisionLevel.DISTRICT, DivisionLevel.TOWNSHIP)


def _thresholds(section: Mapping[str, Any]) -> dict[str, Thresholds]:
    usual = _mapping(section.get("default"), "lamps.default")

    def read(given: object) -> Thresholds:
        said = {**usual, **_mapping(given, "lamps.clocks")}
        unknown = sorted(set(said) - {field.name for field in fields(Thresholds)})
        if unknown:
            raise RulesRefused(f"lamps: {', '.join(unknown)} is no threshold")
        return Thresholds(**{name: _whole(value, f"lamps: {name}") for name, value in said.items()})

    return _per_clock(section, "lamps", read)


def _alerts(section: Mapping[str, Any]) -> dict[str, frozenset[Alert]]:
    def read(given: object) -> frozenset[Alert]:
        try:
            return frozenset(Alert(word) for word in _list(given, "alerts"))
        except ValueError as error:
            raise RulesRefused(f"alerts: {error}") from error

    every = _per_clock(section, "alerts", read)
    named = _mapping(section.get("clocks"), "alerts.clocks")
    indices = read(section.get("kpi", section.get("default")))
    return {
        code: indices if CLOCKS[ClockCode(code)].kind is Kind.KPI and code not in named else found
        for code, found in every.items()
    }


def _escalations(given: object) -> tuple[Escalation, ...]:
    steps = [_mapping(step, "escalation") for step in _list(given, "escalation")]
    read = tuple(
        Escalation(
            number,
            _whole(step.get("days_late"), "escalation: days_late"),
            _role(step.get("role")),
            _whole(step.get("levels_up"), "escalation: levels_up"),
        )
        for number, step in enumerate(steps, start=1)
    )
    days = [step.days_late for step in read]
    if days != sorted(days) or any(late < 1 for late in days):
        raise RulesRefused("escalation: days_late must be at least 1 and grow from step to step")
    return read


def _per_clock(section: Mapping[str, Any], name: str, read: Callable[[Any], Value]) -> dict[str, Value]:
    named = _mapping(section.get("clocks"), f"{name}.clocks")
    unknown = [code for code in named if code not in ClockCode.__members__]
    if unknown or "default" not in section:
        raise RulesRefused(f"{name}: unknown clocks {unknown}, or no default")
    return {code.value: read(named.get(code.value, section["default"])) for code in ClockCode}


def _target(given: object) -> int:
    if not isinstance(given, int) or not 1 <= given <= DISPOSE_DAYS:
        raise RulesRefused(f"transfer_targets: each level needs a number of days from 1 to {DISPOSE_DAYS}")
    return given


def _whole(given: object, name: str) -> int:
    if not isinstance(given, int) or isinstance(given, bool) or given < 0:
        raise RulesRefused(f"{name} must be a whole number, not {given!r}")
    return given


def _role(given: object) -> str:
    try:
        return Role(str(given)).value
    except ValueError as error:
        raise RulesRefused(f"{given!r} is no role") from error


def _mapping(given: object, name: str) -> Mapping[str, Any]:
    if given is None:
        return {}
    if not isinstance(given, Mapping):
        raise RulesRefused(f"{name} must be a mapping")
    return given


def _list(given: object, name: str) -> Sequence[Any]:
    if not isinstance(given, list):
        raise RulesRefused(f"{name} must be a list")
    return given
