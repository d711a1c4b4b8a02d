"""`lianxi keys`: the keys of a node, and the change from one to the next while the services run.

A rotation is `add`, `use`, `rotate`, `retire`. From `use` on the services seal with the new key (they look at the ring
file whenever they seal), `rotate` seals what is stored anew, and the old key opens what is left until it is retired.
To go back, `use` the old key again. `retire` refuses as long as a single value needs the key. Keys that the whole city
shares (`--kind index`, `--kind transport`) are added to every node from one file before any node uses them. Hashes are
made anew with `rehash` once every node uses the new index key: which are by another one is worked out from what they
were made of, and an index key goes when no such hash is left, or when told to forget.
"""

import base64
import fcntl
import importlib
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import click
from sqlalchemy import Engine, create_engine
from sqlalchemy.pool import NullPool

from lianxi.ops import rehashing as hashing
from lianxi.ops.local.databases import SCHEMAS
from lianxi.ops.resealing import Progress, reseal
from lianxi.ops.sealed_columns import needing
from lianxi.ops.whereabouts import environment_of, node_option, state_option
from lianxi.runtime.clock import SystemClock
from lianxi.runtime.crypto import KeyRing, RingContent, check_name, new_key, read_ring, replace_ring
from lianxi.runtime.settings import SettingMissing, read

SETTLE_SECONDS = 60.0
"""How long `retire` waits for transactions that began before it."""
_USED = ".used"
"""What follows the name of a key, among the days of the ring, for the day when it went into use."""
_FIRST_LETTER = {"node": "k", "index": "i", "transport": "t"}

kind_option = click.option(
    "--kind",
    type=click.Choice(sorted(_FIRST_LETTER)),
    default="node",
    show_default=True,
    help="The node's own keys, or a kind that the whole city shares.",
)


pairs_option = click.option(
    "--pairs",
    multiple=True,
    type=click.Path(path_type=Path, exists=True),
    help="Pairs that another node saved; may be repeated.",
)


class StillNeeded(click.ClickException):
    """A key cannot go while stored values need it."""


@click.group()
def command() -> None:
    """List, add, use, rotate and retire the keys personal data is sealed with; make hashes anew with another."""


@command.command("list")
@node_option
@state_option
@click.option("--counts", is_flag=True, help="Count the stored values of each key as well; reads every table.")
def list_keys(node: str | None, state: Path | None, *, counts: bool) -> None:
    """List the keys by name; no key is ever shown."""
    place = _Place(node, state)
    content = read_ring(place.ring)
    for kind in _FIRST_LETTER:
        current, keys = content.kind(kind)
        for name in sorted(keys):
            used = "  in use" if name == current else ""
            born = f"  since {content.born[name]}" if name in content.born else ""
            click.echo(f"{kind:10}{name:6}{used}{born}")
            if counts and kind != "index":
                for where, number in sorted(_needing(place, name).items()):
                    click.echo(f"{'':16}{number:>9}  {where}")


@command.command()
@node_option
@state_option
@kind_option
@click.option("--name", default="", help="Default: the next free one (k2, t2, i2).")
@click.option("--from", "source", type=click.Path(path_type=Path, exists=True), help="Read the key from this file.")
@click.option("--save", type=click.Path(path_type=Path), help="Write the key to a new file, for the other nodes.")
def add(  # noqa: PLR0917  (click passes every option)
    node: str | None, state: Path | None, kind: str, name: str, source: Path | None, save: Path | None
) -> None:
    """Add a key. It opens what is sealed with it, and seals nothing until it is used."""
    place = _Place(node, state)
    key = _key_in(source) if source else new_key()
    with _changing(place.ring) as change:
        current, keys = change.content.kind(kind)
        chosen = name or _next_name(kind, keys)
        try:
            check_name(kind, chosen)
        except ValueError as error:
            raise click.BadParameter(str(error), param_hint="--name") from error
        if keys.get(chosen) == key:
            click.echo(f"{kind} key {chosen} is in the ring already")
            return
        if any(chosen in change.content.kind(other)[1] for other in _FIRST_LETTER):
            raise click.ClickException(f"the ring holds another key called {chosen}")
        born = {**change.content.born, chosen: SystemClock().today().isoformat()}
        change.content = replace(change.content.changed(kind, current, {**keys, chosen: key}), born=born)
    if save is not None:
        save.touch(mode=0o600, exist_ok=False)
        save.write_text(base64.b64encode(key).decode() + "\n", encoding="ascii")
    click.echo(f"{kind} key {chosen} was added; it is not in use yet")


