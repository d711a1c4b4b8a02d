"""What the API says and hears about repeats (重复信访)."""

from marshmallow import Schema, fields

from services.portal.schemas.fields import OneOf, Text

VERDICTS = ("same", "different")
LONGEST_NOTE = 500


class RepeatDecision(Schema):
    """What a clerk decides on one proposal: the same matter of the same people, or another."""

    verdict = OneOf(VERDICTS, required=True, metadata={"description": "same 同一事项，different 不同事项"})
    note = Text(
        longest=LONGEST_NOTE, multiline=True, blank=True, load_default="", metadata={"description": "认定的理由"}
    )


class DecidedRepeat(Schema):
    """The case after the decision, and what followed from it."""

    case_no = fields.String(required=True)
    seq = fields.Integer(required=True)
    state = fields.String(required=True)
    outcome = fields.String(
        required=True,
        metadata={
            "description": "merged 已并案，linked 已关联、待分办，opened 已另行登记，waits 仍待认定或登记，kept 仅记录"
        },
    )


class ProposedRepeat(Schema):
    """An earlier case that this one may repeat, why, and what was decided."""

    earlier = fields.String(required=True, metadata={"description": "此前事项的编号"})
    same_person = fields.Boolean(required=True, metadata={"description": "同一信访人；否则为他人的近似来件"})
    score = fields.Integer(required=True, metadata={"description": "0–100"})
    reasons = fields.List(fields.String(), required=True)
    state = fields.String(required=True)
    label = fields.String(required=True)
    holder = fields.String(required=True)
    told_by = fields.String(required=True, metadata={"description": "知晓该事项的节点"})
    proposed_at = fields.String(required=True, metadata={"format": "date-time"})
    verdict = fields.String(allow_none=True)
    decided_by = fields.String(allow_none=True)
    decided_role = fields.String(allow_none=True)
    decided_at = fields.String(allow_none=True, metadata={"format": "date-time"})
    note = fields.String(allow_none=True)
    outcome = fields.String(allow_none=True)


class AskedOfTheCity(Schema):
    """The question to the city, which knows the cases of all districts; unanswered while the link is down."""

    asked_of = fields.String(required=True)
    asked_at = fields.String(required=True, metadata={"format": "date-time"})
    answered_at = fields.String(allow_none=True, metadata={"format": "date-time"})


class RepeatsOfCase(Schema):
    """Everything that stands at a case about repeats."""

    rows = fields.List(fields.Nested(ProposedRepeat), required=True)
    question = fields.Nested(AskedOfTheCity, allow_none=True)
