"""The processes of one node on this machine: all services in one, the relay, the portal.

Each is a program of its own that outlives the command which started it, writes its log under the node's directory and
says on a port of its own when it is ready for work.
"""

import os
import signal
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import requests

from lianxi.ops.local.processes import Record, StartFailed, is_free, spawn, tail, wait_for

ROOT = Path(__file__).resolve().parents[3]
SERVICES = ("intake", "routing", "supervision", "notify")
PROGRAMS: Mapping[str, tuple[str, ...]] = {
    "services": ("-m", "lianxi.runtime.run", "--services", ",".join(SERVICES)),
    "relay": ("-m", "lianxi.bus.relay"),
    "portal": ("-m", "services.portal.service"),
}


@dataclass(frozen=True)
class Program:
    """One process of a node."""

    name: str
    directory: Path
    environment: Mapping[str, str]
    metrics_port: int

    @property
    def record(self) -> Record:
        """Where its process id is kept."""
        return Record(self.directory / f"{self.name}.pid")

    @property
    def pid(self) -> int | None:
        """Its process id while it runs."""
        identity = self.record.read()
        return identity.pid if identity else None

    @property
    def log(self) -> Path:
        """What it wrote."""
        return self.directory / "logs" / f"{self.name}.log"

    @property
    def ready(self) -> bool:
        """Whether it says that it is ready for work."""
        if self.pid is None:
            return False
        try:
            answer = requests.get(f"http://127.0.0.1:{self.metrics_port}/ready", timeout=2.0)
        except requests.RequestException:
            return False
        return bool(answer.status_code == requests.codes.ok)

    def start(self) -> None:
        """Start it unless it runs; `wait` tells when it is ready."""
        if self.pid is None:
            wait_for(lambda: is_free(self.metrics_port), within=3.0)
            spawn(
                [sys.executable, *PROGRAMS[self.name]],
                record=self.record,
                log=self.log,
                environment={
                    "PATH": os.environ.get("PATH", "/usr/bin:/bin"),
                    "LANG": "C.UTF-8",
                    "PYTHONPATH": str(ROOT),
                    "MALLOC_ARENA_MAX": "2",  # a township's machine is small, and arenas hold on to memory
                    "LIANXI_METRICS_PORT": str(self.metrics_port),
                    **self.environment,
                },
            )

    def wait(self, *, within: float = 60.0) -> None:
        """Wait until it is ready; raise with the end of its log when it dies or does not get there."""
        # Asked once only: a process that was ready and has just begun on a long queue may be slow to say so again.
        arrived = wait_for(lambda: self.ready or self.pid is None, within=within, every=0.1)
        if not arrived or self.pid is None:
            raise StartFailed(f"{self.name} in {self.directory} is not ready\n{tail(self.log)}")

    def stop(self, *, within: float = 20.0) -> None:
        """Stop it in order."""
        self.record.stop(signal.SIGTERM, within=within)

    def kill(self) -> None:
        """Kill it as a power cut would."""
        self.record.stop(signal.SIGKILL, within=5.0)
