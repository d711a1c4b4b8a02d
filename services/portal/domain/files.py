"""What the portal knows of files on their way in and out: sizes of pieces, what stands in their way, and in what words.

A file comes in as chunks of one size, each at its place, so that a chunk sent twice is one chunk and what is missing
after a cut is known. What kinds of files are taken in and how large they may be is intake's to decide.
"""

import re
from dataclasses import dataclass

from lianxi.casework.errors import Conflict, Invalid, Refused, Retryable

CHUNK_BYTES = 512 * 1024
"""Small enough for a slow line between two nodes, large enough that a recording needs some hundred requests at most."""


class FilesAway(Retryable):
    """The store of files does not answer, or this node has none."""

    def __init__(self, message: str = "文件库暂时不能使用，请稍后重试。") -> None:
        super().__init__(message, code="files-away", details={"retry_after": 30})


class FileMissing(Exception):  # noqa: N818  reads as what is the matter
    """The store does not hold what it was asked for."""


class FileDamaged(Exception):  # noqa: N818  reads as what is the matter
    """What the store holds was altered, cut short, or sealed with a key that is not in the ring."""


class WrongPlace(Conflict):
    """A chunk is not where the file goes on."""

    def __init__(self, offset: int) -> None:
        super().__init__(
            f"应从第{offset}字节继续上传。", code="upload-offset", rule="file-chunk", details={"offset": offset}
        )


class WrongContent(Invalid):
    """The content is not what its sender said it is."""

    def __init__(self) -> None:
        super().__init__("sha256", "sha-256", "文件内容与声明的 SHA-256 不符，请重新上传。")


class NotTakenIn(Invalid):
    """The content is of a kind that is not taken in, or is not only what it claims to be."""

    def __init__(self, message: str = "无法识别文件类型，或不接收此类文件。") -> None:
        super().__init__("file", "file-type", message)


class RangeWrong(Refused):
    """A part of a file was asked for that it does not have."""

    status = 416
    title = "请求的范围无效"

    def __init__(self) -> None:
        super().__init__("请求的字节范围不在文件之内。", rule="range")


class NotSigned(Refused):
    """A request that only a node of this city may make is not signed, or not by one that this node knows."""

    status = 401
    title = "请求未签名"
    challenge = "Lianxi-Signature"
    """What stands in WWW-Authenticate: how to prove oneself here."""

    def __init__(self) -> None:
        super().__init__("请求没有有效的节点签名。", code="link-signature", rule="link")


@dataclass(frozen=True, slots=True)
class Arrival:
    """How far a file has come in."""

    offset: int
    size: int

    @property
    def whole(self) -> bool:
        """Whether nothing is missing."""
        return self.offset == self.size


def chunk_number(offset: int, length: int, size: int) -> int:
    """Return which chunk lies at `offset`; refuse one that is not at a chunk's place or not as long as one."""
    if offset < 0 or offset % CHUNK_BYTES or offset >= size:
        raise Invalid("offset", "file-chunk", f"起始位置应为{CHUNK_BYTES}的整数倍，并在文件之内。")
    if length != min(CHUNK_BYTES, size - offset):
        raise Invalid("chunk", "file-chunk", f"每块应为{CHUNK_BYTES}字节，最后一块为其余部分。")
    return offset // CHUNK_BYTES


def requested_range(header: str | None, size: int) -> tuple[int, int] | None:
    """Return first byte and length that a Range header asks for; None when it asks for all, or in a way not offered."""
    match = re.fullmatch(r"bytes=(\d{0,15})-(\d{0,15})", header.strip(), re.ASCII) if header else None
    if match is None or match[1] == match[2] == "":
        return None
    if match[1] == "":
        length = min(int(match[2]), size)
        first = size - length
    else:
        first = int(match[1])
        length = min(int(match[2]), size - 1) - first + 1 if match[2] else size - first
    if length < 1 or first >= size:
        raise RangeWrong
    return first, length


def check_sha256(text: str) -> str:
    """Return a SHA-256 in lower case."""
    digest = text.strip().lower() if isinstance(text, str) else ""
    if not re.fullmatch(r"[0-9a-f]{64}", digest, re.ASCII):
        raise Invalid("sha256", "sha-256", "应为文件内容的 SHA-256（64位十六进制）。")
    return digest
