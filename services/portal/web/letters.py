"""The print room: letters that wait, one file with many of them for the printer, and what the post made of each.

The letters come from notify as a page of their own, ready for paper; it is shown as it is, and no script and no other
address is allowed to it. Names and addresses are on that page only: the lists show numbers.
"""

import base64
from typing import Any

from flask import Blueprint, Response, make_response, redirect, render_template, request, url_for

from lianxi.casework.errors import LianxiError
from services.portal.domain import permissions as may
from services.portal.domain.accounts import Principal
from services.portal.handlers import notices
from services.portal.schemas.notices import LettersQuery, LetterStep, LettersWanted
from services.portal.schemas.problems import checked
from services.portal.web.pages import errors_by_field, page, ports, staff_page

pages = Blueprint("letters", __name__, url_prefix="/desk/letters")
STATES = {
    "queued": "待打印",
    "printed": "已打印，待寄出",
    "posted": "已寄出",
    "returned": "已退回",
    "delivered": "已签收",
}
STEPS = {"posted": "post_letter", "arrived": "letter_arrived", "returned": "letter_returned"}
STEPS_OF = {"printed": {"posted": "登记寄出"}, "posted": {"arrived": "登记签收", "returned": "登记退回"}}
"""What can be written down of the letters in a state."""
PRINTABLE = frozenset({"queued", "printed", "returned"})
BOXES = {"letters": "要办理的信函", "on": "日期", "tracking_no": "挂号号码", "note": "说明"}
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
SHEETS_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    "sandbox"
)


@pages.get("")
@staff_page(may.PRINT_ROOM)
def show(person: Principal) -> Any:
    """Show the letters in one state, oldest first."""
    return _list(person, request.args.to_dict())


@pages.post("/print")
@staff_page(may.PRINT_ROOM_WORK)
def print_out(person: Principal) -> Any:
    """Answer with the chosen letters, ready for the printer; from now on they count as printed."""
    wanted = {"ids": request.form.getlist("letters"), "format": request.form.get("format", "html")}
    try:
        given = checked(LettersWanted(), wanted, () if wanted["ids"] else ("ids",))
        done = notices.print_letters(given, person, ports())
    except LianxiError as error:
        return _list(person, {"state": request.form.get("state", "queued")}, error)
    if not done["printed"]:
        return page("letters_unaddressed.html", 409, missing=done["without_address"])
    if done["format"] == "docx":
        return _file(base64.b64decode(done["content"]))
    return _sheets(str(done["content"]), len(done["printed"]), done["without_address"])


@pages.post("/<any(posted, arrived, returned):step>")
@staff_page(may.PRINT_ROOM_WORK)
def note(person: Principal, step: str) -> Any:
    """Write down what became of the chosen letters, each with its own number of the post."""
    chosen = request.form.getlist("letters")
    common = {name: request.form.get(name, "").strip() for name in ("on", "note")}
    try:
        for number, letter in enumerate(chosen or [""]):
            given = {**common, "tracking_no": request.form.get(f"tracking_no.{letter}", "").strip()}
            # nothing is written down of any letter before what holds for all of them is sound
            news = checked(LetterStep(), given, () if chosen else ("letters",))
            if number < len(chosen):
                notices.letter_step(STEPS[step], letter, news, person, ports())
    except LianxiError as error:
        return _list(person, {"state": request.form.get("state", "printed")}, error)
    return redirect(url_for("letters.show", state=request.form.get("state", "printed"), done=len(chosen)), 303)


def _list(person: Principal, asked: dict[str, str], refused: LianxiError | None = None) -> Any:
    errors, said, status = errors_by_field(refused, BOXES) if refused else ({}, "", 200)
    if "ids" in errors:
        errors["letters"] = errors.pop("ids")
    done = asked.pop("done", "")
    query = checked(LettersQuery(), {name: text for name, text in asked.items() if text.strip()})
    state = str(query["state"])
    return page(
        "letters.html",
        status,
        letters=notices.letters(state, (query["after"], query["limit"]), person, ports()),
        state=state,
        states=STATES,
        steps=STEPS_OF.get(state, {}),
        printable=state in PRINTABLE,
        today=ports().clock.now().date().isoformat(),
        done=done if done.isascii() and done.isdigit() else "",
        boxes=BOXES,
        said=said,
        errors=errors,
        typed=request.form,
        chosen=request.form.getlist("letters") if refused else None,
    )


def _sheets(content: str, printed: int, missing: list[str]) -> Response:
    """Return the letters as notify made them, with a few words above them that no printer shows."""
    words = render_template("letters_words.html", printed=printed, missing=missing)
    response = make_response(content.replace("<body>", f"<body>{words}", 1))
    response.headers["Content-Security-Policy"] = SHEETS_POLICY
    return response


def _file(content: bytes) -> Response:
    response = Response(content, mimetype=DOCX)
    response.headers["Content-Disposition"] = 'attachment; filename="letters.docx"'
    return response
