"""What a file is, by its content: the name it was given and the type a browser claims are not even looked at.

A file must begin as its kind begins, at its first byte, and be nothing else besides: a picture that is also an archive
or a PDF is refused, an Office document with macros or out of all proportion when unpacked too, and a picture whose
pixels would fill the memory. `puremagic` names what the beginning looks like; its word is only taken where it agrees
with what is checked here.
"""

import zipfile
from collections.abc import Callable
from typing import Any

import puremagic
from PIL import Image, UnidentifiedImageError

from services.portal.domain.files import NotTakenIn

HEAD = 4096
TAIL = 65_557
"""As far from the end as the directory of a zip archive can begin."""
MOST_PIXELS = 200_000_000
MOST_UNPACKED = 1024 * 1024 * 1024
MOST_RATIO = 200
MOST_MEMBERS = 10_000
UNPACKED_ANYWAY = 10 * 1024 * 1024
"""Below this size a ratio says nothing: a sheet of equal numbers packs well."""

Image.MAX_IMAGE_PIXELS = None
"""Pillow would only warn; `MOST_PIXELS` is checked before a pixel is decoded."""

_OPEN_XML = "application/vnd.openxmlformats-officedocument"
_ZIPPED = {
    "word/document.xml": f"{_OPEN_XML}.wordprocessingml.document",
    "xl/workbook.xml": f"{_OPEN_XML}.spreadsheetml.sheet",
    "ppt/presentation.xml": f"{_OPEN_XML}.presentationml.presentation",
    "OFD.xml": "application/ofd",
}
_OPEN_DOCUMENTS = frozenset(
    f"application/vnd.oasis.opendocument.{kind}" for kind in ("text", "spreadsheet", "presentation")
)
_OLE = {
    "WordDocument": "application/msword",
    "Workbook": "application/vnd.ms-excel",
    "PowerPoint Document": "application/vnd.ms-powerpoint",
}
_PICTURES = {
    "JPEG": "image/jpeg",
    "MPO": "image/jpeg",
    "PNG": "image/png",
    "GIF": "image/gif",
    "WEBP": "image/webp",
    "BMP": "image/bmp",
    "TIFF": "image/tiff",
}
_PICTURE_STARTS = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF87a", b"GIF89a", b"BM", b"II*\x00", b"MM\x00*")
_ACTIVE = (b"<script", b"<html", b"<!doctype", b"<?php", b"<svg")


def media_type_of(content: Any) -> str:
    """Return the media type of a readable, seekable file; refuse what is not recognised or is two things at once."""
    content.seek(0)
    head = content.read(HEAD)
    found = next((recognised for look in _LOOKS if (recognised := look(head, content))), None)
    if found is None:
        raise NotTakenIn
    if not head.startswith(b"PK"):
        _nothing_besides(found, head, content)
    return found


def _picture(head: bytes, content: Any) -> str | None:
    webp = head[:4] == b"RIFF" and head[8:12] == b"WEBP"
    if not (webp or head.startswith(_PICTURE_STARTS)):
        return None
    content.seek(0)
    try:
        with Image.open(content) as picture:
            found, (width, height) = _PICTURES.get(picture.format or ""), picture.size
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError):
        return None
    if width * height > MOST_PIXELS:
        raise NotTakenIn("图片的像素过多，请缩小后再提交。")
    return found


def _pdf(head: bytes, _content: Any) -> str | None:
    return "application/pdf" if head.startswith(b"%PDF-") else None


def _zipped(head: bytes, content: Any) -> str | None:
    if not head.startswith(b"PK\x03\x04"):
        return None
    content.seek(0)
    try:
        with zipfile.ZipFile(content) as archive:
            members = archive.infolist()
            names = {member.filename for member in members}
            _check_archive(members, names)
            kind = archive.read("mimetype").decode("ascii") if "mimetype" in names and _is_small(archive) else ""
    # Of zipfile's own: RuntimeError means encrypted, NotImplementedError a compression it does not know.
    except (zipfile.BadZipFile, UnicodeDecodeError, NotImplementedError, RuntimeError, EOFError, ValueError, KeyError):
        raise NotTakenIn from None
    if kind:
        return kind if kind in _OPEN_DOCUMENTS else None
    return next((_ZIPPED[name] for name in _ZIPPED if name in names), None)


