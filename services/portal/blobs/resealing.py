"""Giving every file a new header when the node's key changes: the content itself is not touched.

A header seals the key of its file with a key of the ring and names that key, so what still has to be done is seen in
the files; going over them can be stopped and begun again. A file is put in its place whole, like any other.
"""

from collections import Counter
from collections.abc import Iterator
from typing import Any

import obstore
from obstore.exceptions import BaseError, NotFoundError

from lianxi.runtime.crypto import KeyRing
from services.portal.blobs.sealing import LONGEST_HEADER, read_header, write_header
from services.portal.domain.files import FileDamaged, FilesAway

PART = 5 * 1024 * 1024
_TOKEN = 6
"""Where the sealed key begins, after the magic word and its length."""


class FileHeaders:
    """The headers of all files of a store."""

    def __init__(self, store: Any, ring: KeyRing) -> None:
        self._store = store
        self._ring = ring

    def keys(self) -> Counter[str]:
        """Count the files by the name of the key that their header is sealed with; "" for what has no header."""
        return Counter(_key_name(self._start(place)) for place, _ in self._places())

    def reseal(self) -> tuple[int, int]:
        """Write the headers that another key than the one in use seals anew; return how many, and how many failed."""
        done = failed = 0
        for place, size in self._places():
            try:
                start = self._start(place)
                if _key_name(start) == self._ring.current:
                    continue
                self._renew(place, start, size)
                done += 1
            except FileDamaged:
                failed += 1
            except (NotFoundError, FileNotFoundError):
                continue  # it was deleted meanwhile
        return done, failed

    def _places(self) -> Iterator[tuple[str, int]]:
        try:
            listed = [(str(entry["path"]), int(entry["size"])) for page in obstore.list(self._store) for entry in page]
        except BaseError:
            raise FilesAway from None
        yield from listed

    def _start(self, place: str) -> bytes:
        try:
            return bytes(obstore.get_range(self._store, place, start=0, length=LONGEST_HEADER))
        except (NotFoundError, FileNotFoundError):
            return b""
        except BaseError:
            raise FilesAway from None

    def _renew(self, place: str, start: bytes, size: int) -> None:
        header = read_header(start, place, self._ring)
        fresh = write_header(header.key, header.size, place, self._ring)
        if size <= PART:
            content = (
                obstore.get_range(self._store, place, start=header.length, end=size) if size > header.length else b""
            )
            obstore.put(self._store, place, fresh + bytes(content), use_multipart=False)
            return
        writer = obstore.open_writer(self._store, place, buffer_size=PART, max_concurrency=2)
        writer.write(fresh)
        for first in range(header.length, size, PART):
            writer.write(bytes(obstore.get_range(self._store, place, start=first, end=min(first + PART, size))))
        writer.close()  # until then the old file stands under this name


def _key_name(start: bytes) -> str:
    name, colon, _ = start[_TOKEN:].partition(b":")
    return name.decode("ascii", "replace") if colon else ""
