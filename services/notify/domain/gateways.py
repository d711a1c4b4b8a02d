"""Gateways for text messages as one small file describes them: what is asked, how answers and receipts are read.

Everything here is pure: a description, and what an answer or a callback means by it. A gateway that did not take
a message (`DOWN`, with the time it asked for) may be passed over at once; one that may have taken it (`UNSURE`) is
asked again within a minute where it can be (`can_be_asked`), else the message counts as sent until a receipt says
otherwise.
"""

import base64
import hashlib
import hmac
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from enum import StrEnum
from typing import Any
from urllib.parse import parse_qsl

from lianxi.casework.errors import Forbidden, Invalid, Unknown
from services.notify.domain.deliveries import Fate, Result
from services.notify.domain.gateway_answers import Match, filled, match_of, picked
from services.notify.domain.receipt_questions import StatusAddress, read_status
from services.notify.domain.rules import RulesRefused

LONGEST_WAIT = timedelta(hours=1)
"""The longest a gateway may ask to be left alone."""

FRESH = timedelta(minutes=5)
"""How old a signed receipt may be."""

NOW_BUSY = frozenset({429, 503})
OUR_FAULT = frozenset({401, 402, 403, 404, 405, 407})
UNDER_HTTP_ERROR = 400
SERVER_ERROR = 500
MAY_HAVE_TAKEN = "may-have-taken"


class WhenUnsure(StrEnum):
    """What to do with a message that a gateway may have taken.

    `ASK`: ask that gateway after a moment, and give the message to the next one if it denies it or is still away.
    `WAIT`: ask that gateway alone, however long it takes. `PASS_ON`: give it to the next one at once.
    """

    ASK = "ask"
    WAIT = "wait"
    PASS_ON = "pass-on"  # noqa: S105  no password


NO_MATCH = Match()


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipts:
    """How a gateway reports: who may (`kind` token, hmac or standard-webhooks), and where it says what."""

    kind: str
    header: str
    secret: str = field(repr=False)
    list_in: str = ""
    number: str = ""
    arrived: Match = NO_MATCH
    lost: Match = NO_MATCH


@dataclass(frozen=True, slots=True, kw_only=True)
class Gateway:
    """One gateway as its section of the file describes it."""

    name: str
    url: str
    method: str
    headers: Mapping[str, str] = field(repr=False)
    body: Any = field(repr=False)
    form: bool
    timeout: float
    taken: Match
    busy: Match
    refused: Match
    nobody: Match
    number: str
    knows_ids: bool
    when_unsure: WhenUnsure
    receipts: Receipts | None
    status: StatusAddress | None

    @property
    def can_be_asked(self) -> bool:
        """Whether it can say of a message that it never answered whether it has it."""
        return self.knows_ids or bool(self.status and self.status.by_id)

    def filled(self, values: Mapping[str, str]) -> Any:
        """Return the body of a request with `values` in its places."""
        return filled(self.body, values)

    def meaning(self, status: int, headers: Mapping[str, str], text: str, letter_id: str, now: datetime) -> Result:
        """Return what an answer means for the message that was sent."""
        try:
            answer = json.loads(text) if text else None
        except (ValueError, RecursionError):
            answer = None
        if self.busy.holds(answer) or status in NOW_BUSY:
            return Result(Fate.DOWN, f"sms-{status}", provider=self.name, until=_asked_wait(headers, now))
        if self.nobody.holds(answer) or self.refused.holds(answer):
            dead = self.nobody.holds(answer)
            reason = "sms-no-such-number" if dead else "sms-refused"
            return Result(Fate.NEVER, reason, dead=dead, provider=self.name)
        if status < UNDER_HTTP_ERROR:
            return self._accepted(status, answer, letter_id)
        fate = Fate.UNSURE if status >= SERVER_ERROR else Fate.DOWN if status in OUR_FAULT else Fate.NEVER
        return Result(fate, f"sms-{status}", provider=self.name)

    def _accepted(self, status: int, answer: Any, letter_id: str) -> Result:
        redirected = status >= 300  # noqa: PLR2004  a redirect took nothing
        if redirected:
            return Result(Fate.DOWN, f"sms-{status}", provider=self.name)
        if self.taken.field and not self.taken.holds(answer):
            return Result(Fate.UNSURE, "sms-answer-unreadable", provider=self.name)
        number = picked(answer, self.number) if self.number else letter_id
        return Result(Fate.TAKEN, provider=self.name, receipt=number)


