"""What a petitioner sends and sees after filing: material, completion, urge, rating, withdrawal, drafts."""

from marshmallow import Schema, fields

from services.portal.domain.petitioning import RATED, RATINGS
from services.portal.schemas.fields import OneOf, Text, YesNo
from services.portal.schemas.views import Page

LONGEST_WORDS = 10_000


class Words(Schema):
    """What is brought, and the code that says to which petition."""

    query_code = Text(longest=60, required=True, metadata={"description": "查询码"})
    text = Text(longest=LONGEST_WORDS, multiline=True, required=True, metadata={"description": "内容"})


class Urge(Schema):
    """A petitioner asks where it stays (催办); words may be left out."""

    query_code = Text(longest=60, required=True, metadata={"description": "查询码"})
    text = Text(longest=LONGEST_WORDS, multiline=True, blank=True, metadata={"description": "说明，可不填"})


class Rate(Schema):
    """How satisfied a petitioner is with the petition department or the organ (满意度评价, PR-21)."""

    query_code = Text(longest=60, required=True, metadata={"description": "查询码"})
    rated = OneOf(tuple(RATED), required=True, metadata={"description": "评价对象：信访部门或者责任单位"})
    rating = OneOf(tuple(RATINGS), required=True, metadata={"description": "满意、基本满意、不满意"})
    text = Text(longest=LONGEST_WORDS, multiline=True, blank=True, metadata={"description": "说明，可不填"})


class Withdraw(Words):
    """A petition is withdrawn, of free will and with its reason (T42)."""

    free_will = YesNo(required=True, metadata={"description": "自愿撤回"})


class Brought(Schema):
    """What became of it: done here, sent to the node that has the case, or kept until somebody has it again."""

    number = fields.String(required=True, metadata={"description": "信访编号"})
    kind = fields.String(required=True)
    status = fields.String(required=True, metadata={"enum": ["done", "sent", "waiting"]})


class Unfinished(Schema):
    """A petition as far as it was typed; nothing is checked yet. `draft_code` renews an earlier draft."""

    content = fields.Dict(keys=fields.String(), required=True, metadata={"description": "已填写的内容"})
    draft_code = Text(longest=60)


class DraftSaved(Schema):
    """The code under which a draft is found again; it is shown once."""

    draft_code = fields.String(required=True)
    saved_at = fields.String(required=True, metadata={"format": "date-time"})


class DraftWanted(Schema):
    """The code of a draft, in a body, so that it enters no log."""

    draft_code = Text(longest=60, required=True)


class DraftOpened(Schema):
    """A draft."""

    content = fields.Dict(keys=fields.String(), required=True)
    saved_at = fields.String(required=True, metadata={"format": "date-time"})


class RejectsQuery(Page):
    """Which refused input."""

    origin = OneOf(("registered", "taken-over"), metadata={"description": "登记或者导入"})


class MendedRow(Schema):
    """A refused row of an import as it should have been: all its fields, named as they were shown."""

    content = fields.Dict(keys=fields.String(), required=True, metadata={"description": "改正后的全部栏目"})


class RowImported(Schema):
    """The number a mended row came in under."""

    id = fields.String(required=True)
    number = fields.String(required=True)
    status = fields.String(required=True, metadata={"enum": ["imported", "already"]})


class RejectOpened(Schema):
    """Refused input in full, with what keeps it out."""

    id = fields.String(required=True)
    origin = fields.String(required=True)
    field = fields.String(required=True)
    rule = fields.String(required=True)
    reason = fields.String(required=True)
    errors = fields.List(
        fields.Dict(keys=fields.String(), values=fields.String()), metadata={"description": "全部错误"}
    )
    content = fields.Dict(keys=fields.String(), required=True)
