"""The directories a node writes to on this machine, so that each can be asked how much room it has left.

Where the files of cases go is a setting. Where PostgreSQL and RabbitMQ keep their data only an administrator of the
servers is told, so it is read off the command lines of the servers' processes, which everybody may see; a server on
another machine, or in another container, has its disk there and is looked at there.
"""

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote, urlsplit

from lianxi.ops.doctor.finding import Patient
from lianxi.runtime.settings import read

LOOPBACK = frozenset({"", "localhost", "127.0.0.1", "::1"})
SECRETS, SYSTEM, FILES, DATABASE, BROKER = "secrets", "system", "files of cases", "database", "broker"
_SERVERS = {"postgres": "-D", "postmaster": "-D", "beam.smp": "-home"}
"""The program of a server, and the word before its directory on the command line."""
_PROCESSES = Path("/proc")


def places(patient: Patient) -> Iterator[tuple[str, Path]]:
    """Return what is written, and the directory it is written to, for everything that lies on this machine."""
    yield SECRETS, Path(read("KEYRING_FILE", environment=patient.environment)).parent
    yield SYSTEM, Path("/")
    if blobs := _directory(read("BLOBS", "", environment=patient.environment)):
        yield FILES, blobs
    servers = list(_servers())
    for what, setting, programs in (
        (DATABASE, "DATABASE_URL_ROUTING", ("postgres", "postmaster")),
        (BROKER, "AMQP_URI", ("beam.smp",)),
    ):
        address = urlsplit(read(setting, "", secret=True, environment=patient.environment))
        if address.scheme and (address.hostname or "") in LOOPBACK:
            yield from ((what, directory) for program, directory in servers if program in programs)


def _directory(blobs: str) -> Path | None:
    """Return the directory of a store of files, None when it is a bucket or when there is none."""
    address = urlsplit(blobs)
    if not blobs or address.scheme not in ("", "file"):
        return None
    return _existing(Path(unquote(address.path)))


def _servers() -> Iterator[tuple[str, Path]]:
    """Return the servers that run on this machine with the directories of their data, each once."""
    seen: set[tuple[str, Path]] = set()
    for process in _PROCESSES.glob("[0-9]*"):
        try:
            words = (process / "cmdline").read_bytes().decode(errors="replace").split("\0")
        except OSError:  # it ended while we looked
            continue
        program = Path(words[0]).name
        option = _SERVERS.get(program, "")
        if option and option in words[:-1]:
            found = program, _existing(Path(words[words.index(option) + 1]))
            if found not in seen:
                seen.add(found)
                yield found


def _existing(path: Path) -> Path:
    """Return the directory, or the nearest one above that is there and may be looked at."""
    for candidate in (path, *path.parents):
        try:
            candidate.stat()
        except OSError:
            continue
        return candidate
    return Path("/")