def _asked_wait(headers: Mapping[str, str], now: datetime) -> datetime | None:
    """Return when a gateway wants to be asked again (Retry-After, in seconds or as a date)."""
    asked = next((value for name, value in headers.items() if name.lower() == "retry-after"), "").strip()
    if asked.isascii() and asked.isdigit() and len(asked) < 7:  # noqa: PLR2004  a week has six digits of seconds
        until = now + timedelta(seconds=int(asked))
    else:
        try:
            until = parsedate_to_datetime(asked)
        except (TypeError, ValueError):
            return None
        if until.tzinfo is None:
            return None
    return min(until, now + LONGEST_WAIT)


@dataclass(frozen=True, slots=True)
class Said:
    """A receipt as a gateway wrote it."""

    number: str
    arrived: bool


def receipts_in(
    gateways: Sequence[Gateway], provider: str, headers: Mapping[str, str], body: str, now: datetime
) -> list[Said]:
    """Return the receipts of a callback; refuse a gateway that is not known or not who it says, and what is garbage."""
    gateway = next((each for each in gateways if each.name == provider), None)
    if gateway is None or gateway.receipts is None:
        raise Unknown("短信网关", provider[:40])
    described = gateway.receipts
    if not _is_genuine(described, headers, body, now):
        raise Forbidden("回执的签名或令牌无效。", rule="receipt-signature")
    content = _content(body, headers)
    entries = _at(content, described.list_in)
    found = [_said(described, entry) for entry in (entries if isinstance(entries, list) else [entries])]
    return [said for said in found if said is not None]


def _at(content: Any, path: str) -> Any:
    for step in path.split(".") if path else ():
        content = content.get(step) if isinstance(content, Mapping) else None
    return content


def _said(described: Receipts, entry: Any) -> Said | None:
    """Return one receipt; None while the message is still on its way."""
    number = picked(entry, described.number)
    if not number:
        raise Invalid("body", "receipt", "回执中没有消息编号。")
    if described.arrived.holds(entry):
        return Said(number, arrived=True)
    return Said(number, arrived=False) if described.lost.holds(entry) else None


def _content(body: str, headers: Mapping[str, str]) -> Any:
    if "x-www-form-urlencoded" in headers.get("content-type", ""):
        return dict(parse_qsl(body))
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        raise Invalid("body", "receipt", "回执内容无法读取。") from None


def _is_genuine(described: Receipts, headers: Mapping[str, str], body: str, now: datetime) -> bool:
    given = headers.get(described.header.lower(), "")
    if not described.secret or not given:
        return False
    if described.kind == "token":
        return hmac.compare_digest(given.removeprefix("Bearer ").encode(), described.secret.encode())
    if described.kind == "hmac":
        made = hmac.new(described.secret.encode(), body.encode(), hashlib.sha256).hexdigest()
        return hmac.compare_digest(given.lower().removeprefix("sha256=").encode(), made.encode())
    return _is_webhook(described.secret, headers, given, body, now)


def _is_webhook(secret: str, headers: Mapping[str, str], given: str, body: str, now: datetime) -> bool:
    """Return whether a callback is signed as Standard Webhooks says, and fresh."""
    stamp, identity = headers.get("webhook-timestamp", ""), headers.get("webhook-id", "")
    if not (stamp.isascii() and stamp.isdigit() and len(stamp) < 12):  # noqa: PLR2004  seconds since 1970
        return False
    if abs(now.timestamp() - int(stamp)) > FRESH.total_seconds():
        return False
    try:
        key = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    except ValueError:
        return False
    signed = hmac.new(key, f"{identity}.{stamp}.{body}".encode(), hashlib.sha256).digest()
    expected = b"v1," + base64.b64encode(signed)
    return any(hmac.compare_digest(each.encode(), expected) for each in given.split())


