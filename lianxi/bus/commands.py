"""The answers a service gave to commands, so that a repeated command has one effect and the same answer.

The caller gives each command an id and repeats it with the same id when it does not know whether the first one
arrived. The answer is stored in the transaction of the effect. A refusal is an answer too and is kept; a failure
that is ours or that passes is not, so a repeat tries again. The same id with another body is a mistake of the
caller and is refused: `CommandReused`.
"""

import hashlib
import json
from dataclasses import dataclass
from typing import Any, Protocol

from sqlalchemy import Connection

from lianxi.bus.engine import run_soon
from lianxi.bus.problems import problem


class CommandReused(Exception):  # noqa: N818  reads as what happened
    """A command id came back with another method or body."""

    branch = "refused"

    def __init__(self, command_id: str) -> None:
        super().__init__(f"command {command_id} was already used for something else")
        self.command_id = command_id

    def as_problem(self) -> dict[str, Any]:
        """Return the error as a problem document."""
        detail = "同一请求编号已用于另一项内容。请换一个新的请求编号后重新提交。"
        return problem("command-reused", 409, "与现有情况冲突", detail)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a command was answered: a result, or the problem it was refused with."""

    body: dict[str, Any]
    refused: bool = False


def fingerprint(method: str, body: dict[str, Any]) -> str:
    """Return a digest by which a command is recognised."""
    canonical = json.dumps([method, body], sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


class CommandBook(Protocol):
    """The answers of one service, inside one transaction."""

    def begin(self, command_id: str, method: str, mark: str) -> Answer | None:
        """Return the answer already given, or None and reserve the id; raise `CommandReused` on another mark."""
        ...

    def finish(self, command_id: str, answer: Answer) -> None:
        """Keep the answer."""
        ...


class SqlCommands:
    """The table command_result of one schema; a repeat that runs at the same time waits for the first to end."""

    def __init__(self, connection: Connection, schema: str) -> None:
        self._connection = connection
        self._schema = schema

    def begin(self, command_id: str, method: str, mark: str) -> Answer | None:
        """Insert the id or read what it was answered."""
        inserted = self._connection.exec_driver_sql(
            f"INSERT INTO {self._schema}.command_result (command_id, method, fingerprint) VALUES (%s, %s, %s)"
            " ON CONFLICT DO NOTHING",
            (command_id, method, mark),
        )
        if inserted.rowcount == 1:
            return None
        known, refused, answer = self._connection.exec_driver_sql(
            f"SELECT fingerprint, refused, answer FROM {self._schema}.command_result WHERE command_id = %s",
            (command_id,),
        ).one()
        if known != mark:
            raise CommandReused(command_id)
        return Answer(answer, refused)

    def finish(self, command_id: str, answer: Answer) -> None:
        """Complete the row that `begin` inserted."""
        run_soon(
            self._connection,
            f"UPDATE {self._schema}.command_result SET refused = %s, answer = %s WHERE command_id = %s",
            (answer.refused, json.dumps(answer.body, ensure_ascii=False), command_id),
        )
