"""The one-stop page: what petitioners see, file, keep as a draft, follow, and do with their own case."""

from typing import Any

from flask import Blueprint, Response, request

from lianxi.casework.errors import Invalid, LianxiError
from lianxi.casework.languages import LANGUAGES
from services.portal.domain import notice_words
from services.portal.domain import permissions as may
from services.portal.domain.page_forms import BOXES, body_of, by_box, handed_in, in_lists, left_empty, typed_of
from services.portal.domain.petitioning import RATED, RATINGS, WISHES
from services.portal.handlers import files, filing, notices, petitioning, refusing, tracking
from services.portal.schemas import petitioning as bodies
from services.portal.schemas.filing import Petition
from services.portal.schemas.notices import ChannelPreferred
from services.portal.schemas.problems import checked
from services.portal.schemas.requests import caller_of
from services.portal.web.pages import errors_by_field, nodes_within, open_page, page, ports, reject_of

pages = Blueprint("front", __name__)
_BODIES = {
    "material": bodies.Words,
    "completion": bodies.Words,
    "urge": bodies.Urge,
    "rating": bodies.Rate,
    "withdrawal": bodies.Withdraw,
}
_BECAME = {
    "done": "已收到。",
    "sent": "已送往持有该事项的节点，稍后生效。",
    "waiting": "已收到。您的事项正在移交途中，移交完成后即送达承办单位，以今天为提出日期，不必再次提交。",
}
WORDS = {
    "rated": "评价谁",
    "rating": "是否满意",
    "text": "内容",
    "free_will": "自愿撤回",
    "files": "选择文件",
    "channel": "优先用哪种方式",
    "language": "通知的语言",
    "electronic": "同意以电子方式送达文书",
}
"""The boxes of the forms beside the progress, and what they are called."""
CHANNELS_IN_WORDS = {name: word for name, word in notice_words.CHANNELS.items() if name != "inbox"}
NOT_IN_A_DRAFT = frozenset({"form_id", "csrf_token", "step", "draft_code"})


@pages.get("/")
@open_page()
def home() -> Response:
    """Show what can be done here."""
    return page("home.html")


@pages.get("/petition")
@open_page()
def petition() -> Response:
    """Show the empty form; its number lets a form that is sent twice count once."""
    return _form({"form_id": ports().new_id()}, {}, "", 200)


@pages.post("/petition")
@open_page("filing")
def file_petition() -> Response:
    """Take a petition in and show the receipt, keep it as a draft, or show the form again with what is wrong."""
    typed, address = request.form.to_dict(), caller_of(request).address
    try:
        if typed.get("step") == "keep":
            return _keep(typed)
        body = checked(Petition(), body_of(typed), left_empty(typed))
        receipt = filing.file_petition(body, None, typed.get("form_id") or None, ports(), address=address)
    except Invalid as wrong:
        return _again(typed, refusing.keep(handed_in(typed, body_of), wrong, None, ports(), address=address))
    except LianxiError as error:
        return _again(typed, error)
    ticket = petitioning.ticket_for(str(receipt.body["query_code"]), ports()) if ports().files else ""
    return page("receipt.html", 201, receipt=receipt.body, ticket=ticket)


@pages.route("/draft", methods=["GET", "POST"])
@open_page("tracking", access=may.BY_CODE)
def draft() -> Response:
    """Ask for the code of a draft, and show the form as it was left."""
    if request.method == "GET":
        return page("draft.html", saved=None, error="", typed="")
    code = request.form.get("draft_code", "")[:100]
    try:
        found = petitioning.open_draft(code, ports())
    except LianxiError as error:
        _, said, status = errors_by_field(error)
        return page("draft.html", status, saved=None, error=said, typed=code)
    return _form({**typed_of(found["content"]), "draft_code": code, "form_id": ports().new_id()}, {}, "", 200)


def _keep(typed: dict[str, str]) -> Response:
    given: dict[str, Any] = {"content": {name: text for name, text in typed.items() if name not in NOT_IN_A_DRAFT}}
    if typed.get("draft_code"):
        given["draft_code"] = typed["draft_code"]
    return page("draft.html", saved=petitioning.save_draft(given, None, ports()), error="", typed="")


def _again(typed: dict[str, str], error: LianxiError) -> Response:
    fields, said, status = errors_by_field(error)
    return _form(typed | reject_of(error), by_box(in_lists(fields), BOXES), said, status)


def _form(typed: dict[str, str], errors: dict[str, str], said: str, status: int) -> Response:
    return page(
        "petition.html",
        status,
        typed=typed,
        errors=errors,
        said=said,
        boxes=BOXES,
        divisions=nodes_within(ports().node),
        languages=LANGUAGES,
    )


