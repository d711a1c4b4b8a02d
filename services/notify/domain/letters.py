"""A mail ready to go, and the account it goes through: plain values that use cases and senders share."""

from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path


@dataclass(frozen=True, kw_only=True, slots=True)
class Letter:
    """A message ready to go: a mail, a text message, a letter on paper. Never stored.

    Its id is the delivery's, so that a repeat can be recognised wherever it arrives. `provider` is the gateway that may
    have taken it already.
    """

    id: str
    sender: str
    to: str = field(repr=False)
    title: str = field(repr=False)
    body: str = field(repr=False)
    at: datetime
    provider: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class MailAccount:
    """How the mail server is reached; `address` is the sender's. The password is not shown."""

    host: str
    port: int
    address: str
    user: str = ""
    password: str = field(default="", repr=False)
    starttls: bool = False
    ca_file: Path | None = None
    timeout: float = 10.0
    dkim: "DkimKey | None" = None


@dataclass(frozen=True, kw_only=True, slots=True)
class DkimKey:
    """The key with which mail is signed (RFC 6376), and where its public half is found: selector._domainkey.domain."""

    domain: str
    selector: str
    private_key: bytes = field(repr=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class Envelope:
    """A letter for the print room: to whom, where, and what it says. Never stored."""

    id: str
    case_no: str
    name: str = field(repr=False)
    address: str = field(repr=False)
    sender: str
    title: str
    body: str = field(repr=False)
    at: datetime
