"""`lianxi parked`: messages that could not be handled, or that no queue wanted.

It works on the database alone, with the broker and the services up or down, and looks into each schema under the
login of the service that owns it. A message is named `SCHEMA:NUMBER` as `list` prints it. The body is shown only when
asked for: it may hold what a petitioner wrote. Which node and schemas are meant may be said before the verb or after
it; what stands after it counts. Status 0: done; 1: there is no such message, or nothing of the kind can
be done with it; 2: wrong use of the command.
"""

import dataclasses
import getpass
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any

import click
from sqlalchemy import create_engine
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import NullPool

from lianxi.bus.parked import STATES, Aside, NotThere, ParkedMessages, State
from lianxi.ops.whereabouts import environment_of
from lianxi.runtime.settings import SettingMissing, read

ALL = "intake,routing,supervision,notify"
OPEN: tuple[State, ...] = ("parked", "retrying", "unroutable")
"""What waits for somebody; what is settled, or held until its turn, is listed when asked for."""


@dataclasses.dataclass(frozen=True)
class Where:
    """The node and the schemas the command works on, as its options name them."""

    node: str | None
    state: Path | None
    chosen: tuple[str, ...]
    database_url: str | None

    @cached_property
    def environment(self) -> Mapping[str, str]:
        """The settings of the node; none are needed when the address of the database was given."""
        return os.environ if self.database_url else environment_of(self.node, self.state)

    @property
    def schemas(self) -> tuple[str, ...]:
        """The schemas to look into."""
        names = read("SCHEMAS", ALL, environment=self.environment).split(",")
        return self.chosen or tuple(name.strip() for name in names if name.strip())

    @contextmanager
    def open(self, schema: str) -> Iterator[ParkedMessages]:
        """Give the messages of one schema; what is done is committed at the end. Say plainly when it cannot be."""
        try:
            name = f"DATABASE_URL_{schema.upper()}"
            url = self.database_url or read(name, secret=True, environment=self.environment)
            with create_engine(url, poolclass=NullPool).begin() as connection:
                yield ParkedMessages(connection, schema)
        except SettingMissing as error:
            raise click.UsageError(f"{error}; or give --schema, or --database-url") from error
        except NotThere as error:
            raise click.ClickException(str(error)) from error
        except SQLAlchemyError as error:
            raise click.ClickException(
                f"schema {schema} of the database cannot be used ({type(error).__name__})"
            ) from error


def _whereabouts() -> list[click.Option]:
    """The options that say where to look, each under the name of the field of `Where` it fills."""
    return [
        click.Option(["--node"], help="Code of the node; default: the one the environment names."),
        click.Option(["--state"], type=click.Path(path_type=Path), help="State directory of `lianxi node up`."),
        click.Option(
            ["--schema", "chosen"], multiple=True, help="Service schema; may be repeated. Default LIANXI_SCHEMAS."
        ),
        click.Option(["--database-url"], help="SQLAlchemy address, instead of those of the node's services."),
    ]


class Verb(click.Command):
    """A verb that takes the options of the group after its own name too."""

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        own = {spelling for param in self.params for spelling in param.opts}
        self._where = [option for option in _whereabouts() if not own & {*option.opts}]
        self.params += self._where

    def invoke(self, ctx: click.Context) -> Any:
        """Run the verb where its own options say, else where those of the group do."""
        said = {str(option.name): ctx.params.pop(str(option.name)) for option in self._where}
        ctx.obj = dataclasses.replace(ctx.obj, **{name: value for name, value in said.items() if value})
        return super().invoke(ctx)


class _StateOrDirectory(click.ParamType[Any]):
    """`--state` after `list`: a state that messages are in, or the directory that `lianxi node up` keeps."""

    name = "state|directory"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> State | Path:
        """Return a known word as it is, an existing directory as a path."""
        if value in STATES or isinstance(value, Path):
            known: State | Path = value
            return known
        if Path(value).is_dir():
            return Path(value)
        return self.fail(f"{value!r} is neither one of {', '.join(STATES)} nor a state directory", param, ctx)


def _group(**said: Any) -> None:
    """List, show, retry and drop messages that could not be handled, or skip what never came."""
    click.get_current_context().obj = Where(**said)


