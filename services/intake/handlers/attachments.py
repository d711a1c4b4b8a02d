"""Files of cases: begin and finish an upload, list and open them for a reader, and erase what a case no longer needs.

The portal, which carries the bytes, asks these; it has checked that the caller may see the case. An upload is known by
a key that only its beginner was given. What happens to files behind the counter is in `file_chores`.
"""

import re
from collections.abc import Mapping
from typing import Any

from lianxi.casework.errors import Conflict, Forbidden, Invalid, Unknown
from lianxi.casework.identifiers import CaseNumber, QueryCode
from lianxi.casework.messages.facts import Actor
from lianxi.casework.messages.materials import Material, MaterialsKept
from services.intake.domain import attachments as rules
from services.intake.domain.attachments import Attachment, Blob, BlobState, Upload
from services.intake.domain.audit import PersonalRead, ReadKind
from services.intake.domain.fields import Fields
from services.intake.handlers.file_ports import FileDesk, FileWork
from services.intake.handlers.sealing import query_code_hash

PARTS = ("content", "thumbnail")
_ID = re.compile(r"[0-9a-f-]{36}", re.ASCII)


def start_upload(body: Mapping[str, Any], work: FileWork, desk: FileDesk) -> dict[str, Any]:
    """Begin an upload to the case of an officer, or of a petitioner who gives the query code."""
    fields = Fields(body, None)
    case_no, actor = _case_of(fields, work, desk)
    name = rules.shown_name(fields.text("name", rules.MAX_NAME))
    size = fields.whole("size", 0, 0, 2**53)
    rules.check_announced(size, work.uploads.load_of(case_no), desk.limits)
    upload_id, key = desk.new_id(), desk.draw_key()
    work.uploads.add(
        Upload(
            id=upload_id,
            key_hash=_key_hash(upload_id, key, desk),
            case_no=case_no,
            name_sealed=desk.vault.seal(name, f"upload/{upload_id}/name"),
            size=size,
            sha256=rules.check_digest(body["sha256"]) if fields.given("sha256") else "",
            added_by="officer" if actor else "petitioner",
            person=actor.person if actor else "",
        )
    )
    return {"upload_id": upload_id, "key": key, "case_no": case_no, "size": size, "hours": desk.upload_hours}


def show_upload(body: Mapping[str, Any], work: FileWork, desk: FileDesk) -> dict[str, Any]:
    """Return what is known of an upload to whoever has its key; each look keeps it from being taken for abandoned."""
    upload = _upload(body, work, desk)
    work.uploads.touch(upload.id)
    return {"size": upload.size, "sha256": upload.sha256, "attachment_id": upload.attachment_id}


def finish_upload(body: Mapping[str, Any], work: FileWork, desk: FileDesk) -> dict[str, Any]:
    """Attach the file that has come in whole; the same request again gets the same answer."""
    upload = _upload(body, work, desk)
    if upload.attachment_id is not None:
        found = work.attachments.get(upload.case_no, upload.attachment_id)
        return _row(*found, desk) if found else {"id": upload.attachment_id}
    fields = Fields(body, None)
    digest, media_type = rules.check_digest(body.get("sha256", "")), fields.text("media_type", 100)
    if upload.sha256 not in {"", digest}:
        raise Invalid("sha256", "sha-256", "文件内容与开始上传时声明的 SHA-256 不符，请重新上传。")
    rules.check_kind(media_type, upload.size, desk.limits)
    _keep_blob(Blob(sha256=digest, size=upload.size, media_type=media_type, state=BlobState.CHECKING), work)
    attached = _attach(upload, digest, work, desk)
    work.uploads.finish(upload.id, attached[0].id)
    return _row(*attached, desk)


def drop_upload(body: Mapping[str, Any], work: FileWork, desk: FileDesk) -> dict[str, Any]:
    """Give an upload up; what became an attachment stays one."""
    upload = _upload(body, work, desk)
    if upload.attachment_id is None:
        work.uploads.drop(upload.id)
    return {"dropped": upload.attachment_id is None}


