"""What a reader must know of the machine to read the figures: cores, memory, versions, and how busy it was."""

import os
import platform
import re
import subprocess
import time
from importlib.metadata import version
from pathlib import Path

import psutil

from lianxi.ops.local.processes import find_program
from lianxi.runtime.clock import SystemClock
from tests.bench.ground import ROOT

PACKAGES = ("nameko", "eventlet", "pika", "kombu", "psycopg2-binary", "SQLAlchemy", "Flask", "waitress")
GIGABYTE = 1024**3
PROBE_SECONDS = 0.3


def describe_machine() -> dict[str, str]:
    """Return the facts in the order in which they are shown."""
    return {
        "date": SystemClock().now().strftime("%Y-%m-%d %H:%M %z"),
        "commit": _output("git", "-C", str(ROOT), "rev-parse", "--short", "HEAD"),
        "processor": f"{_processor()}, {len(os.sched_getaffinity(0))} cores",
        "memory": f"{psutil.virtual_memory().total / GIGABYTE:.0f} GB",
        "load when it began": " ".join(f"{load:.1f}" for load in os.getloadavg()),
        "system": f"{platform.system()} {platform.release()}",
        "Python": platform.python_version(),
        "RabbitMQ": _rabbitmq(),
        "PostgreSQL": _postgresql(),
        "packages": ", ".join(f"{package} {version(package)}" for package in PACKAGES),
    }


def share_of_a_core() -> float:
    """Return which share of one core a busy loop gets now: 1.0 on an idle machine."""
    began, used = time.perf_counter(), time.process_time()
    while time.process_time() - used < PROBE_SECONDS:
        sum(range(10_000))
    return PROBE_SECONDS / (time.perf_counter() - began)


def _processor() -> str:
    found = re.search(r"model name\s*: (.+)", Path("/proc/cpuinfo").read_text(encoding="utf-8"))
    return " ".join(found[1].split()) if found else platform.machine()


def _rabbitmq() -> str:
    places = sorted(Path("/usr/lib/rabbitmq/lib").glob("rabbitmq_server-*"))
    return places[-1].name.partition("-")[2] if places else "?"


def _postgresql() -> str:
    program = find_program("postgres", "/usr/lib/postgresql/*/bin", package="postgresql")
    found = re.search(r"\) (\S+)", _output(str(program), "--version"))
    return found[1] if found else "?"


def _output(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()
