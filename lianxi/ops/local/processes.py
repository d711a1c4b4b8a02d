"""Programs that outlive the command that started them: started apart, remembered on disk, stopped by id.

A process id alone proves nothing after a crash, because the system gives the number to somebody else. So a record
holds the id together with the moment the process began, and a record whose moment does not match is a leftover.
Ports are taken below the range the system hands to outgoing connections: inside it, a client that keeps dialling a
stopped server can end up connected to itself and hold the port the server wants back. They are dealt in turn, so that
the port of a server that is down for a moment is not dealt to another one meanwhile.
"""

import fcntl
import json
import os
import random
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

LOW_PORT, HIGH_PORT = 20000, 32000
TURN = Path(__file__).resolve().parents[3] / ".lianxi" / "ports.turn"
"""The port dealt last on behalf of this checkout."""
POLL = 0.05


class StartFailed(Exception):  # noqa: N818  reads as what happened
    """A program did not come up; the text ends with the last lines it wrote."""

    branch = "retryable"


class ProgramMissing(Exception):  # noqa: N818  reads as what happened
    """A program this machine should have is not installed."""

    branch = "refused"


@dataclass(frozen=True)
class Identity:
    """One process of this machine, for as long as it lives and no longer."""

    pid: int
    began: str

    @classmethod
    def of(cls, pid: int) -> "Identity | None":
        """Return the identity of a running process, or nothing when it is gone or only waits to be reaped.

        A killed process whose other threads still wait for the disk counts as running: it holds its ports until
        the last of them has ended.
        """
        with suppress(ChildProcessError):
            os.waitpid(pid, os.WNOHANG)
        try:
            stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
        except (FileNotFoundError, ProcessLookupError):
            return None
        state, *rest = stat.rpartition(")")[2].split()
        return None if state in "ZX" and not _has_threads(pid) else cls(pid, rest[18])

    @property
    def alive(self) -> bool:
        """Whether it still runs."""
        return Identity.of(self.pid) == self

    def send(self, number: int) -> None:
        """Send a signal, to this very process or to nobody."""
        if self.alive:
            with suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def stop(self, number: int = signal.SIGTERM, *, within: float = 20.0) -> bool:
        """Ask it to stop and wait; kill it after `within` seconds. Return whether asking was enough."""
        self.send(number)
        if wait_for(lambda: not self.alive, within=within):
            return True
        self.send(signal.SIGKILL)
        wait_for(lambda: not self.alive, within=10.0)
        return False


def _has_threads(pid: int) -> bool:
    try:
        return len(list(Path(f"/proc/{pid}/task").iterdir())) > 1
    except OSError:
        return False


@dataclass(frozen=True)
class Record:
    """Where the identity of a started program is kept between two commands."""

    path: Path

    def read(self) -> Identity | None:
        """Return the process of this record if it still runs."""
        try:
            content = json.loads(self.path.read_text(encoding="ascii"))
            identity = Identity(content["pid"], content["began"])
        except (FileNotFoundError, ValueError, KeyError, TypeError):
            return None
        return identity if identity.alive else None

    def write(self, identity: Identity) -> None:
        """Remember a process."""
        fresh = self.path.with_suffix(".new")
        fresh.write_text(json.dumps({"pid": identity.pid, "began": identity.began}), encoding="ascii")
        fresh.replace(self.path)

    def forget(self) -> None:
        """Remember nothing."""
        self.path.unlink(missing_ok=True)

    def stop(self, number: int = signal.SIGTERM, *, within: float = 20.0) -> None:
        """Stop the process of this record, if there is one, and forget it."""
        identity = self.read()
        if identity:
            identity.stop(number, within=within)
        self.forget()


def spawn(
    command: Sequence[str | Path],
    *,
    record: Record,
    log: Path,
    environment: Mapping[str, str],
    user: str | None = None,
) -> Identity:
    """Start a program in a session of its own, so that Ctrl-C and the end of this command do not reach it."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as output:
        process = subprocess.Popen(  # noqa: S603  (the commands are the project's own)
            [str(part) for part in command],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env=dict(environment),
            cwd="/",
            start_new_session=True,
            user=user,
            group=user and _group_of(user),
            extra_groups=[] if user else None,
        )
    process.returncode = 0  # its owner is the record, not this object: no warning when the object goes
    identity = Identity.of(process.pid)
    if identity is None:
        raise StartFailed(f"{Path(str(command[0])).name} ended at once\n{tail(log)}")
    record.write(identity)
    return identity


def _group_of(user: str) -> int:
    import pwd  # noqa: PLC0415  (only needed as root on a Unix)

    return pwd.getpwnam(user).pw_gid


def wait_for(fact: Callable[[], bool], *, within: float, every: float = POLL) -> bool:
    """Return whether `fact` came true within so many seconds."""
    deadline = time.monotonic() + within
    while not fact():
        if time.monotonic() > deadline:
            return False
        time.sleep(every)
    return True


def free_ports(count: int) -> list[int]:
    """Return ports of this machine that nobody listens on and that were not dealt for the longest time."""
    with locked(TURN.with_suffix(".lock")):
        last = _last_dealt()
        every = range(LOW_PORT, HIGH_PORT)
        candidates = (every[(last - LOW_PORT + step) % len(every)] for step in range(1, 1000))
        found = list(islice(filter(is_free, candidates), count))
        if len(found) < count:
            raise StartFailed(f"no {count} free ports between {LOW_PORT} and {HIGH_PORT}")
        TURN.write_text(str(found[-1]), encoding="ascii")
        return found


def _last_dealt() -> int:
    try:
        return int(TURN.read_text(encoding="ascii"))
    except (FileNotFoundError, ValueError):
        # Two checkouts on one machine begin at different places.
        return random.SystemRandom().randrange(LOW_PORT, HIGH_PORT)


def is_free(port: int) -> bool:
    """Whether a server could listen on this port of the loopback address."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def answers(port: int) -> bool:
    """Whether somebody accepts connections on this port of the loopback address."""
    with socket.socket() as probe:
        probe.settimeout(1.0)
        return probe.connect_ex(("127.0.0.1", port)) == 0


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Let one process at a time into the block; a lock of a dead process is no lock."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def secret_file(path: Path, make: Callable[[], str]) -> str:
    """Return the content of a file only its owner may read; make it on first use."""
    with suppress(FileNotFoundError):
        return path.read_text(encoding="utf-8")
    path.parent.mkdir(parents=True, exist_ok=True)
    text = make()
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
    return text


def tail(path: Path, lines: int = 15) -> str:
    """Return the end of a log, for an error text."""
    with suppress(FileNotFoundError):
        return "\n".join(path.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:])
    return ""


def find_program(name: str, *places: str, package: str) -> Path:
    """Return where a program is installed; say which package brings it when it is not."""
    for place in places:
        for candidate in sorted(Path("/").glob(place.lstrip("/")), reverse=True):
            if (candidate / name).exists():
                return candidate / name
    found = shutil.which(name)
    if found is None:
        raise ProgramMissing(f"{name} is not installed: install {package} (make setup does it on Debian)")
    return Path(found)
