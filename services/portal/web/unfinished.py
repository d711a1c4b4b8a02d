"""The registrar's unfinished input: what was refused at the door, and the own drafts; opened, mended, filed or dropped.

Opening refused input is written down with its reason, like every look at a contact in full. The form carries what was
opened sealed, so that filing it needs no second look and nobody can change what is not shown.
"""

import json
from typing import Any

from flask import Blueprint, redirect, request, url_for

from lianxi.casework.errors import Invalid, LianxiError
from services.portal.domain import permissions as may
from services.portal.domain.accounts import Principal
from services.portal.domain.entry_form import typed_again
from services.portal.domain.mending import Line, lines_of, mended
from services.portal.domain.page_forms import by_box
from services.portal.handlers import filing, refusing, unfinished
from services.portal.schemas.filing import Petition, Reason
from services.portal.schemas.petitioning import RejectsQuery
from services.portal.schemas.problems import checked
from services.portal.schemas.views import Page
from services.portal.web.pages import errors_by_field, page, ports, reject_of, staff_page

pages = Blueprint("unfinished", __name__, url_prefix="/desk/unfinished")
CARRIED = "portal.unfinished"
OF_ROWS = frozenset({"source_id"})
"""What only a row of an import has: its id in the system it comes from."""
FIELDS = frozenset(Petition().fields) - {"draft_code", "draft_id", "reject_id"}


@pages.get("/")
@staff_page(may.REGISTRARS)
def overview(person: Principal) -> Any:
    """Show refused input that waits, and the own drafts."""
    typed = {name: text for name, text in request.args.items() if text.strip()}
    of_drafts = typed.pop("drafts_after", None)
    query = checked(RejectsQuery(), typed)
    return page(
        "unfinished.html",
        rejects=unfinished.rejects(person, query, ports()),
        drafts=unfinished.drafts(person, checked(Page(), {"after": of_drafts} if of_drafts else {}), ports()),
        places={"after": query["after"], "origin": query.get("origin"), "drafts_after": of_drafts},
    )


@pages.route("/rejects/<reject_id>", methods=["GET", "POST"])
@staff_page(may.REGISTRARS)
def open_reject(person: Principal, reject_id: str) -> Any:
    """Ask for the reason, then show what was refused as a form."""
    if request.method == "GET":
        filing.check_registers(person)
        return page("unfinished_reason.html", said="", typed={}, errors={})
    typed = {"reason": request.form.get("reason", "")}
    try:
        reason = checked(Reason(), typed)["reason"]
        found = unfinished.open_reject(person, reject_id, reason, ports())
    except LianxiError as error:
        errors, said, status = errors_by_field(error, typed)
        return page("unfinished_reason.html", status, said=said, typed=typed, errors=errors)
    faults = found.get("errors") or [{"field": found["field"], "message": found["reason"]}]
    kept = {
        "reject_id": reject_id,
        "content": found["content"],
        "wrong": [fault["field"] for fault in faults],
        "imported": found["origin"] == "taken-over",
    }
    return _form(kept, {}, {fault["field"]: fault["message"] for fault in faults}, "", 200)


@pages.get("/drafts/<draft_id>")
@staff_page(may.REGISTRARS)
def open_draft(person: Principal, draft_id: str) -> Any:
    """Show one of the own drafts on the page of registration, line by line if that page would lose something of it."""
    filing.check_registers(person)
    found = unfinished.open_draft(person, draft_id, ports())
    if typed_again(found["content"]) is not None:
        return redirect(url_for("registering.register", draft=draft_id))
    return _form({"draft_id": draft_id, "content": found["content"], "wrong": []}, {}, {}, "", 200)


@pages.post("/file")
@staff_page(may.REGISTRARS_FILE)
def file(person: Principal) -> Any:
    """File what was mended; what is refused is kept as it was typed, and the form shown again."""
    kept = _opened(request.form.get("carried", ""))
    typed = request.form.to_dict()
    way_in = {name: kept[name] for name in ("reject_id", "draft_id") if kept.get(name)}
    content = mended(kept["content"], typed, _lines(kept))
    try:
        if kept.get("imported"):
            content = {**_hidden(kept), **content}
            done = unfinished.import_reject(person, kept["reject_id"], content, ports())
            return page("unfinished_imported.html", 201, done=done)
        body = checked(Petition(), content) | way_in
        receipt = filing.file_petition(body, person, typed.get("form_id") or None, ports())
    except Invalid as wrong:
        if not kept.get("imported"):
            refusing.keep(content | way_in, wrong, person, ports())
        return _again(kept, typed, wrong)
    except LianxiError as error:
        return _again(kept, typed, error)
    return page("receipt.html", 201, receipt=receipt.body, ticket="", registered=True)


@pages.post("/rejects/<reject_id>/drop")
@staff_page(may.REGISTRARS_FILE)
def drop(person: Principal, reject_id: str) -> Any:
    """Note that it will not be filed; the own draft it was made from goes with it."""
    unfinished.drop_reject(person, reject_id, ports())
    draft_id = request.form.get("draft_id", "")[:64]
    if draft_id:
        unfinished.drop_draft(person, draft_id, ports())
    return redirect(url_for("unfinished.overview"), 303)


def _again(kept: dict[str, Any], typed: dict[str, str], error: LianxiError) -> Any:
    """Show what was typed with what is wrong; the form goes on from what was kept of it, so that filing settles all."""
    errors, said, status = errors_by_field(error)
    return _form(kept | reject_of(error), typed, errors, said, status)


def _form(kept: dict[str, Any], typed: dict[str, str], errors: dict[str, str], said: str, status: int) -> Any:
    lines = _lines(kept)
    shown = {line.path: line.value for line in lines}
    return page(
        "unfinished_form.html",
        status,
        lines=lines,
        typed=typed or shown,
        errors=by_box(errors, shown),
        boxes={line.path: line.label for line in lines},
        said=said,
        reject_id=kept.get("reject_id"),
        draft_id=kept.get("draft_id"),
        carried=ports().secrets.seal(json.dumps(kept, ensure_ascii=False), CARRIED),
        form_id=typed.get("form_id") or ports().new_id(),
    )


def _lines(kept: dict[str, Any]) -> list[Line]:
    content = frozenset(kept["content"])
    return lines_of(kept["content"], (FIELDS & content) | OF_ROWS if kept.get("imported") else FIELDS, *kept["wrong"])


def _hidden(kept: dict[str, Any]) -> dict[str, Any]:
    """Return what a refused row says beside what the form shows."""
    return {name: value for name, value in kept["content"].items() if name not in FIELDS | OF_ROWS}


def _opened(carried: str) -> dict[str, Any]:
    try:
        kept: dict[str, Any] = json.loads(ports().secrets.open(carried, CARRIED))
    except Exception:  # noqa: BLE001  what is not ours fails to open in more than one way
        raise Invalid("carried", "ticket", "页面内容有误，请重新打开。") from None
    return kept