def _is_small(archive: zipfile.ZipFile) -> bool:
    return archive.getinfo("mimetype").file_size < 100  # noqa: PLR2004  the longest media type is shorter


def _check_archive(members: list[zipfile.ZipInfo], names: set[str]) -> None:
    unpacked = sum(member.file_size for member in members)
    packed = sum(member.compress_size for member in members) or 1
    if len(members) > MOST_MEMBERS or unpacked > MOST_UNPACKED:
        raise NotTakenIn("文档解开后过大，不能接收。")
    if unpacked > UNPACKED_ANYWAY and unpacked / packed > MOST_RATIO:
        raise NotTakenIn("文档的压缩比异常，不能接收。")
    if any(name.rpartition("/")[2] in {"vbaProject.bin", "vbaData.xml"} for name in names):
        raise NotTakenIn("文档含有宏，请另存为不含宏的文档后再提交。")


def _ole(head: bytes, content: Any) -> str | None:
    if not head.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
        return None
    content.seek(0)
    start = content.read(1024 * 1024)
    content.seek(max(0, content.size - 1024 * 1024))
    ends = start + content.read(1024 * 1024)
    if "_VBA_PROJECT".encode("utf-16-le") in ends:
        raise NotTakenIn("文档含有宏，请另存为不含宏的文档后再提交。")
    return next((_OLE[name] for name in _OLE if name.encode("utf-16-le") in ends), None)


def _media(head: bytes, _content: Any) -> str | None:
    brand = head[8:12]
    if head[4:8] == b"ftyp":
        return _of_brand(brand)
    if head[:4] == b"RIFF":
        return {b"WAVE": "audio/wav", b"AVI ": "video/x-msvideo"}.get(brand)
    if head.startswith(b"\x1a\x45\xdf\xa3"):
        return "video/webm" if b"webm" in head[:64] else "video/x-matroska" if b"matroska" in head[:64] else None
    starts = {b"#!AMR": "audio/amr", b"OggS": "audio/ogg", b"fLaC": "audio/flac", b"\x00\x00\x01\xba": "video/mpeg"}
    return next((starts[start] for start in starts if head.startswith(start)), None) or _frames(head)


def _of_brand(brand: bytes) -> str | None:
    if brand in {b"M4A ", b"M4B "}:
        return "audio/mp4"
    if brand in {b"heic", b"heix", b"mif1", b"msf1", b"heim", b"heis"}:
        return "image/heic"
    if brand[:3] == b"3gp" or brand[:3] == b"3g2":
        return "video/3gpp"
    if brand == b"qt  ":
        return "video/quicktime"
    return (
        "video/mp4"
        if brand in {b"isom", b"iso2", b"iso4", b"iso5", b"iso6", b"mp41", b"mp42", b"avc1", b"M4V "}
        else None
    )


def _frames(head: bytes) -> str | None:
    """Recognise MP3 and AAC, which begin with a tag or with a frame and nothing else."""
    if head[:3] == b"ID3" or (len(head) > 1 and head[0] == 0xFF and head[1] in {0xFB, 0xFA, 0xF3, 0xF2}):  # noqa: PLR2004
        guesses = {match.mime_type for match in puremagic.magic_string(head)}
        return "audio/mpeg" if guesses & {"audio/mpeg", "audio/mp3"} else None
    adts = len(head) > 1 and head[0] == 0xFF and head[1] in {0xF1, 0xF9}  # noqa: PLR2004
    return "audio/aac" if adts else None


_LOOKS: tuple[Callable[[bytes, Any], str | None], ...] = (_picture, _pdf, _zipped, _ole, _media)


def _nothing_besides(found: str, head: bytes, content: Any) -> None:
    """Refuse a file that another program would take for something else."""
    if found != "application/pdf" and b"%PDF-" in head[:1024]:
        raise NotTakenIn("文件同时是两种格式，不能接收。")
    if found.startswith("image/") and any(word in head[:1024].lower() for word in _ACTIVE):
        raise NotTakenIn("图片中夹带网页代码，不能接收。")
    content.seek(max(0, content.size - TAIL))
    tail = content.read(TAIL)
    at = tail.rfind(b"PK\x05\x06")
    # the last field of an archive's directory is the length of the comment that ends it
    if at >= 0 and at + 22 <= len(tail) and at + 22 + int.from_bytes(tail[at + 20 : at + 22], "little") == len(tail):
        raise NotTakenIn("文件尾部夹带压缩包，不能接收。")
