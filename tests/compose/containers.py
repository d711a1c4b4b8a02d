"""`docker compose` as an operator types it, on the repository's own compose file or on one that was rendered.

Needs a Docker engine (`DOCKER_HOST` says which one when it is not the machine's own) and the images of the compose
file. Nothing is published but loopback ports, so a test talks to the portals as a person on this machine would.
"""

import json
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

import yaml

from lianxi.ops.demo.office import Office, Person

ROOT = Path(__file__).resolve().parents[2]
DESCRIBED = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))["services"]
STARTED = {name: service for name, service in DESCRIBED.items() if not service.get("profiles")}
PARTS = tuple(name for name, service in STARTED.items() if service.get("restart") != "no")
"""Every service that stays; each of them is killed once."""
ONCE = tuple(name for name in STARTED if name not in PARTS)
"""Every service that does its work and ends; each of them does it once more."""
MOST_UP, MOST_DOWN = 180.0, 20.0
"""Seconds in which all of it must be healthy, images built on this machine included, and gone."""
PORTALS = {"630100": ("portal", 8080), "630104": ("district-portal", 8081), "630104001": ("street-portal", 8082)}
NAMES = {"630100": "西宁市", "630104": "城西区", "630104001": "西关大街街道"}
ROLES = ("registrar", "dispatcher", "department_leader", "case_officer", "unit_head", "supervisor")
UNITS = {"630100": "housing", "630104": "housing", "630104001": "office"}
PASSWORD = "correct-horse-9"
PASSWORD_FILE = "/var/lib/lianxi/tests.password"


@dataclass(frozen=True)
class Project:
    """A directory with a compose file, and what the trial lays over it."""

    directory: Path
    files: tuple[str, ...] = ()

    def compose(self, *arguments: str, within: float = 300.0) -> str:
        """Run one `docker compose` command; return what it printed, fail with it when it fails."""
        named = [word for file in self.files for word in ("--file", file)]
        done = subprocess.run(
            ["docker", "compose", *named, *arguments],
            cwd=self.directory, capture_output=True, text=True, check=False, timeout=within,
        )  # fmt: skip
        told = f"docker compose {' '.join(arguments)}\n{done.stdout[-2000:]}{done.stderr[-4000:]}"
        assert done.returncode == 0, told
        return done.stdout

    def lianxi(self, service: str, *arguments: str) -> str:
        """Run a `lianxi` command in a container that runs, as an operator does."""
        return self.compose("exec", "--no-TTY", service, "python", "-m", "lianxi.ops", *arguments)

    def office(self, code: str, service: str, port: int) -> Office:
        """Give a node its people, unless it has them, and return how to reach them."""
        known = {json.loads(line)["login"] for line in self.lianxi(service, "account", "list", "--json").splitlines()}
        office = Office(code, NAMES[code], f"http://127.0.0.1:{port}")
        for role in ROLES:
            unit = f"{code}.{UNITS[code]}" if role in {"case_officer", "unit_head"} else ""
            login = f"{role.replace('_', '-')}-{code}"
            if login not in known:
                write = f"umask 077; printf %s {PASSWORD} > {PASSWORD_FILE}"
                self.compose("exec", "--no-TTY", service, "sh", "-c", write)
                more = ["--unit", unit] if unit else []
                options = ["--login", login, "--role", role, "--password-file", PASSWORD_FILE, *more]
                self.lianxi(service, "account", "add", *options)
            office.people[role] = Person(login, PASSWORD, role, unit)
        return office


HERE = Project(ROOT)
compose, lianxi = HERE.compose, HERE.lianxi


def seconds_of(*arguments: str, within: float = 600.0) -> float:
    """Return how long a command took."""
    begun = time.monotonic()
    compose(*arguments, within=within)
    return time.monotonic() - begun


def states() -> dict[str, dict[str, object]]:
    """Return every container of the project by its service."""
    lines = compose("ps", "--all", "--format", "json").splitlines()
    return {row["Service"]: row for row in map(json.loads, lines)}


def offices() -> dict[str, Office]:
    """Give every node its people and return how to reach them."""
    return {code: HERE.office(code, service, port) for code, (service, port) in PORTALS.items()}
