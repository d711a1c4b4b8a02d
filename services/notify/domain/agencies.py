"""Agencies outside the house: what each may hear of which cases, in which fields, and when a dead one is given up.

An agency hears an event if its kind was granted and the case is at one of its units, comes to one or leaves one; with
divisions it also hears of the cases there, narrowed by categories. Nobody hears of a case before it is registered,
because only then it is known to be no accusation; a sealed case (GD-1) is heard of only by the agency whose unit has
it and that was registered as competent for such matters. Of the data an agency gets the fields it was granted, never
one that leads to a person.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from lianxi.casework.agency_fields import AGENCY_EVENTS, AGENCY_FIELDS, NEVER
from lianxi.casework.errors import Invalid
from lianxi.casework.identifiers import DivisionCode, UnitCode
from lianxi.casework.messages.events import CaseEvent, CaseRegistered
from lianxi.casework.scrubbing import scrub_all
from services.notify.domain.facts import CaseStanding, followed

SCHEDULE = tuple(timedelta(seconds=seconds) for seconds in (5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400))
"""The pauses after a failed delivery, as Standard Webhooks proposes them: 75 hours and 35 minutes in all."""
JITTER = 0.1
LONGEST_RETRY_AFTER = timedelta(days=1)
OLD_KEY_KEPT = timedelta(hours=24)
"""How long both keys sign after a change of keys."""
GONE = 410
PUBLISHED = "docs/agency-asyncapi.yaml"
"""Where an agency and its operator find every event with its fields."""
_HEAD = (
    "specversion",
    "id",
    "source",
    "type",
    "schemaversion",
    "time",
    "subject",
    "datacontenttype",
    "caseseq",
    "caseepoch",
    "traceparent",
)
_LONGEST_NAME = 32


class AgencyState(StrEnum):
    """Whether an agency is told anything now; what it misses is kept for it."""

    ACTIVE = "active"
    PAUSED = "paused"
    REMOVED = "removed"


class Scheme(StrEnum):
    """How its webhook is signed: with a shared key (HMAC-SHA256) or with a key of this node (ed25519)."""

    SHARED = "v1"
    KEY_PAIR = "v1a"


class Mode(StrEnum):
    """How an event is put into an AMQP message (the CloudEvents binding)."""

    STRUCTURED = "structured"
    BINARY = "binary"


@dataclass(frozen=True, kw_only=True, slots=True)
class Grant:
    """What an agency is and may hear; no `events` means every kind."""

    name: str
    units: tuple[str, ...] = ()
    events: tuple[str, ...] = ()
    divisions: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    fields: tuple[str, ...] = ()
    sealed: bool = False
    amqp: bool = False
    mode: Mode = Mode.STRUCTURED
    webhook: str = ""
    scheme: Scheme = Scheme.SHARED

    @property
    def audience(self) -> tuple[object, ...]:
        """What decides which events it hears: of two grants with the same, both hear an event or neither does."""
        return self.units, self.events, self.divisions, self.categories, self.sealed


@dataclass(frozen=True, kw_only=True, slots=True)
class Agency:
    """A registered agency and how far it was told."""

    grant: Grant
    state: AgencyState
    reason: str = ""
    last_cursor: int = 0
    amqp_cursor: int = 0
    webhook_cursor: int = 0
    failures: int = 0
    due_at: datetime | None = None
    login: str = ""
    keys: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class AgencyChange:
    """What somebody wants done with an agency; `after` is the cursor behind which to send again."""

    name: str
    action: str
    by: str
    after: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class AgencyCase:
    """What has to be known of a case to say who may hear of it."""

    case_no: str
    holder: str = ""
    unit: str = ""
    category: str = ""
    sealed: bool = False
    registered: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class AgencyEvent:
    """One event as one agency gets it; `cursor` counts its events from 1 without gaps."""

    cursor: int = 0
    event_id: str
    type: str
    body: str

    @property
    def envelope(self) -> str:
        """The CloudEvent in JSON, with its cursor."""
        return f'{self.body[:-1]},"agencycursor":{self.cursor}}}'


@dataclass(frozen=True, slots=True)
class Answer:
    """What a webhook answered: its status (0: none), why it does not count, and how long it asks to be left alone."""

    status: int
    reason: str = ""
    retry_after: int | None = None

    @property
    def taken(self) -> bool:
        """Whether the event has arrived."""
        return 200 <= self.status < 300  # noqa: PLR2004  the class of success


@dataclass(frozen=True, slots=True)
class Known:
    """The divisions and categories there are; what nobody knows cannot be granted."""

    divisions: Collection[str]
    categories: Collection[str]


def check_grant(grant: Grant, known: Known) -> Grant:
    """Return a grant in canonical form, or refuse it by the field that makes no sense."""
    plain = grant.name.replace("-", "")
    if (
        not (plain.isascii() and plain.isalnum() and grant.name == grant.name.lower())
        or len(grant.name) > _LONGEST_NAME
    ):
        raise Invalid("name", "agency-name", "机关代号应为不超过32个的小写字母、数字或短横线。")
    if not grant.units and not grant.divisions:
        raise Invalid("units", "required", "须至少登记一个单位或一个区划，否则没有可以告知的事项。")
    if not grant.amqp and not grant.webhook:
        raise Invalid("webhook", "required", "须至少选择一种送达方式：AMQP 或 Webhook。")
    checked = replace(
        grant,
        units=tuple(str(UnitCode.parse(unit, "units")) for unit in grant.units),
        divisions=tuple(str(DivisionCode.parse(division, "divisions")) for division in grant.divisions),
    )
    if any(part in NEVER for path in grant.fields for part in path.split(".")):
        raise Invalid("fields", "never", "所列字段涉及个人信息或者只供内部使用，不能提供。")
    _all_known("events", grant.events, AGENCY_EVENTS, PUBLISHED)
    _all_known("fields", grant.fields, AGENCY_FIELDS, PUBLISHED)
    _all_known("divisions", checked.divisions, known.divisions, "deploy/xining/divisions.csv")
    _all_known("categories", grant.categories, known.categories, "deploy/xining/categories.csv")
    return checked


def _all_known(name: str, given: Iterable[str], known: Collection[str], source: str) -> None:
    unknown = [one for one in given if one not in known]
    if unknown:
        raise Invalid(name, "unknown", f"{name} 中不认识：{'、'.join(unknown)}。可用的值见 {source}。")


def after_event(case: AgencyCase, event: CaseEvent) -> AgencyCase:
    """Return what is known of a case after `event`."""
    before = CaseStanding(
        case_no=case.case_no, holder=case.holder or event.head.node, holding_unit=case.unit, sealed=case.sealed
    )
    standing = followed(before, event)
    category = getattr(event, "category", None)
    return AgencyCase(
        case_no=case.case_no,
        holder=standing.holder,
        unit=standing.holding_unit,
        category="/".join(category) if category else case.category,
        sealed=standing.sealed,
        registered=case.registered or isinstance(event, CaseRegistered),
    )


def hears(grant: Grant, before: AgencyCase, after: AgencyCase, event: CaseEvent) -> bool:
    """Return whether an agency hears of `event`, which made the case `after` out of `before`."""
    name = vars(type(event))["MESSAGE"].name
    if not after.registered or name not in (grant.events or AGENCY_EVENTS):
        return False
    own = not {before.unit, after.unit, *_organs(event)}.isdisjoint(grant.units)
    if before.sealed or after.sealed:
        return own and grant.sealed
    return own or (
        _lies_in(grant.divisions, {before.holder, after.holder}) and _is_of(grant.categories, after.category)
    )


def _organs(event: CaseEvent) -> set[str]:
    """The organs an event names: who has the case, gets it, loses it or helps."""
    transfer = getattr(event, "transfer", None)
    named = {getattr(event, "unit", ""), getattr(event, "lead", ""), *(getattr(event, "assists", None) or ())}
    if transfer is not None:
        named |= {transfer.to_unit, transfer.from_unit}
    return {organ for organ in named if isinstance(organ, str) and organ}


def _lies_in(divisions: Sequence[str], holders: set[str]) -> bool:
    places = [DivisionCode.parse(holder) for holder in holders if holder]
    return any(DivisionCode.parse(division).contains(place) for division in divisions for place in places)


def _is_of(categories: Sequence[str], category: str) -> bool:
    return not categories or any(category == one or category.startswith(f"{one}/") for one in categories)


def told(envelope: Mapping[str, Any], granted: Sequence[str]) -> dict[str, Any]:
    """Return the CloudEvent of a case event as an agency with these fields may have it."""
    head = {name: envelope[name] for name in _HEAD if name in envelope}
    return {**head, "data": scrub_all(narrowed(envelope.get("data") or {}, granted))}


def narrowed(data: Mapping[str, Any], granted: Sequence[str]) -> dict[str, Any]:
    """Return the granted fields of `data`: `document` with all it holds, `document.number` with that part only."""
    wanted: dict[str, list[str]] = {}
    for path in granted:
        first, _, rest = path.partition(".")
        wanted.setdefault(first, []).append(rest)
    return {
        name: _part(data[name], () if "" in rests else rests)
        for name, rests in wanted.items()
        if name in data and name not in NEVER
    }


def _part(value: Any, paths: Sequence[str]) -> Any:
    """Return a value without what nobody gets, and of a record only `paths` if there are any."""
    if isinstance(value, Mapping):
        return narrowed(value, paths or tuple(value))
    return [_part(item, paths) for item in value] if isinstance(value, list) else value


def next_attempt(failures: int, now: datetime, chance: float, retry_after: int | None) -> datetime | None:
    """Return when to try again after so many failures in a row, None when it is enough; `chance` lies in [0, 1)."""
    if failures > len(SCHEDULE):
        return None
    pause = SCHEDULE[failures - 1] * (1 + JITTER * chance)
    asked = min(timedelta(seconds=retry_after or 0), LONGEST_RETRY_AFTER)
    return now + max(pause, asked)
