"""Files of cases: what is kept, in which case it stands, what is on its way in, and who opened what.

`next_at`, `touched_at` and `changed_at` are real time of the database. Work on files is claimed for a while (`LEASE`):
what the portal does not finish, because it died over it, is due again by itself.
"""

from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any

from sqlalchemy import Connection, Row, text
from sqlalchemy.dialects.postgresql import insert as upsert

from lianxi.runtime.clock import SHANGHAI
from services.intake.domain.attachments import RELAYED_FOR_DAYS, Attachment, Blob, BlobState, Load, Upload
from services.intake.storage.attachment_tables import attachment, blob, upload

LEASE_SECONDS = 600
FIRST_WAIT_SECONDS = 5
LONGEST_WAIT_SECONDS = 900
SAME_LOOK_SECONDS = 60
"""A player asks for a recording in many parts; within this time that is one look."""

_BLOB = ", ".join(field.name for field in fields(Blob))
_UPLOAD = ", ".join(field.name for field in fields(Upload))
_NOW = "clock_timestamp()"
_PAUSE = (
    f"make_interval(secs => least({LONGEST_WAIT_SECONDS}, {FIRST_WAIT_SECONDS} * power(2, least(tries, 10))"
    " * (0.75 + random() / 2)))"
)


class SqlBlobs:
    """The table blob: one row per file, whatever case it belongs to."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def get(self, sha256: str) -> Blob | None:
        """Return a file, locked."""
        found = self._run(f"SELECT {_BLOB} FROM intake.blob WHERE sha256 = :sha256 FOR UPDATE", sha256=sha256)
        return next(map(_blob, found), None)

    def add(self, new: Sequence[Blob]) -> None:
        """Note files, always in one order, so that transactions never wait in a ring; a known one stays as it is."""
        for each in sorted(new, key=lambda each: each.sha256):
            values = {field.name: getattr(each, field.name) for field in fields(Blob)}
            now = text(_NOW)
            statement = upsert(blob).values(values | {"state": each.state.value, "next_at": now, "changed_at": now})
            self._connection.execute(statement.on_conflict_do_nothing())

    def change(self, sha256: str, **values: Any) -> None:
        """Set fields of a file; it is due at once."""
        settings = ", ".join(f"{name} = :{name}" for name in values)
        self._run(
            f"UPDATE intake.blob SET {settings}, next_at = {_NOW}, changed_at = {_NOW} WHERE sha256 = :sha256",
            sha256=sha256,
            **values,
        )

    def put_off(self, sha256: str, finding: str) -> None:
        """Note that it did not work; each time the next attempt is further away."""
        self._run(
            f"UPDATE intake.blob SET tries = tries + 1, finding = :finding, next_at = {_NOW} + {_PAUSE}"
            " WHERE sha256 = :sha256",
            sha256=sha256,
            finding=finding,
        )

    def hasten(self, case_no: str | None) -> int:
        """Make what waits due now, of one case or of all; return how many files that is."""
        narrowed = "AND sha256 IN (SELECT sha256 FROM intake.attachment WHERE case_no = :case_no)" if case_no else ""
        done = self._connection.execute(
            text(
                f"UPDATE intake.blob SET next_at = {_NOW}, tries = 0"
                f" WHERE state IN ('wanted', 'checking') {narrowed} RETURNING sha256"
            ),
            {"case_no": case_no} if case_no else {},
        )
        return len(done.all())

    def claim(self, most: int) -> list[Blob]:
        """Return files that are due: to be scanned, fetched from above or deleted. They are due again after a lease."""
        found = self._run(
            f"UPDATE intake.blob SET next_at = {_NOW} + make_interval(secs => {LEASE_SECONDS}) WHERE sha256 IN ("
            " SELECT sha256 FROM intake.blob"
            f" WHERE state IN ('checking', 'wanted', 'erasing') AND NOT (state = 'wanted' AND from_below)"
            f" AND next_at <= {_NOW} ORDER BY next_at LIMIT :most FOR UPDATE SKIP LOCKED) RETURNING {_BLOB}",
            most=most,
        )
        return [_blob(row) for row in found]

    def wanted_from_below(self) -> list[Blob]:
        """Return the files that nodes below are to bring."""
        found = self._run(
            f"SELECT {_BLOB} FROM intake.blob WHERE state = 'wanted' AND from_below ORDER BY changed_at LIMIT 500"
        )
        return [_blob(row) for row in found]

    def condemn_unused(self) -> int:
        """Let go of files that no case needs: passed through for others, or left behind by an erasure."""
        done = self._run(
            f"UPDATE intake.blob b SET state = 'erasing', next_at = {_NOW} WHERE state <> 'erasing'"
            f" AND changed_at < {_NOW} - make_interval(days => {RELAYED_FOR_DAYS})"
            " AND NOT EXISTS (SELECT FROM intake.attachment a WHERE a.sha256 = b.sha256) RETURNING sha256"
        )
        return len(done)

    def forget(self, sha256: str) -> None:
        """Delete the row of a file whose bytes are gone, unless it was handed in again."""
        self._run("DELETE FROM intake.blob WHERE sha256 = :sha256 AND state = 'erasing'", sha256=sha256)

    def counts(self) -> dict[str, int]:
        """Return how many files are in each state."""
        found = self._run("SELECT state, count(*) FROM intake.blob GROUP BY state")
        return {str(row[0]): int(row[1]) for row in found}

    def _run(self, statement: str, **values: Any) -> list[Any]:
        result = self._connection.execute(text(statement), values)
        return list(result) if result.returns_rows else []


class SqlAttachments:
    """The tables attachment and attachment_reading."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, new: Attachment) -> bool:
        """Attach a file to a case; False when it is attached to it already."""
        values = {field.name: getattr(new, field.name) for field in fields(Attachment)}
        statement = upsert(attachment).values(values).on_conflict_do_nothing().returning(attachment.c.id)
        return self._connection.execute(statement).first() is not None

    def of_case(self, case_no: str) -> list[tuple[Attachment, Blob]]:
        """Return the files of a case in the order in which they came."""
        return self._pairs("a.case_no = :case_no", {"case_no": case_no})

    def get(self, case_no: str, attachment_id: str) -> tuple[Attachment, Blob] | None:
        """Return one file of a case."""
        where = "a.case_no = :case_no AND a.id = :id"
        return next(iter(self._pairs(where, {"case_no": case_no, "id": attachment_id})), None)

    def missing(self) -> list[tuple[Attachment, Blob]]:
        """Return the files of all cases that are not here yet."""
        return self._pairs("b.state = 'wanted'", {})

    def forget(self, case_no: str) -> int:
        """Detach all files of a case; those that no other case needs are to be erased. Return how many there were."""
        gone = self._connection.execute(
            text("DELETE FROM intake.attachment WHERE case_no = :case_no RETURNING sha256"), {"case_no": case_no}
        ).scalars()
        digests = list(gone)
        self._connection.execute(
            text(
                f"UPDATE intake.blob b SET state = 'erasing', next_at = {_NOW} WHERE sha256 = ANY(:digests)"
                " AND NOT EXISTS (SELECT FROM intake.attachment a WHERE a.sha256 = b.sha256)"
            ),
            {"digests": digests},
        )
        self._connection.execute(text("DELETE FROM intake.upload WHERE case_no = :case_no"), {"case_no": case_no})
        return len(digests)

    def note_reading(self, reading: Mapping[str, Any]) -> bool:
        """Write down who opened a file; the parts of one look are one line. Return whether it is a new look."""
        noted = self._connection.execute(
            text(
                "INSERT INTO intake.attachment_reading"
                " (attachment_id, case_no, sha256, part, person, role, unit, node, at)"
                " SELECT :attachment_id, :case_no, :sha256, :part, :person, :role, :unit, :node, :at WHERE NOT EXISTS ("
                " SELECT FROM intake.attachment_reading WHERE case_no = :case_no AND attachment_id = :attachment_id"
                " AND part = :part AND person = :person"
                f" AND at > cast(:at AS timestamptz) - make_interval(secs => {SAME_LOOK_SECONDS})) RETURNING id"
            ),
            dict(reading),
        )
        return noted.first() is not None

    def _pairs(self, where: str, values: dict[str, Any]) -> list[tuple[Attachment, Blob]]:
        left = ", ".join(f"a.{field.name} AS a_{field.name}" for field in fields(Attachment))
        right = ", ".join(f"b.{field.name} AS b_{field.name}" for field in fields(Blob))
        found = self._connection.execute(
            text(
                f"SELECT {left}, {right} FROM intake.attachment a JOIN intake.blob b USING (sha256)"
                f" WHERE {where} ORDER BY a.added_at, a.id"
            ),
            values,
        )
        return [_pair(row) for row in found]


