"""Keys of webhooks and what they sign: Standard Webhooks, with a shared key or with a key pair of this node.

A key is prepared once and then signs event after event; what was prepared stays with the process as long as it is used.
"""

import base64
import secrets
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import lru_cache

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from standardwebhooks import Webhook

from services.notify.domain.agencies import Scheme

_SHARED, _PRIVATE, _PUBLIC = "whsec_", "whsk_", "whpk_"
_KEYS_READY = 1024


def make_key(scheme: Scheme) -> tuple[str, str]:
    """Return a new key to sign with, and what the agency verifies with."""
    if scheme is Scheme.SHARED:
        shared = _SHARED + base64.b64encode(secrets.token_bytes(32)).decode()
        return shared, shared
    private = Ed25519PrivateKey.generate()
    public = base64.b64encode(private.public_key().public_bytes_raw()).decode()
    return _PRIVATE + base64.b64encode(private.private_bytes_raw()).decode(), _PUBLIC + public


def signed(keys: Sequence[str], message_id: str, now: datetime, body: str) -> dict[str, str]:
    """Return the three headers of Standard Webhooks, with a signature for each key."""
    stamp = int(now.timestamp())
    signatures = " ".join(_signer(key)(message_id, stamp, body) for key in keys)
    return {"webhook-id": message_id, "webhook-timestamp": str(stamp), "webhook-signature": signatures}


@lru_cache(maxsize=_KEYS_READY)
def _signer(key: str) -> Callable[[str, int, str], str]:
    if key.startswith(_SHARED):
        shared = Webhook(key)
        return lambda message_id, stamp, body: shared.sign(message_id, datetime.fromtimestamp(stamp, UTC), body)
    private = Ed25519PrivateKey.from_private_bytes(base64.b64decode(key.removeprefix(_PRIVATE)))

    def sign(message_id: str, stamp: int, body: str) -> str:
        return "v1a," + base64.b64encode(private.sign(f"{message_id}.{stamp}.{body}".encode())).decode()

    return sign
