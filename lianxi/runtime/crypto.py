"""Keys of a node: sealing personal data field by field, and hashes that let equal values be found.

A key ring is one file, readable by its owner only. It holds the sealing keys of the node by name, of which one is
current: what is sealed carries the name of its key, so after a rotation old rows still open and new rows use the
new key. Two kinds of key are shared by the whole city: *index*, for keyed hashes by which levels recognise the same
person without exchanging names, and *transport*, for what travels with a case from one node to the next. Of each a
ring may hold several while the city changes over: all are accepted, one is used. A ring that was read from a file
looks, whenever it is used, whether the file has changed, so services follow a rotation without a restart. A sealed
value is bound to its context (for example the column and the row it belongs to) and opens in no other place.
"""

import base64
import binascii
import hashlib
import hmac
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import yaml
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from lianxi.runtime.logging import logger

KEY_BYTES = 32
NONCE_BYTES = 12
TRANSPORT = "t"
"""The name of a city's first transport key; later ones are called t2, t3 and so on."""
INDEX = "i"
_TRANSPORT_NAME = re.compile(r"t[0-9]*")
_NAME = re.compile(r"[a-z][a-z0-9]{0,15}")


class CannotOpen(Exception):  # noqa: N818  reads as what happened
    """A sealed value was altered, belongs to another place, or its key is not in the ring."""


@dataclass(frozen=True)
class CityKeys:
    """Keys of one kind that the whole city shares: all are accepted, the current one is used."""

    current: str
    keys: Mapping[str, bytes]

    @property
    def in_use(self) -> bytes:
        """The current key."""
        return self.keys[self.current]


@dataclass(frozen=True, repr=False)
class RingContent:
    """What a ring file says at one moment."""

    current: str
    keys: Mapping[str, bytes]
    index: CityKeys
    transport: CityKeys
    born: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def simple(cls, current: str, keys: Mapping[str, bytes], index: bytes, transport: bytes) -> "RingContent":
        """Return a ring with one key of each kind that the city shares."""
        return cls(current, dict(keys), CityKeys(INDEX, {INDEX: index}), CityKeys(TRANSPORT, {TRANSPORT: transport}))

    def __post_init__(self) -> None:
        """Refuse a ring that could not seal or that would seal weakly."""
        if self.current not in self.keys:
            raise ValueError(f"the key ring names {self.current!r} as its current key but does not hold it")
        for kind, shared in (("index", self.index), ("transport", self.transport)):
            if shared.current not in shared.keys:
                raise ValueError(f"the key ring names {shared.current!r} as its {kind} key but does not hold it")
        if any(_TRANSPORT_NAME.fullmatch(name) or ":" in name for name in self.keys):
            raise ValueError(f"a key may not be called like a transport key ({TRANSPORT!r}, 't2') or carry a colon")
        everything = (*self.keys.values(), *self.index.keys.values(), *self.transport.keys.values())
        if any(len(key) != KEY_BYTES for key in everything):
            raise ValueError(f"every key in the ring must be {KEY_BYTES} bytes")

    def __repr__(self) -> str:
        """Name the keys, never show them."""
        return f"RingContent(current={self.current!r}, keys={sorted(self.keys)})"

    def kind(self, kind: str) -> tuple[str, Mapping[str, bytes]]:
        """Return the current name and the keys of a kind: "node", "index" or "transport"."""
        if kind == "node":
            return self.current, self.keys
        shared = self.index if kind == "index" else self.transport
        return shared.current, shared.keys

    def changed(self, kind: str, current: str, keys: Mapping[str, bytes]) -> "RingContent":
        """Return this content with other keys of one kind."""
        if kind == "node":
            return replace(self, current=current, keys=keys)
        if kind == "index":
            return replace(self, index=CityKeys(current, keys))
        return replace(self, transport=CityKeys(current, keys))


