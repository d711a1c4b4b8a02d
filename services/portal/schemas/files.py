"""Files as they are announced, as their upload goes on, and as a list shows them."""

from marshmallow import Schema, fields

from services.portal.domain.files import check_sha256
from services.portal.schemas.fields import Coded, QueryNumber, Text, WholeNumber

LARGEST = 999_999_999
"""What a query can name; which size is taken in, intake says."""


class FileAnnounced(Schema):
    """A file somebody is about to send."""

    name = Text(longest=200, required=True, metadata={"description": "文件名；类型由内容决定，不由文件名决定"})
    size = WholeNumber(1, LARGEST, required=True, metadata={"description": "字节数"})
    sha256 = Coded(check_sha256, metadata={"description": "内容的 SHA-256，也可在结束时给出"})


class FileAnnouncedByPetitioner(FileAnnounced):
    """The same from a petitioner, who names the case by its query code."""

    query_code = Text(longest=60, required=True)


class UploadBegun(Schema):
    """How the file is to be sent: chunks of this size from offset 0 on, each request with the key in `Upload-Key`."""

    upload_id = fields.String(required=True)
    key = fields.String(required=True, metadata={"description": "只给出一次；续传时放在 Upload-Key 头中"})
    offset = fields.Integer(required=True)
    size = fields.Integer(required=True)
    chunk_bytes = fields.Integer(required=True)
    hours = fields.Integer(required=True, metadata={"description": "多少小时没有续传即作废"})


class UploadProgress(Schema):
    """Where the upload goes on; with an attachment it is finished."""

    offset = fields.Integer(required=True)
    size = fields.Integer(required=True)
    attachment_id = fields.String(required=True, allow_none=True)


class ChunkPlace(Schema):
    """Where a chunk belongs."""

    offset = QueryNumber(0, LARGEST, required=True)


class UploadDone(Schema):
    """The SHA-256 of what was sent."""

    sha256 = Coded(check_sha256, required=True)


class File(Schema):
    """A file of a case. Only `here` can be opened; `wanted` is still at another node."""

    id = fields.String(required=True)
    name = fields.String(required=True)
    size = fields.Integer(required=True)
    media_type = fields.String(required=True)
    kind = fields.String(required=True, metadata={"description": "photo、pdf、office、audio、video"})
    state = fields.String(required=True, metadata={"enum": ["checking", "here", "wanted", "quarantined", "erasing"]})
    scan = fields.String(metadata={"description": "clean、not-scanned、infected、refused；尚未检查的为空"})
    thumbnail = fields.Boolean()
    added_at = fields.String(metadata={"format": "date-time"})
    added_by = fields.String(metadata={"enum": ["petitioner", "officer"]})
    node = fields.String()
    sha256 = fields.String(required=True)


class Files(Schema):
    """The files of a case in the order in which they came."""

    rows = fields.List(fields.Nested(File), required=True)
