"""The one place that joins intake's use cases with real tables, keys, clock and bus."""

import csv
import secrets
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, text

from lianxi.bus.engine import engine_for
from lianxi.casework.identifiers import Channel, DivisionCode, QueryCode
from lianxi.courier import outgoing
from lianxi.runtime.clock import SHANGHAI, Clock, SystemClock, new_id
from lianxi.runtime.crypto import KeyRing
from lianxi.runtime.health import HEALTH
from lianxi.runtime.metrics import counter, from_nought, gauge
from services.intake import handlers
from services.intake.domain.audit import ReadQuery
from services.intake.domain.divisions import Divisions
from services.intake.domain.records import ForeignContact, Wanted
from services.intake.handlers.attachments import list_attachments, list_missing
from services.intake.handlers.audit import shown
from services.intake.handlers.export import InFull, export_page, permit
from services.intake.handlers.file_ports import FileDesk
from services.intake.handlers.mending import refused_rows, waiting_sources
from services.intake.handlers.ports import Desk
from services.intake.handlers.rehashing import renew
from services.intake.settings import Settings
from services.intake.storage import SCHEMA, IntakeWork, SqlRejects
from services.intake.storage.rehashing import SqlHashes

_REGISTERED = counter("intake_contacts_registered_total", "Contacts registered, by channel.", ("channel",))
from_nought(_REGISTERED, Channel)
_REFUSED = counter("intake_rejects_total", "Input refused at the door, by rule.", ("rule",), most=10)
_DATABASE = gauge("intake_database_up", "1 if the database answered within the last second's check.")


@dataclass(frozen=True, slots=True)
class Parts:
    """What the doors of intake need."""

    open_work: Callable[[], IntakeWork]
    clock: Clock
    desk: Desk
    files: FileDesk
    check: Callable[[], None]
    close: Callable[[], None]


def build(settings: Settings | None = None) -> Parts:
    """Join the parts of this node, named by the environment unless `settings` are given."""
    settings = settings or Settings.from_environment()
    node = DivisionCode.parse(settings.node)
    ring = KeyRing.from_file(settings.key_ring_file)
    clock = SystemClock(settings.clock_file)
    engine = engine_for(settings.database_url, SCHEMA, settings.connections)
    beside = engine_for(settings.database_url, SCHEMA, 2)
    desk = Desk(
        node=node,
        clock=clock,
        vault=ring,
        divisions=read_divisions(settings.divisions_file),
        rejects=SqlRejects(beside, new_id, lambda rule: _REFUSED.labels(rule).inc()),
        draw_code=partial(QueryCode.new, secrets.token_bytes),
        new_id=new_id,
    )
    files = FileDesk(
        node=node,
        clock=clock,
        vault=ring,
        limits=settings.file_limits,
        upload_hours=settings.upload_hours,
        new_id=new_id,
        draw_key=partial(secrets.token_urlsafe, 32),
    )
    HEALTH.add("intake-database", lambda: _ask(engine))
    return Parts(
        open_work=lambda: IntakeWork(
            engine, ring, lambda message, at: outgoing(message, node=str(node), service=SCHEMA, time=at), _count
        ),
        clock=clock,
        desk=desk,
        files=files,
        check=partial(_check, engine),
        close=partial(_close, engine, beside),
    )


class Importer:
    """Takes contacts over for `lianxi import`, which knows this class by name only: plain values in and out."""

    def __init__(self, environment: Mapping[str, str] | None = None) -> None:
        self._parts = build(Settings.from_environment(environment))

    def take_over(self, source: str, rows: Sequence[tuple[str, Mapping[str, Any]]]) -> list[dict[str, str]]:
        """Take over `rows`, pairs of source id and fields, in one transaction; say of each what became of it."""
        contacts = [ForeignContact(source=source, source_id=source_id, body=body) for source_id, body in rows]
        with self._parts.open_work() as work:
            outcomes = handlers.take_over(contacts, work, self._parts.desk)
        return [
            {
                "fate": outcome.fate.value,
                "number": outcome.number,
                "field": (outcome.refusal.field or "") if outcome.refusal else "",
                "rule": (outcome.refusal.rule or "") if outcome.refusal else "",
                "reason": outcome.refusal.message if outcome.refusal else "",
                "reject": str(outcome.refusal.details.get("reject_id", "")) if outcome.refusal else "",
            }
            for outcome in outcomes
        ]

    def fingerprint(self, content: str) -> str:
        """Return a keyed digest by which a row without an id of its own is known again."""
        return self._parts.desk.vault.keyed_hash(content, "import-row")[:32]

    def close(self) -> None:
        """Give the connections back."""
        self._parts.close()


class Exporter:
    """Reads contacts out for `lianxi export`, which knows this class by name only: plain values in and out."""

    def __init__(self, environment: Mapping[str, str] | None = None) -> None:
        self._parts = build(Settings.from_environment(environment))

    def permit(self, person: str, role: str, reason: str) -> InFull:
        """Return the permission to export in full, or refuse."""
        return permit(person, role, reason, self._parts.desk.node)

    def page(self, wanted: Mapping[str, Any], in_full: InFull | None) -> list[dict[str, str]]:
        """Return the next contacts as rows of text, in a transaction that also records who saw them in full."""
        with self._parts.open_work() as work:
            return export_page(Wanted(**wanted), in_full, work, self._parts.desk)

    def close(self) -> None:
        """Give the connections back."""
        self._parts.close()