class KeyRing:
    """The keys of one node. Its text form shows no key."""

    def __init__(self, content: RingContent, path: Path | None = None) -> None:
        """Hold `content`; with `path`, follow that file, which said just this."""
        self._content = content
        self._path = path
        self._seen: tuple[int, int] | None = None

    @classmethod
    def from_file(cls, path: Path) -> "KeyRing":
        """Read a ring from YAML or JSON and follow the file from then on; ValueError when it holds no ring."""
        return cls(read_ring(path), path)

    @classmethod
    def generate(cls, *, index: bytes | None = None, transport: bytes | None = None) -> "KeyRing":
        """Make a ring with one fresh key; give the city's index and transport keys where they already exist."""
        return cls(RingContent.simple("k1", {"k1": new_key()}, index or new_key(), transport or new_key()))

    def __repr__(self) -> str:
        """Name the keys, never show them."""
        return f"KeyRing(current={self.current!r}, keys={sorted(self.keys)})"

    __hash__ = None  # type: ignore[assignment]  # what a ring holds may change

    def __eq__(self, other: object) -> bool:
        """Rings are equal when they hold the same keys."""
        return isinstance(other, KeyRing) and self.content == other.content

    @property
    def content(self) -> RingContent:
        """What the ring holds now; a file that changed is read again, one that cannot be read changes nothing."""
        if self._path is not None:
            self._follow(self._path)
        return self._content

    @property
    def current(self) -> str:
        """The name of the key that seals."""
        return self.content.current

    @property
    def keys(self) -> Mapping[str, bytes]:
        """The sealing keys of the node by name."""
        return self.content.keys

    @property
    def index(self) -> bytes:
        """The index key in use."""
        return self.content.index.in_use

    @property
    def transport(self) -> bytes:
        """The transport key in use."""
        return self.content.transport.in_use

    def write(self, path: Path) -> None:
        """Write the ring to a new file that only its owner may read."""
        _write(self.content, path)

    def seal(self, plain: str, context: str) -> str:
        """Seal `plain` with the current key, bound to `context`."""
        content = self.content
        return _seal(content.current, content.keys[content.current], plain, context)

    def open(self, token: str, context: str) -> str:
        """Return what `seal` was given; raise `CannotOpen` for any other token or context."""
        return _open_with(self.content.keys, token, context)

    def seal_for_transport(self, plain: str, context: str) -> str:
        """Seal with the city's transport key: every node of the city can open it."""
        transport = self.content.transport
        return _seal(transport.current, transport.in_use, plain, context)

    def open_from_transport(self, token: str, context: str) -> str:
        """Return what `seal_for_transport` was given on any node of the city, with any transport key still accepted."""
        if not _TRANSPORT_NAME.fullmatch(token.partition(":")[0]):
            raise CannotOpen("not sealed for transport")
        return _open_with(self.content.transport.keys, token, context)

    def keyed_hash(self, value: str, purpose: str) -> str:
        """Return a hash that is equal for equal values of one purpose anywhere in the city, and tells nothing else."""
        return _hash(self.content.index.in_use, value, purpose)

    def keyed_hashes(self, value: str, purpose: str) -> tuple[str, ...]:
        """Return the hash by every index key that is accepted, the one in use first: what to look for."""
        index = self.content.index
        others = [key for name, key in index.keys.items() if name != index.current]
        return tuple(_hash(key, value, purpose) for key in (index.in_use, *others))

    def _follow(self, path: Path) -> None:
        try:
            mark = _mark(path)
            if mark == self._seen:
                return
            self._content, self._seen = read_ring(path), mark
        except (OSError, ValueError, yaml.YAMLError):
            if self._seen is not None:
                logger("lianxi.runtime.crypto").error(
                    "the key ring cannot be read again", kept=sorted(self._content.keys)
                )
            self._seen = None


def new_key() -> bytes:
    """Return a fresh key."""
    return os.urandom(KEY_BYTES)


