"""A database with the bus tables and the probe's own, and programs of the bus as processes that can be killed."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import psycopg2
import pytest
from sqlalchemy import create_engine, text

from lianxi.bus.migration import create_bus_tables
from tests.suites.bus_probe import DDL, SCHEMA

HERE = Path(__file__).parent
ROOT = HERE.parents[2]


def make_tables(url: str, schema: str = SCHEMA) -> None:
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text(f"CREATE SCHEMA {schema}"))
        create_bus_tables(connection, schema)
        for statement in DDL if schema == SCHEMA else ():
            connection.execute(text(statement))
    engine.dispose()


class Process:
    """A program of the project under test."""

    def __init__(self, arguments: list[str], environment: Mapping[str, str], log: Path) -> None:
        self._arguments = arguments
        self._environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "ignore", **environment}
        self._log = log
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, *self._arguments], env=self._environment, stdout=log, stderr=log
            )

    @property
    def alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def kill(self) -> None:
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    def stop(self, within: float = 20.0) -> int:
        assert self._process is not None
        if self.alive:
            self._process.send_signal(signal.SIGTERM)
        try:
            return self._process.wait(within)
        except subprocess.TimeoutExpired:
            self.kill()
            raise

    @property
    def log(self) -> str:
        return self._log.read_text(errors="replace")


@contextmanager
def running(process: Process) -> Iterator[Process]:
    process.start()
    try:
        yield process
    finally:
        if process.alive:
            process.stop()


def probe_process(kind: str, uri: str, database_url: str, log: Path) -> Process:
    return Process([str(HERE / f"{kind}_process.py"), uri], {"PROBE_DATABASE_URL": database_url}, log)


def relay_process(uri: str, database_url: str, schemas: str, log: Path, **more: str) -> Process:
    environment = {"LIANXI_DATABASE_URL": database_url, "LIANXI_AMQP_URI": uri, "LIANXI_SCHEMAS": schemas, **more}
    return Process(["-m", "lianxi.bus.relay"], environment, log)


@pytest.fixture
def probe_database(database):
    """A fresh database with the schema `probe`."""
    make_tables(database.url)
    return database


@pytest.fixture
def rows(probe_database):
    """Ask the probe's database."""
    connection = psycopg2.connect(probe_database.dsn)
    connection.autocommit = True

    def ask(statement: str, *values: object) -> list[tuple]:
        with connection.cursor() as cursor:
            cursor.execute(statement, values)
            return cursor.fetchall() if cursor.description else []

    yield ask
    connection.close()
