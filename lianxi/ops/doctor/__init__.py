"""`lianxi doctor`: looks at a node and says in plain words what is wrong and what to do about it.

It reads and changes nothing: settings, keys, disk, certificates and calendar of the machine; version, schema, clock and
stuck rows of the database, and the programs that back it up; version and queues of the broker; the links. What cannot
be looked at, because a server is down for example, is a finding as well, so one fault does not hide the others. Status
0: nothing wrong (there may be warnings); 1: something is; 2: wrong use of the command.
"""

import dataclasses
import json
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import click

from lianxi.ops.doctor import broker, database, machine
from lianxi.ops.doctor.finding import Finding, Level, Patient, wrong
from lianxi.ops.whereabouts import environment_of, node_option, state_option
from lianxi.runtime.clock import SystemClock
from lianxi.runtime.logging import redact

Look = Callable[[Patient], Iterator[Finding]]

LOOKS: tuple[tuple[str, Look, str], ...] = (
    ("settings", machine.settings, "compare the environment with deploy/settings.md"),
    ("keys", machine.keys, "restore keyring.yaml from its safe copy; without it sealed texts stay sealed"),
    ("disk", machine.disk, "check that the directories exist"),
    ("certificates", machine.certificates, "copy tls/ from what lianxi node render wrote"),
    ("calendar", machine.calendar, "check LIANXI_CALENDAR_DIR"),
    ("database", database.server, "start PostgreSQL; check the addresses in *.url"),
    ("backup", database.client, "start PostgreSQL; install postgresql-client"),
    ("migrations", database.migrations, "lianxi node upgrade"),
    ("outbox", database.outboxes, "start PostgreSQL"),
    ("parked", database.parked, "start PostgreSQL"),
    ("links", database.links, "start PostgreSQL"),
    ("broker", broker.server, "start RabbitMQ; check the address in amqp.uri"),
    ("queues", broker.queues, "start RabbitMQ, then lianxi node provision"),
    ("agencies", broker.agencies, "start RabbitMQ and PostgreSQL"),
)
MARKS = {Level.OK: ("ok", "green"), Level.WARNING: ("warning", "yellow"), Level.WRONG: ("WRONG", "red")}


@click.command()
@node_option
@state_option
@click.option(
    "--certificates",
    type=click.Path(path_type=Path),
    default=Path("/etc/lianxi/tls"),
    show_default=True,
    help="Where the certificates of the link lie.",
)
@click.option("--all", "everything", is_flag=True, help="Also what is in order.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object per finding, those in order included.")
def command(node: str | None, state: Path | None, certificates: Path, *, everything: bool, as_json: bool) -> None:
    """Look at a node and say what is wrong and what to do about it."""
    patient = Patient(environment_of(node, state), SystemClock().now(), certificates)
    found = Counter[Level]()
    for finding in examine(patient):
        found[finding.level] += 1
        if as_json:
            click.echo(json.dumps(dataclasses.asdict(finding), ensure_ascii=False))
        elif everything or finding.level is not Level.OK:
            _tell(finding)
    if not as_json:
        click.echo(f"{found[Level.WRONG]} wrong, {found[Level.WARNING]} warnings, {found[Level.OK]} in order")
    if found[Level.WRONG]:
        raise SystemExit(1)


def examine(patient: Patient) -> Iterator[Finding]:
    """Look at everything; what cannot be looked at is wrong."""
    for check, look, otherwise in LOOKS:
        try:
            yield from look(patient)
        except Exception as error:  # noqa: BLE001  (a doctor who faints helps nobody)
            first = str(redact(str(error))).strip().splitlines()[:1]
            says = f"cannot be looked at: {type(error).__name__} {' '.join(first)}".strip()
            yield wrong(check, says, otherwise)


def _tell(finding: Finding) -> None:
    mark, colour = MARKS[finding.level]
    click.echo(click.style(f"{mark:<8}", fg=colour) + f"{finding.check}: {finding.says}")
    if finding.do:
        click.echo(f"        → {finding.do}")
