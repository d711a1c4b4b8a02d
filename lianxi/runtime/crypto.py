"""Keys of a node: sealing personal data field by field, and hashes that let equal values be found.

A key ring is one file, readable by its owner only. It holds the sealing keys of the node by name, of which one is
current: what is sealed carries the name of its key, so after a rotation old rows still open and new rows use the
new key. Two keys are shared by the whole city: *index*, for keyed hashes by which levels recognise the same person
without exchanging names, and *transport*, for what travels with a case from one node to the next. A sealed value is
bound to its context (for example the column and the row it belongs to) and opens in no other place.
"""

import base64
import binascii
import hashlib
import hmac
import os
from dataclasses import dataclass
from pathlib import Path

import yaml
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

KEY_BYTES = 32
NONCE_BYTES = 12
TRANSPORT = "t"


class CannotOpen(Exception):  # noqa: N818  reads as what happened
    """A sealed value was altered, belongs to another place, or its key is not in the ring."""


@dataclass(frozen=True)
class KeyRing:
    """The keys of one node. Its text form shows no key."""

    current: str
    keys: dict[str, bytes]
    index: bytes
    transport: bytes

    def __post_init__(self) -> None:
        """Refuse a ring that could not seal or that would seal weakly."""
        if self.current not in self.keys:
            raise ValueError(f"the key ring names {self.current!r} as its current key but does not hold it")
        if TRANSPORT in self.keys or any(":" in name for name in self.keys):
            raise ValueError(f"a key may not be called {TRANSPORT!r} or carry a colon in its name")
        if any(len(key) != KEY_BYTES for key in (*self.keys.values(), self.index, self.transport)):
            raise ValueError(f"every key in the ring must be {KEY_BYTES} bytes")

    def __repr__(self) -> str:
        """Name the keys, never show them."""
        return f"KeyRing(current={self.current!r}, keys={sorted(self.keys)})"

    @classmethod
    def from_file(cls, path: Path) -> "KeyRing":
        """Read a ring from YAML or JSON: `current`, `keys`, `index`, `transport`, all keys in base64."""
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
        try:
            return cls(
                current=str(content["current"]),
                keys={str(name): base64.b64decode(text, validate=True) for name, text in content["keys"].items()},
                index=base64.b64decode(content["index"], validate=True),
                transport=base64.b64decode(content["transport"], validate=True),
            )
        except (KeyError, TypeError, AttributeError, binascii.Error):
            raise ValueError(f"{path.name} is not a key ring: current, keys, index and transport are needed") from None

    @classmethod
    def generate(cls, *, index: bytes | None = None, transport: bytes | None = None) -> "KeyRing":
        """Make a ring with one fresh key; give the city's index and transport keys where they already exist."""
        return cls(
            current="k1",
            keys={"k1": os.urandom(KEY_BYTES)},
            index=index or os.urandom(KEY_BYTES),
            transport=transport or os.urandom(KEY_BYTES),
        )

    def write(self, path: Path) -> None:
        """Write the ring to a new file that only its owner may read."""
        content = {
            "current": self.current,
            "keys": {name: base64.b64encode(key).decode() for name, key in self.keys.items()},
            "index": base64.b64encode(self.index).decode(),
            "transport": base64.b64encode(self.transport).decode(),
        }
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            yaml.safe_dump(content, file)

    def seal(self, plain: str, context: str) -> str:
        """Seal `plain` with the current key, bound to `context`."""
        return _seal(self.current, self.keys[self.current], plain, context)

    def open(self, token: str, context: str) -> str:
        """Return what `seal` was given; raise `CannotOpen` for any other token or context."""
        name, _, _ = token.partition(":")
        if name not in self.keys:
            raise CannotOpen(f"the key ring holds no key {name!r}" if name.isalnum() else "not a sealed value")
        return _open(self.keys[name], token, context)

    def seal_for_transport(self, plain: str, context: str) -> str:
        """Seal with the city's transport key: every node of the city can open it."""
        return _seal(TRANSPORT, self.transport, plain, context)

    def open_from_transport(self, token: str, context: str) -> str:
        """Return what `seal_for_transport` was given on any node of the city."""
        if not token.startswith(f"{TRANSPORT}:"):
            raise CannotOpen("not sealed for transport")
        return _open(self.transport, token, context)

    def keyed_hash(self, value: str, purpose: str) -> str:
        """Return a hash that is equal for equal values of one purpose anywhere in the city, and tells nothing else."""
        message = purpose.encode() + b"\x00" + value.encode()
        return hmac.new(self.index, message, hashlib.sha256).hexdigest()


def _seal(name: str, key: bytes, plain: str, context: str) -> str:
    nonce = os.urandom(NONCE_BYTES)
    sealed = AESGCM(key).encrypt(nonce, plain.encode(), context.encode())
    return f"{name}:{base64.b64encode(nonce + sealed).decode()}"


def _open(key: bytes, token: str, context: str) -> str:
    _, _, text = token.partition(":")
    try:
        raw = base64.b64decode(text, validate=True)
        return AESGCM(key).decrypt(raw[:NONCE_BYTES], raw[NONCE_BYTES:], context.encode()).decode()
    except (binascii.Error, ValueError, InvalidTag):
        raise CannotOpen("the sealed value was altered or belongs to another place") from None
