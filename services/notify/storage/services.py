"""Documents and their service on the petitioner, on the connection of one transaction."""

from collections.abc import Sequence
from dataclasses import fields

from sqlalchemy import Connection

from lianxi.bus.engine import run_soon
from services.notify.domain.service_of_documents import Served, ServiceOfDocument, ServiceState

_COLUMNS = tuple(field.name for field in fields(ServiceOfDocument))
_NAMES = ", ".join(_COLUMNS)
_PLACES = ", ".join(f"%({name})s" for name in _COLUMNS)
_OPEN = f"INSERT INTO notify.service_of_document ({_NAMES}) VALUES ({_PLACES}) ON CONFLICT DO NOTHING"
_SAVE = (
    f"INSERT INTO notify.service_of_document ({_NAMES}) VALUES ({_PLACES}) ON CONFLICT (case_no, number) DO UPDATE SET "
    + ", ".join(f"{name} = excluded.{name}" for name in _COLUMNS if name not in {"case_no", "number"})
)
_OF_CASE = f"SELECT {_NAMES} FROM notify.service_of_document WHERE case_no = %s ORDER BY issued_on, number"
_ONE = f"SELECT {_NAMES} FROM notify.service_of_document WHERE case_no = %s AND number = %s FOR UPDATE"
_WAITING = f"""
SELECT {_NAMES} FROM notify.service_of_document
WHERE state <> 'served' AND (issued_on, case_no, number) > (%s::date, %s, %s)
ORDER BY issued_on, case_no, number LIMIT %s
"""
_SERVED = """
UPDATE notify.service_of_document
SET state = 'served', method = %(method)s, served_on = %(served_on)s, proof = %(proof)s, changed_by = %(by)s,
    changed_at = %(at)s
WHERE case_no = %(case_no)s AND state <> 'served' AND number = coalesce(nullif(%(number)s, ''), (
    SELECT number FROM notify.service_of_document
    WHERE case_no = %(case_no)s AND kind = %(kind)s AND state <> 'served' ORDER BY issued_on DESC, number DESC LIMIT 1))
"""


class SqlServices:
    """The table service_of_document."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def open(self, service: ServiceOfDocument) -> None:
        """Write down a document that has to be served, once."""
        run_soon(self._connection, _OPEN, _values(service))

    def served(self, served: Served) -> None:
        """Note what the case says: a document was served."""
        run_soon(self._connection, _SERVED, {field.name: getattr(served, field.name) for field in fields(Served)})

    def of_case(self, case_no: str) -> list[ServiceOfDocument]:
        """Return the documents of a case, oldest first."""
        return [_read(row._asdict()) for row in self._connection.exec_driver_sql(_OF_CASE, (case_no,))]

    def get(self, case_no: str, number: str) -> ServiceOfDocument | None:
        """Return one document, locked until the end of the work."""
        row = self._connection.exec_driver_sql(_ONE, (case_no, number)).one_or_none()
        return None if row is None else _read(row._asdict())

    def save(self, service: ServiceOfDocument) -> None:
        """Write it down as it is now."""
        self._connection.exec_driver_sql(_SAVE, _values(service))

    def waiting(self, after: tuple[str, str, str], limit: int) -> Sequence[ServiceOfDocument]:
        """Return so many documents that nobody has proven to be served, the longest issued first."""
        rows = self._connection.exec_driver_sql(_WAITING, (*after, limit))
        return [_read(row._asdict()) for row in rows]


def _values(service: ServiceOfDocument) -> dict[str, object]:
    values = {name: getattr(service, name) for name in _COLUMNS}
    return values | {"state": service.state.value}


def _read(facts: dict[str, object]) -> ServiceOfDocument:
    return ServiceOfDocument(**{**facts, "state": ServiceState(str(facts["state"]))})  # type: ignore[arg-type]  # as written
