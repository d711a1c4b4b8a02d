"""Asking another service once more when it did not answer, and answering a repeated request with the first answer.

Both rest on the command id: the services remember under it what they answered, so a question sent twice has one
effect. The id of a request with an idempotency key is kept from its first appearance on, together with the moment of
that appearance, so that a client who repeats after a crash repeats the very same command.
"""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from services.portal.domain.accounts import Principal
from services.portal.domain.answers import Answer, NoAnswer
from services.portal.domain.limits import RequestReused, check_key
from services.portal.handlers import Ports
from services.portal.handlers.books import Books

PUBLIC = "public"


@dataclass(frozen=True, slots=True)
class Attempt:
    """One request that changes something: the id it is known by, and when it was first made."""

    command_id: str
    first_at: datetime


def ask(ports: Ports, door: str, body: dict[str, Any], *, command_id: str | None = None) -> dict[str, Any]:
    """Return the answer to `door` ("routing.case"); ask a second time when the first got no answer in time."""
    service, _, method = door.partition(".")
    try:
        return ports.calls.call(service, method, body, command_id=command_id)
    except NoAnswer as silence:
        if silence.in_time:
            raise
    return ports.calls.call(service, method, body, command_id=command_id)


def once(
    ports: Ports,
    person: Principal | None,
    key: str | None,
    content: tuple[str, Any],
    run: Callable[[Attempt], Answer],
) -> Answer:
    """Run a request, or return what it was answered before under the same key and content."""
    if key is None:
        return run(Attempt(ports.new_id(), ports.clock.now()))
    kept = _Kept(ports, person, key)
    with ports.open_books() as books:
        attempt, answered = kept.begin(books, content)
    if answered:
        return answered
    answer = run(attempt)
    with ports.open_books() as books:
        kept.finish(books, answer)
    return answer


def once_here(
    ports: Ports, person: Principal | None, key: str | None, content: tuple[str, Any], run: Callable[[Books], Answer]
) -> Answer:
    """Do what changes nothing but the portal's own books, in one transaction with the note of the request.

    Where two come under one key at the same instant, the second waits at the primary key of the notes until the first
    is through, and has its answer: what `run` writes is there once.
    """
    if key is None:
        with ports.open_books() as books:
            return run(books)
    kept = _Kept(ports, person, key)
    with ports.open_books() as books:
        _, answered = kept.begin(books, content)
        if answered:
            return answered
        answer = run(books)
        kept.finish(books, answer)
    return answer


class _Kept:
    """The place in the books of one request that may be repeated."""

    def __init__(self, ports: Ports, person: Principal | None, key: str) -> None:
        check_key(key)
        self._ports = ports
        self._scope = person.account_id if person else PUBLIC
        self._digest = ports.secrets.keyed_hash(key, f"portal.request.{self._scope}")
        self._context = f"portal.repeated_request:{self._scope}:{self._digest}"

    def begin(self, books: Books, content: tuple[str, Any]) -> tuple[Attempt, Answer | None]:
        """Return the attempt, and its answer if it was answered before; refuse another content."""
        ports, fingerprint = self._ports, _fingerprint(content)
        known = books.repeated.begin(
            self._scope,
            self._digest,
            fingerprint=fingerprint,
            command_id=ports.new_id(),
            first_at=ports.clock.now(),
        )
        if known.fingerprint != fingerprint:
            raise RequestReused
        attempt = Attempt(known.command_id, known.first_at)
        if known.status is None or known.sealed_answer is None:
            return attempt, None
        return attempt, Answer(known.status, json.loads(ports.secrets.open(known.sealed_answer, self._context)))

    def finish(self, books: Books, answer: Answer) -> None:
        """Keep the answer."""
        sealed = self._ports.secrets.seal(json.dumps(answer.body, ensure_ascii=False), self._context)
        books.repeated.finish(self._scope, self._digest, status=answer.status, sealed_answer=sealed)


def _fingerprint(content: tuple[str, Any]) -> str:
    canonical = json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"), default=str)
    return hashlib.sha256(canonical.encode()).hexdigest()
