"""What nodes below are given and bring: files, asked for by their SHA-256 in requests signed with the link's secret.

Whoever asks for a file was told its SHA-256 over the link by the node that keeps it; nothing here lists what a node
has. A child may bring only what this node wants from its subtree.
"""

from collections.abc import Mapping
from typing import Any

from lianxi.casework.errors import Conflict
from services.portal.domain.files import (
    FileDamaged,
    FileMissing,
    FilesAway,
    NotSigned,
    NotTakenIn,
    WrongContent,
    WrongPlace,
    chunk_number,
    requested_range,
)
from services.portal.handlers import Ports
from services.portal.handlers.asking import ask
from services.portal.handlers.files import Opened, room


def check_peer(request: tuple[str, str, bytes], headers: Mapping[str, str], ports: Ports) -> str:
    """Return which child asks; refuse whoever cannot sign for one. `request` is method, address and body."""
    method, target, body = request
    files, code = room(ports), headers.get("Lianxi-Node", "")
    secret = files.link_secrets.get(code)
    if secret is None or not files.signature_holds(secret, method, target, headers, body):
        raise NotSigned
    return code


def wanted_of(peer: str, ports: Ports) -> dict[str, Any]:
    """Return what the child is to bring."""
    return ask(ports, "intake.files_wanted_of", {"peer": peer})


def give(peer: str, file: Mapping[str, Any], ranged: str | None, ports: Ports) -> Opened:
    """Return a file to a child."""
    known = ask(ports, "intake.file_for_peer", {**file, "peer": peer}, command_id=ports.new_id())
    if known["state"] == "quarantined":
        raise Conflict("此文件已隔离。", code="quarantined", rule="file-state")
    if known["state"] != "here":
        room(ports).wake()
        raise Conflict("此文件尚未到达本节点或尚在检查。", code="file-not-here", rule="file-state")
    try:
        content = room(ports).store.read(str(file["sha256"]))
    except (FileMissing, FileDamaged):
        raise FilesAway from None
    wanted = requested_range(ranged, content.size)
    pieces = content.pieces(*wanted) if wanted else content.pieces()
    return Opened(known, str(known["media_type"]), content.size, wanted, pieces)


def arrival(peer: str, sha256: str, ports: Ports) -> dict[str, Any]:
    """Say from where a child is to go on bringing a file."""
    known = _expected(peer, sha256, ports)
    if known["state"] != "wanted":
        return {"offset": known["size"], "size": known["size"]}
    reached = room(ports).store.arrival(incoming_of(sha256), known["size"])
    return {"offset": reached.offset, "size": reached.size}


def take_chunk(peer: str, sha256: str, place: tuple[int, bytes], ports: Ports) -> dict[str, Any]:
    """Take a chunk of a file that a child brings."""
    offset, content = place
    known = _expected(peer, sha256, ports)
    if known["state"] == "wanted":
        number = chunk_number(offset, len(content), known["size"])
        reached = room(ports).store.arrival(incoming_of(sha256), known["size"])
        if offset > reached.offset:
            raise WrongPlace(reached.offset)
        room(ports).store.write_chunk(incoming_of(sha256), number, content)
    return {"offset": offset + len(content), "size": known["size"]}


def finish(peer: str, sha256: str, ports: Ports) -> dict[str, Any]:
    """Check a file that a child has brought and put it into its place."""
    known = _expected(peer, sha256, ports)
    if known["state"] == "wanted":
        settle(sha256, known["size"], ports)
    return {"state": "taken"}


def settle(sha256: str, size: int, ports: Ports) -> None:
    """Put a file that came from another node into its place: whole, what it was said to be, of a kind taken in."""
    files = room(ports)
    reached = files.store.arrival(incoming_of(sha256), size)
    if not reached.whole:
        raise WrongPlace(reached.offset)
    content = files.store.incoming(incoming_of(sha256), size)
    try:
        media_type = files.media_type_of(content)
        files.store.keep(sha256, content)
    except (NotTakenIn, WrongContent):
        files.store.drop_incoming(incoming_of(sha256))  # a wrong file must not stay in the way of the right one
        raise
    body = {"sha256": sha256, "size": size, "media_type": media_type}
    ask(ports, "intake.file_arrived", body, command_id=ports.new_id())
    files.store.drop_incoming(incoming_of(sha256))
    files.wake()


def incoming_of(sha256: str) -> str:
    """Return under which name the chunks of a file from another node lie."""
    return f"from-node-{sha256}"


def _expected(peer: str, sha256: str, ports: Ports) -> dict[str, Any]:
    return ask(ports, "intake.file_from_peer", {"sha256": sha256, "peer": peer})
