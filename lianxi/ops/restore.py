"""`lianxi restore`: put a node back as a backup has it, and let its neighbours give back what came after.

The services must be stopped. Each schema is emptied and filled by its own service's login, brought to the newest
version, and the files are put back. Then every link begins in a new epoch, and when the services start again they ask
each neighbour for what this node had sent it since the backup; until all have answered no clerk may act. What no
neighbour had seen is gone: `--report` names what can be named. Numbers leap ahead, so that none is given out twice.
"""

import importlib
import time
from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import click
from sqlalchemy import Connection, text

from lianxi.casework.identifiers import Channel
from lianxi.ops.backup import FILES, Database, databases_of
from lianxi.ops.backup_files import put_files_back
from lianxi.ops.backup_manifest import newest_in, problems, read_manifest
from lianxi.ops.local.databases import migrate
from lianxi.ops.whereabouts import environment_of
from lianxi.runtime.clock import SHANGHAI, SystemClock
from lianxi.runtime.crypto import read_ring
from lianxi.runtime.settings import read

LEAP = 1000
"""How far the numbers of contacts go ahead on the days since the backup; those in between may be on paper."""
DOCUMENT_LEAP = 100
MAX_SEQUENCE = 99999
PATIENCE = 5.0
"""Seconds that the connections of processes which were stopped a moment ago may still be there."""

_OTHERS = """
SELECT count(*) FROM pg_stat_activity
 WHERE datname = current_database() AND usename IS NOT NULL AND pid <> pg_backend_pid()
"""
_FILLED = "SELECT (SELECT count(*) FROM routing.case_file) + (SELECT count(*) FROM routing.link_inbox)"
_EMPTY = """
DO $$ DECLARE item record; BEGIN
  FOR item IN SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
               WHERE n.nspname = '{schema}' AND c.relkind IN ('r', 'p') LOOP
    EXECUTE format('DROP TABLE IF EXISTS {schema}.%%I CASCADE', item.relname);
  END LOOP;
  FOR item IN SELECT p.oid::regprocedure AS name FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
               WHERE n.nspname = '{schema}' LOOP
    EXECUTE format('DROP FUNCTION IF EXISTS %%s CASCADE', item.name);
  END LOOP;
  FOR item IN SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
               WHERE n.nspname = '{schema}' AND c.relkind = 'S' LOOP
    EXECUTE format('DROP SEQUENCE IF EXISTS {schema}.%%I CASCADE', item.relname);
  END LOOP;
END $$
"""
_LEAP_CONTACTS = """
INSERT INTO intake.running_number AS known (division, day, channel, before, last)
SELECT :division, day, channel, 0, :leap
  FROM unnest(CAST(:days AS date[])) AS day, unnest(CAST(:channels AS text[])) AS channel
ON CONFLICT (division, day, channel) DO UPDATE SET last = least(known.last + excluded.last, :most)
"""


