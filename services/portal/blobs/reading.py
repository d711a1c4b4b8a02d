"""Content that lies in numbered pieces of one size, read like a file: from anywhere, with one piece in memory."""

import io
from abc import abstractmethod
from collections.abc import Iterator
from typing import Any


class PiecedReader(io.RawIOBase):
    """A file in pieces; a subclass brings the pieces."""

    def __init__(self, size: int, piece_bytes: int) -> None:
        super().__init__()
        self.size = size
        self._piece_bytes = piece_bytes
        self._at = 0

    @abstractmethod
    def piece(self, number: int) -> bytes:
        """Return one piece."""

    def readable(self) -> bool:
        """Say yes."""
        return True

    def seekable(self) -> bool:
        """Say yes."""
        return True

    def tell(self) -> int:
        """Return where the next byte is read."""
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to a place."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self.size}[whence]
        self._at = max(0, base + offset)
        return self._at

    def readinto(self, buffer: Any) -> int:
        """Read what fits, at most to the end of a piece."""
        if self._at >= self.size or not len(buffer):
            return 0
        number, inside = divmod(self._at, self._piece_bytes)
        part = self.piece(number)[inside : inside + len(buffer)]
        buffer[: len(part)] = part
        self._at += len(part)
        return len(part)

    def read(self, size: int | None = -1) -> bytes:
        """Read as much as is asked for, less only at the end: picture and archive readers rely on it."""
        left = self.size - self._at if size is None or size < 0 else size
        parts = bytearray()
        while left > 0:
            part = super().read(min(left, self._piece_bytes))
            if not part:
                break
            parts += part
            left -= len(part)
        return bytes(parts)

    def pieces(self, first: int = 0, length: int | None = None) -> Iterator[bytes]:
        """Yield the content, or `length` bytes of it from `first` on."""
        self.seek(first)
        left = self.size - first if length is None else length
        while left > 0:
            part = self.read(min(left, self._piece_bytes))
            if not part:
                return
            left -= len(part)
            yield part