@command.command()
@node_option
@state_option
@kind_option
@click.argument("name")
def use(node: str | None, state: Path | None, kind: str, name: str) -> None:
    """Seal with this key from now on; the others keep opening. Using the former one again is the way back."""
    with _changing(_Place(node, state).ring) as change:
        _, keys = change.content.kind(kind)
        if name not in keys:
            raise click.ClickException(f"the ring holds no {kind} key {name}; it holds {', '.join(sorted(keys))}")
        used = {**change.content.born, f"{name}{_USED}": SystemClock().today().isoformat()}
        change.content = replace(change.content.changed(kind, name, keys), born=used)
    click.echo(f"{kind} key {name} is in use")


@command.command()
@node_option
@state_option
@click.option("--batch", type=click.IntRange(1, 10_000), default=500, show_default=True, help="Rows per transaction.")
@click.option("--pause", type=float, default=0.0, show_default=True, help="Seconds between two batches.")
def rotate(node: str | None, state: Path | None, batch: int, pause: float) -> None:
    """Seal every stored value anew with the keys in use; start it again whenever it was interrupted."""
    place = _Place(node, state)
    started = time.monotonic()
    done = 0

    def told(column: str, number: int) -> None:
        nonlocal done
        done += number
        rate = done / max(time.monotonic() - started, 0.001)
        click.echo(f"  {column}: {number} more, {done} in all, {rate:.0f}/s", err=True)
        time.sleep(pause)

    with place.engines() as engines:
        progress = reseal(engines, KeyRing.from_file(place.ring), batch=batch, told=told)
    progress.done["files"], lost = place.file_seals().reseal()
    if lost:
        progress.lost["files"] = lost
    _report(progress)


@command.command()
@node_option
@state_option
@click.option(
    "--save", type=click.Path(path_type=Path), help="Write the pairs of hashes to a new file, for the nodes above."
)
@pairs_option
def rehash(node: str | None, state: Path | None, save: Path | None, pairs: tuple[Path, ...]) -> None:
    """Make every stored hash anew with the index key in use; start it again whenever it was interrupted."""
    place = _Place(node, state)
    if save is not None and save.exists():
        raise click.BadParameter(f"{save} exists already", param_hint="--save")
    with place.engines() as engines, closing(place.contacts()) as contacts:
        _settle(next(iter(engines.values())))
        done = hashing.rehash(
            contacts,
            engines["routing"],
            hashing.pairs_in(pairs),
            save,
            lambda count: click.echo(f"  {count}", err=True),
        )
    click.echo(f"{done.contacts} contacts have new hashes")
    for where, number in sorted(done.left.items()):
        click.echo(f"nothing kept here explains {number} of {where}; they stay as they are", err=True)


@command.command()
@node_option
@state_option
@kind_option
@click.argument("name")
@pairs_option
@click.option("--every-node-uses-the-new-one", "sure", is_flag=True, help="Needed for keys that the city shares.")
@click.option("--forget-hashes", "forget", is_flag=True, help="Retire an index key although stored hashes need it.")
def retire(
    node: str | None, state: Path | None, kind: str, name: str, pairs: tuple[Path, ...], *, sure: bool, forget: bool
) -> None:
    """Take a key out of the ring, once nothing is sealed with it any more."""
    place = _Place(node, state)
    with _changing(place.ring) as change:
        current, keys = change.content.kind(kind)
        if name not in keys:
            raise click.ClickException(f"the ring holds no {kind} key {name}")
        if name == current:
            raise click.ClickException(f"{kind} key {name} is in use: use another one first")
        if kind != "node" and not sure:
            raise click.ClickException("other nodes may still use it: say --every-node-uses-the-new-one")
        if kind == "index":
            born = change.content.born
            days = born.get(name, ""), born.get(f"{current}{_USED}", "")
            _check_hashes(place, name, days, pairs, forget=forget)
        elif needed := _needing(place, name):
            listed = "; ".join(f"{where} {number}" for where, number in sorted(needed.items()))
            raise StillNeeded(f"{kind} key {name} is still needed: {listed}. Run lianxi keys rotate first.")
        change.content = change.content.changed(
            kind, current, {other: key for other, key in keys.items() if other != name}
        )
    click.echo(f"{kind} key {name} was retired")