command = click.Group("parked", callback=_group, params=[*_whereabouts()], help=_group.__doc__)


@command.command("list", cls=Verb)
@click.option("--queue", default=None, help="Only messages of this queue (of this exchange, if unroutable).")
@click.option(
    "--state",
    "states",
    multiple=True,
    type=_StateOrDirectory(),
    help=f"Messages in this state, of {', '.join(STATES)}; may be repeated. Default: {', '.join(OPEN)}. A directory is "
    "the state directory of `lianxi node up`.",
)
@click.option("--limit", default=1000, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="One JSON object per line.")
@click.pass_obj
def list_(where: Where, queue: str | None, states: tuple[State | Path, ...], limit: int, as_json: bool) -> None:
    """List messages, oldest first."""
    for directory in (each for each in states if isinstance(each, Path)):
        where = dataclasses.replace(where, state=directory)
    wanted = [each for each in states if not isinstance(each, Path)] or OPEN
    number = 0
    for schema in where.schemas:
        with where.open(schema) as messages:
            for aside in messages.list(wanted, queue=queue, limit=limit):
                number += 1
                click.echo(json.dumps(_facts(aside), ensure_ascii=False) if as_json else _line(aside))
    if not as_json:
        click.echo(f"{number} message(s)")


@command.command(cls=Verb)
@click.argument("message")
@click.option("--body", "with_body", is_flag=True, help="Show the body too; it may hold personal data.")
@click.option("--json", "as_json", is_flag=True)
@click.pass_obj
def show(where: Where, message: str, with_body: bool, as_json: bool) -> None:
    """Show one MESSAGE (SCHEMA:NUMBER) with its error and headers."""
    schema, number = _named(message)
    with where.open(schema) as messages:
        aside, content = messages.find(number)
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


@command.command(cls=Verb)
@click.argument("messages", nargs=-1)
@click.option("--queue", default=None, help="Retry every parked message of this queue.")
@click.option("--json", "as_json", is_flag=True)
@click.pass_obj
def retry(where: Where, messages: tuple[str, ...], queue: str | None, as_json: bool) -> None:
    """Let MESSAGES (SCHEMA:NUMBER …) run again; the service picks them up within a second or two."""
    if bool(messages) == bool(queue):
        raise click.UsageError("name messages, or a queue with --queue")
    chosen = [_named(message) for message in messages]
    for schema in where.schemas if queue else ():
        with where.open(schema) as found:
            chosen += [(schema, aside.number) for aside in found.list(("parked", "unroutable"), queue=queue)]
    for schema, numbers in groupby(sorted(chosen), key=itemgetter(0)):
        with where.open(schema) as found:
            for _, number in numbers:
                found.retry(number)
    _report("retried", [f"{schema}:{number}" for schema, number in chosen], as_json=as_json)


@command.command(cls=Verb)
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
    with where.open(schema) as messages:
        messages.drop(number, reason=reason, by=by)
    _report("dropped", [message], as_json=as_json)


@command.command(cls=Verb)
@click.argument("queue")
@click.argument("key")
@click.option("--reason", required=True, help="Why what is missing will never come; kept on record.")
@click.option("--by", default=getpass.getuser, help="Who decides; default the account you are signed in with.")
@click.option("--json", "as_json", is_flag=True)
@click.pass_obj
def skip(  # noqa: PLR0917  (click passes every option)
    where: Where, queue: str, key: str, reason: str, by: str, as_json: bool
) -> None:
    """Let the stream KEY of QUEUE (SCHEMA:QUEUE) go on without the messages that never came.

    `list --state held` shows what waits: the stream and number of each message. Only the gap before the first of them
    is skipped, and only if no parked message stands in it.
    """
    if not reason.strip():
        raise click.UsageError("--reason must say why")
    schema, name = _named(queue)
    with where.open(schema) as messages:
        skipped = messages.skip(name, key, reason=reason, by=by)
    _report("skipped", [f"{key}#{seq}" for seq in skipped], as_json=as_json)


def _named(message: str) -> tuple[str, str]:
    schema, colon, rest = message.partition(":")
    if not colon or not schema.isidentifier() or not rest:
        raise click.UsageError(f"{message!r} is not SCHEMA:NUMBER or SCHEMA:QUEUE as `lianxi parked list` prints it")
    return schema, rest


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
