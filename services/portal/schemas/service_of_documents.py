"""Service of documents over HTTP: what has to be served, how it went, and what the petitioner reads online."""

from marshmallow import Schema, fields

from lianxi.casework.messages.facts import ServiceMethod
from services.portal.schemas.fields import Day, OneOf, Text, YesNo

METHODS = tuple(ServiceMethod)


class DocumentToServe(Schema):
    """One document of a case that the petitioner must get."""

    case_no = fields.String(required=True)
    number = fields.String(required=True)
    kind = fields.String(required=True)
    issued_on = fields.String(required=True)
    state = fields.String(required=True, metadata={"description": "unserved、under-way、returned、served"})
    method = fields.String()
    began_on = fields.String(allow_none=True)
    earliest = fields.String(allow_none=True, metadata={"description": "公告送达最早视为送达的日期"})
    tracking_no = fields.String()
    served_on = fields.String(allow_none=True)
    proof = fields.String()
    note = fields.String()
    changed_by = fields.String()
    changed_at = fields.String(allow_none=True)


class DocumentsToServe(Schema):
    """Documents, with where the next page begins."""

    rows = fields.List(fields.Nested(DocumentToServe), required=True)
    next = fields.String(allow_none=True)


class DocumentSentOff(Schema):
    """How and when a document was sent off."""

    number = Text(longest=60, required=True)
    method = OneOf(METHODS, required=True)
    on = Day(required=True)
    tracking_no = Text(longest=60, blank=True, load_default="")
    note = Text(longest=500, multiline=True, blank=True, load_default="")


class DocumentReturned(Schema):
    """That a document came back, and why."""

    number = Text(longest=60, required=True)
    on = Day(required=True)
    note = Text(longest=500, multiline=True, required=True)


class ServiceProof(Schema):
    """The proof of service (送达回证): how, when, and what shows it."""

    number = Text(longest=60, required=True)
    method = OneOf(METHODS, required=True)
    served_on = Day(required=True)
    proof = Text(longest=200, required=True, metadata={"description": "回证编号或文件名"})


class ReadingOnline(Schema):
    """A petitioner opens a document online and agrees that this is its service."""

    query_code = Text(longest=60, required=True)
    number = Text(longest=60, required=True)
    consent = YesNo(required=True, metadata={"description": "同意电子送达，并确认收到"})


class DocumentRead(Schema):
    """A document as the petitioner reads it; `served_on` is the day from which the time for a review runs."""

    number = fields.String(required=True)
    kind = fields.String(required=True)
    paper = fields.Dict(keys=fields.String(), values=fields.String(), required=True)
    served_on = fields.String(allow_none=True)
