"""What the API says and hears about the directory of organs."""

from marshmallow import Schema, fields
from marshmallow.validate import Length

from lianxi.casework.identifiers import DivisionCode
from services.portal.schemas.fields import Coded, Day, Text, YesNo
from services.portal.schemas.views import Rows

MOST_PATHS = 100


class UnitsQuery(Schema):
    """The organs of which node, on which day; one's own and today unless said."""

    node = Coded(DivisionCode.parse, load_default=None)
    on = Day(load_default=None, metadata={"description": "哪一天的单位；默认今天"})


class UnitsOfNode(Rows):
    """The organs of a node on a day, as routing describes them."""

    node = fields.String()
    on = fields.String(metadata={"format": "date"})


class UnitFacts(Schema):
    """What is so of an organ; what is left out stays as it was."""

    name = Text(longest=60)
    leader_on_record = Text(longest=40, blank=True, metadata={"description": "在册负责人：职务或姓名"})
    hours = Text(longest=100, blank=True, metadata={"description": "工作时间"})
    substitute = Text(longest=60, blank=True, metadata={"description": "代管单位的简码"})
    competence = fields.List(
        Text(longest=100), validate=Length(max=MOST_PATHS), metadata={"description": "主管的分类路径，写明即全部"}
    )
    assists = fields.List(
        Text(longest=100), validate=Length(max=MOST_PATHS), metadata={"description": "协办的分类路径，写明即全部"}
    )
    closed = YesNo(metadata={"description": "true 撤销，false 恢复"})


class UnitChange(Schema):
    """A change from a day on; with `valid_to` it ends by itself."""

    valid_from = Day(required=True)
    valid_to = Day(allow_none=True, load_default=None)
    facts = fields.Nested(UnitFacts, required=True)
    reason = Text(longest=500, multiline=True, required=True)


class ChangedUnit(Schema):
    """The change that was recorded."""

    unit = fields.String(required=True)
    number = fields.Integer(required=True)
    valid_from = fields.String(required=True)


class UnitHistory(Schema):
    """An organ in the seed file (null if it is newer) and every change since, as recorded."""

    unit = fields.String(required=True)
    seed = fields.Dict(keys=fields.String(), allow_none=True)
    rows = fields.List(fields.Dict(keys=fields.String()), required=True)
