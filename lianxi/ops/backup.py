"""`lianxi backup`: everything a node keeps, in one directory, as of one moment.

The schemas of the node's database are dumped by `pg_dump`, each under its own service's login, all from one snapshot,
so that cases, ledger and outboxes agree. Files, from a directory or a bucket, lie in a store that all backups of a
directory share, so a file is copied once. `manifest.json` says what belongs to a backup, with a SHA-256 for every part.
The key ring is not in it: whoever has the backup alone cannot read what people wrote. It is copied only where
`--keys-to` says.

    DIR/files/…                  the files of cases, by the name of their content
    DIR/<time>/manifest.json     what there is
    DIR/<time>/<schema>.dump     one for each service
"""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import click
from sqlalchemy import Connection, create_engine, make_url, text
from sqlalchemy.pool import NullPool

from lianxi import __version__
from lianxi.ops.backup_files import copy_files
from lianxi.ops.backup_manifest import MANIFEST, digest_of, files_of_latest, newest_in, problems, read_manifest
from lianxi.ops.local.databases import SCHEMAS
from lianxi.ops.local.processes import find_program
from lianxi.ops.whereabouts import environment_of
from lianxi.runtime.clock import SHANGHAI, SystemClock
from lianxi.runtime.crypto import read_ring
from lianxi.runtime.settings import read

DAMAGED = 1
FILES = "files"
PACKAGE = "postgresql-client"
_PROGRAMS = "/usr/lib/postgresql/*/bin"
_LINKS = """
SELECT coalesce(s.peer, r.peer) AS peer, s.epoch, s.last_seq, s.acked, r.epoch AS epoch_in, r.applied
  FROM routing.link_sender s FULL JOIN routing.link_receiver r USING (peer) ORDER BY 1
"""


@dataclass(frozen=True, slots=True)
class Database:
    """The node's database as one service sees it."""

    service: str
    url: str

    @property
    def environment(self) -> Mapping[str, str]:
        """The address for the PostgreSQL programs; the password does not show in a list of processes."""
        url = make_url(self.url)
        named = {
            "PGHOST": url.host,
            "PGPORT": str(url.port or 5432),
            "PGDATABASE": url.database,
            "PGUSER": url.username,
            "PGPASSWORD": str(url.password or ""),
        }
        return {**os.environ, **{name: value for name, value in named.items() if value}}

    @contextmanager
    def connected(self) -> Iterator[Connection]:
        """Open a transaction as this service."""
        engine = create_engine(self.url, poolclass=NullPool, connect_args={"connect_timeout": 10})
        with engine.begin() as connection:
            yield connection

    def run(self, program: str, *arguments: str) -> None:
        """Run a PostgreSQL program on this database; ClickException with what it said when it fails."""
        path = client(program)
        done = subprocess.run(  # noqa: S603  (a program of PostgreSQL, found by name)
            [str(path), *arguments], env=dict(self.environment), capture_output=True, text=True, check=False
        )
        if done.returncode:
            said = " ".join(done.stderr.split())[:500]
            raise click.ClickException(f"{program} {self.service}: {said}")


def client(program: str) -> Path:
    """Return where a program of PostgreSQL's client is; ProgramMissing names the package that brings it."""
    return find_program(program, _PROGRAMS, package=PACKAGE)


def databases_of(environment: Mapping[str, str]) -> dict[str, Database]:
    """Return the node's database under each service's login."""
    return {
        service: Database(service, read(f"DATABASE_URL_{service.upper()}", secret=True, environment=environment))
        for service in SCHEMAS
    }


