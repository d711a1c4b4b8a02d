"""Agencies, what is kept for each of them in its order, and the book of what was changed about them.

`agency.last_cursor` is the number of its newest event; the row is locked while events are added, so that cursors are
dense and become visible in their order. `agency_event` is append-only: the database refuses changes, and only what is
older than the time of keeping is deleted.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import fields
from datetime import datetime
from operator import attrgetter
from typing import Any, Protocol

from sqlalchemy import ARRAY, BigInteger, Boolean, Column, Connection, Identity, Index, Integer, Table, Text, text
from sqlalchemy.dialects.postgresql import TIMESTAMP

from services.notify.domain.agencies import Agency, AgencyCase, AgencyEvent, AgencyState, Grant, Mode, Scheme
from services.notify.storage.tables import metadata


def _text(name: str) -> Column[str]:
    return Column(name, Text, nullable=False, server_default=text("''"))


def _texts(name: str) -> Column[Sequence[str]]:
    return Column(name, ARRAY(Text), nullable=False)


def _truth(name: str) -> Column[bool]:
    return Column(name, Boolean, nullable=False)


def _number(name: str) -> Column[int]:
    return Column(name, BigInteger, nullable=False, server_default=text("0"))


agency = Table(
    "agency",
    metadata,
    Column("name", Text, primary_key=True),
    *(_texts(name) for name in ("units", "events", "divisions", "categories", "fields")),
    _truth("sealed"),
    _truth("amqp"),
    *(_text(name) for name in ("mode", "webhook", "scheme", "state", "reason", "login", "keys", "lease")),
    *(_number(name) for name in ("last_cursor", "amqp_cursor", "webhook_cursor")),
    Column("failures", Integer, nullable=False, server_default=text("0")),
    Column("due_at", TIMESTAMP(timezone=True), nullable=False),
)
agency_event = Table(
    "agency_event",
    metadata,
    Column("agency", Text, primary_key=True),
    Column("cursor", BigInteger, primary_key=True, autoincrement=False),
    Column("event_id", Text, nullable=False),
    Column("type", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("recorded_at", TIMESTAMP(timezone=True), nullable=False),
    Index("agency_event_once", "agency", "event_id", unique=True),
    Index("agency_event_age", "recorded_at"),
)
agency_case = Table(
    "agency_case",
    metadata,
    Column("case_no", Text, primary_key=True),
    *(_text(name) for name in ("holder", "unit", "category")),
    *(_truth(name) for name in ("sealed", "registered")),
)
agency_audit = Table(
    "agency_audit",
    metadata,
    Column("position", BigInteger, Identity(always=True), primary_key=True),
    Column("at", TIMESTAMP(timezone=True), nullable=False),
    *(_text(name) for name in ("agency", "action", "by", "details")),
)


class Ended(Protocol):
    """An agency after its turn, and the lease under which it was served."""

    @property
    def after(self) -> Agency:
        """How far it got."""
        ...

    @property
    def lease(self) -> str:
        """The lease."""
        ...


_GRANT = tuple(field.name for field in fields(Grant))
_STANDING = tuple(field.name for field in fields(Agency) if field.name != "grant")
_COLUMNS = ", ".join((*_GRANT, *_STANDING))
_grant_values = attrgetter(*_GRANT)
_CHANGED = ", ".join(f"{name} = excluded.{name}" for name in (*_GRANT[1:], "login", "keys"))
_SAVE = (
    f"INSERT INTO notify.agency AS known ({', '.join(_GRANT)}, login, keys, state, due_at)"
    f" VALUES ({', '.join('%s' for _ in _GRANT)}, %s, %s, 'active', %s)"
    f" ON CONFLICT (name) DO UPDATE SET {_CHANGED}, state = 'active', reason = '', failures = 0, lease = '',"
    " due_at = excluded.due_at, amqp_cursor = known.last_cursor, webhook_cursor = known.last_cursor"
)
_CASE = tuple(field.name for field in fields(AgencyCase))
_CASE_ARRAYS = ", ".join(
    f"%s::{'boolean' if isinstance(agency_case.c[name].type, Boolean) else 'text'}[]" for name in _CASE
)
_SAVE_CASES = (
    f"INSERT INTO notify.agency_case ({', '.join(_CASE)}) SELECT * FROM unnest({_CASE_ARRAYS})"
    f" ON CONFLICT (case_no) DO UPDATE SET {', '.join(f'{name} = excluded.{name}' for name in _CASE[1:])}"
)
_AFTER = (
    "SELECT cursor, event_id, type, body FROM notify.agency_event"
    " WHERE agency = %s AND cursor > %s ORDER BY cursor LIMIT %s"
)
_DUE = """
    SELECT name FROM notify.agency
    WHERE state = 'active' AND webhook <> '' AND last_cursor > webhook_cursor AND due_at <= %s AND {}
    ORDER BY due_at LIMIT %s FOR UPDATE SKIP LOCKED
