"""The frugal connection: fewer journeys, the same transactions, and no connection that the server has closed."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError, OperationalError

from lianxi.bus.engine import engine_for, run_soon
from lianxi.bus.messages import Outgoing
from lianxi.bus.work import Work
from tests.suites.bus_probe import SCHEMA

ADD = "INSERT INTO probe.inbox (queue, message_id) VALUES (%s, %s)"
SEEN = "SELECT message_id FROM probe.inbox ORDER BY message_id"


@pytest.fixture
def engine(probe_database):
    engine = engine_for(probe_database.url, SCHEMA, 2)
    with engine.begin() as connection:
        connection.exec_driver_sql("TRUNCATE probe.inbox, probe.outbox")
    yield engine
    engine.dispose()


def seen(database):
    return [row[0] for row in database.query(SEEN)]


def soon(work, *names):
    for name in names:
        run_soon(work.connection, ADD, ("q", name))


def now(work, *names):
    for name in names:
        work.connection.exec_driver_sql(ADD, ("q", name))


def undone(work, act, *names):
    """Act in a savepoint that is undone."""
    with pytest.raises(ZeroDivisionError), work.savepoint():
        act(work, *names, fail=True)


def failing(act, after=None):
    def run(work, *names, fail):
        act(work, *names)
        if after:
            after(work)
        if fail:
            raise ZeroDivisionError

    return run


def at_work(engine, act, *names):
    with Work(engine, SCHEMA) as work:
        act(work, *names)


def test_what_runs_soon_is_committed_with_the_rest_and_before_what_follows_it(engine, probe_database):
    with Work(engine, SCHEMA) as work:
        soon(work, "50 % done")
        here = work.connection.exec_driver_sql(SEEN + " LIMIT %s", (9,)).scalars().all()
        soon(work, "last")
        before = seen(probe_database)

    assert (here, before) == (["50 % done"], [])
    assert seen(probe_database) == ["50 % done", "last"]


def test_what_runs_soon_and_fails_undoes_the_whole_work(engine, probe_database):
    def twice(work):
        soon(work, "twice")
        work.publish(Outgoing("m", "t", "x", "k", b"{}", {}))
        soon(work, "twice")

    with pytest.raises(IntegrityError):
        at_work(engine, twice)

    assert seen(probe_database) == []
    assert probe_database.query("SELECT count(*) FROM probe.outbox") == [(0,)]


def test_a_savepoint_answers_for_what_was_to_run_soon_inside_it(engine, probe_database):
    def twice(work):
        with work.savepoint():
            soon(work, "inside", "inside")

    def more(work):
        with work.savepoint():
            now(work, "undone with it")

    with Work(engine, SCHEMA) as work:
        soon(work, "before")
        with pytest.raises(IntegrityError):
            twice(work)
        with work.savepoint():
            undone(work, failing(soon), "never sent")
            soon(work, "after")
        undone(work, failing(now, more), "undone")

    assert seen(probe_database) == ["after", "before"]


def told(work, name):
    soon(work, name)
    work.publish(Outgoing(name, "t", "x", "k", b"{}", {}))


def in_its_only_savepoint(engine, act, *names):
    with Work(engine, SCHEMA) as work, work.savepoint(only=True):
        act(work, *names)


def test_the_only_savepoint_of_a_work_is_undone_as_any_other_and_else_committed_at_the_end(engine, probe_database):
    with Work(engine, SCHEMA) as work:
        now(work, "before")
        with pytest.raises(ZeroDivisionError), work.savepoint(only=True):
            failing(told, lambda inner: now(inner, "undone, too"))(work, "undone", fail=True)
        soon(work, "after")
    in_its_only_savepoint(engine, told, "told")

    assert seen(probe_database) == ["after", "before", "told"]
    assert probe_database.query("SELECT message_id FROM probe.outbox") == [("told",)]


def test_what_waits_in_the_only_savepoint_and_fails_undoes_the_whole_work(engine, probe_database):
    with pytest.raises(IntegrityError):
        in_its_only_savepoint(engine, soon, "same", "same")
    at_work(engine, now, "next")

    assert seen(probe_database) == ["next"]


def test_an_error_ends_the_transaction_and_the_connection_is_good_for_the_next_one(engine, probe_database):
    with pytest.raises(IntegrityError):
        at_work(engine, now, "same", "same")
    at_work(engine, now, "next")

    assert seen(probe_database) == ["next"]


def test_a_work_that_only_reads_begins_no_transaction_and_the_next_one_does(engine):
    state = "SELECT now() = statement_timestamp()"
    with Work(engine, SCHEMA) as work:
        work.only_read()
        assert [work.connection.exec_driver_sql(state).scalar_one() for _ in range(2)] == [True, True]
    with Work(engine, SCHEMA) as work:
        work.connection.exec_driver_sql("SELECT 1")
        assert work.connection.exec_driver_sql(state).scalar_one() is False


def test_many_rows_are_read_by_a_cursor_on_the_server(engine):
    with Work(engine, SCHEMA) as work:
        now(work, "one")
        rows = work.connection.execution_options(yield_per=2).execute(text("SELECT generate_series(1, 5)"))
        assert rows.scalars().all() == [1, 2, 3, 4, 5]


def test_a_connection_that_the_server_closed_is_replaced_before_it_is_used(engine, probe_database):
    with Work(engine, SCHEMA) as one, Work(engine, SCHEMA) as other:
        mine = [work.connection.exec_driver_sql("SELECT pg_backend_pid()").scalar_one() for work in (one, other)]
    for pid in mine:
        probe_database.query("SELECT pg_terminate_backend(%s, 10000)", pid)

    with Work(engine, SCHEMA) as work:
        assert work.connection.exec_driver_sql("SELECT pg_backend_pid()").scalar_one() not in mine


def test_a_connection_lost_at_work_is_told_as_a_failure_that_passes(engine, probe_database):
    def lose(work):
        pid = work.connection.exec_driver_sql("SELECT pg_backend_pid()").scalar_one()
        probe_database.query("SELECT pg_terminate_backend(%s, 10000)", pid)
        with work.savepoint():
            soon(work, "lost")
            now(work, "lost, too")

    with pytest.raises(OperationalError) as lost:
        at_work(engine, lose)

    assert Work.passes(lost.value)
