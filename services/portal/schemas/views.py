"""What the API answers, as it is described to its clients; what is not described here is not passed on."""

from marshmallow import Schema, fields, validate

from lianxi.casework.identifiers import CaseNumber, Channel, DivisionCode, UnitCode
from lianxi.casework.messages.facts import CaseState
from lianxi.law.lamps import Lamp
from services.portal.schemas.fields import Coded, Day, OneOf, Paper, QueryNumber, Text
from services.portal.schemas.personal_data import KeptAddition, KeptClaim
from services.portal.schemas.repeats import RepeatsOfCase


def _text(*, required: bool = True, none: bool = False) -> fields.String:
    return fields.String(required=required, allow_none=none)


def _number(*, required: bool = True) -> fields.Integer:
    return fields.Integer(required=required)


class Page(Schema):
    """Which part of a list: what follows `after`, so many rows."""

    after = Text(longest=2000, load_default=None)
    limit = QueryNumber(1, 200, load_default=50)


class LedgerQuery(Page):
    """What the ledger is narrowed by."""

    state = OneOf(tuple(CaseState))
    holder = Coded(DivisionCode.parse)
    under = Coded(DivisionCode.parse)
    unit = Coded(UnitCode.parse)
    lamp = OneOf(tuple(Lamp))
    category = Text(longest=60)
    place = Coded(DivisionCode.parse)
    channel = OneOf(tuple(Channel))
    number = Coded(CaseNumber.parse)


class Period(Schema):
    """From the first to the last day, both included; the figures of one node or of the subtree."""

    first = Day(required=True, data_key="from")
    last = Day(required=True, data_key="to")
    node = Coded(DivisionCode.parse, load_default=None)


class ProposalsQuery(Page):
    """Which proposals."""

    status = OneOf(("proposed", "ordered", "dismissed", "withdrawn", "answered"))


class Rows(Schema):
    """A list; each row as the owning service describes it."""

    rows = fields.List(fields.Dict(keys=fields.String()), required=True)


class RowsWithNext(Rows):
    """A page of a list; `next` is the `after` of the next page, null on the last one."""

    next = _text(required=False, none=True)


class Waiting(RowsWithNext):
    """The waiting pile."""

    oldest_age_seconds = fields.Float(allow_none=True)


class Act(Schema):
    """What became of an act: done here, sent to the node that holds the case, or kept until custody has settled."""

    case_no = _text()
    seq = _number(required=False)
    state = _text(required=False)
    status = fields.String(required=True, validate=validate.OneOf(["done", "sent", "waiting"]))
    documents = fields.List(fields.Dict(keys=fields.String()))
    directive_id = _text(required=False, none=True)


class OwedCallBack(Schema):
    """A call-back that is owed to a petitioner who was dissatisfied."""

    rated = fields.String(required=True, metadata={"enum": ["department", "unit"], "description": "被评价的一方"})
    node = _text()
    unit = fields.String(required=True, metadata={"description": "应当回访的单位，空为信访部门"})
    since = _text()
    attempts = fields.Integer(required=True, metadata={"description": "未联系上的次数"})


class Case(Schema):
    """One case. Its version stands in ETag; send it in If-Match with an act."""

    case_no = _text()
    state = _text()
    label = _text()
    holder = _text()
    unit = _text(required=False, none=True)
    seq = _number()
    epoch = _number(required=False)
    channel = _text(required=False)
    received_on = _text(required=False)
    category = fields.Raw()
    place = _text(required=False, none=True)
    petition_class = _text(required=False, none=True)
    claims = fields.Raw()
    transfer = fields.Raw(allow_none=True)
    documents = fields.List(fields.Dict(keys=fields.String()))
    history = fields.List(fields.Dict(keys=fields.String()))
    reasons = fields.Raw()
    why = _text(required=False, none=True)
    proposal = fields.Raw(allow_none=True, metadata={"description": "规则的分析和建议去向"})
    persons = _number(required=False)
    sender = _text(required=False, none=True)
    assists = fields.List(fields.String(), metadata={"description": "协办单位"})
    assistance = fields.List(
        fields.Dict(keys=fields.String()),
        metadata={"description": "各协办单位：何时要求、提出意见、催促，已等几天"},
    )
    designated = _text(required=False, none=True)
    dispute = fields.Raw(allow_none=True, metadata={"description": "管辖争议：阶段、决定节点、各方"})
    late_objection = fields.Boolean(metadata={"description": "有逾期异议，转送方可以受理"})
    returns = _number(required=False)
    call_backs = fields.List(
        fields.Nested(OwedCallBack), metadata={"description": "评价不满意后尚未完成的回访（PR-23）"}
    )
    linked = fields.List(fields.Dict(keys=fields.String()), metadata={"description": "分案、并案的关联事项"})
    path = fields.List(fields.String())
    registered_on = _text(required=False, none=True)
    accepted_on = _text(required=False, none=True)
    served_on = _text(required=False, none=True)
    report_due = _text(required=False, none=True)
    as_of = _text(required=False, none=True)
    receipts = fields.List(fields.Dict(keys=fields.String()), metadata={"description": "移交回执"})
    directives = fields.List(fields.Dict(keys=fields.String()), metadata={"description": "跨节点的决定及其结果"})
    wishes = fields.List(
        fields.Dict(keys=fields.String()), metadata={"description": "移交途中提出、尚未办理或者未能办理的事"}
    )
    repeats = fields.Nested(RepeatsOfCase, allow_none=True, metadata={"description": "可能重复的此前事项及其认定"})
    acts = fields.List(fields.String(), metadata={"description": "现在可以办理的步骤"})
    subject = _text(required=False, none=True)
    text = _text(required=False, none=True)
    petitioner = fields.Dict(
        keys=fields.String(), values=fields.String(), metadata={"description": "信访人，按查看人脱敏"}
    )
    viewer = _text(required=False)
    erased = fields.Boolean(metadata={"description": "个人信息已依法删除"})
    withheld = _text(required=False, none=True)


