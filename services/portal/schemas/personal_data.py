"""What the API reads and answers about personal data: who looked, and one person's request."""

from marshmallow import Schema, fields

from lianxi.casework.identifiers import CaseNumber
from services.portal.schemas.fields import Coded, Day, QueryNumber, Text


class ReadsQuery(Schema):
    """Which looks are wanted: at a case, by somebody, of a time; what follows `after`, newest first."""

    number = Coded(CaseNumber.parse, metadata={"description": "信访编号"})
    person = Text(longest=100, metadata={"description": "查看人的账号"})
    since = Day(load_default=None)
    until = Day(load_default=None)
    after = QueryNumber(0, 10**12, load_default=0)
    limit = QueryNumber(1, 200, load_default=50)


class Look(Schema):
    """One look at personal data; nothing of the data is in it."""

    position = fields.Integer(required=True)
    at = fields.String(required=True, metadata={"format": "date-time"})
    number = fields.String(required=True)
    kind = fields.String(required=True)
    what = fields.String(required=True)
    fields_shown = fields.List(fields.String(), attribute="fields", data_key="fields")
    contacts = fields.Integer()
    person = fields.String(required=True)
    role = fields.String(required=True)
    unit = fields.String(required=True)
    node = fields.String(required=True)
    reason = fields.String(required=True)
    digest = fields.String(required=True)


class Looks(Schema):
    """A page of the book of looks."""

    rows = fields.List(fields.Nested(Look), required=True)
    next = fields.String(required=False, allow_none=True)


class LookTold(Schema):
    """One look, as the petitioner is told of it: the office, not the person."""

    at = fields.String(required=True, metadata={"format": "date-time"})
    what = fields.String(required=True)
    node = fields.String(required=True)
    unit = fields.String(required=True)
    role = fields.String(required=True)
    reason = fields.String(required=True)


class LooksTold(Schema):
    """Who looked at one's data."""

    number = fields.String(required=True)
    rows = fields.List(fields.Nested(LookTold), required=True)


class Identity(Schema):
    """What identifies a person; any of it, name and address together."""

    id_number = Text(longest=40)
    credit_code = Text(longest=40)
    phone = Text(longest=40)
    name = Text(longest=100)
    address = Text(longest=300)


class PersonAsked(Schema):
    """One person's request, and where it came from."""

    identity = fields.Nested(Identity, required=True)
    reason = Text(longest=500, multiline=True, required=True)


class PersonExport(Schema):
    """Everything this node keeps of a person."""

    node = fields.String(required=True)
    contacts = fields.List(fields.Dict(keys=fields.String()), required=True)


class PersonErased(Schema):
    """What was blanked, and what stays."""

    erased = fields.List(fields.String(), required=True)
    stays = fields.List(fields.String(), required=True)
    retention_years = fields.Integer(required=True)


class MaskedPetitioner(Schema):
    """A petitioner as far as the viewer may see without giving a reason."""

    number = fields.String(required=True)
    anonymous = fields.Boolean()
    viewer = fields.String(required=True)
    petitioner = fields.Dict(keys=fields.String(), values=fields.String(), required=True)
    erased = fields.Boolean()
