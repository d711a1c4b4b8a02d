"""`lianxi parked`: messages that could not be handled, or that no queue wanted.

It works on the database alone, with the broker and the services up or down. A message is named `SCHEMA:NUMBER` as
`list` prints it. The body is shown only when asked for: it may hold what a petitioner wrote. Status 0: done; 1: there
is no such message, or nothing of the kind can be done with it; 2: wrong use of the command.
"""

import dataclasses
import getpass
import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import click
from sqlalchemy import Connection, Engine, create_engine
from sqlalchemy.exc import SQLAlchemyError

from lianxi.bus.parked import STATES, Aside, NotThere, ParkedMessages, State
from lianxi.runtime.settings import SettingMissing, read

ALL = "intake,routing,supervision,notify"
UNREACHABLE = 1


@dataclasses.dataclass(frozen=True)
class Where:
    """The database and schemas the command works on."""

    engine: Engine
    schemas: tuple[str, ...]

    @contextmanager
    def open(self) -> Iterator[Connection]:
        """Give a connection whose work is committed at the end; say plainly when there is none."""
        try:
            with self.engine.begin() as connection:
                yield connection
        except NotThere as error:
            raise click.ClickException(str(error)) from error
        except SQLAlchemyError as error:
            raise click.ClickException(f"the database cannot be used ({type(error).__name__})") from error


@click.group()
@click.option("--database-url", default=None, help="SQLAlchemy address; default LIANXI_DATABASE_URL or …_FILE.")
@click.option("--schema", "schemas", multiple=True, help="Service schema; may be repeated. Default LIANXI_SCHEMAS.")
@click.pass_context
def command(ctx: click.Context, database_url: str | None, schemas: tuple[str, ...]) -> None:
    """List, show, retry and drop messages that could not be handled."""
    try:
        url = database_url or read("DATABASE_URL", secret=True)
    except SettingMissing as error:
        raise click.UsageError(f"{error}; or give --database-url") from error
    names = schemas or tuple(name.strip() for name in read("SCHEMAS", ALL).split(",") if name.strip())
    ctx.obj = Where(create_engine(url, pool_size=1), names)


@command.command("list")
@click.option("--queue", default=None, help="Only messages of this queue (of this exchange, if unroutable).")
@click.option(
    "--state",
    "states",
    multiple=True,
    type=click.Choice(STATES),
    default=("parked", "retrying", "unroutable"),
    help="May be repeated.",
)
@click.option("--limit", default=1000, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="One JSON object per line.")
@click.pass_obj
def list_(where: Where, queue: str | None, states: tuple[State, ...], limit: int, as_json: bool) -> None:
    """List messages, oldest first."""
    number = 0
    with where.open() as connection:
        for schema in where.schemas:
            for aside in ParkedMessages(connection, schema).list(states, queue=queue, limit=limit):
                number += 1
                click.echo(json.dumps(_facts(aside), ensure_ascii=False) if as_json else _line(aside))
    if not as_json:
        click.echo(f"{number} message(s)")


@command.command()
@click.argument("message")
@click.option("--body", "with_body", is_flag=True, help="Show the body too; it may hold personal data.")
@click.option("--json", "as_json", is_flag=True)
@click.pass_obj
def show(where: Where, message: str, with_body: bool, as_json: bool) -> None:
    """Show one MESSAGE (SCHEMA:NUMBER) with its error and headers."""
    schema, number = _named(message)
    with where.open() as connection:
        aside, content = ParkedMessages(connection, schema).find(number)
    facts = _facts(aside) | {
        "exchange": content.exchange,
        "routing_key": content.routing_key,
        "headers": content.headers,
        "bytes": len(content.body),
    }
    if with_body:
        facts["body"] = content.body.decode("utf-8", "backslashreplace")
    if as_json:
        click.echo(json.dumps(facts, ensure_ascii=False))
        return
    for name, value in facts.items():
        if value is not None:
            click.echo(f"{name:14} {value}")


@command.command()
@click.argument("messages", nargs=-1)
@click.option("--queue", default=None, help="Retry every parked message of this queue.")
@click.option("--json", "as_json", is_flag=True)
@click.pass_obj
def retry(where: Where, messages: tuple[str, ...], queue: str | None, as_json: bool) -> None:
    """Let MESSAGES (SCHEMA:NUMBER …) run again; the service picks them up within a second or two."""
    if bool(messages) == bool(queue):
        raise click.UsageError("name messages, or a queue with --queue")
    with where.open() as connection:
        chosen = [_named(message) for message in messages]
        if queue:
            chosen = [
                (aside.schema, aside.number)
                for schema in where.schemas
                for aside in ParkedMessages(connection, schema).list(("parked", "unroutable"), queue=queue)
            ]
        for schema, number in chosen:
            ParkedMessages(connection, schema).retry(number)
    _report("retried", [f"{schema}:{number}" for schema, number in chosen], as_json=as_json)


@command.command()
@click.argument("message")
@click.option("--reason", required=True, help="Why it is given up; kept on record.")
@click.option("--by", default=getpass.getuser, help="Who gives it up; default the account you are signed in with.")
@click.option("--json", "as_json", is_flag=True)
@click.pass_obj
def drop(where: Where, message: str, reason: str, by: str, as_json: bool) -> None:
    """Give up MESSAGE (SCHEMA:NUMBER); later messages of its stream go on without it."""
    if not reason.strip():
        raise click.UsageError("--reason must say why")
    schema, number = _named(message)
    with where.open() as connection:
        ParkedMessages(connection, schema).drop(number, reason=reason, by=by)
    _report("dropped", [message], as_json=as_json)


def _named(message: str) -> tuple[str, str]:
    schema, colon, number = message.partition(":")
    if not colon or not schema.isidentifier() or not number:
        raise click.UsageError(f"{message!r} is not SCHEMA:NUMBER as `lianxi parked list` prints it")
    return schema, number


def _facts(aside: Aside) -> dict[str, Any]:
    facts = dataclasses.asdict(aside)
    for name in ("since", "due"):
        facts[name] = facts[name].isoformat() if facts[name] is not None else None
    return {"message": f"{aside.schema}:{aside.number}", **facts}


def _line(aside: Aside) -> str:
    stream = f" {aside.key}#{aside.seq}" if aside.key is not None else ""
    cause = aside.error.get("message") or aside.error.get("code") or aside.error.get("type") or ""
    where = aside.error.get("at") or aside.error.get("routing_key") or ""
    return (
        f"{aside.schema}:{aside.number}  {aside.state}  {aside.queue}{stream}  {aside.type or '?'}  "
        f"attempts={aside.attempts}  since={aside.since:%Y-%m-%d %H:%M:%S}  {cause}  {where}"
    ).rstrip()


def _report(done: str, messages: list[str], *, as_json: bool) -> None:
    click.echo(json.dumps({done: messages}) if as_json else f"{done}: {', '.join(messages) or 'nothing'}")
