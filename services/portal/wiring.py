"""The one place that joins the portal's use cases with real tables, keys, clock and broker."""

import csv
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import yaml
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError

from lianxi.bus.calls import CallRefused, Calls, CallTimedOut
from lianxi.bus.engine import engine_for
from lianxi.casework.errors import Invalid
from lianxi.casework.identifiers import DivisionCode
from lianxi.runtime.clock import SystemClock, new_id
from lianxi.runtime.crypto import KeyRing
from lianxi.runtime.health import HEALTH
from lianxi.runtime.metrics import gauge
from lianxi.runtime.settings import read
from services.portal import blobs
from services.portal.blobs.resealing import FileHeaders
from services.portal.domain.answers import Answered, NoAnswer
from services.portal.handlers import Ports, access, agencies, personal_data
from services.portal.handlers.carrying import carry
from services.portal.handlers.file_room import FileRoom
from services.portal.settings import FileSettings, Settings
from services.portal.storage import SCHEMA, each_alone, open_books

AWAY_TIMEOUT = 2.0
"""Seconds a call waits for a broker that is away: long enough for a restart, short enough to answer 503."""


_FILES = gauge("portal_files", "Files this node keeps or waits for, by state.", ("state",))
_FILE_STATES = ("checking", "here", "wanted", "quarantined", "erasing")


class BrokerCalls:
    """Calls over the broker, with their outcomes in the portal's own words."""

    def __init__(self, calls: Calls, timeout: float) -> None:
        self._calls = calls
        self._timeout = timeout

    def call(self, service: str, method: str, body: dict[str, Any], *, command_id: str | None) -> dict[str, Any]:
        """Return the answer of `service` to `method`."""
        away = not self._calls.connected
        timeout = min(AWAY_TIMEOUT, self._timeout) if away else self._timeout
        try:
            return self._calls.call(service, method, body, command_id=command_id, timeout=timeout)
        except CallTimedOut:
            raise NoAnswer(in_time=away) from None
        except CallRefused as refusal:
            raise Answered(refusal.problem) from None


