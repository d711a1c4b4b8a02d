"""Where the wire and the bus meet: a message becomes an outgoing one, an incoming one becomes a message.

`lianxi.contracts` knows schemas and no broker, `lianxi.bus` carries bytes and knows no case; every service needs both
sides joined in the same way, and this is that joint.
"""

from datetime import datetime
from typing import Any

from lianxi.bus.messages import TOGETHER, Incoming, Outgoing, RawMessage
from lianxi.casework.messages.events import CaseEvent
from lianxi.contracts import envelope
from lianxi.contracts.registry import type_of
from lianxi.runtime import tracing
from lianxi.runtime.clock import new_id

EXCHANGE = "case"
SEVERAL = "case.several"
"""The routing key of case events that travel together; a queue that wants all case events gets them."""
ALONE = frozenset({"case-delivered", "case-returned"})
"""Case events that some queue asks for by name (deploy/xining/bus.yaml): in company they would not reach it."""

# The first word of the routing key, by message; queues bind to it (deploy/xining/bus.yaml). Case events say "case".
_KINDS = {
    "contact-registered": "contact",
    "dossier-received": "dossier",
    "case-sealed": "dossier",
    "directive-notice": "notice",
    "wish-refused": "notice",
    "notice-chosen": "notice",
    "notice-choice-arrived": "notice",
    "clock-warned": "supervision",
    "clock-breached": "supervision",
    "clock-escalated": "supervision",
    "supervision-proposed": "supervision",
    "supervision-ordered": "supervision",
    "right-lapsed": "supervision",
    "materials-kept": "materials",
    "materials-arrived": "materials",
}


def decode(raw: RawMessage) -> Incoming:
    """Read what came from the broker. Raises the envelope's Undecodable and UnknownMessage."""
    opened = envelope.decode(raw.body)
    tracing.hear(opened.subject, opened.traceparent)
    return Incoming(
        id=opened.id,
        type=opened.type,
        key=opened.subject if opened.seq is not None else None,
        seq=opened.seq,
        body=opened.message,
        raw=raw,
    )


def outgoing(
    message: Any, *, node: str, service: str, time: datetime, written: envelope.Written | None = None
) -> Outgoing:
    """Wrap a message for this node's `case` exchange; a case event takes its place in the case's order along.

    `written` is its data as it was recorded, if that is known: then nothing is written anew.
    """
    head = message.head if isinstance(message, CaseEvent) else None
    subject = head.case_no if head else str(getattr(message, "case_no", "") or getattr(message, "contact_no", ""))
    identity = f"{head.case_no}.{head.seq}.{head.digest[:12]}" if head else new_id()
    name = message.MESSAGE.name
    kind = "case" if head else _KINDS[name]
    body = envelope.encode(
        message,
        id=identity,
        node=node,
        service=service,
        time=time,
        subject=subject,
        seq=head.seq if head else None,
        epoch=head.epoch if head else None,
        written=written,
        traceparent=tracing.passed_on(subject),
    )
    headers = {TOGETHER: SEVERAL} if head and name not in ALONE else {}
    return Outgoing(identity, type_of(message), EXCHANGE, f"{kind}.{name}", body, headers)
