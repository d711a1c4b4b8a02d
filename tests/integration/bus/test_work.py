"""A unit of work that cannot be opened holds on to nothing."""

import pytest
from sqlalchemy import create_engine

from lianxi.bus.work import Work
from tests.suites.bus_probe import SCHEMA


class Unprepared(Work):
    """A work whose repositories cannot be built."""

    def prepare(self) -> None:
        raise ZeroDivisionError


@pytest.fixture
def engine(probe_database):
    engine = create_engine(probe_database.url, pool_size=1, max_overflow=0, pool_timeout=1)
    yield engine
    engine.dispose()


def test_a_connection_is_given_back_when_a_repository_cannot_be_built(engine):
    work = Unprepared(engine, SCHEMA)
    for _ in range(3):
        with pytest.raises(ZeroDivisionError), work:
            pytest.fail("was entered")

    assert engine.pool.checkedout() == 0
    with Work(engine, SCHEMA) as other:
        assert other.connection.exec_driver_sql("SELECT 1").scalar_one() == 1


def test_what_cannot_be_taken_back_is_done_after_the_commit_only(engine):
    done = []

    def leave_by_an_error(work, name):
        work.after_commit(lambda: done.append(name))
        raise ZeroDivisionError

    with Work(engine, SCHEMA) as work:
        work.after_commit(lambda: done.append("kept"))
        with pytest.raises(ZeroDivisionError), work.savepoint():
            leave_by_an_error(work, "undone with its savepoint")
        before_the_commit = list(done)
    with pytest.raises(ZeroDivisionError), work:
        leave_by_an_error(work, "rolled back")
    with work:
        pass

    assert (before_the_commit, done) == ([], ["kept"])
