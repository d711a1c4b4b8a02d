"""People hand files in, see which ones a case has, and open them; petitioners with their query code.

Bytes go straight to the store; intake keeps the book and decides what is taken in. An upload is known by its key, so
that whoever began it can go on after a cut, from another place too.
"""

import hashlib
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from io import SEEK_END
from typing import IO, Any

from lianxi.casework.errors import LianxiError, Unknown
from services.portal.domain.accounts import Principal, Scope
from services.portal.domain.acts import check_acts
from services.portal.domain.files import (
    CHUNK_BYTES,
    FileDamaged,
    FileMissing,
    FilesAway,
    WrongContent,
    WrongPlace,
    chunk_number,
    requested_range,
)
from services.portal.handlers import Ports
from services.portal.handlers.asking import ask
from services.portal.handlers.cases import read_case
from services.portal.handlers.file_room import Content, FileRoom


@dataclass(frozen=True, slots=True)
class Opened:
    """A file as it is sent to a reader: facts, which bytes, and the bytes."""

    row: dict[str, Any]
    media_type: str
    size: int
    part: tuple[int, int] | None
    pieces: Iterator[bytes]


def room(ports: Ports) -> FileRoom:
    """Return the files of this node."""
    if ports.files is None:
        raise FilesAway("本节点没有设置文件库，不能收发文件。")
    return ports.files


def begin(case_no: str, file: dict[str, Any], person: Principal, ports: Ports) -> dict[str, Any]:
    """Begin an upload to a case that this officer may see."""
    person.need(Scope.FILE)
    check_acts(person)
    read_case(case_no, person, ports)
    return _begun({**file, "case_no": case_no, "actor": person.actor()}, ports)


def begin_with_code(query_code: str, file: dict[str, Any], ports: Ports) -> dict[str, Any]:
    """Begin an upload by the petitioner."""
    return _begun({**file, "query_code": query_code}, ports)


def hand_in(query_code: str, name: str, content: IO[bytes], ports: Ports) -> dict[str, Any]:
    """Take a whole file from a petitioner's form, piece by piece; what cannot be taken in leaves nothing behind."""
    size = content.seek(0, SEEK_END)
    content.seek(0)
    upload = begin_with_code(query_code, {"name": name, "size": size}, ports)
    upload_id, key = str(upload["upload_id"]), str(upload["key"])
    digest, store = hashlib.sha256(), room(ports).store
    try:
        for number, piece in enumerate(iter(lambda: content.read(CHUNK_BYTES), b"")):
            digest.update(piece)
            store.write_chunk(upload_id, number, piece)
        return finish(upload_id, key, digest.hexdigest(), ports)
    except LianxiError:
        with suppress(LianxiError):  # an upload left over is cleared away after some hours
            give_up(upload_id, key, ports)
        raise


def _begun(body: dict[str, Any], ports: Ports) -> dict[str, Any]:
    room(ports)
    begun = ask(ports, "intake.start_upload", body, command_id=ports.new_id())
    return {
        "upload_id": begun["upload_id"],
        "key": begun["key"],
        "offset": 0,
        "size": begun["size"],
        "chunk_bytes": CHUNK_BYTES,
        "hours": begun["hours"],
    }


def progress(upload_id: str, key: str, ports: Ports) -> dict[str, Any]:
    """Say where an upload goes on."""
    known = _known(upload_id, key, ports)
    if known["attachment_id"]:
        return {"offset": known["size"], "size": known["size"], "attachment_id": known["attachment_id"]}
    arrival = room(ports).store.arrival(upload_id, known["size"])
    return {"offset": arrival.offset, "size": arrival.size, "attachment_id": None}


def add_chunk(upload_id: str, key: str, place: tuple[int, bytes], ports: Ports) -> dict[str, Any]:
    """Take a chunk; the same chunk twice is one chunk."""
    offset, content = place
    known = _known(upload_id, key, ports)
    number, store = chunk_number(offset, len(content), known["size"]), room(ports).store
    arrival = store.arrival(upload_id, known["size"])
    if known["attachment_id"]:
        return {"offset": known["size"], "size": known["size"], "attachment_id": known["attachment_id"]}
    if offset > arrival.offset:
        raise WrongPlace(arrival.offset)
    store.write_chunk(upload_id, number, content)
    reached = max(arrival.offset, offset + len(content))
    return {"offset": reached, "size": arrival.size, "attachment_id": None}


