"""How many requests a minute are let in, and what an idempotency key must look like."""

import ipaddress
from dataclasses import dataclass

from lianxi.casework.errors import Conflict, Invalid

KEY_LENGTH = range(16, 129)
"""Of an idempotency key, the same for everybody: strangers share one scope, so a key must not be met by chance."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Requests a minute: of one account, of one address without an account, and of what strangers may do."""

    account: int = 6000
    address: int = 600
    filing: int = 60
    tracking: int = 60
    sign_in: int = 30


class RequestReused(Conflict):
    """The same idempotency key came with another content."""

    def __init__(self) -> None:
        super().__init__("同一请求编号（Idempotency-Key）已用于另一项内容。请换一个新的请求编号后重新提交。")


def check_key(key: str) -> str:
    """Return an idempotency key that is long enough not to be met by chance."""
    if len(key) not in KEY_LENGTH or not key.isascii() or not key.isprintable() or " " in key:
        raise Invalid(
            "Idempotency-Key",
            "idempotency-key",
            f"请求编号（Idempotency-Key）应为{KEY_LENGTH.start}至{KEY_LENGTH[-1]}个可见的英文字符，且不含空格，"
            "每项请求各用一个，例如一个 UUID。",
        )
    return key


def network_of(address: str) -> str:
    """Return what counts as one address: an IPv4 address, or the /64 network an IPv6 subscriber has to itself."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return "unknown"
    if parsed.version == 4:  # noqa: PLR2004  the version of the protocol
        return str(parsed)
    return str(ipaddress.ip_network((parsed, 64), strict=False))