_KEYS = frozenset(
    [
        "url",
        "method",
        "headers",
        "secret_file",
        "body",
        "encoding",
        "timeout",
        "taken",
        "busy",
        "refused",
        "nobody",
        "number",
        "knows_ids",
        "when_unsure",
        "receipts",
        "status",
    ]
)
_URL = re.compile(r"https?://[^\s]+")


def read_gateways(data: object, secret_of: Callable[[str], str], file: str = "sms.yaml") -> tuple[Gateway, ...]:
    """Read the gateways in the order in which they are asked; raise `RulesRefused` with every mistake."""
    mistakes: list[str] = []
    given = data.get("gateways") if isinstance(data, Mapping) else None
    sections = given if isinstance(given, Mapping) else {}
    if not sections:
        mistakes.append("gateways: there is none")
    made = tuple(_gateway(str(name), section, secret_of, mistakes) for name, section in sections.items())
    if mistakes:
        raise RulesRefused(file, mistakes)
    return made


def _gateway(name: str, section: object, secret_of: Callable[[str], str], mistakes: list[str]) -> Gateway:
    given: Mapping[str, Any] = section if isinstance(section, Mapping) else {}
    place = f"gateways.{name}"
    mistakes += [f"{place}.{key}: unknown" for key in sorted(given.keys() - _KEYS)]
    if not _URL.fullmatch(str(given.get("url", ""))):
        mistakes.append(f"{place}.url: must be an address that begins with http:// or https://")
    if given.get("encoding", "json") not in {"json", "form"}:
        mistakes.append(f"{place}.encoding: must be json or form")
    unsure = given.get("when_unsure", WhenUnsure.ASK.value)
    if unsure not in set(WhenUnsure):
        mistakes.append(f"{place}.when_unsure: must be ask, wait or pass-on")
    secret = secret_of(str(given["secret_file"])) if given.get("secret_file") else ""
    headers = {str(key): str(value) for key, value in dict(given.get("headers") or {}).items()}
    return Gateway(
        name=name,
        url=str(given.get("url", "")),
        method=str(given.get("method", "POST")).upper(),
        headers=filled(headers, {"secret": secret}),
        body=filled(given.get("body") or {}, {"secret": secret}),
        form=given.get("encoding") == "form",
        timeout=float(given.get("timeout", 5)),
        taken=match_of(given.get("taken")),
        busy=match_of(given.get("busy")),
        refused=match_of(given.get("refused")),
        nobody=match_of(given.get("nobody")),
        number=str(given.get("number", "")),
        knows_ids=given.get("knows_ids") is True,
        when_unsure=WhenUnsure(unsure) if unsure in set(WhenUnsure) else WhenUnsure.ASK,
        receipts=_receipts(f"{place}.receipts", given.get("receipts"), secret_of, mistakes),
        status=read_status(f"{place}.status", given.get("status"), given, secret, mistakes),
    )


def _receipts(place: str, given: object, secret_of: Callable[[str], str], mistakes: list[str]) -> Receipts | None:
    if not isinstance(given, Mapping):
        return None
    kind = str(given.get("kind", ""))
    if kind not in {"token", "hmac", "standard-webhooks"}:
        mistakes.append(f"{place}.kind: must be token, hmac or standard-webhooks; a receipt must say who sends it")
    if not given.get("secret_file") or not given.get("number"):
        mistakes.append(f"{place}: secret_file and number are needed")
        return None
    usual = {"token": "authorization", "hmac": "x-signature"}.get(kind, "webhook-signature")
    return Receipts(
        kind=kind,
        header=str(given.get("header", usual)),
        secret=secret_of(str(given["secret_file"])),
        list_in=str(given.get("list", "")),
        number=str(given["number"]),
        arrived=match_of(given.get("arrived")),
        lost=match_of(given.get("lost")),
    )