def read_ring(path: Path) -> RingContent:
    """Read what a ring file says; ValueError when it says no ring."""
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    try:
        return RingContent(
            current=str(content["current"]),
            keys=_keys(content["keys"]),
            index=_city_keys(content, "index", INDEX),
            transport=_city_keys(content, "transport", TRANSPORT),
            born={str(name): str(day) for name, day in content.get("born", {}).items()},
        )
    except (KeyError, TypeError, AttributeError, binascii.Error):
        raise ValueError(f"{path.name} is not a key ring: current, keys, index and transport are needed") from None


def replace_ring(path: Path, content: RingContent) -> None:
    """Put a ring in the place of the one in `path`: a reader finds the old one or the new one, never half of one."""
    beside = path.with_name(f".{path.name}.new")
    beside.unlink(missing_ok=True)
    _write(content, beside)
    beside.replace(path)
    directory = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)


def check_name(kind: str, name: str) -> None:
    """Raise ValueError for a name that a key of this kind may not have."""
    if not _NAME.fullmatch(name):
        raise ValueError("a key is named by a letter and up to fifteen small letters or digits")
    if (kind == "transport") != bool(_TRANSPORT_NAME.fullmatch(name)):
        raise ValueError("transport keys, and only they, are called t, t2, t3 and so on")


def _mark(path: Path) -> tuple[int, int]:
    found = path.stat()
    return found.st_mtime_ns, found.st_ino


def _keys(named: Mapping[str, str]) -> dict[str, bytes]:
    return {str(name): base64.b64decode(text, validate=True) for name, text in named.items()}


def _city_keys(content: Mapping[str, Any], kind: str, first: str) -> CityKeys:
    """Read `index: KEY` with its name in `index_name` and the other accepted keys in `other_index_keys`."""
    current = str(content.get(f"{kind}_name", first))
    in_use = base64.b64decode(content[kind], validate=True)
    return CityKeys(current, {current: in_use, **_keys(content.get(f"other_{kind}_keys", {}))})


def _write(content: RingContent, path: Path) -> None:
    said: dict[str, Any] = {"current": content.current, "keys": _texts(content.keys)}
    for kind, shared, first in (("index", content.index, INDEX), ("transport", content.transport, TRANSPORT)):
        said[kind] = _texts(shared.keys)[shared.current]
        if shared.current != first:
            said[f"{kind}_name"] = shared.current
        if others := {name: key for name, key in shared.keys.items() if name != shared.current}:
            said[f"other_{kind}_keys"] = _texts(others)
    if content.born:
        said["born"] = dict(content.born)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        yaml.safe_dump(said, file)
        file.flush()
        os.fsync(descriptor)


def _texts(keys: Mapping[str, bytes]) -> dict[str, str]:
    return {name: base64.b64encode(key).decode() for name, key in keys.items()}


def _hash(key: bytes, value: str, purpose: str) -> str:
    message = purpose.encode() + b"\x00" + value.encode()
    return hmac.new(key, message, hashlib.sha256).hexdigest()


def _seal(name: str, key: bytes, plain: str, context: str) -> str:
    nonce = os.urandom(NONCE_BYTES)
    sealed = AESGCM(key).encrypt(nonce, plain.encode(), context.encode())
    return f"{name}:{base64.b64encode(nonce + sealed).decode()}"


def _open_with(keys: Mapping[str, bytes], token: str, context: str) -> str:
    name, _, text = token.partition(":")
    if name not in keys:
        raise CannotOpen(f"the key ring holds no key {name!r}" if name.isalnum() else "not a sealed value")
    try:
        raw = base64.b64decode(text, validate=True)
        return AESGCM(keys[name]).decrypt(raw[:NONCE_BYTES], raw[NONCE_BYTES:], context.encode()).decode()
    except (binascii.Error, ValueError, InvalidTag):
        raise CannotOpen("the sealed value was altered or belongs to another place") from None