class DocumentText(Schema):
    """A document with its text."""

    kind = _text()
    number = _text()
    paper = fields.Dict(keys=fields.String(), values=fields.String(), required=True)


class KeptParty(Schema):
    """Who stands beside the petitioner: a co-signer, or the agent with the authority."""

    kind = fields.String(required=True, metadata={"enum": ["co-signer", "agent"], "description": "联名人或者代理人"})
    representative = fields.Boolean(metadata={"description": "推选的代表"})
    name = fields.String(metadata={"description": "姓名"})
    id_number = fields.String(metadata={"description": "公民身份号码"})
    phone = fields.String(metadata={"description": "联系电话"})
    address = fields.String(metadata={"description": "住址"})
    authority = fields.String(metadata={"description": "代理人的授权委托书编号或者法定代理关系"})


class Contact(Schema):
    """A contact with its petitioner in full; the look was written down."""

    number = _text()
    channel = _text(required=False)
    received_at = _text(required=False)
    subject = _text(required=False)
    text = _text(required=False)
    anonymous = fields.Boolean()
    persons = _number(required=False)
    representatives = fields.Integer(metadata={"description": "代表人数"})
    petitioner = fields.Dict(keys=fields.String(), values=fields.String())
    parties = fields.List(fields.Nested(KeptParty), metadata={"description": "联名人和代理人"})
    claims = fields.List(fields.Nested(KeptClaim), metadata={"description": "逐项写明的诉求"})
    posted_on = fields.String(allow_none=True, metadata={"format": "date", "description": "邮戳日期"})
    stamp = fields.String(metadata={"description": "收文章编号"})
    reception_place = fields.String(metadata={"description": "接待场所"})
    recording = fields.String(metadata={"description": "录音编号"})
    read_back = fields.Boolean(metadata={"description": "记录已向信访人宣读或者交其核对"})
    additions = fields.List(fields.Nested(KeptAddition), metadata={"description": "信访人以后补充的材料和要求"})


class GuidedContact(Contact):
    """A visit that came more than one level too high, and where it was guided to (R-20-5)."""

    guided_to = _text()
    guided_place = _text()


class Step(Schema):
    """One date of the petitioner's timeline."""

    on = _text()
    text = _text()


class WaitingWish(Schema):
    """What the petitioner asked for and has not been carried out yet, or could not be, with the reason."""

    name = fields.String(required=True, metadata={"description": "material、completion、urge、rating、withdrawal"})
    on = _text()
    state = fields.String(required=True, metadata={"enum": ["waiting", "sent", "refused"]})
    text = _text()


class Progress(Schema):
    """How far a petition has come, for its petitioner (PR-11)."""

    number = _text()
    state = _text()
    explanation = _text()
    holder = _text()
    received_on = _text()
    as_of = fields.String(required=True, metadata={"format": "date-time"})
    timeline = fields.List(fields.Nested(Step), required=True)
    parts = fields.List(fields.String(), metadata={"description": "另立事项的诉求，各到了哪一步"})
    missing = fields.String(metadata={"description": "需要补正的内容"})
    wishes = fields.List(fields.Nested(WaitingWish), metadata={"description": "已经收到、尚未生效的，以及未能办理的"})
    offers = fields.List(fields.String(), metadata={"description": "现在可以做的：material、urge、withdrawal 等"})


class Order(Schema):
    """The text of a supervision order."""

    paper = Paper(load_default=dict)


class Ordered(Schema):
    """A signed order."""

    order_no = _text()
    feedback_due = _text()


class Done(Schema):
    """It was done."""

    done = fields.Boolean(required=True)