class RefusedRows:
    """The refused rows of imports for `lianxi rejects`, which knows this class by name only: plain values."""

    def __init__(self, environment: Mapping[str, str] | None = None) -> None:
        self._parts = build(Settings.from_environment(environment))

    def sources(self) -> dict[str, int]:
        """Return of which sources rows wait to be mended, and how many."""
        with self._parts.open_work() as work:
            return waiting_sources(work)

    def rows(self, source: str, person: str, role: str, reason: str) -> Iterator[dict[str, Any]]:
        """Give the rows of a source in full, each look written down."""
        in_full, after = permit(person, role, reason, self._parts.desk.node), ""
        while True:
            with self._parts.open_work() as work:
                page = refused_rows(source, in_full, after, work, self._parts.desk)
            if not page:
                return
            after = page[-1]["id"]
            yield from (row for row in page if "content" in row)

    def close(self) -> None:
        """Give the connections back."""
        self._parts.close()


class Rehasher:
    """The hashes of this node's contacts for `lianxi keys rehash`, which knows this class by name only."""

    def __init__(self, environment: Mapping[str, str] | None = None) -> None:
        self._parts = build(Settings.from_environment(environment))

    def pages(self, limit: int, *, write: bool) -> Iterator[tuple[int, list[str], list[tuple[str, str]]]]:
        """Go through all contacts, each page in a transaction; `write` replaces what is not by the key in use.

        Of each page: how many contacts got new hashes, the column of each hash that was or is by another key, and by
        what the city knows these people, by any accepted key and by the one in use.
        """
        after = ""
        while True:
            with self._parts.open_work() as work:
                hashes = SqlHashes(work.connection)
                found = [renew(contact, self._parts.desk.vault) for contact in hashes.page(after, limit)]
                done = hashes.replace(found) if write else 0
            if not found:
                return
            after = found[-1].number
            left = [name for each in found for name in (each.unexplained if write else each.stale)]
            yield done, left, [pair for each in found for pair in each.persons]

    def close(self) -> None:
        """Give the connections back."""
        self._parts.close()


class BookOfReads:
    """The book of looks at personal data for `lianxi audit`, which knows this class by name only."""

    def __init__(self, environment: Mapping[str, str] | None = None) -> None:
        self._parts = build(Settings.from_environment(environment))

    def looks(
        self, number: str, person: str, period: tuple[datetime | None, datetime | None], limit: int
    ) -> Iterator[dict[str, Any]]:
        """Give the newest looks; a time without a zone is one in Shanghai."""
        since, until = (each.replace(tzinfo=SHANGHAI) if each else None for each in period)
        query = ReadQuery(number=number, person=person, since=since, until=until, limit=limit)
        with self._parts.open_work() as work:
            yield from map(shown, work.reads.page(query))

    def faults(self) -> list[str]:
        """Recompute the whole book; return what is wrong with it."""
        with self._parts.open_work() as work:
            return work.reads.faults()

    def head(self) -> tuple[int, str]:
        """Return how many lines there are and the digest of the last."""
        with self._parts.open_work() as work:
            return work.reads.head()

    def close(self) -> None:
        """Give the connections back."""
        self._parts.close()


class FileDrawer:
    """The files of cases for `lianxi attachments`, which knows this class by name only: plain values in and out."""

    def __init__(self, environment: Mapping[str, str] | None = None) -> None:
        self._parts = build(Settings.from_environment(environment))

    def of_case(self, case_no: str) -> list[dict[str, Any]]:
        """Return the files of a case."""
        with self._parts.open_work() as work:
            rows: list[dict[str, Any]] = list_attachments({"case_no": case_no}, work, self._parts.files)["rows"]
        return rows

    def missing(self) -> list[dict[str, Any]]:
        """Return the files of all cases that are not here yet."""
        with self._parts.open_work() as work:
            return list_missing(work, self._parts.files)

    def fetch(self, case_no: str | None) -> int:
        """Let what waits be tried at once, of one case or of all; return how many files that is."""
        with self._parts.open_work() as work:
            return work.blobs.hasten(case_no)

    def close(self) -> None:
        """Give the connections back."""
        self._parts.close()


def read_divisions(path: Path) -> Divisions:
    """Read the list of places (`code,name,level,parent_code`)."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        names = {str(DivisionCode.parse(row["code"])): row["name"] for row in csv.DictReader(file)}
    return Divisions(frozenset(names), names)


def _count(added: Counter[str]) -> None:
    for channel, number in added.items():
        _REGISTERED.labels(channel).inc(number)


def _ask(engine: Engine) -> None:
    with engine.connect() as connection:
        connection.execute(text("SELECT 1"))


def _close(*engines: Engine) -> None:
    for engine in engines:
        engine.dispose()


def _check(engine: Engine) -> None:
    try:
        _ask(engine)
    except Exception:  # noqa: BLE001  whatever keeps the database from answering, it is down
        _DATABASE.set(0)
    else:
        _DATABASE.set(1)
