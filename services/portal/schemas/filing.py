"""A petition as it is filed, and its receipt."""

from typing import Any

from marshmallow import Schema, fields, validate

from lianxi.casework.identifiers import Channel, DivisionCode
from lianxi.casework.languages import LANGUAGES
from lianxi.casework.messages.facts import PetitionClass
from services.portal.schemas.fields import LONGEST_TEXT, Coded, Day, Moment, OneOf, Text, WholeNumber, YesNo

NOTICE_CHANNELS = ("mail", "sms", "letter")
PURPOSES = ("意见建议", "申诉", "求决", "揭发控告", "咨询", "其他")


class Petitioner(Schema):
    """Who files. Which of these are needed, the intake service says (Art. 19)."""

    name = Text(longest=100, blank=True, metadata={"description": "姓名或名称"})
    id_number = Text(longest=40, blank=True, metadata={"description": "公民身份号码"})
    credit_code = Text(longest=40, blank=True, metadata={"description": "统一社会信用代码（单位填写）"})
    phone = Text(longest=40, blank=True, metadata={"description": "联系电话"})
    email = Text(longest=200, blank=True, metadata={"description": "电子邮箱"})
    address = Text(longest=300, blank=True, metadata={"description": "住址"})


class CoSigner(Schema):
    """Somebody who signs along (联名)."""

    name = Text(longest=100, required=True, metadata={"description": "姓名"})
    id_number = Text(longest=40, blank=True, metadata={"description": "公民身份号码"})
    phone = Text(longest=40, blank=True, metadata={"description": "联系电话"})
    address = Text(longest=300, blank=True, metadata={"description": "住址"})
    representative = YesNo(metadata={"description": "推选的代表，最多5人"})


class Agent(Schema):
    """Who acts for the petitioner (代理人), and by what authority."""

    name = Text(longest=100, required=True, metadata={"description": "代理人姓名"})
    id_number = Text(longest=40, blank=True, metadata={"description": "公民身份号码"})
    phone = Text(longest=40, blank=True, metadata={"description": "联系电话"})
    address = Text(longest=300, blank=True, metadata={"description": "住址"})
    authority = Text(longest=300, required=True, metadata={"description": "授权委托书编号或者法定代理关系"})


class StatedClaim(Schema):
    """One demand (诉求项)."""

    text = Text(longest=2000, multiline=True, required=True, metadata={"description": "这一项诉求"})
    petition_class = OneOf(tuple(PetitionClass), metadata={"description": "类别，仅登记人员"})
    category = fields.List(
        Text(longest=40), validate=validate.Length(max=3), metadata={"description": "内容分类，仅登记人员"}
    )


_CLAIM = {
    "type": "object",
    "required": ["text"],
    "additionalProperties": False,
    "properties": {
        "text": {"type": "string", "minLength": 1, "maxLength": 2000, "description": "这一项诉求"},
        "petition_class": {"type": "string", "enum": [str(one) for one in PetitionClass]},
        "category": {"type": "array", "maxItems": 3, "items": {"type": "string", "maxLength": 40}},
    },
}
"""`StatedClaim` as the API describes it, where it stands beside a number."""


class Claims(fields.Field[Any]):
    """The claims one by one, or from an office how many there are."""

    def __init__(self, **more: Any) -> None:
        self._rows = fields.List(fields.Nested(StatedClaim), validate=validate.Length(max=50))
        self._count = WholeNumber(1, 50)
        metadata = {
            **more.pop("metadata", {}),
            "oneOf": [
                {"type": "integer", "minimum": 1, "maximum": 50},
                {"type": "array", "maxItems": 50, "items": _CLAIM},
            ],
        }
        super().__init__(metadata=metadata, **more)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **more: Any) -> Any:
        del more
        return (self._rows if isinstance(value, list) else self._count).deserialize(value, attr, data)