class SqlUploads:
    """The table upload: files on their way in."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def load_of(self, case_no: str) -> Load:
        """Return what a case has already, with the case locked against another upload that starts now."""
        self._connection.execute(
            text("SELECT pg_advisory_xact_lock(hashtextextended('upload/' || :case_no, 0))"), {"case_no": case_no}
        )
        kept = self._connection.execute(
            text(
                "SELECT count(*), coalesce(sum(b.size), 0) FROM intake.attachment a JOIN intake.blob b USING (sha256)"
                " WHERE a.case_no = :case_no"
            ),
            {"case_no": case_no},
        ).one()
        coming = self._connection.execute(
            text(
                "SELECT count(*), coalesce(sum(size), 0) FROM intake.upload"
                " WHERE case_no = :case_no AND attachment_id IS NULL"
            ),
            {"case_no": case_no},
        ).one()
        return Load(files=kept[0] + coming[0], size=int(kept[1]) + int(coming[1]), open_uploads=coming[0])

    def add(self, new: Upload) -> None:
        """Note an upload that begins."""
        values = {field.name: getattr(new, field.name) for field in fields(Upload)}
        now = text(_NOW)
        self._connection.execute(upload.insert().values(values | {"started_at": now, "touched_at": now}))

    def get(self, upload_id: str) -> Upload | None:
        """Return an upload, locked."""
        row = self._connection.execute(
            text(f"SELECT {_UPLOAD} FROM intake.upload WHERE id = :id FOR UPDATE"), {"id": upload_id}
        ).first()
        return None if row is None else Upload(**row._mapping)  # noqa: SLF001  the documented way to a row by names

    def finish(self, upload_id: str, attachment_id: str) -> None:
        """Note which attachment it became."""
        self._connection.execute(
            text(f"UPDATE intake.upload SET attachment_id = :attachment_id, touched_at = {_NOW} WHERE id = :id"),
            {"id": upload_id, "attachment_id": attachment_id},
        )

    def touch(self, upload_id: str) -> None:
        """Note that it goes on."""
        self._connection.execute(
            text(f"UPDATE intake.upload SET touched_at = {_NOW} WHERE id = :id"), {"id": upload_id}
        )

    def drop(self, upload_id: str) -> None:
        """Forget an upload."""
        self._connection.execute(text("DELETE FROM intake.upload WHERE id = :id"), {"id": upload_id})

    def drop_abandoned(self, hours: int, most: int) -> list[str]:
        """Forget uploads on which nothing came for so long; return their ids."""
        gone = self._connection.execute(
            text(
                "DELETE FROM intake.upload WHERE id IN (SELECT id FROM intake.upload"
                f" WHERE touched_at < {_NOW} - make_interval(hours => :hours) LIMIT :most FOR UPDATE SKIP LOCKED)"
                " RETURNING id"
            ),
            {"hours": hours, "most": most},
        )
        return list(gone.scalars())


def _blob(row: Row[Any]) -> Blob:
    values = dict(row._mapping)  # noqa: SLF001  the documented way to a row by names
    return Blob(**values | {"state": BlobState(values["state"])})


def _pair(row: Row[Any]) -> tuple[Attachment, Blob]:
    values = row._mapping  # noqa: SLF001  the documented way to a row by names
    left = {field.name: values[f"a_{field.name}"] for field in fields(Attachment)}
    right = {field.name: values[f"b_{field.name}"] for field in fields(Blob)}
    left["added_at"] = left["added_at"].astimezone(SHANGHAI)
    return Attachment(**left), Blob(**right | {"state": BlobState(right["state"])})
