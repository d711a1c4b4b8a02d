"""The dispatcher's desk over HTTP: piles, taking a case, proposed acts, one act on many cases."""

from typing import Any

from marshmallow import Schema, fields, validate

from lianxi.casework.identifiers import CaseNumber
from services.portal.domain.acts import OFFERED_COMMANDS
from services.portal.schemas.fields import Coded, OneOf, Text, WholeNumber, YesNo
from services.portal.schemas.views import Page

MOST_AT_ONCE = 100


class PileOverview(Schema):
    """One pile: what it is called, who works through it, how much waits and since when."""

    pile = fields.String(required=True)
    label = fields.String(required=True)
    roles = fields.List(fields.String(), required=True)
    cases = fields.Integer(required=True)
    oldest_age_seconds = fields.Integer(required=True)


class Piles(Schema):
    """Every pile of the node, and the age of the oldest case of all."""

    rows = fields.List(fields.Nested(PileOverview), required=True)
    oldest_age_seconds = fields.Integer(required=True)


class PiledCase(Schema):
    """A case in a pile; `taken` says that somebody works on it until `taken_until`."""

    case_no = fields.String(required=True)
    state = fields.String(required=True)
    label = fields.String(required=True)
    holder = fields.String(required=True)
    unit = fields.String()
    since = fields.String(required=True, metadata={"format": "date-time"})
    age_seconds = fields.Integer(required=True)
    taken = fields.Boolean(required=True)
    taken_by_me = fields.Boolean(required=True)
    taken_role = fields.String(allow_none=True)
    taken_until = fields.String(allow_none=True)


class Pile(Schema):
    """A page of one pile, oldest first."""

    pile = fields.String(required=True)
    label = fields.String(required=True)
    rows = fields.List(fields.Nested(PiledCase), required=True)
    next = fields.String(allow_none=True)


class TakeWanted(Schema):
    """How a case is taken; `over` takes it from a colleague, which only a department leader may."""

    over = YesNo(load_default=False)


class Taken(Schema):
    """A case is one's own until `expires_at`."""

    case_no = fields.String(required=True)
    seq = fields.Integer(required=True)
    expires_at = fields.String(required=True, metadata={"format": "date-time"})


class Content(fields.Dict):
    """The body of an act; what belongs into it says the operation of that act."""

    def __init__(self, **more: Any) -> None:
        super().__init__(keys=Text(longest=40), **more)


class ProposalWanted(Schema):
    """An act proposed for somebody else's decision."""

    act = OneOf(OFFERED_COMMANDS, required=True)
    command = Content(required=True)
    note = Text(longest=500, multiline=True, blank=True, load_default="")


class Proposed(Schema):
    """The number of a proposed act, and the version of the case it was proposed on."""

    id = fields.String(required=True)
    case_no = fields.String(required=True)
    seq = fields.Integer(required=True)


class ProposedQuery(Page):
    """The proposed acts of one case; without a case all that wait for a decision."""

    case_no = Coded(CaseNumber.parse, load_default=None)


class Decision(Schema):
    """Whether a proposed act happens; returning it needs a reason."""

    approve = YesNo(required=True)
    reason = Text(longest=500, multiline=True, blank=True, load_default="")


class Decided(Schema):
    """What became of a proposed act."""

    id = fields.String(required=True)
    case_no = fields.String(required=True)
    status = fields.String(required=True, validate=validate.OneOf(["done", "sent", "waiting", "returned"]))
    seq = fields.Integer()
    state = fields.String()
    directive_id = fields.String(allow_none=True)
    documents = fields.List(fields.Dict(keys=fields.String()))


class OneOfMany(Schema):
    """One case of an act on many; `seq` is the version that was seen, if it matters."""

    case_no = Coded(CaseNumber.parse, required=True)
    seq = WholeNumber(0, 999_999_999)


class ManyWanted(Schema):
    """One act on up to a hundred cases."""

    act = OneOf(OFFERED_COMMANDS, required=True)
    cases = fields.List(fields.Nested(OneOfMany), required=True, validate=validate.Length(min=1, max=MOST_AT_ONCE))
    command = Content(required=True)


class Outcome(Schema):
    """What became of one case: done, sent to its holder, waiting for one, or refused with code and reason."""

    case_no = fields.String(required=True)
    status = fields.String(required=True, validate=validate.OneOf(["done", "sent", "waiting", "refused"]))
    seq = fields.Integer()
    state = fields.String()
    directive_id = fields.String(allow_none=True)
    documents = fields.List(fields.Dict(keys=fields.String()))
    code = fields.String()
    detail = fields.String()
    rule = fields.String(allow_none=True)
    changes = fields.List(fields.Dict(keys=fields.String()))


class Outcomes(Schema):
    """One outcome for each case, in the order asked."""

    rows = fields.List(fields.Nested(Outcome), required=True)