"""
_CLAIM = f"""
WITH steady AS ({_DUE.format("failures = 0")}), doubtful AS ({_DUE.format("failures > 0")})
UPDATE notify.agency SET lease = %s, due_at = %s
WHERE name IN (SELECT name FROM steady UNION ALL SELECT name FROM doubtful) RETURNING {_COLUMNS}
"""
_LOCK = "SELECT 1 FROM notify.agency WHERE name = ANY(%s::text[]) ORDER BY name FOR UPDATE"
"""Whoever writes to several agencies takes them in this order, so that nobody waits for another one in a circle."""
_SETTLE = """
UPDATE notify.agency SET webhook_cursor = ended.cursor, failures = ended.failures, due_at = ended.due_at,
    state = ended.state, reason = ended.reason, lease = ''
FROM unnest(%s::text[], %s::text[], %s::bigint[], %s::integer[], %s::timestamptz[], %s::text[], %s::text[])
    AS ended (name, lease, cursor, failures, due_at, state, reason)
WHERE agency.name = ended.name AND agency.lease = ended.lease RETURNING agency.name
"""
_APPEND = """
WITH given AS (
    SELECT * FROM unnest(%s::text[], %s::text[], %s::text[], %s::text[]) WITH ORDINALITY
        AS given (agency, event_id, type, body, place)
), fresh AS (
    SELECT given.*, row_number() OVER (PARTITION BY agency ORDER BY place) AS nth FROM given
    WHERE NOT EXISTS (SELECT FROM notify.agency_event AS known
                      WHERE known.agency = given.agency AND known.event_id = given.event_id)
), added AS (
    INSERT INTO notify.agency_event (agency, cursor, event_id, type, body, recorded_at)
    SELECT fresh.agency, kept.last_cursor + nth, event_id, type, body, %s
    FROM fresh JOIN notify.agency AS kept ON kept.name = fresh.agency
    RETURNING agency, cursor
)
UPDATE notify.agency SET last_cursor = newest.cursor
FROM (SELECT agency, max(cursor) AS cursor FROM added GROUP BY agency) AS newest WHERE name = newest.agency
"""
_BEHIND_ITS = """
SELECT agency.name, event.cursor, event.event_id, event.type, event.body FROM notify.agency
CROSS JOIN LATERAL (
    SELECT cursor, event_id, type, body FROM notify.agency_event
    WHERE agency_event.agency = agency.name AND cursor > agency.{} ORDER BY cursor LIMIT %s
) AS event WHERE agency.name = ANY(%s::text[]) ORDER BY agency.name, event.cursor
"""
_LACKING, _UNHEARD = _BEHIND_ITS.format("amqp_cursor"), _BEHIND_ITS.format("webhook_cursor")
_PUBLISHED = """
UPDATE notify.agency SET amqp_cursor = filled.cursor
FROM unnest(%s::text[], %s::bigint[]) AS filled (name, cursor) WHERE agency.name = filled.name
"""
_OLDEST = """
SELECT (SELECT min(event.recorded_at) FROM notify.agency AS waiting CROSS JOIN LATERAL (
            SELECT recorded_at FROM notify.agency_event
            WHERE agency_event.agency = waiting.name AND cursor > LEAST(
                CASE WHEN webhook <> '' THEN webhook_cursor ELSE last_cursor END,
                CASE WHEN amqp THEN amqp_cursor ELSE last_cursor END)
            ORDER BY cursor LIMIT 1) AS event WHERE waiting.state = 'active'),
       (SELECT count(*) FROM notify.agency WHERE state = 'paused' AND failures > 0)
