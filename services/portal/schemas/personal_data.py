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


class KeptClaim(Schema):
    """A claim that was written out."""

    number = fields.Integer(required=True)
    petition_class = fields.String(allow_none=True)
    category = fields.List(fields.String())
    text = fields.String(required=True)


class KeptAddition(Schema):
    """What the petitioner brought later (补充材料)."""

    kind = fields.String(required=True)
    at = fields.String(required=True, metadata={"format": "date-time"})
    text = fields.String(required=True)


class KeptFile(Schema):
    """A file of the contact, without its content."""

    name = fields.String(required=True)
    size = fields.Integer(required=True)
    media_type = fields.String(required=True)
    added_at = fields.String(required=True, metadata={"format": "date-time"})
    added_by = fields.String(required=True)


class PersonContact(Schema):
    """A contact of the person: `parts` says as what they stand in it, `others` how many more people it names.

    `withheld` names the rule where nothing goes out. Who only stands beside gets no field of the petitioner.
    """

    number = fields.String(required=True)
    channel = fields.String()
    received_at = fields.String(required=True, metadata={"format": "date-time"})
    withheld = fields.String()
    parts = fields.List(fields.String())
    others = fields.Integer()
    name = fields.String()
    id_number = fields.String()
    credit_code = fields.String()
    phone = fields.String()
    email = fields.String()
    address = fields.String()
    subject = fields.String()
    text = fields.String()
    claims = fields.List(fields.Nested(KeptClaim))
    parties = fields.List(
        fields.Dict(keys=fields.String()), metadata={"description": "本人作为联名人或代理人的登记内容"}
    )
    additions = fields.List(fields.Nested(KeptAddition))
    files = fields.List(fields.Nested(KeptFile))
    recording = fields.String()
    reception_place = fields.String()
    state = fields.String()
    ended_on = fields.String(allow_none=True, metadata={"format": "date"})


class PersonUnfinished(Schema):
    """A draft or refused input that names the person: their part of it, and how many others it names."""

    kind = fields.String(required=True)
    id = fields.String(required=True)
    at = fields.String(required=True, metadata={"format": "date-time"})
    withheld = fields.String()
    content = fields.Dict(keys=fields.String())
    others = fields.Integer()


class PersonExport(Schema):
    """Everything this node keeps of a person."""

    node = fields.String(required=True)
    contacts = fields.List(fields.Nested(PersonContact), required=True)
    unfinished = fields.List(fields.Nested(PersonUnfinished), required=True)


class PersonErased(Schema):
    """What was blanked, how many drafts and rejects went, and what stays."""

    erased = fields.List(fields.String(), required=True)
    unfinished = fields.Integer()
    stays = fields.List(fields.String(), required=True)
    retention_years = fields.Integer(required=True)


class MaskedPetitioner(Schema):
    """A petitioner as far as the viewer may see without giving a reason."""

    number = fields.String(required=True)
    anonymous = fields.Boolean()
    viewer = fields.String(required=True)
    petitioner = fields.Dict(keys=fields.String(), values=fields.String(), required=True)
    erased = fields.Boolean()
