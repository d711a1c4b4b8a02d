"""What the use cases of files need from outside: the store of bytes, the scanner, the node above, and the tools."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from services.portal.domain.files import Arrival


class Content(Protocol):
    """A file that can be read from anywhere."""

    @property
    def size(self) -> int:
        """How many bytes it has."""

    def pieces(self, first: int = 0, length: int | None = None) -> Iterator[bytes]:
        """Yield the content, or `length` bytes of it from `first` on."""


class Store(Protocol):
    """The bytes of this node's files. Raises `FileMissing`, `FileDamaged`, `FilesAway`, `WrongContent`."""

    def write_chunk(self, upload_id: str, number: int, content: bytes) -> None:
        """Keep one chunk."""

    def arrival(self, upload_id: str, size: int) -> Arrival:
        """Return how far a file has come in without a gap."""

    def incoming(self, upload_id: str, size: int) -> Content:
        """Return the content of a file that has come in, not yet in its place."""

    def drop_incoming(self, upload_id: str) -> None:
        """Delete the chunks of a file."""

    def keep(self, sha256: str, content: Any) -> None:
        """Put a file into its place; refuse content that is not what its name says."""

    def keep_thumbnail(self, sha256: str, picture: bytes) -> None:
        """Keep the small picture of a file."""

    def read(self, sha256: str) -> Content:
        """Return a file."""

    def read_thumbnail(self, sha256: str) -> Content:
        """Return the small picture of a file."""

    def holds(self, sha256: str) -> bool:
        """Whether a file is here, whole and open to our keys."""

    def quarantine(self, sha256: str) -> None:
        """Take a file out of reach."""

    def erase(self, sha256: str) -> None:
        """Delete a file with everything made from it."""


class Verdict(Protocol):
    """What came of a scan."""

    @property
    def outcome(self) -> str:
        """`clean`, `infected`, `later` or `not-scanned`."""

    @property
    def finding(self) -> str:
        """What was found, or why nothing could be said."""


class Scanner(Protocol):
    """Looks for viruses."""

    def scan(self, pieces: Iterable[bytes]) -> Verdict:
        """Return what came of it."""


class Piece(Protocol):
    """Part of a file as the node above sent it."""

    @property
    def content(self) -> bytes:
        """Its bytes."""

    @property
    def media_type(self) -> str:
        """What the node above says the file is."""

    @property
    def size(self) -> int:
        """How many bytes the whole file has."""


class Parent(Protocol):
    """The node above, as far as files go. What it raises, `FileRoom.reason` puts into a word."""

    def wanted(self) -> list[dict[str, Any]]:
        """Return the files that the node above wants from here."""

    def fetch(self, chore: Mapping[str, Any], offset: int) -> Iterator[Piece]:
        """Yield a file from `offset` on."""

    def bring(self, sha256: str, pieces: Callable[[int], Iterator[bytes]], size: int) -> None:
        """Give a file to the node above from where it has got to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileRoom:
    """Everything that has to do with bytes of files. `link_secrets` are those of the children, by code."""

    store: Store
    scanner: Scanner
    media_type_of: Callable[[Any], str]
    draw_thumbnail: Callable[[Any, str], bytes | None]
    parent: Parent | None
    link_secrets: Mapping[str, str]
    signature_holds: Callable[[str, str, str, Mapping[str, str], bytes], bool]
    reason: Callable[[Exception], str | None]
    """A word for what kept a file from coming, None for an error that is our own."""
    wake: Callable[[], None]
    """Tells the porter that there is something to do."""
