"""The clerk's form for what comes in by letter, visit, call or fax: at the petition department, or at an organ (T22).

A registrar enters it for the petition department; an officer of an organ enters what was brought to the organ itself,
which has the matter at once and owes the petitioner an answer within fifteen days (Art. 23(1)(2)).
"""

import unicodedata
from datetime import datetime
from typing import Any

from flask import Blueprint, request

from lianxi.casework.errors import LianxiError
from lianxi.casework.messages.facts import PetitionClass
from lianxi.runtime.clock import SHANGHAI
from services.portal.domain import permissions as may
from services.portal.domain.accounts import Principal, Reach
from services.portal.domain.form_words import PURPOSES, WORDS
from services.portal.domain.page_forms import BESIDE, body_of, by_box, in_lists
from services.portal.domain.page_forms import BOXES as PETITION_BOXES
from services.portal.handlers import filing
from services.portal.schemas.fields import Moment, complain
from services.portal.schemas.filing import Petition
from services.portal.schemas.problems import checked
from services.portal.web.pages import errors_by_field, nodes_within, page, ports, staff_page

pages = Blueprint("registering", __name__, url_prefix="/desk")
CHANNELS = (("letter", "来信"), ("visit", "来访"), ("phone", "来电"), ("fax", "传真"), ("web", "网上"))
CLASSES = tuple(WORDS[PetitionClass].items())
_TEXTS = (
    "channel",
    "reception_place",
    "recording",
    "posted_on",
    "received_at",
    "stamp",
    "competent_division",
    "purpose",
    "petition_class",
)
_FLAGS = ("read_back", "same_matter_checked")
BOXES = {
    "channel": "信访形式",
    "received_at": "收到时间",
    "reception_place": "接待场所",
    "recording": "录音编号",
    "posted_on": "邮戳日期",
    "stamp": "收文章编号",
    "read_back": "记录已宣读",
    "subject": "标题",
    "text": "请求、事实和理由",
    "claims": "逐项的诉求",
    "petitioner.name": "姓名或名称",
    "petitioner.phone": "联系电话",
    "petitioner.id_number": "公民身份号码",
    "petitioner.credit_code": "统一社会信用代码",
    "persons": "涉及人数",
    "representatives": "代表人数",
    "petitioner.address": "住址",
    "petitioner.email": "电子邮箱",
    "anonymous": "匿名",
    **{box: PETITION_BOXES[box] for box in BESIDE},
    "division": "问题属地",
    "competent_division": "有权处理机关所在地",
    "purpose": "信访目的",
    "petition_class": "事项类别",
    "category": "内容分类",
    "same_matter_checked": "已核对是否重复信访",
}
"""The boxes of the page, in its order, and what they are called."""


class LocalMoment(Moment):
    """A moment as a clerk writes it: 2026-03-02 09:30 is the time here, where the API insists on an offset."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **_more: Any) -> str:
        del attr, data
        try:
            moment = datetime.fromisoformat(unicodedata.normalize("NFKC", value))
        except ValueError:
            raise complain("date-time", "时间应写成“2026-03-02 09:30”这样的形式。") from None
        return (moment if moment.tzinfo else moment.replace(tzinfo=SHANGHAI)).isoformat()


class Entered(Petition):
    """A petition as it is entered on this page."""

    received_at = LocalMoment()


@pages.route("/register", methods=["GET", "POST"])
@staff_page(may.TAKING_IN)
def register(person: Principal) -> Any:
    """Show the form; take what was entered and show the receipt, or the form again with what is wrong."""
    filing.check_takes_in(person)
    if request.method == "GET":
        return _form(person, {"form_id": ports().new_id()}, {}, "", 200)
    typed = request.form.to_dict()
    try:
        receipt = filing.file_petition(checked(Entered(), _body(typed)), person, typed.get("form_id") or None, ports())
    except LianxiError as error:
        found, said, status = errors_by_field(error)
        return _form(person, typed, by_box(in_lists(found), BOXES), said, status)
    return page("receipt.html", 201, receipt=receipt.body, ticket="", registered=True)


def _body(typed: dict[str, str]) -> dict[str, Any]:
    """Return what was entered as the body of a petition; what was left empty was not said."""
    body = body_of(typed)
    body |= {name: typed[name].strip() for name in _TEXTS if typed.get(name, "").strip()}
    body |= {name: True for name in _FLAGS if typed.get(name) == "yes"}
    if category := [part.strip() for part in typed.get("category", "").split("/") if part.strip()]:
        body["category"] = category
    if representatives := typed.get("representatives", "").strip():
        short = representatives.isascii() and representatives.isdigit() and len(representatives) < 3  # noqa: PLR2004
        body["representatives"] = int(representatives) if short else representatives
    return body


def _form(person: Principal, typed: dict[str, str], errors: dict[str, str], said: str, status: int) -> Any:
    return page(
        "register.html",
        status,
        typed=typed,
        errors=errors,
        said=said,
        boxes=BOXES,
        at_organ=person.reach is Reach.UNIT,
        channels=CHANNELS,
        purposes=PURPOSES,
        classes=CLASSES,
        divisions=nodes_within(ports().node),
    )
