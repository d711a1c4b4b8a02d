"""The porter: does with files what is due, a few at a time, and tells intake what came of it.

Scans what came in and draws its small picture, fetches what the node above has, brings what the node above wants,
deletes what is to be erased. Whatever it is interrupted in is due again by itself; each step may be done twice.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from lianxi.casework.errors import LianxiError, Retryable
from lianxi.casework.identifiers import DivisionCode
from services.portal.domain.files import CHUNK_BYTES, FileDamaged, FileMissing, NotTakenIn, WrongContent
from services.portal.handlers import Ports
from services.portal.handlers.asking import ask
from services.portal.handlers.file_room import FileRoom, Parent
from services.portal.handlers.link_files import incoming_of, settle


@dataclass(frozen=True, slots=True)
class Round:
    """One round of the porter: how much was due, and how many files are in which state by intake's book."""

    due: int
    counts: Mapping[str, int]


def carry(ports: Ports) -> Round:
    """Do what is due."""
    files = ports.files
    if files is None:
        return Round(0, {})
    due = ask(ports, "intake.file_chores", {}, command_id=ports.new_id())
    for upload_id in due["abandoned"]:
        files.store.drop_incoming(upload_id)
    for sha256 in due["erase"]:
        files.store.erase(sha256)
        _tell("file_erased", {"sha256": sha256}, ports)
    for chore in due["scan"]:
        _scan(chore, files, ports)
    for chore in due["fetch"]:
        _fetch(chore, files, ports)
    if files.parent is not None:
        _bring_wanted(files.parent, files, ports)
    return Round(sum(len(due[kind]) for kind in ("scan", "fetch", "erase")), due["counts"])


def _scan(chore: Mapping[str, Any], files: FileRoom, ports: Ports) -> None:
    sha256 = chore["sha256"]
    try:
        content = files.store.read(sha256)
        verdict = files.scanner.scan(content.pieces())
    except (FileMissing, FileDamaged) as error:
        _tell("file_scanned", {"sha256": sha256, "outcome": "later", "finding": type(error).__name__}, ports)
        return
    told = {"sha256": sha256, "outcome": verdict.outcome, "finding": verdict.finding}
    if verdict.outcome == "infected":
        files.store.quarantine(sha256)
    elif verdict.outcome != "later":
        picture = files.draw_thumbnail(content, chore["media_type"])
        if picture is not None:
            files.store.keep_thumbnail(sha256, picture)
        told["thumbnail"] = picture is not None
    _tell("file_scanned", told, ports)


def _fetch(chore: Mapping[str, Any], files: FileRoom, ports: Ports) -> None:
    sha256 = str(chore["sha256"])
    try:
        _fetch_from(files, chore, ports)
    except (WrongContent, NotTakenIn) as error:
        _tell("file_failed", {"sha256": sha256, "finding": error.rule}, ports)
    except LianxiError as error:
        _tell("file_failed", {"sha256": sha256, "finding": error.code}, ports)
    except Exception as error:
        reason = files.reason(error)
        if reason is None:
            raise
        _tell("file_failed", {"sha256": sha256, "finding": reason}, ports)


def _fetch_from(files: FileRoom, chore: Mapping[str, Any], ports: Ports) -> None:
    sha256, size = str(chore["sha256"]), int(chore["size"])
    if files.parent is None:
        raise Retryable("没有上级节点。", code="no-parent")
    offset = files.store.arrival(incoming_of(sha256), size).offset if size else 0
    if not size or offset < size:
        for piece in files.parent.fetch(chore, offset):
            size = size or piece.size
            if len(piece.content) != min(CHUNK_BYTES, size - offset):
                raise Retryable("文件没有传完。", code="cut-short")
            files.store.write_chunk(incoming_of(sha256), offset // CHUNK_BYTES, piece.content)
            offset += len(piece.content)
    settle(sha256, size, ports)


def _bring_wanted(parent: Parent, files: FileRoom, ports: Ports) -> None:
    try:
        for wanted in parent.wanted():
            _bring(wanted, parent, files, ports)
    except Exception as error:
        if files.reason(error) is None:
            raise


def _bring(wanted: Mapping[str, Any], parent: Parent, files: FileRoom, ports: Ports) -> None:
    sha256 = str(wanted["sha256"])
    above = str(DivisionCode.parse(ports.node).parent or "")
    body = {"sha256": sha256, "size": wanted["size"], "source": wanted["source"], "peer": above}
    known = ask(ports, "intake.file_for_peer", body, command_id=ports.new_id())
    if known["state"] != "here":
        return  # it comes from below, or is being checked: brought the next time
    content = files.store.read(sha256)

    def pieces(offset: int) -> Iterator[bytes]:
        waiting = bytearray()
        for part in content.pieces(offset):
            waiting += part
            while len(waiting) >= CHUNK_BYTES:
                yield bytes(waiting[:CHUNK_BYTES])
                del waiting[:CHUNK_BYTES]
        if waiting:
            yield bytes(waiting)

    parent.bring(sha256, pieces, content.size)


def _tell(method: str, body: dict[str, Any], ports: Ports) -> None:
    ask(ports, f"intake.{method}", body, command_id=ports.new_id())
