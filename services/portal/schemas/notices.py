"""Notices over HTTP: what was chosen, what was told, letters on their way, what a rule would say."""

from marshmallow import Schema, fields, validate

from lianxi.casework.languages import CHINESE, LANGUAGES
from services.portal.schemas.fields import Day, OneOf, Text, YesNo
from services.portal.schemas.views import Page

CHANNELS = ("mail", "sms", "letter")
LETTER_STATES = ("queued", "printed", "posted", "delivered", "returned")


class ChoiceWanted(Schema):
    """By which channels to be told, in this order, in which language, and whether documents may come online."""

    channels = fields.List(OneOf(CHANNELS), required=True, validate=validate.Length(max=len(CHANNELS)))
    language = OneOf(tuple(LANGUAGES), load_default=CHINESE)
    electronic = YesNo(load_default=False, metadata={"description": "同意电子送达"})


class ChannelPreferred(Schema):
    """What the page of progress asks: the channel that goes first, if any; the others stay possible."""

    channel = OneOf(CHANNELS)
    language = OneOf(tuple(LANGUAGES), load_default=CHINESE)
    electronic = YesNo(load_default=False)


class ChoiceByCode(ChoiceWanted):
    """A choice of whoever has the query code."""

    query_code = Text(longest=60, required=True)


class NoticeChoice(Schema):
    """What was chosen for a case, and what there is to choose from."""

    case_no = fields.String(required=True)
    channels = fields.List(fields.String(), required=True)
    language = fields.String(required=True)
    electronic = fields.Boolean(required=True)
    chosen_by = fields.String()
    chosen_at = fields.String(allow_none=True)
    offered = fields.List(fields.String())
    languages = fields.List(fields.String())


class RuleNamed(Schema):
    """Which rule to preview."""

    rule = Text(longest=100, required=True)


class NoticePreview(Schema):
    """What a rule would tell whom about a case."""

    rule = fields.String(required=True)
    case_no = fields.String(required=True)
    happened = fields.Boolean(metadata={"description": "规则所等的事情已经发生"})
    applies = fields.Boolean(allow_none=True)
    sealed = fields.Boolean()
    recipients = fields.List(fields.Dict(keys=fields.String()))
    channels = fields.List(fields.String())
    urgent = fields.Boolean()
    digest = fields.Boolean()
    language = fields.String()
    texts = fields.List(fields.Dict(keys=fields.String(), values=fields.String()))


class LettersQuery(Page):
    """Which letters."""

    state = OneOf(LETTER_STATES, load_default="queued")


class LettersWanted(Schema):
    """Which letters to print, and as what."""

    ids = fields.List(Text(longest=100), required=True, validate=validate.Length(min=1, max=50))
    format = OneOf(("html", "docx"), load_default="html")


class PrintedLetters(Schema):
    """Letters ready for paper: HTML as it is, DOCX in base64; `without_address` cannot be posted."""

    printed = fields.List(fields.String(), required=True)
    without_address = fields.List(fields.String(), required=True)
    format = fields.String(required=True)
    content = fields.String(required=True)


class LetterStep(Schema):
    """What became of a letter: posted, arrived with a signature, or returned."""

    on = Day(required=True)
    tracking_no = Text(longest=60, blank=True, load_default="")
    note = Text(longest=500, multiline=True, blank=True, load_default="")


class DeliveryState(Schema):
    """How a delivery stands now."""

    id = fields.String(required=True)
    state = fields.String(required=True)


class ReceiptsTaken(Schema):
    """How many receipts of a callback were about messages that waited for one."""

    taken = fields.Integer(required=True)