def finish(upload_id: str, key: str, sha256: str, ports: Ports) -> dict[str, Any]:
    """Check a file that has come in whole, put it into its place and attach it; once done, the same answer again."""
    known = _known(upload_id, key, ports)
    body = {"upload_id": upload_id, "key": key, "sha256": sha256}
    if known["attachment_id"]:
        return shown(ask(ports, "intake.finish_upload", body, command_id=ports.new_id()))
    if known["sha256"] not in {"", sha256}:
        raise WrongContent
    store = room(ports).store
    arrival = store.arrival(upload_id, known["size"])
    if not arrival.whole:
        raise WrongPlace(arrival.offset)
    content = store.incoming(upload_id, known["size"])
    media_type = room(ports).media_type_of(content)
    store.keep(sha256, content)
    row = ask(ports, "intake.finish_upload", {**body, "media_type": media_type}, command_id=ports.new_id())
    if not store.holds(sha256):  # the same file was being erased just now: intake has taken that back, so put it again
        store.keep(sha256, content)
    store.drop_incoming(upload_id)
    room(ports).wake()
    return shown(row)


def give_up(upload_id: str, key: str, ports: Ports) -> None:
    """Forget an upload and what has come of it."""
    _known(upload_id, key, ports)
    ask(ports, "intake.drop_upload", {"upload_id": upload_id, "key": key}, command_id=ports.new_id())
    room(ports).store.drop_incoming(upload_id)


def of_case(case_no: str, person: Principal, ports: Ports) -> dict[str, Any]:
    """Return the files of a case this officer may see, also those that are not here yet."""
    read_case(case_no, person, ports)
    rows = ask(ports, "intake.list_attachments", {"case_no": case_no})["rows"]
    return {"rows": [shown(row) for row in rows]}


def of_petitioner(query_code: str, ports: Ports) -> dict[str, Any]:
    """Return the files a petitioner has handed in."""
    rows = ask(ports, "intake.list_attachments", {"query_code": query_code})["rows"]
    return {"rows": [shown(row) for row in rows]}


def open_file(case_no: str, file: tuple[str, str], person: Principal, ranged: str | None, ports: Ports) -> Opened:
    """Return a file, or the small picture of it, to an officer who may see the case; who looked is written down."""
    attachment_id, part = file
    read_case(case_no, person, ports)
    body = {"case_no": case_no, "attachment_id": attachment_id, "part": part, "actor": person.actor()}
    row = ask(ports, "intake.open_attachment", body, command_id=ports.new_id())
    if part == "thumbnail" and not row["thumbnail"]:
        raise Unknown("缩略图", "该文件")
    store = room(ports).store
    content = _content(row["sha256"], part, store)
    media_type = "image/jpeg" if part == "thumbnail" else str(row["media_type"])
    wanted = requested_range(ranged, content.size)
    pieces = content.pieces(*wanted) if wanted else content.pieces()
    return Opened(row, media_type, content.size, wanted, pieces)


def _content(sha256: str, part: str, store: Any) -> Content:
    try:
        content: Content = store.read_thumbnail(sha256) if part == "thumbnail" else store.read(sha256)
    except (FileMissing, FileDamaged):
        raise FilesAway("文件库中找不到这个文件，已记录，请联系系统管理员。") from None
    return content


def shown(row: dict[str, Any]) -> dict[str, Any]:
    """Return a file as people see it."""
    fields = ("id", "name", "size", "media_type", "kind", "state", "scan", "thumbnail", "added_at", "added_by", "node")
    return {field: row.get(field) for field in (*fields, "sha256")}


def _known(upload_id: str, key: str, ports: Ports) -> dict[str, Any]:
    return ask(ports, "intake.show_upload", {"upload_id": upload_id, "key": key})
