"""Where the bytes of files lie: a directory or an S3-compatible store, everything in it sealed.

    files/ab/cdef…         a file by the SHA-256 of its content, so the same file is kept once
    thumbnails/ab/cdef…    its small picture
    quarantine/ab/cdef…    a file in which the scanner found something
    incoming/<id>/000007   chunks of a file on its way in

What stands under a name in `files` is always whole: it is written beside and put in place at the end.
"""

import hashlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Protocol

import obstore
from obstore.exceptions import BaseError, NotFoundError
from obstore.store import LocalStore, S3Store

from services.portal.blobs.reading import PiecedReader
from services.portal.blobs.sealing import (
    LONGEST_HEADER,
    Header,
    Ring,
    SealedReader,
    key_name,
    read_header,
    sealed,
    write_header,
)
from services.portal.domain.files import CHUNK_BYTES, Arrival, FileDamaged, FileMissing, FilesAway, WrongContent

PART = 5 * 1024 * 1024
"""S3 takes no smaller parts."""
_PATIENCE = {"connect_timeout": "5s", "timeout": "60s"}
_RETRIES: Any = {"max_retries": 2}


class Readable(Protocol):
    """Content that can be read from anywhere."""

    size: int

    def pieces(self, first: int = 0, length: int | None = None) -> Iterator[bytes]:
        """Yield the content, or `length` bytes of it from `first` on."""
        ...


def open_store(place: str, options: dict[str, str]) -> Any:
    """Return the store at a directory or `s3://bucket/prefix`; `options` are those of S3 (endpoint, keys, region)."""
    if place.startswith("s3://"):
        client = {**_PATIENCE, "allow_http": options.get("endpoint", "").startswith("http://")}
        return S3Store.from_url(place, config=options, client_options=client, retry_config=_RETRIES)  # type: ignore[arg-type]
    return LocalStore(Path(place), mkdir=True, automatic_cleanup=True)


