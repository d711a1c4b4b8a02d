"""The database: reachable, new enough, at the schema this version wants, and nothing stuck in its tables."""

import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.pool import NullPool

from lianxi.ops import backup
from lianxi.ops.doctor.finding import Finding, Patient, fine, warning, wrong
from lianxi.ops.local import databases
from lianxi.ops.local.processes import ProgramMissing
from lianxi.runtime.settings import read

OLDEST = 150000
DRIFT = 5.0
"""Seconds two clocks may differ."""
STUCK = 300.0
"""Seconds after which an unsent message means that nothing is sent."""
SILENT = 90.0
"""Seconds without a word from a neighbour, which speaks every 30, after which its link is down."""
CLIENT = ("pg_dump", "pg_restore")
"""What backup and restore call; an older one refuses a newer server."""
BUS_SCHEMAS = ("intake", "routing", "supervision", "notify")


@contextmanager
def connected(patient: Patient, schema: str) -> Iterator[Connection]:
    """Open the database as one of the node's services."""
    url = read(f"DATABASE_URL_{schema.upper()}", secret=True, environment=patient.environment)
    engine = create_engine(url, poolclass=NullPool, connect_args={"connect_timeout": 5})
    with engine.connect() as connection:
        yield connection


def server(patient: Patient) -> Iterator[Finding]:
    """Version and clock of the database server."""
    with connected(patient, "routing") as connection:
        number = _version(connection)
        there = connection.execute(text("SELECT clock_timestamp()")).scalar_one()
    says = f"PostgreSQL {number // 10000}"
    if number < OLDEST:
        yield wrong("database", f"{says} is too old", "upgrade it to PostgreSQL 15 or newer")
    else:
        yield fine("database", f"{says} answers")
    drift = abs((there - patient.now).total_seconds())
    if drift > DRIFT:
        yield wrong("clock", f"this machine and the database differ by {drift:.0f} s", "set both by NTP (chrony)")
    else:
        yield fine("clock", "this machine and the database agree")


def client(patient: Patient) -> Iterator[Finding]:
    """Whether the programs that back up and restore are here, and not older than the server."""
    with connected(patient, "routing") as connection:
        there = _version(connection) // 10000
    for program in CLIENT:
        try:
            path = backup.client(program)
        except ProgramMissing:
            says = f"{program} is missing: this node cannot be backed up or restored from here"
            yield wrong("backup", says, f"install {backup.PACKAGE}-{there} (the image of the containers has it)")
            continue
        said = subprocess.run([str(path), "--version"], capture_output=True, text=True, check=True)  # noqa: S603
        found = re.search(r"\) (\d+)", said.stdout)
        here = int(found[1]) if found else 0
        if here < there:
            says = f"{path} is of PostgreSQL {here}, the server of {there}: it refuses to work with it"
            yield wrong("backup", says, f"install {backup.PACKAGE}-{there}")
        else:
            yield fine("backup", f"{path} is of PostgreSQL {here}")


def _version(connection: Connection) -> int:
    return int(connection.execute(text("SHOW server_version_num")).scalar_one())


def migrations(patient: Patient) -> Iterator[Finding]:
    """Whether each schema is where this version of the code wants it."""
    for schema in databases.SCHEMAS:
        config = Config()
        config.set_main_option("script_location", str(databases.ROOT / "services" / schema / "migrations"))
        config.set_main_option("path_separator", "os")
        wanted = ScriptDirectory.from_config(config).get_current_head()
        with connected(patient, schema) as connection:
            context = MigrationContext.configure(connection, opts={"version_table_schema": schema})
            found = context.get_current_revision()
        if found == wanted:
            yield fine("migrations", f"{schema} is at {found}")
        else:
            yield wrong("migrations", f"{schema} is at {found or 'nothing'}, not at {wanted}", "lianxi node upgrade")


def outboxes(patient: Patient) -> Iterator[Finding]:
    """Whether what services wrote is being sent, which says whether the relay runs."""
    for schema in BUS_SCHEMAS:
        with connected(patient, schema) as connection:
            row = connection.execute(
                text(
                    f"SELECT count(*), coalesce(extract(epoch FROM clock_timestamp() - min(created_at)), 0)"
                    f" FROM {schema}.outbox WHERE sent_at IS NULL"
                )
            ).one()
        waiting, age = int(row[0]), float(row[1])
        if waiting and age > STUCK:
            says = f"{waiting} messages of {schema} wait, the oldest for {age / 60:.0f} minutes"
            yield wrong("outbox", says, "start the relay (systemctl restart lianxi-relay) and look at its log")
        else:
            yield fine("outbox", f"{schema}: {waiting} messages wait")


def parked(patient: Patient) -> Iterator[Finding]:
    """Messages that nobody could handle."""
    for schema in BUS_SCHEMAS:
        with connected(patient, schema) as connection:
            number = int(
                connection.execute(text(f"SELECT count(*) FROM {schema}.parked WHERE state = 'parked'")).scalar_one()
            )
        if number:
            do = "lianxi parked list shows them (docs/runbooks/ParkedMessages.md)"
            yield warning("parked", f"{schema}: {number} messages could not be handled", do)
        else:
            yield fine("parked", f"{schema}: none")


def links(patient: Patient) -> Iterator[Finding]:
    """Whether the neighbours are heard, and whether what runs also moves."""
    with connected(patient, "routing") as connection:
        rows = connection.execute(
            text(
                "SELECT r.peer, extract(epoch FROM clock_timestamp() - r.heard_at) AS silent, r.held,"
                " s.last_seq - s.acked AS waiting,"
                " (SELECT extract(epoch FROM clock_timestamp() - min(o.created_at)) FROM routing.link_outbox o"
                "  WHERE o.peer = s.peer AND o.epoch = s.epoch AND o.link_seq > s.acked) AS oldest"
                " FROM routing.link_receiver r JOIN routing.link_sender s USING (peer) ORDER BY r.peer"
            )
        ).all()
    if not rows:
        yield fine("links", "no neighbour has been heard of yet")
    for row in rows:
        yield _link(row.peer, row.silent, row.held, row.waiting, float(row.oldest or 0))


def _link(peer: str, silent: float | None, held: int, waiting: int, oldest: float) -> Finding:
    book = "docs/runbooks/LinkSilent.md"
    if silent is None or silent > SILENT:
        last = "was never heard" if silent is None else f"was last heard {float(silent) / 60:.0f} minutes ago"
        return wrong("links", f"{peer} {last}", f"look at the line and at both brokers ({book})")
    if held:
        return warning(
            "links", f"{held} frames of {peer} wait behind a gap", f"it asks for them again by itself ({book})"
        )
    if waiting and oldest > 2 * STUCK:
        says = f"{peer} is heard, but {waiting} frames to it are not taken; the shovel runs and moves nothing"
        return wrong("links", says, f"restart the shovel: rabbitmqctl restart_shovel (on the child), see {book}")
    return fine("links", f"{peer} is heard, {waiting} frames on their way")
