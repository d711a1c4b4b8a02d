"""The stage of the demonstration: three nodes, their people, a clock that can be moved, and a narrator."""

import importlib
import json
import os
import secrets
import subprocess
import sys
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import click
from sqlalchemy import create_engine, text

from lianxi.ops.demo.office import Office, Person, StoryBroken, wait_for
from lianxi.ops.local.stack import Stack
from lianxi.runtime.clock import SHANGHAI, set_offset

CITY, DISTRICT, TOWNSHIP = "630100", "630104", "630104001"
NAMES = {CITY: "西宁市", DISTRICT: "城西区", TOWNSHIP: "西关大街街道"}
BEGINNING = datetime(2026, 3, 2, 8, 30, tzinfo=SHANGHAI)
ROLES = (
    "registrar",
    "dispatcher",
    "department_leader",
    "case_officer",
    "unit_head",
    "supervisor",
    "reviewer",
    "final_reviewer",
)
UNITS = {CITY: "housing", DISTRICT: "housing", TOWNSHIP: "office"}


@dataclass
class Stage:
    """What the chapters of the story share: offices by code, the day it is, checks made so far."""

    stack: Stack
    offices: dict[str, Office] = field(default_factory=dict)
    offset: timedelta = timedelta()
    checks: int = 0

    @property
    def city(self) -> Office:
        """The city office."""
        return self.offices[CITY]

    @property
    def district(self) -> Office:
        """The district office."""
        return self.offices[DISTRICT]

    @property
    def township(self) -> Office:
        """The street office."""
        return self.offices[TOWNSHIP]

    @property
    def now(self) -> datetime:
        """The moment on the nodes' clocks."""
        return (datetime.now(UTC) + self.offset).astimezone(SHANGHAI)  # noqa: TID251  (the stage sets the clock itself)

    @property
    def today(self) -> str:
        """The day on the nodes' clocks."""
        return self.now.date().isoformat()

    def begin(self) -> None:
        """Set the clocks to the first morning of the story."""
        real = datetime.now(UTC)  # noqa: TID251  (the distance between real and told time is made here)
        self._set(BEGINNING - real)

    def forward(self, days: int) -> None:
        """Let days go by for everybody at once."""
        self._set(self.offset + timedelta(days=days))
        self.tell(f"——时间快进{days}天，今天是 {self.today}——")

    def _set(self, offset: timedelta) -> None:
        self.offset = offset
        set_offset(self.stack.clock_offset_file, offset)

    def tell(self, line: str) -> None:
        """Say what happens, as a clerk would."""
        click.echo(f"  {line}")

    def chapter(self, title: str) -> None:
        """Begin a chapter."""
        click.echo()
        click.secho(f"【{self.today}】{title}", bold=True)

    def check(self, holds: object, what: str) -> None:
        """Stop the story unless a fact holds."""
        if not holds:
            raise StoryBroken(what)
        self.checks += 1
        click.secho(f"  ✓ {what}", fg="green")

    def wait(self, fact: Any, what: str, within: float = 30.0) -> Any:
        """Wait for a fact and count it as a check."""
        found = wait_for(fact, what, within)
        self.check(found, what)
        return found

    def people(self, directory: Path) -> None:
        """Give every node its people; logins and passwords are kept for who wants to look around afterwards."""
        kept = directory / "logins.json"
        known: dict[str, str] = json.loads(kept.read_text(encoding="utf-8")) if kept.exists() else {}
        with ThreadPoolExecutor(max_workers=3) as pool:
            offices = pool.map(lambda node: self._office(node, known), self.stack.nodes)
            self.offices = {office.code: office for office in offices}
        passwords = {p.login: p.password for office in self.offices.values() for p in office.people.values()}
        kept.write_text(json.dumps(passwords, ensure_ascii=False, indent=1), encoding="utf-8")
        kept.chmod(0o600)

    def _office(self, node: Any, known: Mapping[str, str]) -> Office:
        office = Office(node.code, NAMES[node.code], node.portal_url)
        accounts = importlib.import_module("services.portal.wiring").AccountDesk(node.environment)
        with closing(accounts) as desk:
            for role in ROLES:
                unit = f"{node.code}.{UNITS[node.code]}" if role in {"case_officer", "unit_head"} else ""
                login = f"{role.replace('_', '-')}-{node.code}"
                password = known.get(login) or secrets.token_urlsafe(12)
                if login not in known:
                    desk.add(login, password, role, unit)
                office.people[role] = Person(login, password, role, unit)
        return office

    def run(self, *arguments: str, node: str) -> subprocess.CompletedProcess[str]:
        """Run a `lianxi` command for a node, as an operator would; its output is returned."""
        return subprocess.run(  # noqa: S603  (this program, with arguments of the story)
            [sys.executable, "-m", "lianxi.ops", *arguments],
            env={**os.environ, **self.stack.node(node).environment},
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )

    def query(self, node: str, service: str, statement: str) -> list[tuple[Any, ...]]:
        """Read a node's database directly, for the accounts at the end."""
        engine = create_engine(self.stack.node(node).database_url(service))
        try:
            with engine.connect() as connection:
                return [tuple(row) for row in connection.execute(text(statement))]
        finally:
            engine.dispose()