class BlobStore:
    """The files of this node."""

    def __init__(self, store: Any, ring: Ring) -> None:
        self._store = store
        self._ring = ring

    def write_chunk(self, upload_id: str, number: int, content: bytes) -> None:
        """Keep one chunk; the same chunk again takes its own place."""
        path = _chunk_path(upload_id, number)
        self._put(path, sealed([content], len(content), path, self._ring), len(content))

    def arrival(self, upload_id: str, size: int) -> Arrival:
        """Return how far a file has come in without a gap."""
        prefix = f"incoming/{upload_id}/"
        try:
            listed = [entry["path"] for page in obstore.list(self._store, prefix) for entry in page]
        except BaseError:
            raise FilesAway from None
        here, number = {int(path.rpartition("/")[2]) for path in listed if path[-6:].isdigit()}, 0
        while number in here:
            number += 1
        return Arrival(min(number * CHUNK_BYTES, size), size)

    def incoming(self, upload_id: str, size: int) -> "Incoming":
        """Return the content of a file that has come in, not yet in its place."""
        return Incoming(self, upload_id, size)

    def drop_incoming(self, upload_id: str) -> None:
        """Delete the chunks of a file."""
        try:
            for page in obstore.list(self._store, f"incoming/{upload_id}/"):
                obstore.delete(self._store, [entry["path"] for entry in page])
        except NotFoundError:
            return
        except BaseError:
            raise FilesAway from None

    def keep(self, sha256: str, content: Readable) -> None:
        """Put a file into its place; refuse content that is not what its name says."""
        if digest_of(content.pieces()) != sha256:
            raise WrongContent
        place = _path("files", sha256)
        self._put(place, sealed(content.pieces(), content.size, place, self._ring), content.size)

    def keep_thumbnail(self, sha256: str, picture: bytes) -> None:
        """Keep the small picture of a file."""
        place = _path("thumbnails", sha256)
        self._put(place, sealed([picture], len(picture), place, self._ring), len(picture))

    def read(self, sha256: str) -> SealedReader:
        """Return a file."""
        return self._reader(_path("files", sha256))

    def read_thumbnail(self, sha256: str) -> SealedReader:
        """Return the small picture of a file."""
        return self._reader(_path("thumbnails", sha256))

    def holds(self, sha256: str) -> bool:
        """Whether a file is here, whole and open to our keys."""
        try:
            self.read(sha256)
        except (FileMissing, FileDamaged):
            return False
        return True

    def quarantine(self, sha256: str) -> None:
        """Take a file out of reach, sealed anew for its new place."""
        source, place = self.read(sha256), _path("quarantine", sha256)
        self._put(place, sealed(source.pieces(), source.size, place, self._ring), source.size)
        self._delete(_path("files", sha256))

    def erase(self, sha256: str) -> None:
        """Delete a file with everything made from it."""
        for folder in ("thumbnails", "quarantine", "files"):
            self._delete(_path(folder, sha256))

    def reseal(self, key_in_use: str) -> tuple[int, int]:
        """Give every file a header sealed with the key in use; return how many got one, and how many do not open."""
        done = lost = 0
        for place in self._places():
            start = self._fetch(place, 0, LONGEST_HEADER)
            if key_name(start) == key_in_use:
                continue
            try:
                header = read_header(start, place, self._ring)
            except FileDamaged:
                lost += 1
                continue
            self._put(place, self._with_new_header(place, header), header.size)
            done += 1
        return done, lost

    def _places(self) -> list[str]:
        try:
            listed = [str(entry["path"]) for page in obstore.list(self._store) for entry in page]
        except BaseError:
            raise FilesAway from None
        return [path for path in listed if not path.startswith("incoming/")]

    def _with_new_header(self, place: str, header: Header) -> Iterator[bytes]:
        """Yield a file under a new header; its frames stay as they are, only their key is sealed anew."""
        yield write_header(header.key, header.size, place, self._ring)
        at, end = header.length, header.length + header.sealed_size
        while at < end:
            part = self._fetch(place, at, min(PART, end - at))
            yield part
            at += len(part)

    def chunk(self, upload_id: str, number: int) -> bytes:
        """Return the content of one chunk."""
        return b"".join(self._reader(_chunk_path(upload_id, number)).pieces())

    def _reader(self, place: str) -> SealedReader:
        start = self._fetch(place, 0, LONGEST_HEADER)
        header = read_header(start, place, self._ring)
        return SealedReader(header, lambda first, length: self._fetch(place, first, length))

    def _fetch(self, place: str, first: int, length: int) -> bytes:
        try:
            return bytes(obstore.get_range(self._store, place, start=first, length=length))
        except (NotFoundError, FileNotFoundError):
            raise FileMissing from None
        except BaseError:
            raise FilesAway from None

    def _put(self, place: str, pieces: Iterable[bytes], size: int) -> None:
        try:
            if size <= PART:
                obstore.put(self._store, place, b"".join(pieces), use_multipart=False)
            else:
                # not `put` with an iterator: it may not read from this store while it writes
                writer = obstore.open_writer(self._store, place, buffer_size=PART, max_concurrency=2)
                for piece in pieces:
                    writer.write(piece)
                writer.close()  # until then nothing stands under this name
        except BaseError:
            raise FilesAway from None

    def _delete(self, place: str) -> None:
        try:
            obstore.delete(self._store, place)
        except (NotFoundError, FileNotFoundError):
            return
        except BaseError:
            raise FilesAway from None


class Incoming(PiecedReader):
    """A file that lies in chunks, readable from anywhere."""

    def __init__(self, store: BlobStore, upload_id: str, size: int) -> None:
        super().__init__(size, CHUNK_BYTES)
        self._store = store
        self._upload_id = upload_id
        self._held: tuple[int, bytes] = (-1, b"")

    def piece(self, number: int) -> bytes:
        """Return one chunk."""
        if self._held[0] != number:
            self._held = (number, self._store.chunk(self._upload_id, number))
        return self._held[1]


def digest_of(pieces: Iterable[bytes]) -> str:
    """Return the SHA-256 of content."""
    digest = hashlib.sha256()
    for piece in pieces:
        digest.update(piece)
    return digest.hexdigest()


def _path(folder: str, sha256: str) -> str:
    return f"{folder}/{sha256[:2]}/{sha256[2:]}"


def _chunk_path(upload_id: str, number: int) -> str:
    return f"incoming/{upload_id}/{number:06}"
