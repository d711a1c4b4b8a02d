"""Asking for receipts: gateways that call nobody back have an address that says what became of a message.

It is asked again and again, at longer and longer intervals, until it says that the message arrived or that nobody got
it, or until it is given up; then the message stays `sent`, with the reason `no-receipt`. Everything here is pure.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from urllib.parse import quote

from services.notify.domain.gateway_answers import Match, filled, match_of

NO_RECEIPT = "no-receipt"
"""Why nobody asks for the receipt of a message any more."""

USUAL_PAUSES = (60, 300, 900, 3600)
USUAL_HOURS = 72.0
SHORTEST_PAUSE = 5
UNDER_HTTP_ERROR = 300
NOT_FOUND = 404
_URL = re.compile(r"https?://[^\s]+")
_KEYS = frozenset(["url", "method", "headers", "body", "every", "hours", "arrived", "lost", "unknown", "by_id"])


class Heard(StrEnum):
    """What a gateway says of a message when it is asked.

    `UNKNOWN` is a denial. Of a message that was taken it means nothing, because some gateways know it only some time
    later; of one that may have been taken it says that it was not.
    """

    ARRIVED = "arrived"
    LOST = "lost"
    UNDER_WAY = "under-way"
    UNKNOWN = "unknown"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to wait before each question; after the last pause it is always the last; and when to give up."""

    pauses: tuple[int, ...]
    gives_up_after: timedelta

    def ask_again(self, asked: int, now: datetime) -> datetime:
        """Return when to ask for the next time, after `asked` questions."""
        return now + timedelta(seconds=self.pauses[min(asked, len(self.pauses) - 1)])

    def is_over(self, sent_at: datetime, now: datetime) -> bool:
        """Return whether enough was asked for a message that left at `sent_at`."""
        return now - sent_at >= self.gives_up_after


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusAddress:
    """Where a gateway says what became of a message, how it is asked, and what its answers mean.

    `by_id` says that it can be asked by our own id of a message, so also of one that it never answered.
    """

    url: str
    method: str
    headers: Mapping[str, str] = field(repr=False)
    body: Any = field(repr=False)
    form: bool
    timeout: float
    arrived: Match
    lost: Match
    unknown: Match
    by_id: bool
    patience: Patience

    def address_of(self, number: str) -> str:
        """Return where a message is asked for; its number cannot change the path."""
        return str(filled(self.url, {"number": quote(number, safe="")}))

    def body_of(self, number: str) -> Any:
        """Return what is sent along with the question, None if nothing is."""
        return filled(self.body, {"number": number}) if self.body else None

    def meaning(self, status: int, text: str) -> Heard:
        """Return what an answer says of the message; NOTHING if the gateway cannot tell now."""
        if status == NOT_FOUND:
            return Heard.UNKNOWN
        if status >= UNDER_HTTP_ERROR:
            return Heard.NOTHING
        try:
            answer = json.loads(text)
        except (ValueError, RecursionError):
            return Heard.NOTHING
        if self.unknown.holds(answer):
            return Heard.UNKNOWN
        if self.arrived.holds(answer):
            return Heard.ARRIVED
        return Heard.LOST if self.lost.holds(answer) else Heard.UNDER_WAY


def read_status(
    place: str, given: object, gateway: Mapping[str, Any], secret: str, mistakes: list[str]
) -> StatusAddress | None:
    """Return what a gateway's section says of asking; None if it says nothing. `mistakes` grows by what is wrong."""
    if not isinstance(given, Mapping):
        return None
    mistakes += [f"{place}.{key}: unknown" for key in sorted(given.keys() - _KEYS)]
    url, body = str(given.get("url", "")), given.get("body")
    if not _URL.fullmatch(url):
        mistakes.append(f"{place}.url: must be an address that begins with http:// or https://")
    if "${number}" not in url and "${number}" not in json.dumps(body):
        mistakes.append(f"{place}: url or body must say ${{number}}, else no message is meant")
    arrived, lost = match_of(given.get("arrived")), match_of(given.get("lost"))
    if not (arrived.field and arrived.values):
        mistakes.append(f"{place}.arrived: is needed: the field that says that a message arrived, and its values")
    headers = filled(dict(given.get("headers") or gateway.get("headers") or {}), {"secret": secret})
    return StatusAddress(
        url=filled(url, {"secret": secret}),
        method=str(given.get("method", "POST" if body else "GET")).upper(),
        headers={name: str(value) for name, value in headers.items()},
        body=filled(body or {}, {"secret": secret}),
        form=gateway.get("encoding") == "form",
        timeout=float(gateway.get("timeout", 5)),
        arrived=arrived,
        lost=lost,
        unknown=match_of(given.get("unknown")),
        by_id=not gateway.get("number") or given.get("by_id") is True,
        patience=_patience(place, given, mistakes),
    )


def _patience(place: str, given: Mapping[str, Any], mistakes: list[str]) -> Patience:
    every, hours = given.get("every", list(USUAL_PAUSES)), given.get("hours", USUAL_HOURS)
    pauses = every if isinstance(every, list) else [every]
    if not pauses or not all(isinstance(pause, int) and pause >= SHORTEST_PAUSE for pause in pauses):
        mistakes.append(f"{place}.every: must be seconds, each at least {SHORTEST_PAUSE}")
        pauses = list(USUAL_PAUSES)
    if not isinstance(hours, int | float) or hours <= 0:
        mistakes.append(f"{place}.hours: must be more than 0")
        hours = USUAL_HOURS
    return Patience(tuple(pauses), timedelta(hours=hours))
