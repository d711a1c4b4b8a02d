"""Sessions, tokens and who one is."""

from marshmallow import Schema, fields, validate

from services.portal.domain.accounts import Scope
from services.portal.domain.sign_in import TOKEN_DAYS
from services.portal.schemas.fields import OneOf, Text, WholeNumber


class Credentials(Schema):
    """What somebody signs in with."""

    login = Text(longest=64, required=True)
    password = fields.String(required=True, load_only=True, validate=validate.Length(max=200))


class Me(Schema):
    """Who is signed in; `csrf_token` belongs into X-CSRF-Token of every change made with the session cookie."""

    login = fields.String(required=True)
    role = fields.String(required=True)
    node = fields.String(required=True)
    unit = fields.String(required=True)
    scopes = fields.List(fields.String(), required=True)
    csrf_token = fields.String(attribute="csrf")


class TokenWanted(Schema):
    """A token to be made."""

    name = Text(longest=60, required=True, metadata={"description": "用途，便于以后辨认"})
    scopes = fields.List(OneOf(tuple(Scope)), required=True, validate=validate.Length(min=1, max=len(Scope)))
    days = WholeNumber(TOKEN_DAYS.start, TOKEN_DAYS[-1], load_default=90)


class Token(Schema):
    """A token as it is listed."""

    id = fields.String(required=True)
    name = fields.String(required=True)
    scopes = fields.List(fields.String(), required=True)
    created_at = fields.DateTime()
    expires_at = fields.DateTime(required=True)


class NewToken(Token):
    """A token as it is shown, this once."""

    token = fields.String(required=True)


class Tokens(Schema):
    """The live tokens of an account."""

    rows = fields.List(fields.Nested(Token), required=True)
