"""Registering agencies and answering them: add, show, change; events from a cursor on; replay; whose account it is.

Keys of webhooks lie sealed in the database. A new key is shown once, when it is made; after a change both the old and
the new one sign for a day. Every change is written into a book that says who made it.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any, Protocol

from lianxi.casework.agency_fields import TEST_EVENT
from lianxi.casework.errors import Conflict, Forbidden, Invalid, Unknown
from services.notify.domain.agencies import (
    OLD_KEY_KEPT,
    Agency,
    AgencyChange,
    AgencyEvent,
    AgencyState,
    Grant,
    check_grant,
)
from services.notify.handlers.agencies import AgencyDesk


class Registry(Protocol):
    """The registered agencies."""

    def all(self) -> list[Agency]:
        """Return those that were not removed."""
        ...

    def get(self, name: str, *, lock: bool = False) -> Agency | None:
        """Return one agency, removed ones too."""
        ...

    def of_login(self, login: str) -> Agency | None:
        """Return the agency whose account this is."""
        ...

    def save(self, grant: Grant, login: str, keys: str, now: datetime) -> None:
        """Register."""
        ...

    def set_keys(self, name: str, keys: str) -> None:
        """Keep other keys."""
        ...

    def set_state(self, name: str, state: AgencyState, reason: str, now: datetime) -> None:
        """Pause, resume or remove."""
        ...

    def go_back(self, name: str, amqp: int, webhook: int, now: datetime) -> None:
        """Let deliveries begin again behind these cursors."""
        ...

    def add(self, name: str, events: Sequence[AgencyEvent], now: datetime) -> None:
        """Append events."""
        ...

    def after(self, name: str, cursor: int, limit: int) -> list[AgencyEvent]:
        """Return the events behind a cursor."""
        ...

    def oldest(self, name: str) -> int | None:
        """Return the smallest cursor kept."""
        ...

    def note(self, name: str, action: str, by: str, details: str, now: datetime) -> None:
        """Write into the book."""
        ...

    def book(self, name: str) -> list[dict[str, Any]]:
        """Return the book of an agency."""
        ...


class Work(Protocol):
    """One transaction."""

    @property
    def agencies(self) -> Registry:
        """The agencies."""
        ...


def check_agency(grant: Grant, work: Work, desk: AgencyDesk) -> Grant:
    """Return the grant of an agency that could be registered as it is, or refuse it; nothing is written."""
    checked = check_grant(grant, desk.known)
    if checked.webhook:
        desk.check(checked.webhook)
    known = work.agencies.get(checked.name, lock=True)
    if known is not None and known.state is not AgencyState.REMOVED:
        raise Conflict("此机关已登记，请先移除或换一个代号。", field="name")
    return checked


def add_agency(grant: Grant, by: str, work: Work, desk: AgencyDesk) -> dict[str, Any]:
    """Register an agency; its key for webhooks is in the answer, this once."""
    checked, now = check_agency(grant, work, desk), desk.wall.now()
    key, shown = desk.make_key(checked.scheme) if checked.webhook else ("", "")
    sealed = _sealed([(key, "")], checked.name, desk) if key else ""
    work.agencies.save(checked, f"agency-{checked.name}", sealed, now)
    work.agencies.note(checked.name, "added", by, json.dumps(asdict(checked), ensure_ascii=False), now)
    return {**_shown(_known(checked.name, work)), "key": shown}


def show_agencies(name: str, work: Work) -> dict[str, Any]:
    """List the agencies, or show one with its book."""
    if not name:
        return {"rows": [_shown(agency) for agency in work.agencies.all()]}
    return {"rows": [_shown(_known(name, work))], "book": work.agencies.book(name)}


def change_agency(change: AgencyChange, work: Work, desk: AgencyDesk) -> dict[str, Any]:
    """Pause, resume, remove, rotate, test, resend, or refill (the queue alone); what was done is in the book."""
    name, action, by, after = change.name, change.action, change.by, change.after
    agency, now, made = _known(name, work, lock=True), desk.wall.now(), ""
    match action:
        case "pause":
            work.agencies.set_state(name, AgencyState.PAUSED, by, now)
        case "resume":
            work.agencies.set_state(name, AgencyState.ACTIVE, "", now)
        case "remove":
            work.agencies.set_state(name, AgencyState.REMOVED, by, now)
            work.agencies.set_keys(name, "")
        case "rotate":
            made = _rotated(agency, now, work, desk)
        case "test":
            work.agencies.add(name, [_test_event(agency, desk, now)], now)
        case "certificate" | "certificate-ended":
            pass  # the portal keeps certificates; here stands who changed them
        case "resend":
            start = _checked_cursor(agency, after)
            work.agencies.go_back(name, start, start, now)
        case "refill":
            work.agencies.go_back(name, _checked_cursor(agency, after), agency.webhook_cursor, now)
        case _:
            raise Invalid("action", "choice", "不认识此操作。")
    work.agencies.note(name, action, by, "" if after is None else f"after {after}", now)
    if action == "remove":
        return {"name": name, "state": str(AgencyState.REMOVED)}
    return {**_shown(_known(name, work)), "key": made}


def _rotated(agency: Agency, now: datetime, work: Work, desk: AgencyDesk) -> str:
    if not agency.grant.webhook:
        return ""
    name = agency.grant.name
    key, shown = desk.make_key(agency.grant.scheme)
    until = (now + OLD_KEY_KEPT).isoformat()
    old = [(kept, end or until) for kept, end in keys_of(agency, now, desk.open)][:1]
    work.agencies.set_keys(name, _sealed([(key, ""), *old], name, desk))
    return shown


def keys_of(agency: Agency, now: datetime, open_sealed: Callable[[str, str], str]) -> list[tuple[str, str]]:
    """Return the keys that sign now, newest first, each with its end ("": none)."""
    if not agency.keys:
        return []
    kept = json.loads(open_sealed(agency.keys, f"notify.agency:{agency.grant.name}"))
    return [(key, end) for key, end in kept if not end or datetime.fromisoformat(end) > now]


def _sealed(keys: list[tuple[str, str]], name: str, desk: AgencyDesk) -> str:
    return desk.seal(json.dumps(keys), f"notify.agency:{name}")


def _test_event(agency: Agency, desk: AgencyDesk, now: datetime) -> AgencyEvent:
    moment = now.isoformat()
    identity = f"test-{agency.grant.name}-{agency.last_cursor + 1}"
    envelope = {
        "specversion": "1.0",
        "id": identity,
        "source": f"lianxi://{desk.node}/notify",
        "type": TEST_EVENT,
        "schemaversion": "1.0",
        "time": moment,
        "subject": agency.grant.name,
        "datacontenttype": "application/json",
        "data": {"agency": agency.grant.name},
    }
    return AgencyEvent(event_id=identity, type=TEST_EVENT, body=json.dumps(envelope, separators=(",", ":")))


def read_events(login: str, after: int, limit: int, work: Work) -> dict[str, Any]:
    """Return the events of the agency with this account behind a cursor; `oldest` says how far back they go."""
    agency = _of_login(login, work)
    name = agency.grant.name
    events = work.agencies.after(name, after, limit)
    return {
        "rows": [json.loads(event.envelope) for event in events],
        "next": events[-1].cursor if events else min(after, agency.last_cursor),
        "last": agency.last_cursor,
        "oldest": work.agencies.oldest(name) or agency.last_cursor + 1,
    }


def replay(login: str, after: int, work: Work, desk: AgencyDesk) -> dict[str, Any]:
    """Put everything behind a cursor into the agency's queue once more."""
    agency, now = _of_login(login, work), desk.wall.now()
    if not agency.grant.amqp:
        raise Conflict("此机关没有登记 AMQP 队列，请用接口按游标读取。", field="after")
    start = _checked_cursor(agency, after)
    work.agencies.go_back(agency.grant.name, start, agency.webhook_cursor, now - timedelta(seconds=1))
    work.agencies.note(agency.grant.name, "replay", login, f"after {start}", now)
    return {"after": start, "last": agency.last_cursor}


