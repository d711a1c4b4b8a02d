"""Databases for tests: empty ones, and copies of a node's migrated database."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from psycopg2.extensions import connection

from lianxi.ops.local.cluster import Cluster


@dataclass(frozen=True)
class Database:
    """A database that belongs to one test."""

    cluster: Cluster
    name: str

    @property
    def url(self) -> str:
        """Its address for SQLAlchemy, as administrator."""
        return self.cluster.url(self.name)

    @property
    def dsn(self) -> str:
        """Its address for psycopg2, as administrator."""
        return self.cluster.dsn(self.name)

    @contextmanager
    def connect(self) -> Iterator[connection]:
        """Give a psycopg2 connection that commits each statement."""
        with self.cluster.connect(self.name) as opened:
            yield opened

    def query(self, statement: str, *values: object) -> list[tuple[object, ...]]:
        """Return the rows of one statement."""
        with self.connect() as opened, opened.cursor() as cursor:
            cursor.execute(statement, values)
            return cursor.fetchall() if cursor.description else []
