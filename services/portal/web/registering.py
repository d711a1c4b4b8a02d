"""The clerk's form for what comes in by letter, visit, call or fax: at the petition department, or at an organ (T22).

A registrar enters it for the petition department; an officer of an organ enters what was brought to the organ itself,
which has the matter at once and owes the petitioner an answer within fifteen days (Art. 23(1)(2)).
"""

import unicodedata
from datetime import datetime
from typing import Any

from flask import Blueprint, redirect, request, url_for

from lianxi.casework.errors import Invalid, LianxiError
from lianxi.casework.messages.facts import PetitionClass
from lianxi.runtime.clock import SHANGHAI
from services.portal.domain import permissions as may
from services.portal.domain.accounts import Principal, Reach
from services.portal.domain.entry_form import BOXES, boxes_of, entry_of, typed_again
from services.portal.domain.form_words import PURPOSES, WORDS
from services.portal.domain.page_forms import by_box, handed_in, in_lists, typed_of
from services.portal.domain.permissions import MAY_REGISTER
from services.portal.handlers import filing, refusing, unfinished
from services.portal.schemas.fields import Moment, complain
from services.portal.schemas.filing import Petition
from services.portal.schemas.problems import checked
from services.portal.web.pages import errors_by_field, nodes_within, page, ports, reject_of, staff_page

pages = Blueprint("registering", __name__, url_prefix="/desk")
CHANNELS = (("letter", "来信"), ("visit", "来访"), ("phone", "来电"), ("fax", "传真"), ("web", "网上"))
CLASSES = tuple(WORDS[PetitionClass].items())
SHOWN = 10
"""Of the own drafts, the newest."""


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
    """Show the form; take what was entered and show the receipt, keep it as a draft, or show what is wrong."""
    filing.check_takes_in(person)
    if request.method == "GET":
        draft_id = request.args.get("draft", "")[:64]
        return _begun(person, draft_id) if draft_id else _form(person, {"form_id": ports().new_id()}, {}, "", 200)
    typed = request.form.to_dict()
    try:
        if typed.get("step") == "keep":
            return _keep(person, typed)
        receipt = filing.file_petition(
            checked(Entered(), entry_of(typed)), person, typed.get("form_id") or None, ports()
        )
    except Invalid as wrong:
        return _again(person, typed, refusing.keep(handed_in(typed, entry_of), wrong, person, ports()))
    except LianxiError as error:
        return _again(person, typed, error)
    return page("receipt.html", 201, receipt=receipt.body, ticket="", registered=True)


def _begun(person: Principal, draft_id: str) -> Any:
    """Show one of the own drafts as it was left; one that says more than this page has boxes for is not replaced."""
    content = unfinished.open_draft(person, draft_id, ports())["content"]
    typed, form_id = typed_again(content), {"form_id": ports().new_id()}
    if typed is not None:
        return _form(person, typed | form_id | {"draft_id": draft_id}, {}, "", 200)
    if person.role in MAY_REGISTER:
        return redirect(url_for("unfinished.open_draft", draft_id=draft_id))
    return _form(person, boxes_of(typed_of(content)) | form_id, {}, "", 200)


@pages.post("/register/drafts/<draft_id>/drop")
@staff_page(may.TAKING_IN)
def drop_draft(person: Principal, draft_id: str) -> Any:
    """Forget one of the own drafts."""
    unfinished.drop_draft(person, draft_id, ports())
    return redirect(url_for("registering.register"), 303)


def _keep(person: Principal, typed: dict[str, str]) -> Any:
    saved = unfinished.save_draft(person, boxes_of(typed), typed.get("draft_id", ""), ports())
    return _form(person, {**typed, "draft_id": saved["id"]}, {}, "", 200, saved_at=saved["saved_at"])


def _again(person: Principal, typed: dict[str, str], error: LianxiError) -> Any:
    found, said, status = errors_by_field(error)
    typed |= reject_of(error)
    return _form(person, typed, by_box(in_lists(found), BOXES), said, status)


def _form(
    person: Principal, typed: dict[str, str], errors: dict[str, str], said: str, status: int, *, saved_at: str = ""
) -> Any:
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
        drafts=[row for row in _own_drafts(person) if row["id"] != typed.get("draft_id")],
        saved_at=saved_at,
    )


def _own_drafts(person: Principal) -> list[dict[str, Any]]:
    """Return the newest own drafts to go on with, none while intake is away: the form needs nobody."""
    if request.method != "GET":
        return []
    try:
        rows: list[dict[str, Any]] = unfinished.drafts(person, {"after": None, "limit": SHOWN}, ports())["rows"]
    except LianxiError:
        return []
    return rows
