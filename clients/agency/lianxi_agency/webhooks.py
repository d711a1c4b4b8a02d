"""Looking at a webhook before it is believed, whether it is signed with a shared key (v1) or a key pair (v1a)."""

import base64
import json
import time
from collections.abc import Mapping, Sequence
from typing import Any

from standardwebhooks import Webhook, WebhookVerificationError

PUBLIC_KEY, KEY_PAIR = "whpk_", "v1a"
TOLERANCE = 300
"""Seconds by which the clocks of both sides may differ; Standard Webhooks allows as much."""


class NotGenuine(Exception):  # noqa: N818  reads as what the request is
    """No key fits, or the request is older than five minutes: answer 400 and forget it."""


def verify(keys: Sequence[str], headers: Mapping[str, str], body: str | bytes) -> dict[str, Any]:
    """Return the event of a webhook that was signed with one of `keys` (the new one and, for a day, the old one).

    A key is what the operator gave: `whsec_…` is shared, `whpk_…` is the public half of a pair and needs the package
    `cryptography` (`pip install "lianxi-agency[ed25519]"`).
    """
    for key in keys:
        try:
            return _signed_by_pair(key, headers, body) if key.startswith(PUBLIC_KEY) else _shared(key, headers, body)
        except (WebhookVerificationError, ValueError):
            continue
    raise NotGenuine


def _shared(key: str, headers: Mapping[str, str], body: str | bytes) -> dict[str, Any]:
    event: dict[str, Any] = Webhook(key).verify(body, dict(headers))
    return event


def _signed_by_pair(key: str, headers: Mapping[str, str], body: str | bytes) -> dict[str, Any]:
    try:
        from cryptography.exceptions import InvalidSignature  # noqa: PLC0415  (who has a shared key needs none of it)
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey  # noqa: PLC0415
    except ImportError as missing:
        raise RuntimeError("a key whpk_… needs cryptography: pip install 'lianxi-agency[ed25519]'") from missing
    given = {name.lower(): value for name, value in headers.items()}
    identity, stamp = given.get("webhook-id", ""), given.get("webhook-timestamp", "")
    if abs(time.time() - int(stamp)) > TOLERANCE:
        raise ValueError("too old")
    content = body.encode() if isinstance(body, str) else body
    public = Ed25519PublicKey.from_public_bytes(base64.b64decode(key.removeprefix(PUBLIC_KEY)))
    for one in given.get("webhook-signature", "").split():
        scheme, _, signature = one.partition(",")
        if scheme != KEY_PAIR:
            continue
        try:
            public.verify(base64.b64decode(signature), f"{identity}.{stamp}.".encode() + content)
        except InvalidSignature:
            continue
        event: dict[str, Any] = json.loads(content)
        return event
    raise ValueError("no signature fits")
