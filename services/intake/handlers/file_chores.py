"""What happens to files behind the counter: scanned, fetched from other nodes, given to them, erased.

The portal's porter asks what is due, does it, and says what came of it; nothing here touches bytes. A file of a node
below is brought by that node when it next calls (only a child can dial); a file of a node above is fetched from the
parent, which fetches it itself first if it only stands on the way.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from lianxi.casework.errors import Conflict, Invalid, Unknown
from lianxi.casework.identifiers import DivisionCode
from lianxi.casework.messages.events import CaseDelivered, CaseReturned
from lianxi.casework.messages.materials import Material, MaterialsArrived
from services.intake.domain import attachments as rules
from services.intake.domain.attachments import Attachment, Blob, BlobState
from services.intake.handlers.attachments import name_context, tell_case
from services.intake.handlers.file_ports import FileDesk, FileWork

CLAIMED_AT_ONCE = 4
"""Files that a porter takes at a time, so that several porters share the work."""
PRUNED_AT_ONCE = 200


def keep_arrived(messages: Sequence[MaterialsArrived], work: FileWork, desk: FileDesk) -> None:
    """Note the files of a case that another node told of; those that are not here are wanted from it."""
    for message in messages:
        wanted = [_wanted(each, message.from_node, desk) for each in message.materials]
        work.blobs.add(wanted)
        for blob in wanted:
            known = work.blobs.get(blob.sha256)
            if known is not None and known.state is BlobState.ERASING:
                work.blobs.change(
                    blob.sha256, state=BlobState.WANTED.value, source=blob.source, from_below=blob.from_below
                )
        fresh = [work.attachments.add(_attachment(each, message.case_no, desk)) for each in message.materials]
        if any(fresh):
            tell_case(message.case_no, work, desk)  # the case may have gone on before its files came


def follow_custody(moves: Sequence[CaseDelivered | CaseReturned], work: FileWork, desk: FileDesk) -> None:
    """Tell the files of each case that this node has just handed on."""
    for case_no in sorted({move.head.case_no for move in moves if move.transfer.from_node == str(desk.node)}):
        tell_case(case_no, work, desk)


def file_chores(_body: Mapping[str, Any], work: FileWork, desk: FileDesk) -> dict[str, Any]:
    """Hand out what is due: files to scan, to fetch from above and to erase, uploads to clear away."""
    work.blobs.condemn_unused()
    claimed = work.blobs.claim(CLAIMED_AT_ONCE)
    return {
        "scan": [_chore(blob) for blob in claimed if blob.state is BlobState.CHECKING],
        "fetch": [_chore(blob) for blob in claimed if blob.state is BlobState.WANTED],
        "erase": [blob.sha256 for blob in claimed if blob.state is BlobState.ERASING],
        "abandoned": work.uploads.drop_abandoned(desk.upload_hours, PRUNED_AT_ONCE),
        "counts": work.blobs.counts(),
    }


def file_scanned(body: Mapping[str, Any], work: FileWork, _desk: FileDesk) -> dict[str, Any]:
    """Note what the scanner said: `clean`, `not-scanned` (there is no scanner), `infected`, or `later`."""
    blob, outcome, finding = _known(body, work), str(body.get("outcome", "")), str(body.get("finding", ""))[:200]
    if blob.state is not BlobState.CHECKING:
        return {"state": blob.state.value}
    if outcome == "later":
        work.blobs.put_off(blob.sha256, finding)
        return {"state": blob.state.value}
    if outcome not in {"clean", "not-scanned", "infected"}:
        raise Invalid("outcome", "choice", "没有这种检查结果。")
    state = BlobState.QUARANTINED if outcome == "infected" else BlobState.HERE
    thumbnail = body.get("thumbnail") is True
    work.blobs.change(blob.sha256, state=state.value, scan=outcome, finding=finding, thumbnail=thumbnail, tries=0)
    return {"state": state.value}


def file_arrived(body: Mapping[str, Any], work: FileWork, _desk: FileDesk) -> dict[str, Any]:
    """Note that a wanted file has come whole and is what it was said to be; it is checked like any other."""
    blob, media_type = _known(body, work), str(body.get("media_type", ""))
    if blob.state is BlobState.WANTED:
        if media_type not in rules.KIND_OF:
            work.blobs.change(blob.sha256, state=BlobState.QUARANTINED.value, scan="refused", finding="file-type")
            return {"state": BlobState.QUARANTINED.value}
        work.blobs.change(
            blob.sha256, state=BlobState.CHECKING.value, size=int(body.get("size", 0)), media_type=media_type, tries=0
        )
        return {"state": BlobState.CHECKING.value}
    return {"state": blob.state.value}


def file_failed(body: Mapping[str, Any], work: FileWork, _desk: FileDesk) -> dict[str, Any]:
    """Note that a file could not be fetched; a file that the other side has in quarantine will never come."""
    blob, finding = _known(body, work), str(body.get("finding", ""))[:200]
    if finding == "quarantined" and blob.state is BlobState.WANTED:
        work.blobs.change(blob.sha256, state=BlobState.QUARANTINED.value, scan="refused", finding="quarantined-above")
    else:
        work.blobs.put_off(blob.sha256, finding)
    return {}


def file_erased(body: Mapping[str, Any], work: FileWork, _desk: FileDesk) -> dict[str, Any]:
    """Forget a file whose bytes are gone."""
    work.blobs.forget(rules.check_digest(body.get("sha256", "")))
    return {}


def file_for_peer(body: Mapping[str, Any], work: FileWork, desk: FileDesk) -> dict[str, Any]:
    """Say whether a neighbour may have a file now; one that only stands on the way from above is sent for."""
    digest, peer = rules.check_digest(body.get("sha256", "")), str(DivisionCode.parse(body.get("peer", ""), "peer"))
    blob = work.blobs.get(digest)
    if blob is None:
        size = int(body.get("size") or 0)
        source = str(body.get("source") or desk.node.parent or "")
        if not source or source == peer:
            raise Unknown("文件", "")
        below = rules.lies_below(source, desk.node)
        wanted = Blob(sha256=digest, size=size, media_type="", state=BlobState.WANTED, source=source, from_below=below)
        work.blobs.add([wanted])
        return {"state": BlobState.WANTED.value}
    return {"state": blob.state.value, "size": blob.size, "media_type": blob.media_type, "source": blob.source}


def files_wanted_of(body: Mapping[str, Any], work: FileWork, _desk: FileDesk) -> dict[str, Any]:
    """Return the files that a child is to bring: those of its own subtree that are not here yet."""
    child = DivisionCode.parse(body.get("peer", ""), "peer")
    rows = [
        {"sha256": blob.sha256, "size": blob.size, "source": blob.source}
        for blob in work.blobs.wanted_from_below()
        if child.contains(DivisionCode.parse(blob.source))
    ]
    return {"rows": rows}


def file_from_peer(body: Mapping[str, Any], work: FileWork, _desk: FileDesk) -> dict[str, Any]:
    """Say whether a child may bring this file: only what is wanted is taken, and only from where it was said to be."""
    child = DivisionCode.parse(body.get("peer", ""), "peer")
    blob = _known(body, work)
    if blob.state is not BlobState.WANTED:
        return {"state": blob.state.value, "size": blob.size}
    if not blob.source or not child.contains(DivisionCode.parse(blob.source)):
        raise Conflict("此文件不由该节点提供。", code="file-not-wanted", rule="file-state")
    return {"state": blob.state.value, "size": blob.size}


def _known(body: Mapping[str, Any], work: FileWork) -> Blob:
    blob = work.blobs.get(rules.check_digest(body.get("sha256", "")))
    if blob is None:
        raise Unknown("文件", "")
    return blob


def _chore(blob: Blob) -> dict[str, Any]:
    return {"sha256": blob.sha256, "size": blob.size, "media_type": blob.media_type, "source": blob.source}


def _wanted(material: Material, from_node: str, desk: FileDesk) -> Blob:
    return Blob(
        sha256=rules.check_digest(material.sha256),
        size=material.size,
        media_type=material.media_type,
        state=BlobState.WANTED,
        source=from_node,
        from_below=rules.lies_below(from_node, desk.node),
    )


def _attachment(material: Material, case_no: str, desk: FileDesk) -> Attachment:
    context = name_context(material.material_id)
    name = desk.vault.open_from_transport(material.name_sealed, context)
    return Attachment(
        id=material.material_id,
        case_no=case_no,
        sha256=material.sha256,
        name_sealed=desk.vault.seal(name, context),
        added_at=material.added_at,
        added_by=material.added_by,
        person="",
        node=material.node,
    )
