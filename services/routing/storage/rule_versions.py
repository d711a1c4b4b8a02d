"""Every version of the rules this node used, in PostgreSQL: what its files said and since when; rows are only added.

One version may stand for several contents, because somebody changed a file and forgot the version; each content is
kept once by its digest. Going back to an earlier content is a new row of its use.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, insert, select
from sqlalchemy.dialects.postgresql import insert as upsert

from lianxi.bus.engine import engine_for
from lianxi.runtime.clock import SHANGHAI
from services.routing.storage.rulebook.live import Loaded
from services.routing.storage.tables import SCHEMA, desk

_version, _use = desk.rule_version, desk.rule_use


@dataclass(frozen=True, slots=True)
class Used:
    """A version in use from a moment on; `until` is None while it still is."""

    version: str
    digest: str
    since: datetime
    until: datetime | None


class SqlRuleVersions:
    """The tables rule_version and rule_use, on one connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def keep(self, loaded: Loaded) -> bool:
        """Keep what was loaded; False where it is what was in use already, as after a restart."""
        newest = select(_use.c.digest).order_by(_use.c.number.desc()).limit(1)
        if self._connection.execute(newest).scalar() == loaded.digest:
            return False
        row = {"digest": loaded.digest, "version": loaded.version, "files": dict(loaded.files)}
        self._connection.execute(upsert(_version).values(row).on_conflict_do_nothing())
        self._connection.execute(insert(_use).values(digest=loaded.digest, since=loaded.since))
        return True

    def listed(self) -> tuple[Used, ...]:
        """Return every use, first to last."""
        query = (
            select(_version.c.version, _use.c.digest, _use.c.since)
            .join(_version, _version.c.digest == _use.c.digest)
            .order_by(_use.c.number)
        )
        rows = [
            (version, digest, since.astimezone(SHANGHAI)) for version, digest, since in self._connection.execute(query)
        ]
        ends = [*(since for _, _, since in rows[1:]), None]
        return tuple(Used(*row, until) for row, until in zip(rows, ends, strict=True))

    def files_of(self, wanted: str) -> Mapping[str, str] | None:
        """Return the files of a version, those used last where it had several; `version@digest` names one of them."""
        version, _, digest = wanted.partition("@")
        query = (
            select(_version.c.files)
            .join(_use, _use.c.digest == _version.c.digest)
            .where(_version.c.version == version, _version.c.digest.startswith(digest, autoescape=True))
            .order_by(_use.c.number.desc())
            .limit(1)
        )
        files: Mapping[str, str] | None = self._connection.execute(query).scalar()
        return files


def uses_and_files(database_url: str, wanted: str = "") -> tuple[tuple[Used, ...], Mapping[str, str] | None]:
    """Return every use of a node's rules, and the files of one version; for a command that looks in from outside."""
    engine = engine_for(database_url, SCHEMA, 1)
    try:
        with engine.connect() as connection:
            versions = SqlRuleVersions(connection)
            return versions.listed(), versions.files_of(wanted) if wanted else None
    finally:
        engine.dispose()
