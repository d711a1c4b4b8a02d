"""The materials (材料) of a case: which files are taken in, how large they may be, and what becomes of them.

A file is known by the SHA-256 of its content and kept once, however often it is handed in; an attachment is one file
in one case. What a file is, its content says, never its name. Bytes are not handled here: the portal carries them,
intake keeps the book.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from lianxi.casework.errors import Conflict, Invalid
from lianxi.casework.identifiers import DivisionCode

MAX_NAME = 200
MEGABYTE = 1024 * 1024
RELAYED_FOR_DAYS = 7
"""How long a file is kept that only passed through this node on its way between two others."""


class Kind(StrEnum):
    """What kinds of files are taken in."""

    PHOTO = "photo"
    PDF = "pdf"
    OFFICE = "office"
    AUDIO = "audio"
    VIDEO = "video"


_OPEN_XML = "application/vnd.openxmlformats-officedocument"
_OPEN_DOCUMENT = "application/vnd.oasis.opendocument"
KIND_OF: Mapping[str, Kind] = {
    **dict.fromkeys(("image/jpeg", "image/png", "image/gif", "image/webp", "image/bmp", "image/tiff"), Kind.PHOTO),
    "image/heic": Kind.PHOTO,
    "application/pdf": Kind.PDF,
    "application/ofd": Kind.PDF,
    **dict.fromkeys(("application/msword", "application/vnd.ms-excel", "application/vnd.ms-powerpoint"), Kind.OFFICE),
    "application/x-ole-storage": Kind.OFFICE,
    f"{_OPEN_XML}.wordprocessingml.document": Kind.OFFICE,
    f"{_OPEN_XML}.spreadsheetml.sheet": Kind.OFFICE,
    f"{_OPEN_XML}.presentationml.presentation": Kind.OFFICE,
    f"{_OPEN_DOCUMENT}.text": Kind.OFFICE,
    f"{_OPEN_DOCUMENT}.spreadsheet": Kind.OFFICE,
    f"{_OPEN_DOCUMENT}.presentation": Kind.OFFICE,
    **dict.fromkeys(("audio/mpeg", "audio/mp4", "audio/wav", "audio/amr", "audio/ogg", "audio/flac"), Kind.AUDIO),
    "audio/aac": Kind.AUDIO,
    **dict.fromkeys(("video/mp4", "video/quicktime", "video/3gpp", "video/x-msvideo", "video/mpeg"), Kind.VIDEO),
    **dict.fromkeys(("video/webm", "video/x-matroska"), Kind.VIDEO),
}
"""The media types that are taken in, each with its kind; everything else is refused."""

LABELS: Mapping[Kind, str] = {
    Kind.PHOTO: "照片",
    Kind.PDF: "PDF 或 OFD",
    Kind.OFFICE: "Office 文档",
    Kind.AUDIO: "录音",
    Kind.VIDEO: "录像",
}


class BlobState(StrEnum):
    """Where a file stands at this node."""

    CHECKING = "checking"
    """Here, and waiting for the virus scanner."""
    HERE = "here"
    WANTED = "wanted"
    """Known from another node, not here yet."""
    QUARANTINED = "quarantined"
    ERASING = "erasing"
    """No case needs it any more; its bytes are to be deleted."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """How large a file of each kind may be, and how much one case may have, in bytes and files."""

    of_kind: Mapping[Kind, int]
    of_case: int = 1000 * MEGABYTE
    files_of_case: int = 100
    open_uploads: int = 10

    @property
    def largest(self) -> int:
        """The largest file of any kind: what an upload may announce before its kind is known."""
        return max(self.of_kind.values())


USUAL_LIMITS = Limits(
    of_kind={
        Kind.PHOTO: 20 * MEGABYTE,
        Kind.PDF: 50 * MEGABYTE,
        Kind.OFFICE: 50 * MEGABYTE,
        Kind.AUDIO: 100 * MEGABYTE,
        Kind.VIDEO: 500 * MEGABYTE,
    }
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Blob:
    """A file by its content. `source` is the node to get it from, "" when it was handed in here."""

    sha256: str
    size: int
    media_type: str
    state: BlobState
    source: str = ""
    from_below: bool = False
    scan: str = ""
    finding: str = ""
    thumbnail: bool = False
    tries: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Attachment:
    """One file of one case; its name is sealed."""

    id: str
    case_no: str
    sha256: str
    name_sealed: str
    added_at: datetime
    added_by: str
    person: str
    node: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Upload:
    """A file on its way in, chunk by chunk; whoever has its key goes on with it."""

    id: str
    key_hash: str
    case_no: str
    name_sealed: str
    size: int
    sha256: str
    added_by: str
    person: str
    attachment_id: str | None = None


@dataclass(frozen=True, slots=True)
class Load:
    """What a case has already: files and bytes, finished and announced, and how many uploads are open."""

    files: int
    size: int
    open_uploads: int


class TooLarge(Invalid):
    """A file, or the sum of a case's files, is over its limit."""

    def __init__(self, message: str) -> None:
        super().__init__("size", "file-size", message)


def check_announced(size: int, load: Load, limits: Limits) -> None:
    """Refuse an upload that cannot end well, before its first byte."""
    if size < 1:
        raise Invalid("size", "file-size", "文件是空的，请核对后重新选择。")
    if size > limits.largest:
        raise TooLarge(f"单个文件不得超过{in_megabytes(limits.largest)}，请压缩或分开提交。")
    if load.files >= limits.files_of_case:
        raise TooLarge(f"每个事项最多{limits.files_of_case}个文件，请合并后提交。")
    if load.size + size > limits.of_case:
        raise TooLarge(f"每个事项的材料合计不得超过{in_megabytes(limits.of_case)}。")
    if load.open_uploads >= limits.open_uploads:
        raise Conflict("此事项尚有未传完的文件，请先传完或取消。", code="uploads-open", rule="file-uploads")


def check_kind(media_type: str, size: int, limits: Limits) -> Kind:
    """Return the kind of a file by what its content is; refuse what is not taken in, or too large for its kind."""
    kind = KIND_OF.get(media_type)
    if kind is None:
        accepted = "、".join(LABELS.values())
        raise Invalid("file", "file-type", f"不接收此类文件；可提交{accepted}。")
    if size > limits.of_kind[kind]:
        raise TooLarge(f"{LABELS[kind]}不得超过{in_megabytes(limits.of_kind[kind])}，请压缩或分开提交。")
    return kind


def in_megabytes(size: int) -> str:
    """Return a size for people."""
    return f"{size // MEGABYTE}兆字节" if size >= MEGABYTE else f"{size}字节"


def check_digest(text: str, field: str = "sha256") -> str:
    """Return a SHA-256 in lower case."""
    digest = text.strip().lower() if isinstance(text, str) else ""
    if not re.fullmatch(r"[0-9a-f]{64}", digest, re.ASCII):
        raise Invalid(field, "sha-256", "应为文件内容的 SHA-256（64位十六进制）。")
    return digest


def lies_below(source: str, node: DivisionCode) -> bool:
    """Whether a node lies in the subtree of `node`: its files come up when it calls, others are fetched from above."""
    return source != str(node) and node.contains(DivisionCode.parse(source))


def shown_name(name: str) -> str:
    """Return the last part of a name as a browser gave it: no folder, nothing that a file system takes as a path."""
    return re.split(r"[/\\]", name)[-1].strip(". ") or "未命名"
