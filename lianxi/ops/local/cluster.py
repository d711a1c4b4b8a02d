"""A private PostgreSQL in a directory of its own, never run as root and never reachable from outside.

PostgreSQL refuses to work as root. Started by root, the cluster belongs to the account `postgres` that Debian's
package makes (else `nobody`); when that account cannot walk to the state directory, because a parent belongs to
root alone, the data lies under `/var/tmp` and a link in the state directory leads there. The settings suit a small
machine; `fsync` stays on, because losing nothing is what the system is for.
"""

import hashlib
import os
import pwd
import secrets
import shutil
import signal
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from shutil import rmtree
from urllib.parse import quote

import psycopg2
from psycopg2 import sql
from psycopg2.extensions import connection

from lianxi.ops.local.processes import (
    Record,
    StartFailed,
    answers,
    find_program,
    free_ports,
    is_free,
    locked,
    secret_file,
    spawn,
    tail,
    wait_for,
)

ADMIN = "lianxi"
SETTINGS: Mapping[str, str] = {
    "listen_addresses": "'127.0.0.1'",
    "unix_socket_directories": "''",  # its path may not exceed 107 characters; a loopback port has no such limit
    "max_connections": "200",
    "shared_buffers": "'32MB'",
    "max_wal_size": "'256MB'",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "fsync": "on",
    "synchronous_commit": "on",
    "jit": "off",
    "huge_pages": "off",
    "max_worker_processes": "4",
    "max_parallel_workers": "2",
    "autovacuum_max_workers": "2",
    "timezone": "'Asia/Shanghai'",
    "log_timezone": "'Asia/Shanghai'",
    "lc_messages": "'C'",
    "password_encryption": "'scram-sha-256'",
}
SMALL: Mapping[str, str] = {
    "max_connections": "60",
    "shared_buffers": "'16MB'",
    "wal_buffers": "'512kB'",
    "max_worker_processes": "2",
    "max_parallel_workers": "0",
    "autovacuum_max_workers": "1",
}
"""What a township's machine changes, to save memory."""


