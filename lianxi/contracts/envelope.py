"""The envelope of every message: CloudEvents 1.0, structured JSON.

``encode`` wraps a message, ``decode`` reads bytes of a stranger. Beside the CloudEvents attributes an envelope has
``schemaversion`` (``1.0``) and, for case events, ``caseseq`` and ``caseepoch``: the place in the case's order and the
fencing token. ``traceparent`` says which request it follows from (the CloudEvents extension for distributed tracing)
and is never a reason to refuse anything. What is not a sound envelope, or does not hold what its type promises, is
``Undecodable``; a sound envelope of a type or major version this program does not know is an ``UnknownMessage``,
which is kept until the program is newer.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from lianxi.casework.errors import Broken, Invalid, Refused
from lianxi.contracts.leaves import LARGEST_WHOLE, Misfit, read_instant
from lianxi.contracts.registry import MESSAGES, name_in, type_of, version_of
from lianxi.contracts.schemas import dump, load


class Undecodable(Refused):
    """These bytes are no message of Lianxi, whatever its version; ``field`` says where it fails."""

    title = "消息无法解读"


class UnknownMessage(Broken):
    """A sound envelope whose type or major version this program does not know; ``key`` and ``seq`` keep its place."""

    title = "消息类型或版本未知"

    def __init__(self, wire_type: str, key: str | None, seq: int | None) -> None:
        super().__init__(
            f"本版本不认识消息类型 {wire_type}，已留存，升级后可继续处理。", details={"message": wire_type}
        )
        self.type = wire_type
        self.key = key
        self.seq = seq


@dataclass(frozen=True, kw_only=True, slots=True)
class Envelope:
    """A decoded message. ``data`` is what the sender wrote, also what this version ignores: the chain is over it."""

    id: str
    type: str
    node: str
    service: str
    time: datetime
    subject: str
    seq: int | None
    epoch: int | None
    message: Any
    data: Mapping[str, Any]
    traceparent: str = ""

    @property
    def source(self) -> str:
        """Where the message was made, as CloudEvents writes it."""
        return f"lianxi://{self.node}/{self.service}"

    @property
    def name(self) -> str:
        """The message name, without version."""
        return str(self.message.MESSAGE.name)


@dataclass(frozen=True, slots=True)
class Written:
    """The data of a message as JSON text, and the schema version it was written by."""

    version: str
    data: str


_write = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode


def encode(
    message: Any,
    *,
    id: str,  # noqa: A002  the CloudEvents name
    node: str,
    service: str,
    time: datetime,
    subject: str,
    seq: int | None = None,
    epoch: int | None = None,
    written: Written | None = None,
    traceparent: str = "",
) -> bytes:
    """Return the envelope of a message as UTF-8 JSON. ``subject`` is what it is about, as a rule the case number.

    ``written`` is the data of this very message as it was written before; it is passed on as it is, and with it what
    a newer version may have put into it.
    """
    if time.tzinfo is None:
        raise ValueError("an envelope needs an instant with its offset")
    envelope: dict[str, Any] = {
        "specversion": "1.0",
        "id": id,
        "source": f"lianxi://{node}/{service}",
        "type": type_of(message),
        "schemaversion": version_of(message) if written is None else written.version,
        "time": time.isoformat(),
        "subject": subject,
        "datacontenttype": "application/json",
    }
    if seq is not None:
        envelope["caseseq"] = seq
    if epoch is not None:
        envelope["caseepoch"] = epoch
    if traceparent:
        envelope["traceparent"] = traceparent
    if written is None:
        return _write({**envelope, "data": dump(message)}).encode()
    return f'{_write(envelope)[:-1]},"data":{written.data}}}'.encode()


def decode(raw: bytes) -> Envelope:
    """Read an envelope; Undecodable or UnknownMessage if that cannot be done."""
    envelope = _parsed(raw)
    wire_type, subject = _text(envelope, "type"), _text(envelope, "subject", required=False)
    seq, epoch = _whole(envelope, "caseseq"), _whole(envelope, "caseepoch")
    if envelope.get("specversion") != "1.0":
        raise _undecodable("specversion", "信封版本应为 CloudEvents 1.0。")
    node, service = _source(_text(envelope, "source"))
    identity, time = _text(envelope, "id"), _time(envelope)
    cls = MESSAGES.get(wire_type)
    if cls is None:
        if name_in(wire_type) is None:
            raise _undecodable("type", "消息类型不是本系统的类型。")
        raise UnknownMessage(wire_type, subject or None, seq)
    _check_version(envelope, cls)
    data, traceparent = envelope.get("data"), envelope.get("traceparent")
    try:
        message = load(cls, data, within="data")
    except Invalid as error:
        raise Undecodable(error.message, rule=error.rule, field=error.field, details=error.details) from None
    return Envelope(
        id=identity,
        type=wire_type,
        node=node,
        service=service,
        time=time,
        subject=subject,
        seq=seq,
        epoch=epoch,
        message=message,
        data=data or {},
        traceparent=traceparent if type(traceparent) is str else "",
    )


def _undecodable(field: str, message: str) -> Undecodable:
    return Undecodable(message, rule="envelope", field=field)


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


_read = json.JSONDecoder(parse_constant=_no_constant).decode


def _parsed(raw: bytes) -> dict[str, Any]:
    try:
        text = raw.decode("utf-8")
        envelope = _read(text)
        if "\\u" in text and _has_unstorable(envelope):
            raise _undecodable("", "消息含有无法保存的字符（空字符或不完整的字符）。")
    except (ValueError, RecursionError):
        raise _undecodable("", "消息不是 UTF-8 编码的 JSON。") from None
    if type(envelope) is not dict:
        raise _undecodable("", "信封应当是一个 JSON 对象。")
    return envelope


_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def _has_unstorable(value: Any) -> bool:
    """Whether an escape hid half a character, or the NUL that no database column takes."""
    waiting = [value]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            waiting += [*value, *value.values()]
        elif isinstance(value, list):
            waiting += value
        elif isinstance(value, str) and _UNSTORABLE.search(value):
            return True
    return False


def _text(envelope: dict[str, Any], name: str, *, required: bool = True) -> str:
    value = envelope.get(name, "" if not required else None)
    if type(value) is not str or (required and not value):
        raise _undecodable(name, f"信封属性 {name} 缺失或不是文字。")
    return value


def _whole(envelope: dict[str, Any], name: str) -> int | None:
    value = envelope.get(name)
    if value is not None and (type(value) is not int or not 0 <= value <= LARGEST_WHOLE):
        raise _undecodable(name, f"信封属性 {name} 应当是非负整数。")
    return value


_SOURCE = re.compile(r"lianxi://([1-9]\d{5}(?:\d{3})?)/([a-z][a-z0-9-]*)", re.ASCII)


def _source(text: str) -> tuple[str, str]:
    match = _SOURCE.fullmatch(text)
    if match is None:
        raise _undecodable("source", "信封属性 source 应形如 lianxi://630104/routing。")
    return match[1], match[2]


def _time(envelope: dict[str, Any]) -> datetime:
    try:
        return read_instant(envelope.get("time"))
    except Misfit as misfit:
        raise _undecodable("time", misfit.message) from None


_VERSION = re.compile(r"(0|[1-9]\d{0,8})\.(0|[1-9]\d{0,8})", re.ASCII)


def _check_version(envelope: dict[str, Any], cls: type[Any]) -> None:
    match = _VERSION.fullmatch(_text(envelope, "schemaversion"))
    if match is None or int(match[1]) != cls.MESSAGE.major:
        raise _undecodable("schemaversion", "信封属性 schemaversion 应形如 1.0，且主版本与类型一致。")