"""
_BEHIND = f"""
SELECT {_COLUMNS} FROM notify.agency WHERE state = 'active' AND amqp AND amqp_cursor < last_cursor ORDER BY name
FOR UPDATE SKIP LOCKED
"""


class SqlAgencies:
    """The tables of agencies, on the connection of one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def all(self) -> list[Agency]:
        """Return the agencies that were not removed, by name."""
        found = self._run(f"SELECT {_COLUMNS} FROM notify.agency WHERE state <> 'removed' ORDER BY name")
        return [_agency(row) for row in found]

    def get(self, name: str, *, lock: bool = False) -> Agency | None:
        """Return one agency, removed ones too."""
        end = " FOR UPDATE" if lock else ""
        row = self._run(f"SELECT {_COLUMNS} FROM notify.agency WHERE name = %s{end}", name).one_or_none()
        return _agency(row) if row else None

    def of_login(self, login: str) -> Agency | None:
        """Return the agency whose account this is."""
        found = self._run(
            f"SELECT {_COLUMNS} FROM notify.agency WHERE login = %s AND state <> 'removed'", login
        ).one_or_none()
        return _agency(found) if found else None

    def save(self, grant: Grant, login: str, keys: str, now: datetime) -> None:
        """Register an agency, or one anew that was removed: its cursor goes on, it is told from now on."""
        values = [_plain(value) for value in _grant_values(grant)]
        self._run(_SAVE, *values, login, keys, now)

    def set_keys(self, name: str, keys: str) -> None:
        """Keep other keys."""
        self._run("UPDATE notify.agency SET keys = %s WHERE name = %s", keys, name)

    def set_state(self, name: str, state: AgencyState, reason: str, now: datetime) -> None:
        """Pause, resume or remove; whatever is on its way no longer counts."""
        self._run(
            "UPDATE notify.agency SET state = %s, reason = %s, failures = 0, lease = '', due_at = %s WHERE name = %s",
            str(state), reason, now, name,
        )  # fmt: skip

    def go_back(self, name: str, amqp: int, webhook: int, now: datetime) -> None:
        """Let deliveries begin again behind these cursors."""
        self._run(
            "UPDATE notify.agency SET amqp_cursor = %s, webhook_cursor = %s, failures = 0, lease = '', due_at = %s"
            " WHERE name = %s",
            amqp, webhook, now, name,
        )  # fmt: skip

    def add(self, name: str, events: Sequence[AgencyEvent], now: datetime) -> None:
        """Append the events of one agency that are not there yet."""
        self.add_all({name: events}, now)

    def add_all(self, owed: Mapping[str, Sequence[AgencyEvent]], now: datetime) -> None:
        """Append for each agency the events that are not there yet, under its next cursors."""
        names = sorted(owed)
        self._run(_LOCK, names)
        rows = [(name, event.event_id, event.type, event.body) for name in names for event in owed[name]]
        self._run(_APPEND, *map(list, zip(*rows, strict=True)), now)

    def after(self, name: str, cursor: int, limit: int) -> list[AgencyEvent]:
        """Return the events behind a cursor in their order."""
        return [AgencyEvent(**row._asdict()) for row in self._run(_AFTER, name, cursor, limit)]

    def oldest(self, name: str) -> int | None:
        """Return the smallest cursor that is still kept."""
        found: int | None = self._run(
            "SELECT min(cursor) FROM notify.agency_event WHERE agency = %s", name
        ).scalar_one_or_none()
        return found

    def behind(self) -> list[Agency]:
        """Return, locked, the agencies whose queue lacks events."""
        return [_agency(row) for row in self._run(_BEHIND)]

    def lacking(self, names: Collection[str], limit: int) -> dict[str, list[AgencyEvent]]:
        """Return what the queues of these agencies lack, so many events each, in their order."""
        return self._of_each(_LACKING, names, limit)

    def unheard(self, names: Collection[str], limit: int) -> dict[str, list[AgencyEvent]]:
        """Return what the webhooks of these agencies lack, so many events each, in their order."""
        return self._of_each(_UNHEARD, names, limit)

    def _of_each(self, statement: str, names: Collection[str], limit: int) -> dict[str, list[AgencyEvent]]:
        found: dict[str, list[AgencyEvent]] = {}
        for name, cursor, event_id, kind, body in self._run(statement, limit, list(names)):
            found.setdefault(name, []).append(AgencyEvent(cursor=cursor, event_id=event_id, type=kind, body=body))
        return found

    def published(self, cursors: Mapping[str, int]) -> None:
        """Note how far the queues were filled."""
        self._run(_PUBLISHED, list(cursors), list(cursors.values()))

    def claim(self, lease: str, until: datetime, now: datetime, *, steady: int, doubtful: int) -> list[Agency]:
        """Take agencies whose webhook is due: so many that answered last time, so many that failed.

        Nobody else gets them before `until`.
        """
        return [_agency(row) for row in self._run(_CLAIM, now, steady, now, doubtful, lease, until)]

    def settle(self, ended: Collection[Ended]) -> set[str]:
        """Write down how far webhooks got; return the agencies that nobody changed meanwhile."""
        self._run(_LOCK, sorted(each.after.grant.name for each in ended))
        rows = [
            (
                each.after.grant.name, each.lease, each.after.webhook_cursor, each.after.failures, each.after.due_at,
                str(each.after.state), each.after.reason,
            )
            for each in ended
        ]  # fmt: skip
        return {row.name for row in self._run(_SETTLE, *(list(column) for column in zip(*rows, strict=True)))}

    def cases(self, numbers: Collection[str]) -> dict[str, AgencyCase]:
        """Return what is known of these cases."""
        found = self._run(f"SELECT {', '.join(_CASE)} FROM notify.agency_case WHERE case_no = ANY(%s)", sorted(numbers))
        return {row.case_no: AgencyCase(**row._asdict()) for row in found}

    def save_cases(self, cases: Collection[AgencyCase]) -> None:
        """Write them down, always in the same order."""
        rows = [attrgetter(*_CASE)(case) for case in sorted(cases, key=lambda one: one.case_no)]
        if rows:
            self._run(_SAVE_CASES, *(list(column) for column in zip(*rows, strict=True)))

    def note(self, name: str, action: str, by: str, details: str, now: datetime) -> None:
        """Write into the book who changed what about an agency."""
        self._run(
            "INSERT INTO notify.agency_audit (at, agency, action, by, details) VALUES (%s, %s, %s, %s, %s)",
            now, name, action, by, details,
        )  # fmt: skip

    def book(self, name: str) -> list[dict[str, Any]]:
        """Return what was changed about an agency, oldest first."""
        found = self._run(
            "SELECT at, action, by, details FROM notify.agency_audit WHERE agency = %s ORDER BY position", name
        )
        return [{**row._asdict(), "at": row.at.isoformat()} for row in found]

    def standing(self) -> tuple[datetime | None, int]:
        """Return since when the longest waiting event of an active agency waits, and how many were given up."""
        oldest, given_up = self._run(_OLDEST).one()
        return oldest, int(given_up)

    def prune(self, before: datetime) -> int:
        """Delete the events recorded before a moment that every way has behind it; return how many."""
        return int(self._run("DELETE FROM notify.agency_event WHERE recorded_at < %s", before).rowcount)

    def _run(self, statement: str, *values: Any) -> Any:
        return self._connection.exec_driver_sql(statement, values)


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return list(value)
    return str(value) if isinstance(value, Mode | Scheme) else value


def _agency(row: Any) -> Agency:
    values = row._asdict()
    grant = {name: values.pop(name) for name in _GRANT}
    for name in ("units", "events", "divisions", "categories", "fields"):
        grant[name] = tuple(grant[name])
    grant |= {"mode": Mode(grant["mode"]), "scheme": Scheme(grant["scheme"])}
    return Agency(grant=Grant(**grant), **{**values, "state": AgencyState(values["state"])})
