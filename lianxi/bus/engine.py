"""The connections of one service to its schema: bounded, checked before use, silent about values."""

from collections.abc import Mapping
from functools import partial
from typing import Any
from weakref import WeakMethod

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import InvalidatePoolError

from lianxi.bus.arrays import write_lists_as_literals
from lianxi.bus.driver import KEEPALIVES, FrugalConnection, Values, still_there
from lianxi.runtime.metrics import gauge

_POOL = gauge("database_pool_connections", "Connections of a service's pool: in use, and at most", ("schema", "state"))


def engine_for(
    url: str,
    service: str,
    connections: int,
    *,
    statement_seconds: int = 30,
    wait_seconds: int = 30,
    time_zone: str | None = None,
) -> Engine:
    """Return an engine with at most so many connections.

    Statements never show their values, not even in an error, and none may run or wait for a lock without end.
    `wait_seconds` is how long a thread waits for a connection when all are taken; `time_zone` is the one in which
    instants come back, the server's own unless given.
    """
    write_lists_as_literals()
    options = f"-c statement_timeout={statement_seconds * 1000} -c lock_timeout=20000"
    if time_zone is not None:
        options += f" -c timezone={time_zone}"
    engine = create_engine(
        url,
        pool_size=connections,
        max_overflow=0,
        pool_timeout=wait_seconds,
        hide_parameters=True,
        connect_args={
            "application_name": service,
            "connect_timeout": 5,
            "options": options,
            "client_encoding": "utf8",
            "connection_factory": FrugalConnection,
            **KEEPALIVES,
        },
    )
    event.listen(engine, "checkout", _check)
    _POOL.labels(service, "most").set(connections)
    _POOL.labels(service, "used").set_function(partial(_used, WeakMethod(_checked_out(engine))))
    return engine


def frugal(connected: Connection) -> FrugalConnection | None:
    """Return the driver's connection if it is one of these."""
    link = connected.connection.dbapi_connection
    return link if isinstance(link, FrugalConnection) else None


def run_soon(connected: Connection, statement: str, values: Values = ()) -> None:
    """Run a statement that has no answer before the next one, or at the commit; at once on any other connection."""
    link = frugal(connected)
    if link is None:
        connected.exec_driver_sql(statement, dict(values) if isinstance(values, Mapping) else tuple(values))
    else:
        link.soon(statement, values)


def _check(link: Any, _record: object, _proxy: object) -> None:
    """Let go of all connections when the server has closed this one: it was restarted, or is gone."""
    if not still_there(link):
        raise InvalidatePoolError


def _checked_out(engine: Engine) -> Any:
    """Return what tells how many connections of the pool are in use."""
    return engine.pool.checkedout  # type: ignore[attr-defined]  # the pool of an engine with a size has it


def _used(checked_out: Any) -> float:
    """Return the connections in use now; none once the engine is gone."""
    ask = checked_out()
    return float(ask()) if ask is not None else 0.0
