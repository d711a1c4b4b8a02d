"""Preview: what a rule would tell whom about a real case, in the words and by the channels it would use today.

Facts the case has not come to yet are shown as 〔name〕, so that a text can be read before the event it is about. The
query code is never shown.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Protocol

from lianxi.casework.errors import Unknown
from services.notify.domain.choices import Choice, ordered
from services.notify.domain.facts import CaseStanding, fact_names
from services.notify.domain.rules import Channel, Rule
from services.notify.handlers.offices import Desk


class Cases(Protocol):
    """What is remembered of cases."""

    def get(self, numbers: Collection[str]) -> Mapping[str, CaseStanding]:
        """Return the known ones of these cases."""
        ...


class Choices(Protocol):
    """What petitioners chose."""

    def get(self, numbers: Collection[str]) -> Mapping[str, Choice]:
        """Return the choices made for these cases."""
        ...


class Deliveries(Protocol):
    """All deliveries of this node."""

    def facts(self, case_no: str, kinds: Sequence[str]) -> Mapping[str, str] | None:
        """Return the facts of the newest delivery of a case by messages of these kinds, None if there is none."""
        ...


class Work(Protocol):
    """One transaction."""

    @property
    def cases(self) -> Cases:
        """What is remembered of cases."""
        ...

    @property
    def choices(self) -> Choices:
        """What petitioners chose."""
        ...

    @property
    def deliveries(self) -> Deliveries:
        """All deliveries."""
        ...


def preview(case_no: str, rule_id: str, work: Work, desk: Desk) -> dict[str, Any]:
    """Return who would be told by a rule about a case, by which channels, and every text in every language."""
    rule = desk.rules.called(rule_id)
    if rule is None:
        raise Unknown("通知规则", rule_id)
    case = work.cases.get([case_no]).get(case_no)
    if case is None:
        raise Unknown("信访事项", case_no)
    told = work.deliveries.facts(case_no, sorted(rule.messages))
    facts = _facts(rule, case, told)
    choice = work.choices.get([case_no]).get(case_no)
    channels = ordered(rule.channels, choice, desk.channels) if rule.to_petitioner else rule.channels
    language = choice.language if choice and rule.to_petitioner else ""
    return {
        "rule": rule.id,
        "case_no": case_no,
        "happened": told is not None,
        "applies": rule.holds(told, desk.office.node) if told is not None else None,
        "sealed": case.sealed,
        "recipients": [{"role": each.role, "unit": each.unit} for each in rule.recipients(facts, desk.office.node)],
        "channels": [channel.value for channel in channels],
        "urgent": rule.urgent,
        "digest": rule.digest,
        "language": language or "zh",
        "texts": [_text(rule, channel, facts, case, language, desk) for channel in channels],
    }


def list_rules(desk: Desk) -> dict[str, Any]:
    """Return every rule: when it speaks, to whom and how."""
    return {
        "rows": [
            {
                "rule": rule.id,
                "messages": sorted(rule.messages),
                "channels": [channel.value for channel in rule.channels],
                "to": "petitioner" if rule.to_petitioner else [*rule.roles, *([rule.role_in] if rule.role_in else [])],
                "template": rule.template,
                "urgent": rule.urgent,
                "digest": rule.digest,
            }
            for rule in desk.rules.rules
        ]
    }


def _facts(rule: Rule, case: CaseStanding, told: Mapping[str, str] | None) -> dict[str, str]:
    names = frozenset.intersection(*(fact_names(message) for message in rule.messages))
    standing = {name: getattr(case, name) for name in ("holder", "holding_unit", "sender", "assigner")}
    shown = {name: f"〔{name}〕" for name in names} | {"case_no": case.case_no}
    return {**shown, **{name: value for name, value in standing.items() if value}, **(told or {})}


def _text(  # noqa: PLR0917
    rule: Rule, channel: Channel, facts: Mapping[str, str], case: CaseStanding, language: str, desk: Desk
) -> dict[str, str]:
    code = "〔查询码〕" if rule.to_petitioner else ""
    words = desk.texts.words(
        rule.template, facts, desk.office, sealed=case.sealed, query_code=code, language=language, channel=channel
    )
    return {"channel": channel.value, "title": words.title, "body": words.body}