@click.command()
@click.option("--to", "target", type=click.Path(path_type=Path, file_okay=False), help="Where backups are kept.")
@click.option("--verify", "checked", type=click.Path(path_type=Path, exists=True, file_okay=False), help="Check one.")
@click.option("--keys-to", type=click.Path(path_type=Path, file_okay=False), help="Copy the key ring there as well.")
@click.option("--node", help="Code of the node, with --state.")
@click.option("--state", type=click.Path(path_type=Path, exists=True), help="State directory of local nodes.")
def command(
    target: Path | None, checked: Path | None, keys_to: Path | None, node: str | None, state: Path | None
) -> None:
    """Back a node up, or check a backup."""
    if (target is None) == (checked is None):
        raise click.UsageError("give either --to DIR or --verify DIR")
    if checked is not None:
        _verify(newest_in(checked))
    elif target is not None:
        environment = environment_of(node, state)
        made = take(environment, target.resolve(), SystemClock().now())
        if keys_to is not None:
            _copy_keys(environment, keys_to.resolve())
        click.echo(f"备份完成：{made}")


def take(environment: Mapping[str, str], target: Path, now: datetime) -> Path:
    """Back a node up into a new directory under `target`; it gets its name when it is complete."""
    databases = databases_of(environment)
    known = files_of_latest(target)
    made = target / now.astimezone(SHANGHAI).strftime("%Y%m%d-%H%M%S")
    unfinished = target / f".{made.name}"
    if made.exists():
        raise click.ClickException(f"{made} 已经存在，请稍后再试。")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(parents=True, mode=0o700)
    with databases["routing"].connected() as connection:
        connection.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"))
        snapshot = str(connection.execute(text("SELECT pg_export_snapshot()")).scalar_one())
        links = [dict(row) for row in connection.execute(text(_LINKS)).mappings()]
        parts = [_dump(database, snapshot, unfinished) for database in databases.values()]
    manifest: dict[str, Any] = {
        "format": 1,
        "node": read("NODE", environment=environment),
        "taken_at": now.isoformat(),
        "program": __version__,
        "schemas": {name: _head(database) for name, database in databases.items()},
        "links": links,
        "keys": sorted(read_ring(Path(read("KEYRING_FILE", environment=environment))).keys),
        "parts": parts,
        "files": list(copy_files(environment, target / FILES, known)),
    }
    text_of = json.dumps(manifest, ensure_ascii=False, indent=1)
    (unfinished / MANIFEST).write_text(text_of, encoding="utf-8")
    unfinished.rename(made)
    return made


def _dump(database: Database, snapshot: str, folder: Path) -> dict[str, Any]:
    """Dump one schema from the common snapshot."""
    path = folder / f"{database.service}.dump"
    database.run(
        "pg_dump", "-Fc", "--no-owner", f"--schema={database.service}", f"--snapshot={snapshot}", f"--file={path}"
    )
    path.chmod(0o600)
    size = path.stat().st_size
    click.echo(f"  {database.service}：{size / 1024:.0f} KiB")
    return {"name": path.name, "bytes": size, "sha256": digest_of(path)}


def _head(database: Database) -> str:
    with database.connected() as connection:
        found = connection.execute(text(f"SELECT version_num FROM {database.service}.alembic_version")).scalar()
    return str(found or "")


def _copy_keys(environment: Mapping[str, str], target: Path) -> None:
    """Copy the key ring to a place of its own, readable by its owner only."""
    target.mkdir(parents=True, exist_ok=True, mode=0o700)
    copy = target / f"keyring-{read('NODE', environment=environment)}.yaml"
    copy.touch(mode=0o600)
    copy.write_bytes(Path(read("KEYRING_FILE", environment=environment)).read_bytes())
    click.echo(f"密钥环已另存到 {copy}，请与备份分开保管。")


def _verify(backup: Path) -> None:
    """Check every part of a backup; name what is damaged and end with status 1 if anything is."""
    found = list(problems(backup))
    for problem in found:
        click.echo(problem)
    manifest = read_manifest(backup)
    for part in manifest["parts"]:
        if not found:
            asked = [str(client("pg_restore")), "--list", str(backup / part["name"])]
            listed = subprocess.run(asked, capture_output=True, check=False)  # noqa: S603
            if listed.returncode:
                found.append(f"{part['name']}：pg_restore 读不出")
                click.echo(found[-1])
    click.echo(
        f"{backup.name}：{len(manifest['parts'])} 个数据库部分、{len(manifest['files'])} 个附件，"
        + ("有损坏" if found else "完好")
    )
    if found:
        raise SystemExit(DAMAGED)
