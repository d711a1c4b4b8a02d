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
    check_key(key, signed_in=person is not None)
    scope = person.account_id if person else PUBLIC
    key_digest = ports.secrets.keyed_hash(key, f"portal.request.{scope}")
    context = f"portal.repeated_request:{scope}:{key_digest}"
    fingerprint = _fingerprint(content)
    with ports.open_books() as books:
        known = books.repeated.begin(
            scope,
            key_digest,
            fingerprint=fingerprint,
            command_id=ports.new_id(),
            first_at=ports.clock.now(),
        )
    if known.fingerprint != fingerprint:
        raise RequestReused
    if known.status is not None and known.sealed_answer is not None:
        return Answer(known.status, json.loads(ports.secrets.open(known.sealed_answer, context)))
    answer = run(Attempt(known.command_id, known.first_at))
    sealed = ports.secrets.seal(json.dumps(answer.body, ensure_ascii=False), context)
    with ports.open_books() as books:
        books.repeated.finish(scope, key_digest, status=answer.status, sealed_answer=sealed)
    return answer


def _fingerprint(content: tuple[str, Any]) -> str:
    canonical = json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"), default=str)
    return hashlib.sha256(canonical.encode()).hexdigest()
