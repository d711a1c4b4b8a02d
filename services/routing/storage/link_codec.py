"""Messages of a link as CloudEvents text, by the registry that all services share."""

from datetime import datetime
from typing import Any

from lianxi.contracts import envelope
from lianxi.runtime import tracing
from services.routing.domain.link_frames import Letter


class EnvelopeCodec:
    """Writes and reads messages for the node `node`."""

    def __init__(self, node: str) -> None:
        self._node = node

    def encode(self, message: Any, *, message_id: str, subject: str, time: datetime) -> str:
        """Return the text of a message."""
        return envelope.encode(
            message,
            id=message_id,
            node=self._node,
            service="routing",
            time=time,
            subject=subject,
            traceparent=tracing.passed_on(subject),
        ).decode()

    def decode(self, text: str) -> Any:
        """Return the message; raises `Undecodable` or `UnknownMessage`."""
        opened = envelope.decode(text.encode())
        tracing.hear(opened.subject, opened.traceparent)
        return opened.message


class NoSeals:
    """No signatures: a node without signing keys trusts what its neighbours' brokers vouch for."""

    def sign(self, _letter: Letter) -> str:
        """Return no signature."""
        return ""

    def verify(self, letter: Letter) -> bool:
        """Accept what is unsigned; a signature nobody here can check is not accepted as one."""
        return not letter.sig
