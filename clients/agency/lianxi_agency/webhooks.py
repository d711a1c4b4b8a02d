"""Looking at a webhook before it is believed."""

from collections.abc import Mapping, Sequence
from typing import Any

from standardwebhooks import Webhook, WebhookVerificationError


class NotGenuine(Exception):  # noqa: N818  reads as what the request is
    """No key fits, or the request is older than five minutes: answer 400 and forget it."""


def verify(keys: Sequence[str], headers: Mapping[str, str], body: str | bytes) -> dict[str, Any]:
    """Return the event of a webhook that was signed with one of `keys` (the new one and, for a day, the old one)."""
    for key in keys:
        try:
            event: dict[str, Any] = Webhook(key).verify(body, dict(headers))
        except (WebhookVerificationError, ValueError):
            continue
        return event
    raise NotGenuine
