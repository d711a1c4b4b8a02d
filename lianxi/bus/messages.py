"""The three forms of a message: as it came from the broker, as a handler reads it, as a handler sends one.

`RawMessage` is bytes and headers, nothing decoded. A service's `decode` turns it into an `Incoming`; the bus itself
only needs its id and its place in an ordering stream. What a service tells others is an `Outgoing`, handed to
`Work.publish`. Two errors belong to decoding: `Undecodable` (nobody could ever read it: dead letter) and
`UnknownMessage` (a newer sender speaks: parked until this service is upgraded). A `decode` may raise errors of its
own tree instead: one whose `code` is `unknown-message` parks, every other one goes to the dead letters.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

MAX_BODY = 4 * 1024 * 1024
"""Bytes a body may have; files travel outside the bus, and one message above the broker's limit blocks a link."""

OUTBOX_CHANNEL = "lianxi_outbox"
"""The notification channel that wakes the relay; its payload is the schema."""

STREAM_START = "stream-start"
"""Header: this message opens its stream here although its `seq` is not 1 (a case that came from another node)."""

STREAM_KEY = "stream-key"
STREAM_SEQ = "stream-seq"
"""Headers that name the place in the stream for readers who cannot decode the body."""

EXPIRATION = "x-expiration-ms"
"""Header of an outgoing message: milliseconds after which the broker may throw it away unread."""

TRANSIENT = "x-persistent"
"""Header of an outgoing message; `"false"`: the broker need not keep it over its own restart."""

CONTENT_TYPE = "x-content-type"
"""Header of an outgoing message: the media type of its body, if that is not plain JSON.

The relay turns these three into properties of the message; nobody receives them as headers.
"""

TOGETHER = "x-together"
"""Header of an outgoing message: it may travel with its neighbours as one message, under this routing key.

Every queue that wants the message must want that key, too. Nobody receives this header.
"""


class Undecodable(Exception):  # noqa: N818  reads as what the message is
    """The body cannot be read by any version of this program."""

    code = "undecodable"


class UnknownMessage(Exception):  # noqa: N818
    """The envelope is sound, but this version does not know the type or its major version."""

    code = "unknown-message"

    def __init__(self, type: str, *, key: str | None = None, seq: int | None = None) -> None:  # noqa: A002
        super().__init__(f"message type {type} is not known to this version")
        self.type = type
        self.key = key
        self.seq = seq


@dataclass(frozen=True, slots=True)
class RawMessage:
    """One message as the broker delivered it; `tag` is the delivery tag, None when it comes from a table."""

    body: bytes
    headers: Mapping[str, Any] = field(default_factory=dict)
    message_id: str | None = None
    type: str | None = None
    exchange: str = ""
    routing_key: str = ""
    tag: int | None = None

    @property
    def starts_stream(self) -> bool:
        """Return whether the sender says that the stream begins here."""
        return str(self.headers.get(STREAM_START, "")).lower() == "true"


@dataclass(frozen=True, slots=True)
class Incoming:
    """One message as a handler reads it; `key` and `seq` are its ordering stream, both None when it has none."""

    id: str
    type: str
    key: str | None
    seq: int | None
    body: Any
    raw: RawMessage


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One message to be sent once the transaction it belongs to has been committed."""

    id: str
    type: str
    exchange: str
    routing_key: str
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse what the broker would refuse: there it would block everything behind it."""
        if len(self.body) > MAX_BODY:
            raise ValueError(f"message {self.id} has {len(self.body)} bytes, more than the {MAX_BODY} a body may have")
        if not self.id or len(self.routing_key.encode()) > 255:  # noqa: PLR2004  the protocol's limit
            raise ValueError("a message needs an id and a routing key of at most 255 bytes")
        if not self.headers.get(EXPIRATION, "0").isdecimal():
            raise ValueError(f"{EXPIRATION} is a whole number of milliseconds, not {self.headers[EXPIRATION]!r}")