def list_attachments(body: Mapping[str, Any], work: FileWork, desk: FileDesk) -> dict[str, Any]:
    """Return the files of a case, also those that are not here yet; a petitioner is shown the own ones."""
    fields = Fields(body, None)
    if fields.given("query_code"):
        case_no = _by_code(body, work, desk)
        own = [pair for pair in work.attachments.of_case(case_no) if pair[0].added_by == "petitioner"]
        return {"rows": [_row(*pair, desk) for pair in own]}
    case_no = str(CaseNumber.parse(body.get("case_no", "")))
    return {"rows": [_row(*pair, desk) for pair in work.attachments.of_case(case_no)]}


def list_missing(work: FileWork, desk: FileDesk) -> list[dict[str, Any]]:
    """Return the files of all cases that are not here yet, with where they are to come from."""
    pairs = work.attachments.missing()
    return [{**_row(*pair, desk), "source": pair[1].source, "tries": pair[1].tries} for pair in pairs]


def open_attachment(body: Mapping[str, Any], work: FileWork, desk: FileDesk) -> dict[str, Any]:
    """Say what the portal is to send to a reader, and write down who reads (MK-8)."""
    fields = Fields(body, None)
    case_no = str(CaseNumber.parse(body.get("case_no", "")))
    actor = _officer(fields, desk)
    part = fields.text("part", 20) or PARTS[0]
    if part not in PARTS:
        raise Invalid("part", "choice", "只能查看内容或缩略图。")
    found = work.attachments.get(case_no, fields.text("attachment_id", 60))
    if found is None:
        raise Unknown("材料", "该编号")
    attachment, blob = found
    check_readable(blob)
    first = work.attachments.note_reading(
        {
            "attachment_id": attachment.id,
            "case_no": case_no,
            "sha256": blob.sha256,
            "part": part,
            "person": actor.person,
            "role": actor.role.value,
            "unit": actor.unit,
            "node": actor.node,
            "at": desk.clock.now(),
        }
    )
    if first:
        _enter_in_book(case_no, part, actor, work, desk)
    return _row(attachment, blob, desk)


def _enter_in_book(case_no: str, part: str, actor: Actor, work: FileWork, desk: FileDesk) -> None:
    """Add the look to the one book in which every look at personal data stands."""
    work.reads.add(
        PersonalRead(
            number=case_no,
            kind=ReadKind.CONTENT,
            fields=(f"attachment-{part}",),
            person=actor.person,
            role=actor.role.value,
            unit=actor.unit,
            node=actor.node,
            reason="",
            at=desk.clock.now(),
        )
    )


def check_readable(blob: Blob) -> None:
    """Refuse what is not here, not checked yet, or dangerous."""
    if blob.state is BlobState.WANTED:
        raise Conflict("此文件尚未传到本节点，到达后即可查看。", code="file-not-here", rule="file-state")
    if blob.state is BlobState.CHECKING:
        raise Conflict("此文件正在等待病毒检查，请稍后再看。", code="file-checking", rule="file-state")
    if blob.state is BlobState.QUARANTINED:
        raise Conflict("此文件查出病毒，已隔离，不能打开。", code="file-quarantined", rule="file-state")
    if blob.state is BlobState.ERASING:
        raise Unknown("材料", "该编号")


def tell_case(case_no: str, work: FileWork, desk: FileDesk) -> None:
    """Tell the files of a case: routing passes them on when another node holds it."""
    pairs = [pair for pair in work.attachments.of_case(case_no) if pair[1].state is not BlobState.QUARANTINED]
    if pairs:
        materials = tuple(_material(*pair, desk) for pair in pairs)
        work.record(MaterialsKept(case_no=case_no, materials=materials), at=desk.clock.now())


def _keep_blob(new: Blob, work: FileWork) -> None:
    known = work.blobs.get(new.sha256)
    if known is None:
        work.blobs.add([new])
    elif known.state is BlobState.QUARANTINED:
        raise Conflict("此文件查出病毒，不能提交。", code="file-quarantined", rule="file-state")
    elif known.state in {BlobState.WANTED, BlobState.ERASING}:
        work.blobs.change(
            new.sha256, state=BlobState.CHECKING.value, size=new.size, media_type=new.media_type, tries=0, finding=""
        )


