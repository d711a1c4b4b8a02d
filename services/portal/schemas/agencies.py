"""What agencies outside ask for and are answered."""

from marshmallow import Schema, fields

from services.portal.schemas.fields import QueryNumber, WholeNumber
from services.portal.schemas.views import Page

LAST_CURSOR = 10**9
MOST_EVENTS = 500


class EventsBehind(Page):
    """Which events: those behind `after`, so many."""

    after = QueryNumber(0, LAST_CURSOR, load_default=0)  # type: ignore[assignment]  # a cursor is a number
    limit = QueryNumber(1, MOST_EVENTS, load_default=100)


class AgencyEvents(Schema):
    """Events as CloudEvents, each with its `agencycursor`; `last` is the newest cursor, `oldest` the first one kept."""

    rows = fields.List(fields.Dict(keys=fields.String()), required=True)
    next = fields.Integer(required=True)
    last = fields.Integer(required=True)
    oldest = fields.Integer(required=True)


class ReplayWanted(Schema):
    """Behind which cursor to begin."""

    after = WholeNumber(0, LAST_CURSOR, required=True)


class Replaying(Schema):
    """From where to where the queue is filled again."""

    after = fields.Integer(required=True)
    last = fields.Integer(required=True)


class AgencyCase(Schema):
    """Where a case of the agency stands."""

    case_no = fields.String(required=True)
    state = fields.String(required=True)
    label = fields.String()
    seq = fields.Integer()
    unit = fields.String(required=True)
    acts = fields.List(fields.String(), required=True)