class SlowPasswords:
    """argon2id with 19 MiB and two at a time, so that a crowd at the sign-in page does not eat a township's memory."""

    def __init__(self) -> None:
        self._hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
        self._turn = threading.BoundedSemaphore(2)
        self._nobody = self.hash("nobody")

    def hash(self, password: str) -> str:
        """Return the hash to store."""
        with self._turn:
            return self._hasher.hash(password)

    def matches(self, stored: str | None, password: str) -> bool:
        """Compare; without a stored hash take the same time and say no."""
        try:
            with self._turn:
                return self._hasher.verify(stored or self._nobody, password) and stored is not None
        except (VerifyMismatchError, InvalidHashError):
            return False


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What the application needs: the ports of its use cases, its settings, and how to begin, tidy and end."""

    ports: Ports
    settings: Settings
    start: Callable[[], None]
    prune: Callable[[], None]
    carry: Callable[[], bool]
    woken: threading.Event
    close: Callable[[], None]


def build(settings: Settings | None = None) -> Parts:
    """Join the parts of this node, named by the environment unless `settings` are given."""
    settings = settings or Settings.from_environment()
    # a person waits for the answer: better a 503 soon than a late page
    engine = engine_for(settings.database_url, SCHEMA, settings.threads, statement_seconds=10, wait_seconds=5)
    calls = Calls(settings.amqp_uri, name="portal")
    books = partial(open_books, engine)

    def prune() -> None:
        with books() as open_now:
            open_now.prune()

    def ping() -> None:
        with books() as open_now:
            open_now.ping()

    HEALTH.add("database", ping)
    HEALTH.add("broker", lambda: None if calls.connected else "away")

    def close() -> None:
        calls.close()
        engine.dispose()

    woken = threading.Event()
    ring = KeyRing.from_file(settings.key_ring_file)
    ports = Ports(
        node=str(DivisionCode.parse(settings.node)),
        names=node_names(settings.topology_file),
        categories=category_paths(settings.topology_file.with_name("categories.csv")),
        calls=BrokerCalls(calls, settings.call_timeout),
        open_books=books,
        open_gate=partial(open_books, each_alone(engine)),
        clock=SystemClock(settings.clock_file),
        passwords=SlowPasswords(),
        secrets=ring,
        new_id=new_id,
        limits=settings.limits,
        files=file_room(settings.node, settings.files, ring, woken.set),
    )
    return Parts(
        ports=ports,
        settings=settings,
        start=calls.start,
        prune=prune,
        carry=partial(carry_round, ports),
        woken=woken,
        close=close,
    )


def file_room(node: str, settings: FileSettings, ring: KeyRing, wake: Callable[[], None]) -> FileRoom | None:
    """Join what has to do with bytes of files; None where no store is set up."""
    if not settings.place:
        return None
    secrets = link_secrets(settings.link_secrets_file)
    above = str(DivisionCode.parse(node).parent or "")
    parent = None
    if settings.parent_url and above in secrets:
        parent = blobs.ParentNode(
            node,
            settings.parent_url,
            secrets[above],
            plain_allowed=settings.plain_allowed,
            authority=settings.parent_authority,
        )
    return FileRoom(
        store=blobs.BlobStore(blobs.open_store(settings.place, settings.store_options), ring),
        scanner=blobs.Clamd(settings.scanner) if settings.scanner else blobs.NoScanner(),
        media_type_of=blobs.media_type_of,
        draw_thumbnail=blobs.draw_thumbnail,
        parent=parent,
        link_secrets=ChildSecrets(settings.link_secrets_file, above),
        signature_holds=blobs.signature_holds,
        reason=blobs.reason,
        wake=wake,
    )


class FileKeeper:
    """The store of files for `lianxi attachments`, which knows this class by name only."""

    def __init__(self, environment: Mapping[str, str] | None = None) -> None:
        files = FileSettings.from_environment(environment)
        if not files.place:
            raise Invalid("LIANXI_BLOBS", "settings", "本节点没有设置文件库。")
        self._ring = KeyRing.from_file(files.key_ring_file)
        self._store = blobs.BlobStore(blobs.open_store(files.place, files.store_options), self._ring)

    def reseal(self) -> tuple[int, int]:
        """Seal with the key in use what is sealed with another; return how many files, and how many do not open."""
        return self._store.reseal(self._ring.current)

    def close(self) -> None:
        """Nothing is held open."""


class ChildSecrets(Mapping[str, str]):
    """The secrets of the links with the children, as the file has them now: a child may join while the portal runs."""

    def __init__(self, file: Path | None, above: str) -> None:
        self._file = file
        self._above = above
        self._read_at = -1
        self._secrets: dict[str, str] = {}

    def _now(self) -> dict[str, str]:
        changed = self._file.stat().st_mtime_ns if self._file else 0
        if changed != self._read_at:
            found = link_secrets(self._file)
            self._secrets = {code: secret for code, secret in found.items() if code != self._above}
            self._read_at = changed
        return self._secrets

    def __getitem__(self, code: str) -> str:
        """Return the secret of the link with a child."""
        return self._now()[code]

    def __iter__(self) -> Iterator[str]:
        """Go through the children."""
        return iter(self._now())

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self._now())


def link_secrets(file: Path | None) -> dict[str, str]:
    """Return the secret of each link of this node, by the code of the node at its other end."""
    content = yaml.safe_load(file.read_text(encoding="utf-8")) if file else {}
    return {str(code): str(secret) for code, secret in (content or {}).items()}


def carry_round(ports: Ports) -> bool:
    """Let the porter make a round; return whether there was something to do."""
    done = carry(ports)
    for state in _FILE_STATES:
        _FILES.labels(state).set(done.counts.get(state, 0))
    return done.due > 0


class AccountDesk:
    """The accounts of a node for `lianxi account`, which knows this class by name only: plain values in and out."""

    def __init__(self, environment: Mapping[str, str] | None = None) -> None:
        self._parts = build(Settings.from_environment(environment))
        self._ports = self._parts.ports

    def add(self, login: str, password: str, role: str, unit: str) -> dict[str, str]:
        """Create an account at this node."""
        return access.add_account(login, password, role, (self._ports.node, unit), self._ports)

    def list(self) -> list[dict[str, str]]:
        """Return every account, without secrets."""
        return access.list_accounts(self._ports)

    def change_password(self, login: str, password: str) -> None:
        """Set a new password and end the open sessions."""
        access.change_password(login, password, self._ports)

    def issue_token(self, login: str, name: str, scopes: Sequence[str], days: int) -> dict[str, str]:
        """Make an API token for an account; it is shown this once."""
        made = access.issue_token(access.person_called(login, self._ports), name, scopes, days, self._ports)
        return {field: str(value) for field, value in made.items()}

    def disable(self, login: str) -> None:
        """Close an account."""
        access.disable_account(login, self._ports)

    def close(self) -> None:
        """Give the connections back."""
        self._parts.close()


class AgencyAccounts:
    """The tokens of agencies for `lianxi agency`, which knows this class by name only: plain values in and out."""

    def __init__(self, environment: Mapping[str, str] | None = None) -> None:
        self._parts = build(Settings.from_environment(environment))

    def agency_token(self, name: str, units: Sequence[str], days: int) -> str:
        """Make the token of an agency; earlier ones end."""
        return agencies.new_token(name, units, days, self._parts.ports)

    def trust_certificate(self, name: str, fingerprint: str, days: int) -> None:
        """Let an agency come under a certificate."""
        agencies.trust(name, fingerprint, days, self._parts.ports)

    def distrust_certificate(self, name: str, fingerprint: str) -> bool:
        """End a certificate of an agency; return whether it was known."""
        return agencies.distrust(name, fingerprint, self._parts.ports)

    def close_agency(self, name: str) -> None:
        """End the tokens of an agency."""
        agencies.close(name, self._parts.ports)

    def close(self) -> None:
        """Give the connections back."""
        self._parts.close()


class FileSeals:
    """The headers of the node's files for `lianxi keys`, which knows this class by name only."""

    def __init__(self, environment: Mapping[str, str] | None = None) -> None:
        settings = FileSettings.from_environment(environment)
        ring = KeyRing.from_file(Path(read("KEYRING_FILE", environment=environment)))
        self._headers = (
            FileHeaders(blobs.open_store(settings.place, settings.store_options), ring) if settings.place else None
        )

    def needing(self, key_name: str) -> int:
        """Count the files whose header this key seals."""
        return self._headers.keys()[key_name] if self._headers else 0

    def reseal(self) -> tuple[int, int]:
        """Seal the headers anew; return how many were, and how many do not open."""
        return self._headers.reseal() if self._headers else (0, 0)


