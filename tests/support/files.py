"""Files to hand in, and a client that sends them in chunks as a browser would."""

import hashlib
import io
import zipfile
from dataclasses import dataclass
from typing import Any

from PIL import Image


def photo(size=(640, 480), form="JPEG", *, exif=None, colour="steelblue"):
    """Return a picture; `exif` are tags of a camera."""
    picture, kept = Image.new("RGB", size, colour), io.BytesIO()
    more = {}
    if exif:
        tags = Image.Exif()
        for tag, value in exif.items():
            tags[tag] = value
        more["exif"] = tags
    picture.save(kept, form, **more)
    return kept.getvalue()


def document(*, members=None):
    """Return a Word document, or whatever archive `members` (name → content) make of it."""
    kept = io.BytesIO()
    with zipfile.ZipFile(kept, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in (members or {"[Content_Types].xml": b"<Types/>", "word/document.xml": b"<w/>"}).items():
            archive.writestr(name, content)
    return kept.getvalue()


PDF = b"%PDF-1.7\n1 0 obj\n<< /Type /Catalog >>\nendobj\ntrailer\n<< /Root 1 0 R >>\n%%EOF\n"


def digest(content):
    return hashlib.sha256(content).hexdigest()


@dataclass
class Sender:
    """Sends one file through `ask(method, path, **more)`, which returns a response of requests or of Flask's client."""

    ask: Any
    content: bytes
    begun: dict[str, Any]

    @property
    def path(self):
        return f"/uploads/{self.begun['upload_id']}"

    @property
    def key(self):
        return {"Upload-Key": self.begun["key"]}

    def chunk(self, offset):
        part = self.content[offset : offset + self.begun["chunk_bytes"]]
        return self.ask("PUT", f"{self.path}?offset={offset}", data=part, headers=self.key)

    def send(self, offset=0):
        for at in range(offset, len(self.content), self.begun["chunk_bytes"]):
            answer = self.chunk(at)
            assert answer.status_code == 200, answer.text

    def finish(self, sha256=None):
        return self.ask(
            "POST", f"{self.path}/finish", json={"sha256": sha256 or digest(self.content)}, headers=self.key
        )


def hand_in(ask, begin, content, name="照片.jpg", **more):
    """Send a whole file; return it as the portal shows it."""
    begun = ask("POST", begin, json={"name": name, "size": len(content), **more})
    assert begun.status_code == 201, begun.text
    sender = Sender(ask, content, begun.json() if callable(begun.json) else begun.json)
    sender.send()
    done = sender.finish()
    assert done.status_code == 200, done.text
    return done.json() if callable(done.json) else done.json
