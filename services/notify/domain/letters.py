"""A mail ready to go, and the account it goes through: plain values that use cases and senders share."""

from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path


@dataclass(frozen=True, kw_only=True, slots=True)
class Letter:
    """A mail. Its id is the delivery's, so that a repeat can be recognised wherever it arrives. Never stored."""

    id: str
    sender: str
    to: str = field(repr=False)
    title: str = field(repr=False)
    body: str = field(repr=False)
    at: datetime


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
