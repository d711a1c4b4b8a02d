"""Files of cases: sent in chunks by officers and petitioners, listed, opened.

`POST …/attachments` begins an upload and gives its key; `PUT /uploads/{id}?offset=` takes the chunks, in any number of
attempts; `POST /uploads/{id}/finish` ends it with the SHA-256 of the whole. `GET /uploads/{id}` says where to go on.
"""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from flask import Response, make_response, request

from services.portal.api.cases import number
from services.portal.api.resources import Resource, ports
from services.portal.domain import permissions as may
from services.portal.domain.accounts import Principal
from services.portal.domain.files import CHUNK_BYTES
from services.portal.handlers import files
from services.portal.schemas.files import (
    ChunkPlace,
    File,
    FileAnnounced,
    FileAnnouncedByPetitioner,
    Files,
    UploadBegun,
    UploadDone,
    UploadProgress,
)
from services.portal.schemas.filing import QueryCodeGiven

resource = Resource("files", __name__, description="材料")
_KEY = {
    "in": "header",
    "name": "Upload-Key",
    "required": True,
    "schema": {"type": "string"},
    "description": "开始上传时得到的密钥",
}
_RANGE = {"in": "header", "name": "Range", "schema": {"type": "string"}, "description": "bytes=起-止，只要其中一段"}
_BINARY = {"application/octet-stream": {"schema": {"type": "string", "format": "binary", "maxLength": CHUNK_BYTES}}}
_WITH_KEY = {"parameters": [_KEY]}
_CHUNK = {**_WITH_KEY, "requestBody": {"required": True, "content": _BINARY}}
_SENT = {
    "parameters": [_RANGE],
    "responses": {
        "200": {"description": "文件内容", "content": {"*/*": {"schema": {"type": "string", "format": "binary"}}}},
        "206": {"description": "文件的一段", "content": {"*/*": {"schema": {"type": "string", "format": "binary"}}}},
    },
}


@resource.operation("/cases/<case_no>/attachments", answer=Files, access=may.CASE_READERS)
def list_files(person: Principal, case_no: str) -> dict[str, Any]:
    """List the files of a case, also those that are not here yet."""
    return files.of_case(number(case_no), person, ports())


@resource.operation(
    "/cases/<case_no>/attachments", "POST", body=FileAnnounced, answer=UploadBegun, status=201, access=may.CASE_FILES
)
def begin_upload(person: Principal, file: dict[str, Any], case_no: str) -> tuple[dict[str, Any], int, dict[str, str]]:
    """Begin the upload of a file to a case."""
    return _begun(files.begin(number(case_no), file, person, ports()))


@resource.operation(
    "/track/attachments",
    "POST",
    body=FileAnnouncedByPetitioner,
    answer=UploadBegun,
    status=201,
    purpose="filing",
    access=may.BY_CODE,
)
def begin_upload_with_code(
    _person: Principal | None, file: dict[str, Any]
) -> tuple[dict[str, Any], int, dict[str, str]]:
    """Begin the upload of a file by the petitioner, who gives the query code."""
    given = dict(file)
    return _begun(files.begin_with_code(given.pop("query_code"), given, ports()))


@resource.operation(
    "/track/attachments/list",
    "POST",
    body=QueryCodeGiven,
    answer=Files,
    purpose="tracking",
    reads=True,
    access=may.BY_CODE,
)
def list_files_with_code(_person: Principal | None, given: dict[str, str]) -> dict[str, Any]:
    """List the files that the petitioner handed in."""
    return files.of_petitioner(given["query_code"], ports())


@resource.operation("/uploads/<upload_id>", answer=UploadProgress, also=_WITH_KEY, access=may.BY_UPLOAD_KEY)
def read_upload(_person: Principal | None, upload_id: str) -> dict[str, Any]:
    """Say where an upload goes on."""
    return files.progress(upload_id, _key(), ports())


@resource.operation(
    "/uploads/<upload_id>", "PUT", query=ChunkPlace, answer=UploadProgress, also=_CHUNK, access=may.BY_UPLOAD_KEY
)
def add_chunk(_person: Principal | None, place: dict[str, int], upload_id: str) -> dict[str, Any]:
    """Send one chunk; sent twice it counts once."""
    return files.add_chunk(upload_id, _key(), (place["offset"], request.get_data()), ports())


@resource.operation(
    "/uploads/<upload_id>/finish", "POST", body=UploadDone, answer=File, also=_WITH_KEY, access=may.BY_UPLOAD_KEY
)
def finish_upload(_person: Principal | None, done: dict[str, str], upload_id: str) -> dict[str, Any]:
    """End an upload: the whole is checked and attached to the case."""
    return files.finish(upload_id, _key(), done["sha256"], ports())


@resource.operation("/uploads/<upload_id>", "DELETE", status=204, also=_WITH_KEY, access=may.BY_UPLOAD_KEY)
def give_upload_up(_person: Principal | None, upload_id: str) -> Response:
    """Give an upload up."""
    files.give_up(upload_id, _key(), ports())
    return make_response("", 204)


@resource.operation("/cases/<case_no>/attachments/<attachment_id>", also=_SENT, access=may.CASE_READERS)
def read_file(person: Principal, case_no: str, attachment_id: str) -> Response:
    """Open a file; who looked is recorded."""
    wanted = attachment_id, "content"
    return sent(files.open_file(number(case_no), wanted, person, request.headers.get("Range"), ports()))


@resource.operation("/cases/<case_no>/attachments/<attachment_id>/thumbnail", also=_SENT, access=may.CASE_READERS)
def read_thumbnail(person: Principal, case_no: str, attachment_id: str) -> Response:
    """Open the small picture of a file; who looked is recorded."""
    wanted = attachment_id, "thumbnail"
    return sent(files.open_file(number(case_no), wanted, person, request.headers.get("Range"), ports()), inline=True)


def sent(opened: files.Opened, *, inline: bool = False) -> Response:
    """Return a file as a response: never run by a browser, in parts where parts were asked for."""
    first, length = opened.part or (0, opened.size)
    response = Response(opened.pieces, 206 if opened.part else 200, mimetype=opened.media_type)
    response.headers["Content-Length"] = str(length)
    response.headers["Accept-Ranges"] = "bytes"
    response.headers["Lianxi-Size"] = str(opened.size)
    response.headers["Content-Disposition"] = _disposition(opened.row, inline=inline)
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    if opened.part:
        response.headers["Content-Range"] = f"bytes {first}-{first + length - 1}/{opened.size}"
    return response


def _disposition(row: Mapping[str, Any], *, inline: bool) -> str:
    if inline or "name" not in row:
        return "inline" if inline else "attachment"
    return f"attachment; filename*=UTF-8''{quote(str(row['name']), safe='')}"


def _begun(begun: dict[str, Any]) -> tuple[dict[str, Any], int, dict[str, str]]:
    return begun, 201, {"Location": f"/api/v1/uploads/{begun['upload_id']}"}


def _key() -> str:
    return request.headers.get("Upload-Key", "")