@pages.route("/track", methods=["GET", "POST"])
@open_page("tracking", access=may.BY_CODE)
def track() -> Response:
    """Ask for the query code, and show how far the matter has come and what the petitioner can do."""
    if request.method == "GET":
        return page("track.html", progress=None, error="", typed="")
    typed = request.form.get("query_code", "")[:100]
    return show_progress(typed, typed=typed)


@pages.post("/track/<any(material, completion, urge, rating, withdrawal):name>")
@open_page("filing", access=may.BY_CODE)
def act(name: str) -> Response:
    """Do what the petitioner asks for, and show the progress again with what became of it."""
    typed = request.form.to_dict()
    code = ""
    given: dict[str, Any] = {
        field: typed[field] for field in ("text", "rated", "rating") if typed.get(field, "").strip()
    }
    unticked = ["free_will"] if name == "withdrawal" and typed.get("free_will") != "yes" else []
    if name == "withdrawal":
        given["free_will"] = not unticked
    try:
        given["query_code"] = code = petitioning.code_of(typed.get("ticket", "")[:1000], ports())
        wanted = checked(_BODIES[name](), given, unticked)
        done = petitioning.petition_for(name, wanted, typed.get("form_id") or None, ports())
    except LianxiError as error:
        errors, said, status = errors_by_field(error, WORDS)
        if not code:
            return page("track.html", status, progress=None, error=next(iter(errors.values()), said), typed="")
        return show_progress(code, wrong={"name": name, "said": said, "errors": errors, "typed": typed}, status=status)
    return show_progress(code, done=f"{WISHES[name].label}{_BECAME[str(done.body['status'])]}")


@pages.post("/track/notices")
@open_page("tracking", access=may.BY_CODE)
def choose_notices() -> Response:
    """Change by which channel the petitioner is told first, and show the progress again with what holds now."""
    typed, code = request.form.to_dict(), ""
    given: dict[str, Any] = {name: typed[name] for name in ("channel", "language") if typed.get(name, "").strip()}
    try:
        code = petitioning.code_of(typed.get("ticket", "")[:1000], ports())
        wanted = checked(ChannelPreferred(), {**given, "electronic": typed.get("electronic") == "yes"})
        made = notices.prefer_by_code(code, wanted, ports())
    except LianxiError as error:
        errors, said, status = errors_by_field(error, WORDS)
        if not code:
            return page("track.html", status, progress=None, error=next(iter(errors.values()), said), typed="")
        return show_progress(
            code, wrong={"name": "notices", "said": said, "errors": errors, "typed": typed}, status=status
        )
    return show_progress(code, done=_made_known(made))


def _made_known(made: dict[str, Any]) -> str:
    """Return in a sentence what holds from now on."""
    words = [CHANNELS_IN_WORDS[channel] for channel in made["channels"] if channel in CHANNELS_IN_WORDS]
    by = f"先用{words[0]}" if words else "按规定的方式"
    online = "同意" if made["electronic"] else "不同意"
    language = LANGUAGES.get(made["language"], made["language"])
    return (
        f"通知方式已更改：以后{by}通知您，语言为{language}，您{online}以电子方式送达文书。"
        "还没有发出的通知也照此办理；送不到的，改用其他方式。"
    )


def show_progress(
    code: str, *, wrong: dict[str, Any] | None = None, done: str = "", status: int = 200, typed: str = ""
) -> Response:
    """Show the progress page, with what became of what was just sent; a code that was `typed` stays to be mended."""
    try:
        progress = tracking.track(code, ports())
        handed_in = files.of_petitioner(code, ports())["rows"] if ports().files else None
        choice = notices.choice_beside(progress.number, ports())
    except LianxiError as error:
        _, said, status = errors_by_field(error)
        return page("track.html", status, progress=None, error=said, typed=typed)
    return page(
        "track.html",
        status,
        progress=progress,
        files=handed_in,
        error="",
        ticket=petitioning.ticket_for(code, ports()),
        wrong=wrong,
        done=done,
        wishes=WISHES,
        ratings=RATINGS,
        rated=RATED,
        choice=choice,
        languages=LANGUAGES,
        channels=CHANNELS_IN_WORDS,
        offered=_offered(choice),
        words=WORDS,
        new_id=ports().new_id,
    )


def _offered(choice: dict[str, Any] | None) -> list[tuple[str, str]]:
    """Return the channels this node has, to choose from."""
    names = (choice or {}).get("offered") or []
    return [(name, CHANNELS_IN_WORDS[name]) for name in names if name in CHANNELS_IN_WORDS]