def agency_of(login: str, units: Sequence[str], work: Work) -> dict[str, Any]:
    """Return for which of these units the agency with this account acts; refuse if for none."""
    agency = _of_login(login, work)
    unit = next((unit for unit in units if unit in agency.grant.units), "")
    if not unit:
        raise Forbidden("此事项不由贵机关的单位办理。", rule="unit-scope")
    return {"name": agency.grant.name, "unit": unit}


def _checked_cursor(agency: Agency, after: int | None) -> int:
    if after is None or not 0 <= after <= agency.last_cursor:
        raise Invalid("after", "range", f"游标应在0至{agency.last_cursor}之间。")
    return after


def _known(name: str, work: Work, *, lock: bool = False) -> Agency:
    agency = work.agencies.get(name, lock=lock)
    if agency is None or agency.state is AgencyState.REMOVED:
        raise Unknown("机关", name)
    return agency


def _of_login(login: str, work: Work) -> Agency:
    agency = work.agencies.of_login(login)
    if agency is None:
        raise Unknown("机关", login)
    return agency


def _shown(agency: Agency) -> dict[str, Any]:
    standing = {name: getattr(agency, name) for name in ("reason", "failures", "login", "last_cursor")}
    cursors = {name: getattr(agency, name) for name in ("amqp_cursor", "webhook_cursor")}
    grant = {key: list(value) if isinstance(value, tuple) else value for key, value in asdict(agency.grant).items()}
    due = agency.due_at.isoformat() if agency.due_at and agency.failures else None
    return {**grant, "state": str(agency.state), **standing, **cursors, "next_attempt_at": due}
