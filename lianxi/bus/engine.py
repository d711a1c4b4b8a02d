"""The connections of one service to its schema: bounded, checked before use, silent about values."""

from sqlalchemy import Engine, create_engine


def engine_for(url: str, service: str, connections: int) -> Engine:
    """Return an engine with at most so many connections.

    Statements never show their values, not even in an error, and none may run or wait for a lock without end.
    """
    return create_engine(
        url,
        pool_size=connections,
        max_overflow=0,
        pool_pre_ping=True,
        hide_parameters=True,
        connect_args={
            "application_name": service,
            "connect_timeout": 5,
            "options": "-c statement_timeout=30000 -c lock_timeout=20000",
        },
    )