@click.command()
@click.argument("backup", required=False, type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option("--replace", is_flag=True, help="The database holds cases: let the backup take their place.")
@click.option("--report", is_flag=True, help="Show what came back from the neighbours and what did not.")
@click.option("--without", metavar="PEER", help="Go on without the answer of a neighbour that cannot be reached.")
@click.option("--node", help="Code of the node, with --state.")
@click.option("--state", type=click.Path(path_type=Path, exists=True), help="State directory of local nodes.")
def command(
    backup: Path | None, *, replace: bool, report: bool, without: str | None, node: str | None, state: Path | None
) -> None:
    """Put a node back as a backup has it, and report what came back since."""
    if sum((backup is not None, report, without is not None)) != 1:
        raise click.UsageError("give a backup directory, or --report, or --without PEER")
    environment = environment_of(node, state)
    if backup is not None:
        restore(environment, newest_in(backup.resolve()), replace=replace)
    elif without is not None:
        _go_on_without(environment, without)
    else:
        _report(environment)


def restore(environment: Mapping[str, str], backup: Path, *, replace: bool) -> None:
    """Put a node back as a backup has it."""
    manifest, databases = read_manifest(backup), databases_of(environment)
    _check(environment, backup, manifest, databases, replace=replace)
    for service, database in databases.items():
        click.echo(f"  恢复 {service}……")
        with database.connected() as connection:
            connection.exec_driver_sql(_EMPTY.format(schema=service))
        database.run(
            "pg_restore",
            "--no-owner",
            "--single-transaction",
            "--exit-on-error",
            f"--schema={service}",
            f"--dbname={database.environment['PGDATABASE']}",
            str(backup / f"{service}.dump"),
        )
    migrate({service: database.url for service, database in databases.items()})
    put_files_back(environment, backup.parent / FILES, manifest["files"])
    _leap(databases, manifest)
    _begin_links_again(environment)
    click.echo(
        f"已恢复到 {manifest['taken_at'][:19]}。启动各服务后，将自动向上下级取回其后的记录：lianxi restore --report"
    )


def _check(
    environment: Mapping[str, str],
    backup: Path,
    manifest: Mapping[str, Any],
    databases: Mapping[str, Database],
    *,
    replace: bool,
) -> None:
    """Raise ClickException unless it is safe to restore here."""
    own = read("NODE", environment=environment)
    if manifest["node"] != own:
        raise click.ClickException(f"这是节点 {manifest['node']} 的备份，不能恢复到节点 {own}。")
    for problem in problems(backup):
        raise click.ClickException(f"备份已损坏，未作任何改动。{problem}")
    missing = set(manifest["keys"]) - read_ring(Path(read("KEYRING_FILE", environment=environment))).keys.keys()
    if missing:
        raise click.ClickException(f"密钥环缺少备份所用的密钥 {'、'.join(sorted(missing))}，请先放回密钥环。")
    with databases["routing"].connected() as connection:
        others = _others_of(connection)
        if others:
            raise click.ClickException(f"数据库仍有 {others} 个连接在用，请先停止本节点的全部服务。")
        if not replace and connection.execute(text("SELECT to_regclass('routing.case_file')")).scalar() is not None:
            filled = int(connection.execute(text(_FILLED)).scalar_one())
            if filled:
                raise click.ClickException("数据库里已有案件，恢复会取代它们；确认要这样做请加 --replace。")


def _others_of(connection: Connection) -> int:
    """Return how many other connections the database has; one whose process has just ended is given time to go."""
    until = time.monotonic() + PATIENCE
    while (others := int(connection.execute(text(_OTHERS)).scalar_one())) and time.monotonic() < until:
        time.sleep(0.1)
        connection.execute(text("SELECT pg_stat_clear_snapshot()"))  # else a transaction sees what it saw before
    return others


def _leap(databases: Mapping[str, Database], manifest: Mapping[str, Any]) -> None:
    """Let the numbers of contacts and documents go on behind any that may be on paper already."""
    taken, today = _day(datetime.fromisoformat(manifest["taken_at"])), SystemClock().today()
    days = [taken + timedelta(days=offset) for offset in range(max(0, (today - taken).days) + 1)]
    channels = [channel.value for channel in Channel]
    with databases["intake"].connected() as connection:
        values = {"days": days, "channels": channels, "leap": LEAP, "most": MAX_SEQUENCE}
        connection.execute(text(_LEAP_CONTACTS), values | {"division": manifest["node"]})
    with databases["routing"].connected() as connection:
        connection.execute(text("UPDATE routing.document_counter SET last = last + :leap"), {"leap": DOCUMENT_LEAP})
    click.echo(f"  为避免重号：{taken} 起的登记编号跳过 {LEAP} 个，文号跳过 {DOCUMENT_LEAP} 个")


def _day(moment: datetime) -> date:
    return moment.astimezone(SHANGHAI).date()


def _begin_links_again(environment: Mapping[str, str]) -> None:
    parts, replay = _routing(environment)
    try:
        with parts.open_work() as work:
            begun = replay.begin_again(work, parts.end)
    finally:
        parts.close()
    click.echo(f"  链路以新的序列重新开始：{'、'.join(begun) or '无'}")


def _go_on_without(environment: Mapping[str, str], peer: str) -> None:
    parts, replay = _routing(environment)
    try:
        with parts.open_work() as work:
            awaited = replay.go_on_without(work, parts.end, peer)
    finally:
        parts.close()
    if not awaited:
        raise click.ClickException(f"没有在等待节点 {peer} 的补发。")
    click.echo(f"不再等待节点 {peer}；它所知而本节点没有的记录请用 lianxi books compare 核对。")


def _report(environment: Mapping[str, str]) -> None:
    """Print what came back and what did not, by name; status 1 while an answer is awaited or something contradicts."""
    parts, replay = _routing(environment)
    try:
        with parts.open_work() as work:
            told = replay.report(work, parts.end)
    finally:
        parts.close()
    for line in _lines(told):
        click.echo(line)
    if told["open"] or told["lost"]:
        raise SystemExit(1)


def _lines(told: Mapping[str, Any]) -> Iterator[str]:
    for row in told["peers"]:
        yield f"{row['peer']}  {row['state']}  取回 {row['frames']} 条" + (
            f"，早于对方存档而缺 {row['missing']} 条" if row["missing"] else ""
        )
    for row in told["lost"]:
        yield f"{row['name']}  {row['what']}"
    for row in told["lacking"]:
        yield f"{row['name']}  {row['what']}没有离开过本节点，正文无法取回，请按纸质材料补录。"
    if not told["peers"]:
        yield "本节点没有从备份恢复过，或没有已建立的链路。"
    elif not told["open"] and not told["lost"]:
        yield "上下级所知的记录已全部取回。从未发出的记录无法取回，请对照纸质登记核对恢复点之后的来件。"


def _routing(environment: Mapping[str, str]) -> tuple[Any, Any]:
    settings = importlib.import_module("services.routing.settings").Settings.from_environment(environment)
    parts = importlib.import_module("services.routing.wiring").build(settings)
    return parts, importlib.import_module("services.routing.handlers.link_replay")
