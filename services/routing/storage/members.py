"""The book of members in PostgreSQL, and the members as a running node sees them."""

from collections.abc import Collection, Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, func, insert, select
from sqlalchemy.exc import DBAPIError

from lianxi.casework.identifiers import DivisionCode
from lianxi.casework.messages.facts import TERMINAL_STATES
from services.routing.domain.members import Member, Membership, Standing, newest
from services.routing.storage.tables import SCHEMA, member_change

_OPEN = f"""
SELECT state, count(*) AS number FROM {SCHEMA}.case_file WHERE holder = %s AND NOT state = ANY(%s) GROUP BY state
"""
_OPEN_CASES = f"""
SELECT case_no, state, unit, in_transfer, snapshot ->> 'petition_class' AS petition_class FROM {SCHEMA}.case_file
WHERE holder = %s AND NOT state = ANY(%s) AND case_no > %s ORDER BY case_no LIMIT %s
"""
_IN_TRANSFER = f"""
SELECT count(*) FROM {SCHEMA}.case_file
WHERE in_transfer AND (holder = %s OR snapshot #>> '{{transfer,to_node}}' = %s)
"""
_DIRECTIVES = (
    f"SELECT count(*) FROM {SCHEMA}.directive WHERE to_node = %s AND direction = 'out' AND answered_at IS NULL"
)
_QUARANTINED = f"SELECT count(*) FROM {SCHEMA}.link_quarantine WHERE peer = %s"
_ENDED = sorted(str(state) for state in TERMINAL_STATES)


class SqlMembers:
    """The book on one connection, and what ties a node to this one."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def all(self) -> list[Member]:
        """Return every change in the order in which it was recorded."""
        rows = self._connection.execute(select(member_change).order_by(member_change.c.id))
        return [
            Member(node=row.node, parent=row.parent, standing=Standing(row.standing), since=row.since) for row in rows
        ]

    def lock(self) -> None:
        """Let no other transaction change the book until this one ends."""
        self._run(f"LOCK TABLE {SCHEMA}.member_change IN SHARE ROW EXCLUSIVE MODE")

    def add(self, member: Member, recorded_by: str, at: datetime) -> None:
        """Keep a change."""
        row = {
            "node": member.node,
            "parent": member.parent,
            "standing": member.standing.value,
            "since": member.since,
            "recorded_by": recorded_by,
            "recorded_at": at,
        }
        self._connection.execute(insert(member_change).values(row))

    def open_by_state(self, holder: str) -> dict[str, int]:
        """Return how many open cases a node holds, by state."""
        return {row.state: row.number for row in self._run(_OPEN, holder, _ENDED)}

    def open_cases(self, holder: str, after: str, limit: int) -> list[dict[str, Any]]:
        """Return the open cases a node holds, by number."""
        return [dict(row) for row in self._run(_OPEN_CASES, holder, _ENDED, after, limit).mappings()]

    def in_transfer(self, node: str) -> int:
        """Return how many cases are on their way from a node or to it."""
        return int(self._run(_IN_TRANSFER, node, node).scalar_one())

    def directives(self, node: str) -> int:
        """Return how many directives to a node wait for its answer."""
        return int(self._run(_DIRECTIVES, node).scalar_one())

    def quarantined(self, peer: str) -> int:
        """Return how many messages of a neighbour wait for another attempt."""
        return int(self._run(_QUARANTINED, peer).scalar_one())

    def _run(self, statement: str, *values: Any) -> Any:
        return self._connection.exec_driver_sql(statement, values)


class LiveMembers:
    """The members as this process knows them; `refresh` looks whether the book has grown.

    While the database is away what was known last stands.
    """

    def __init__(self, engine: Engine, seeded: frozenset[str]) -> None:
        self._engine = engine
        self._newest = -1
        self.current = Membership(seeded, {})

    def refresh(self) -> None:
        """Read the book again if it has grown."""
        try:
            with self._engine.connect() as connection:
                last = connection.execute(select(func.max(member_change.c.id))).scalar_one() or 0
                if last != self._newest:
                    self.current = Membership(self.current.seeded, newest(SqlMembers(connection).all()))
                    self._newest = last
        except DBAPIError:
            return


class LiveChildren(Collection[str]):
    """The nodes directly below that have a link, as they are at the moment of asking."""

    def __init__(self, members: LiveMembers, own: DivisionCode) -> None:
        self._members = members
        self._own = own
        self._of: Membership | None = None
        self._children: frozenset[str] = frozenset()

    def _now(self) -> frozenset[str]:
        membership = self._members.current
        if membership is not self._of:
            self._children, self._of = membership.children(self._own), membership
        return self._children

    def __contains__(self, code: object) -> bool:
        """Whether a node is one of them."""
        return code in self._now()

    def __iter__(self) -> Iterator[str]:
        """Go through them."""
        return iter(self._now())

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self._now())