class _Place:
    """The node whose keys are meant: its ring file and its databases."""

    def __init__(self, node: str | None, state: Path | None) -> None:
        self._environment: Mapping[str, str] = environment_of(node, state)
        self.ring = Path(read("KEYRING_FILE", environment=self._environment))

    def file_seals(self) -> Any:
        """Return the headers of the node's files; nothing in `lianxi` depends on a service but by name."""
        return importlib.import_module("services.portal.wiring").FileSeals(self._environment)

    def contacts(self) -> Any:
        """Return the hashes of the node's contacts."""
        return importlib.import_module("services.intake.wiring").Rehasher(self._environment)

    @contextmanager
    def engines(self) -> Iterator[dict[str, Engine]]:
        """Give a way into the schema of each service this machine knows the address of."""
        with ExitStack() as opened:
            found = {}
            for schema in SCHEMAS:
                try:
                    url = read(f"DATABASE_URL_{schema.upper()}", secret=True, environment=self._environment)
                except SettingMissing:
                    continue
                found[schema] = create_engine(url, poolclass=NullPool, hide_parameters=True)
                opened.callback(found[schema].dispose)
            missing = sorted(set(SCHEMAS) - set(found))
            if missing:
                raise click.UsageError(f"the addresses of all schemas are needed; missing: {', '.join(missing)}")
            yield found


class _Change:
    """The content of a ring file under change."""

    def __init__(self, content: RingContent) -> None:
        self.content = content


@contextmanager
def _changing(ring: Path) -> Iterator[_Change]:
    """Give the content of a ring file, and put what was made of it in its place; one change at a time."""
    with ring.with_name(f".{ring.name}.lock").open("w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        before = read_ring(ring)
        change = _Change(before)
        yield change
        if change.content != before:
            replace_ring(ring, change.content)


def _needing(place: _Place, name: str) -> dict[str, int]:
    """Count what needs a key, after every transaction that could still write with it has ended."""
    found: dict[str, int] = {}
    with place.engines() as engines:
        _settle(next(iter(engines.values())))
        for schema, engine in engines.items():
            with engine.connect() as connection:
                found |= needing(connection, schema, name)
    if files := place.file_seals().needing(name):
        found["files"] = files
    return found


def _check_hashes(place: _Place, name: str, days: tuple[str, str], pairs: tuple[Path, ...], *, forget: bool) -> None:
    """Refuse to retire an index key while hashes are stored that may be its own, unless told to forget them."""
    with place.engines() as engines, closing(place.contacts()) as contacts:
        _settle(next(iter(engines.values())))
        needed = hashing.still_by_others(contacts, engines, hashing.pairs_in(pairs), days)
    if not needed:
        return
    listed = "; ".join(f"{where} {number}" for where, number in sorted(needed.items()))
    if not forget:
        raise StillNeeded(
            f"index key {name} is still needed: {listed}. Run lianxi keys rehash first, with the pairs of the nodes"
            " below; with --forget-hashes these petitioners and query codes will not be recognised any more."
        )
    click.echo(f"these will not be recognised any more: {listed}", err=True)


def _settle(engine: Engine) -> None:
    """Wait until every transaction that has begun to write is over."""
    with engine.begin() as connection:
        mine = connection.exec_driver_sql("SELECT pg_current_xact_id()::text::bigint").scalar_one()
    until = time.monotonic() + SETTLE_SECONDS
    while True:
        with engine.connect() as connection:
            oldest = connection.exec_driver_sql(
                "SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint"
            ).scalar_one()
        if oldest > mine:
            return
        if time.monotonic() > until:
            raise click.ClickException("a transaction that began before does not end: try again later")
        time.sleep(0.1)


def _next_name(kind: str, keys: Mapping[str, Any]) -> str:
    letter = _FIRST_LETTER[kind]
    number = 2
    while f"{letter}{number}" in keys:
        number += 1
    return f"{letter}{number}"


def _key_in(source: Path) -> bytes:
    try:
        return base64.b64decode(source.read_text(encoding="ascii").strip(), validate=True)
    except ValueError as error:
        raise click.BadParameter("the file holds no key", param_hint="--from") from error


def _report(progress: Progress) -> None:
    click.echo(f"{progress.total} values were sealed anew")
    if progress.lost:
        listed = "; ".join(f"{where} {number}" for where, number in sorted(progress.lost.items()))
        raise click.ClickException(f"no key of the ring opens: {listed}. They were left as they are.")