class Cluster:
    """PostgreSQL with its state in `directory`."""

    def __init__(self, directory: Path, *, settings: Mapping[str, str] | None = None) -> None:
        self.directory = directory.resolve()
        self.settings = {**SETTINGS, **(settings or {})}
        self._record = Record(self.directory / "cluster.pid")

    @property
    def port(self) -> int:
        """The port of this cluster, kept as long as its directory."""
        path = self.directory / "port"
        if not path.exists():
            self.directory.mkdir(parents=True, exist_ok=True)
            path.write_text(str(free_ports(1)[0]), encoding="ascii")
        return int(path.read_text(encoding="ascii"))

    @property
    def password(self) -> str:
        """The administrator's password, made on first use."""
        return secret_file(self.directory / "admin.password", lambda: secrets.token_urlsafe(24))

    @property
    def pid(self) -> int | None:
        """The process id of the server while it runs."""
        identity = self._record.read()
        return identity.pid if identity else None

    @property
    def log(self) -> Path:
        """What the server wrote."""
        return self.directory / "log" / "postgres.log"

    def url(self, database: str, user: str = ADMIN, password: str | None = None) -> str:
        """Return the address of a database for SQLAlchemy, naming the driver that is green under eventlet."""
        return self.dsn(database, user, password).replace("postgresql://", "postgresql+psycopg2://", 1)

    def dsn(self, database: str, user: str = ADMIN, password: str | None = None) -> str:
        """Return the address of a database for psycopg2 and the PostgreSQL tools."""
        secret = self.password if password is None else password
        return f"postgresql://{quote(user, safe='')}:{quote(secret, safe='')}@127.0.0.1:{self.port}/{database}"

    @property
    def healthy(self) -> bool:
        """Whether it runs and lets its administrator in."""
        if self.pid is None or not answers(self.port):
            return False
        try:
            with self.connect("postgres"):
                return True
        except psycopg2.OperationalError:
            return False

    @contextmanager
    def connect(self, database: str) -> Iterator[connection]:
        """Give the administrator a connection that commits each statement."""
        opened = psycopg2.connect(self.dsn(database), connect_timeout=5)
        try:
            opened.autocommit = True
            yield opened
        finally:
            opened.close()

    def execute(self, database: str, statement: str | sql.Composable, values: tuple[object, ...] = ()) -> None:
        """Run one statement as administrator."""
        with self.connect(database) as opened, opened.cursor() as cursor:
            cursor.execute(statement, values)

    def exists(self, database: str) -> bool:
        """Whether there is a database of this name."""
        with self.connect("postgres") as opened, opened.cursor() as cursor:
            cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", (database,))
            return cursor.fetchone() is not None

    def create_database(self, database: str, *, template: str | None = None) -> str:
        """Make a database, as a copy of `template` if one is named; return its address."""
        # FILE_COPY would write a checkpoint for each copy; the log copies a small template far faster.
        statement = sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY wal_log").format(
            sql.Identifier(database), sql.Identifier(template or "template0")
        )
        self.execute("postgres", statement)
        return self.url(database)

    def drop_database(self, database: str) -> None:
        """Delete a database, also while somebody is connected to it."""
        self.execute("postgres", sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(database)))

    def start(self, *, within: float = 60.0) -> None:
        """Bring the cluster up, or find it up already; what a crash left behind is recovered from."""
        with locked(self.directory / "lock"):
            if self.healthy:
                return
            self._stop()
            if not wait_for(lambda: is_free(self.port), within=30.0):
                (self.directory / "port").unlink()
            if not (self.directory / "initialised").exists():
                self._initialise()
            self._configure()
            self._start(within)

    def stop(self) -> None:
        """Stop the cluster; connections are closed, committed work stays."""
        with locked(self.directory / "lock"):
            self._stop()

    def kill(self) -> None:
        """Kill the server as a power cut would."""
        identity = self._record.read()
        if identity:
            identity.stop(signal.SIGKILL)

    def remove(self) -> None:
        """Stop the cluster and delete its data, wherever it lies."""
        if not self.directory.exists():
            return
        with locked(self.directory / "lock"):
            self._record.stop(signal.SIGQUIT, within=10.0)  # nothing will be read again: no checkpoint
            if self.data.is_symlink():
                rmtree(self.data.resolve().parent, ignore_errors=True)
        rmtree(self.directory, ignore_errors=True)

    @property
    def data(self) -> Path:
        """Where the data lies: in the state directory, or behind a link from it."""
        return self.directory / "data"

    def _stop(self) -> None:
        self._record.stop(signal.SIGINT, within=20.0)

    def _initialise(self) -> None:
        user = server_user()
        home = self._place(user)
        data, password_file = home / "data", home / "first.password"
        for path in (data, password_file):
            rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink(missing_ok=True)
        data.mkdir(mode=0o700)
        secret_file(password_file, lambda: self.password)
        if user:
            for path in (data, password_file):
                shutil.chown(path, user)
        try:
            done = self._run_initdb(data, password_file, user)
        finally:
            password_file.unlink()
        if done.returncode:
            raise StartFailed(f"initdb failed for {self.directory}\n{done.stderr[-1500:]}")
        (self.directory / "initialised").touch()

    def _run_initdb(self, data: Path, password_file: Path, user: str | None) -> subprocess.CompletedProcess[str]:
        command = [
            str(find_program("initdb", "/usr/lib/postgresql/*/bin", package="postgresql")),
            f"--pgdata={data}",
            f"--username={ADMIN}",
            f"--pwfile={password_file}",
            "--auth=scram-sha-256",
            "--encoding=UTF8",
            "--locale=C.UTF-8",
            "--no-sync",
            "--no-instructions",
        ]
        return subprocess.run(  # noqa: S603  (the command is the project's own)
            command,
            check=False,
            capture_output=True,
            text=True,
            cwd="/",
            user=user,
            group=pwd.getpwnam(user).pw_gid if user else None,
            extra_groups=[] if user else None,
            env={"PATH": os.environ.get("PATH", ""), "LANG": "C.UTF-8"},
        )

    def _place(self, user: str | None) -> Path:
        """Return the directory that holds `data`, one that `user` can reach; leave a link when it is elsewhere."""
        if user is None or _reachable(self.directory):
            return self.directory
        digest = hashlib.sha256(str(self.directory).encode()).hexdigest()[:12]
        home = Path("/var/tmp") / f"lianxi-{digest}"  # noqa: S108  (refused below unless it is a directory of ours)
        home.mkdir(mode=0o711, exist_ok=True)
        if home.is_symlink() or home.stat().st_uid != os.getuid():
            raise StartFailed(f"{home} belongs to somebody else")
        self.data.unlink(missing_ok=True)
        self.data.symlink_to(home / "data")
        return home

    def _configure(self) -> None:
        lines = {**self.settings, "port": str(self.port)}
        text = "".join(f"{key} = {value}\n" for key, value in lines.items())
        (self.data / "postgresql.auto.conf").write_text(text, encoding="utf-8")

    def _start(self, within: float) -> None:
        program = find_program("postgres", "/usr/lib/postgresql/*/bin", package="postgresql")
        identity = None

        def up() -> bool:
            nonlocal identity
            # After a kill its children hold the shared memory a moment longer: the server refuses, we ask again.
            if identity is None or not identity.alive:
                identity = spawn(
                    [program, "-D", self.data.resolve()],
                    record=self._record,
                    log=self.log,
                    environment={"PATH": os.environ.get("PATH", ""), "LANG": "C.UTF-8"},
                    user=server_user(),
                )
            return self.healthy

        if not wait_for(up, within=within, every=0.1):
            self._stop()
            raise StartFailed(f"PostgreSQL in {self.directory} did not come up within {within:.0f} s\n{tail(self.log)}")


def server_user() -> str | None:
    """Return the account the server must run as; nothing when this account will do."""
    if os.getuid() != 0:
        return None
    accounts = {account.pw_name for account in pwd.getpwall()}
    return next(name for name in ("postgres", "nobody") if name in accounts)


def _reachable(directory: Path) -> bool:
    """Whether any account may walk down to `directory`."""
    return all(parent.stat().st_mode & 0o001 for parent in (directory, *directory.parents))