class PersonDesk:
    """One person's request for `lianxi person`, which knows this class by name only: plain values in and out."""

    def __init__(self, login: str, environment: Mapping[str, str] | None = None) -> None:
        self._parts = build(Settings.from_environment(environment))
        self._parts.start()
        self._leader = access.person_called(login, self._parts.ports)

    def export(self, identity: Mapping[str, str], reason: str) -> dict[str, Any]:
        """Return everything the node keeps of a person."""
        return self._patiently(personal_data.export_person, identity, reason)

    def erase(self, identity: Mapping[str, str], reason: str) -> dict[str, Any]:
        """Blank what the node keeps of a person."""
        return self._patiently(personal_data.erase_person, identity, reason)

    def _patiently(
        self, run: Callable[..., dict[str, Any]], identity: Mapping[str, str], reason: str
    ) -> dict[str, Any]:
        """Run it again while the connection to the broker is only just coming up."""
        for _ in range(5):
            try:
                return run(self._leader, identity, reason, self._parts.ports)
            except NoAnswer as silence:
                if not silence.in_time:
                    raise
        return run(self._leader, identity, reason, self._parts.ports)

    def close(self) -> None:
        """Give the connections back."""
        self._parts.close()


def category_paths(catalogue: Path) -> tuple[str, ...]:
    """Return the paths of the catalogue of contents as a clerk types them, "" levels left out."""
    with catalogue.open(encoding="utf-8-sig", newline="") as file:
        return tuple("/".join(filter(None, row.values())) for row in csv.DictReader(file))


def node_names(topology_file: Path) -> dict[str, str]:
    """Return the names of all nodes by code."""
    content = yaml.safe_load(topology_file.read_text(encoding="utf-8"))
    return {str(code): str(node["name"]) for code, node in content["nodes"].items()}