def _attach(upload: Upload, digest: str, work: FileWork, desk: FileDesk) -> tuple[Attachment, Blob]:
    known = next((pair for pair in work.attachments.of_case(upload.case_no) if pair[0].sha256 == digest), None)
    if known is not None:
        return known
    material_id, name = desk.new_id(), desk.vault.open(upload.name_sealed, f"upload/{upload.id}/name")
    work.attachments.add(
        Attachment(
            id=material_id,
            case_no=upload.case_no,
            sha256=digest,
            name_sealed=desk.vault.seal(name, name_context(material_id)),
            added_at=desk.clock.now(),
            added_by=upload.added_by,
            person=upload.person,
            node=str(desk.node),
        )
    )
    tell_case(upload.case_no, work, desk)
    found = work.attachments.get(upload.case_no, material_id)
    if found is None:
        raise Unknown("材料", material_id)
    return found


def name_context(attachment_id: str) -> str:
    """Return the place to which the sealed name of an attachment is bound."""
    return f"attachment/{attachment_id}/name"


def _material(attachment: Attachment, blob: Blob, desk: FileDesk) -> Material:
    name = desk.vault.open(attachment.name_sealed, name_context(attachment.id))
    return Material(
        material_id=attachment.id,
        sha256=blob.sha256,
        size=blob.size,
        media_type=blob.media_type,
        name_sealed=desk.vault.seal_for_transport(name, name_context(attachment.id)),
        added_at=attachment.added_at,
        added_by=attachment.added_by,
        node=attachment.node,
    )


def _row(attachment: Attachment, blob: Blob, desk: FileDesk) -> dict[str, Any]:
    return {
        "id": attachment.id,
        "case_no": attachment.case_no,
        "name": desk.vault.open(attachment.name_sealed, name_context(attachment.id)),
        "sha256": blob.sha256,
        "size": blob.size,
        "media_type": blob.media_type,
        "kind": rules.KIND_OF[blob.media_type].value if blob.media_type in rules.KIND_OF else "",
        "state": blob.state.value,
        "scan": blob.scan,
        "finding": blob.finding,
        "thumbnail": blob.thumbnail,
        "added_at": attachment.added_at.isoformat(),
        "added_by": attachment.added_by,
        "node": attachment.node,
    }


def _case_of(fields: Fields, work: FileWork, desk: FileDesk) -> tuple[str, Actor | None]:
    if fields.given("query_code"):
        return _by_code(fields.values, work, desk), None
    return str(CaseNumber.parse(fields.values.get("case_no", ""))), _officer(fields, desk)


def _by_code(body: Mapping[str, Any], work: FileWork, desk: FileDesk) -> str:
    contact = work.contacts.by_query_code(query_code_hash(QueryCode.parse(body["query_code"]), desk.vault))
    if contact is None:
        raise Unknown("信访件", "该查询码")
    return contact.number


def _officer(fields: Fields, desk: FileDesk) -> Actor:
    actor = fields.actor("actor")
    if actor is None:
        raise Invalid("actor", "MK-8", "请注明经办人。")
    if actor.node != str(desk.node):
        raise Forbidden("只有本节点的承办人可以查看或添加材料。", rule="MK-1")
    return actor


def _upload(body: Mapping[str, Any], work: FileWork, desk: FileDesk) -> Upload:
    upload_id, key = str(body.get("upload_id", "")), str(body.get("key", ""))
    upload = work.uploads.get(upload_id) if _ID.fullmatch(upload_id) else None
    if upload is None or upload.key_hash != _key_hash(upload_id, key, desk):
        raise Unknown("上传", "该编号")  # whether it is the id or the key that is wrong is nobody's business
    return upload


def _key_hash(upload_id: str, key: str, desk: FileDesk) -> str:
    return desk.vault.keyed_hash(f"{upload_id}/{key}", "upload-key")