class NoticeWanted(Schema):
    """By which channels to be told, in this order, in which language, and whether documents may come online."""

    channels = fields.List(OneOf(NOTICE_CHANNELS), validate=validate.Length(max=len(NOTICE_CHANNELS)))
    language = OneOf(tuple(LANGUAGES), metadata={"description": "通知的语言"})
    electronic = YesNo(metadata={"description": "同意电子送达"})


class Petition(Schema):
    """A petition. A petitioner gives the first group of fields, an office also the second."""

    subject = Text(required=True, metadata={"description": "标题"})
    text = Text(longest=LONGEST_TEXT, multiline=True, required=True, metadata={"description": "请求、事实和理由"})
    petitioner = fields.Nested(Petitioner)
    anonymous = YesNo()
    persons = WholeNumber(1, 9999, metadata={"description": "涉及人数"})
    co_signers = fields.List(
        fields.Nested(CoSigner), validate=validate.Length(max=1000), metadata={"description": "联名人，不含信访人本人"}
    )
    agent = fields.Nested(Agent, metadata={"description": "代理人"})
    claims = Claims(metadata={"description": "逐项的诉求；登记人员也可以只填项数"})
    draft_code = Text(longest=60, metadata={"description": "由此完成的草稿的草稿码"})
    reject_id = Text(longest=64, metadata={"description": "由此改正的、被拒绝的来件的编号"})
    notice = fields.Nested(NoticeWanted, metadata={"description": "希望怎样通知；以后也可以更改"})
    division = Coded(DivisionCode.parse, metadata={"description": "问题属地的区划代码"})
    address_division = Coded(DivisionCode.parse, metadata={"description": "住址的区划代码"})

    channel = OneOf(tuple(Channel), metadata={"description": "信访形式，仅登记人员"})
    received_at = Moment(metadata={"description": "收到时间，仅登记人员"})
    posted_on = Day(metadata={"description": "邮戳日期，仅登记人员"})
    representatives = WholeNumber(0, 99, metadata={"description": "代表人数，仅登记人员"})
    reception_place = Text(metadata={"description": "接待场所，仅登记人员"})
    recording = Text(metadata={"description": "录音编号，仅登记人员"})
    read_back = YesNo(metadata={"description": "记录已宣读，仅登记人员"})
    purpose = OneOf(PURPOSES, metadata={"description": "信访目的，仅登记人员"})
    petition_class = OneOf(
        tuple(PetitionClass), metadata={"description": "A 建议意见、B 检举控告、C 申诉求决，仅登记人员"}
    )
    category = fields.List(
        Text(longest=40), validate=validate.Length(max=3), metadata={"description": "内容分类，由大到小，仅登记人员"}
    )
    stamp = Text(metadata={"description": "收文章编号，来信和传真，仅登记人员"})
    competent_division = Coded(
        DivisionCode.parse, metadata={"description": "有权处理机关所在的区划代码，来访时判断是否越级，仅登记人员"}
    )
    draft_id = Text(longest=64, metadata={"description": "由此完成的本人草稿，仅登记人员"})
    same_matter_checked = YesNo(metadata={"description": "已核对是否重复信访，仅登记人员"})


class Guided(Schema):
    """Where a visitor was guided who came more than one level too high (R-20-5)."""

    to = fields.String(required=True)
    place = fields.String(required=True)
    rule = fields.String(required=True)
    text = fields.String(required=True)


class Receipt(Schema):
    """Proof of filing (T1). The query code is shown here once and sent to the petitioner; it stands in no list."""

    number = fields.String(required=True, metadata={"description": "信访编号"})
    query_code = fields.String(required=True, metadata={"description": "查询码"})
    received_at = fields.String(required=True, metadata={"format": "date-time"})
    guided = fields.Nested(Guided, metadata={"description": "越级走访的，引导到哪里；不立案"})


class QueryCodeGiven(Schema):
    """The petitioner's key to the case; in a body, so that it enters no log and no history."""

    query_code = Text(longest=60, required=True)


class Reason(Schema):
    """Why somebody does what is written down with a reason."""

    reason = Text(longest=500, multiline=True, required=True)
