"""What a file is, by its content: pictures, documents and recordings, and what only pretends to be one."""

import io
import struct
import zlib

import pytest
from PIL import Image

from services.portal.blobs import draw_thumbnail, media_type_of
from services.portal.blobs.reading import PiecedReader
from services.portal.domain.files import NotTakenIn
from tests.support.files import PDF, document, photo

WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


class Content(PiecedReader):
    def __init__(self, content):
        super().__init__(len(content), 1000)
        self._content = content

    def piece(self, number):
        return self._content[number * 1000 : number * 1000 + 1000]


def ole(stream):
    return b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504) + stream.encode("utf-16-le") + bytes(512)


def box(brand):
    return b"\x00\x00\x00\x18ftyp" + brand + b"\x00\x00\x00\x00isommp42" + bytes(100)


def declared_png(width, height):
    """Return a PNG that says it is so large, in a few bytes."""

    def part(kind, content):
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    header = part(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + part(b"IDAT", zlib.compress(bytes(1000))) + part(b"IEND", b"")


TAKEN_IN = {
    "a JPEG": (photo(), "image/jpeg"),
    "a PNG": (photo(form="PNG"), "image/png"),
    "a GIF": (photo(form="GIF"), "image/gif"),
    "a WebP": (photo(form="WEBP"), "image/webp"),
    "a BMP": (photo((20, 20), form="BMP"), "image/bmp"),
    "a TIFF": (photo((20, 20), form="TIFF"), "image/tiff"),
    "an iPhone's picture": (box(b"heic"), "image/heic"),
    "a PDF": (PDF, "application/pdf"),
    "an OFD": (document(members={"OFD.xml": b"<OFD/>"}), "application/ofd"),
    "a Word document": (document(), WORD),
    "a spreadsheet": (
        document(members={"xl/workbook.xml": b"<w/>"}),
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ),
    "an OpenDocument": (
        document(members={"mimetype": b"application/vnd.oasis.opendocument.text", "content.xml": b"<t/>"}),
        "application/vnd.oasis.opendocument.text",
    ),
    "an old Word document": (ole("WordDocument"), "application/msword"),
    "an old spreadsheet": (ole("Workbook"), "application/vnd.ms-excel"),
    "an MP3 with a tag": (b"ID3\x03\x00\x00\x00\x00\x00\x10" + bytes(200), "audio/mpeg"),
    "an AMR call": (b"#!AMR\n" + bytes(100), "audio/amr"),
    "a WAV": (b"RIFF\x24\x00\x00\x00WAVEfmt " + bytes(50), "audio/wav"),
    "an M4A": (box(b"M4A "), "audio/mp4"),
    "an MP4": (box(b"isom"), "video/mp4"),
    "a QuickTime film": (box(b"qt  "), "video/quicktime"),
    "a 3GP film": (box(b"3gp5"), "video/3gpp"),
    "an AVI": (b"RIFF\x24\x00\x00\x00AVI LIST" + bytes(50), "video/x-msvideo"),
    "a WebM": (b"\x1a\x45\xdf\xa3\x01\x00\x00\x00\x00\x00\x00\x1fB\x82\x84webm" + bytes(60), "video/webm"),
}
REFUSED = {
    "a program": b"MZ\x90\x00" + bytes(500),
    "a script": b"#!/bin/sh\necho\n",
    "a web page": b"<!doctype html><script>alert(1)</script>",
    "an SVG": b'<svg xmlns="http://www.w3.org/2000/svg"/>',
    "plain text": "今天供暖停了。".encode(),
    "nothing": b"",
    "an archive": document(members={"photo.jpg": photo((10, 10))}),
    "an archive cut short": document()[:60],
    "the beginning of a picture": b"\xff\xd8\xff\xe0" + bytes(10),
    "a picture that is an archive too": photo() + document(),
    "a picture with a web page inside": photo(form="GIF")[:6] + b"<script>" + photo(form="GIF")[6:],
    "a picture that is a PDF too": photo(exif={0x010E: "%PDF-1.7 1 0 obj"}),
    "a recording with an archive behind": b"ID3\x03\x00\x00\x00\x00\x00\x10" + bytes(200) + document(),
    "a Word document with macros": document(members={"word/document.xml": b"<w/>", "word/vbaProject.bin": b"x"}),
    "an old Word document with macros": ole("WordDocument") + "_VBA_PROJECT".encode("utf-16-le") + bytes(100),
    "a document that unpacks without end": document(
        members={"word/document.xml": b"<w/>", "word/media/image1.bmp": bytes(40 * 1024 * 1024)}
    ),
    "a picture of a billion pixels": declared_png(40_000, 40_000),
}


@pytest.mark.parametrize("what", TAKEN_IN)
def test_a_file_is_known_by_its_content(what):
    content, media_type = TAKEN_IN[what]

    assert media_type_of(Content(content)) == media_type


@pytest.mark.parametrize("what", REFUSED)
def test_what_only_pretends_is_refused(what):
    with pytest.raises(NotTakenIn):
        media_type_of(Content(REFUSED[what]))


def test_a_thumbnail_is_small_upright_and_says_nothing_of_where_it_was_taken():
    sideways = photo((1600, 900), exif={0x0112: 6, 0x010F: "KAMERA", 0x9003: "2026:03:02 09:30:00"})

    small = Image.open(io.BytesIO(draw_thumbnail(Content(sideways), "image/jpeg")))

    assert small.format == "JPEG"
    assert small.size == (180, 320)
    assert dict(small.getexif()) == {}


def test_a_large_photo_has_a_thumbnail_and_a_bomb_has_none():
    assert draw_thumbnail(Content(declared_png(9_000, 9_000)), "image/png") is None
    assert draw_thumbnail(Content(photo((6000, 4000))), "image/jpeg") is not None
    assert draw_thumbnail(Content(photo()[:300]), "image/jpeg") is None
    assert draw_thumbnail(Content(PDF), "application/pdf") is None


def test_a_transparent_picture_stands_on_white():
    kept = io.BytesIO()
    Image.new("RGBA", (40, 40), (0, 0, 0, 0)).save(kept, "PNG")

    small = Image.open(io.BytesIO(draw_thumbnail(Content(kept.getvalue()), "image/png")))

    assert small.getpixel((20, 20)) == (255, 255, 255)
