"""What every page shares: who is looking, the forms' protection, errors next to their fields, words for codes."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from functools import wraps
from typing import Any, cast
from urllib.parse import urlsplit

from flask import Flask, Response, current_app, g, make_response, redirect, render_template, request, url_for

from lianxi.casework.errors import LianxiError
from lianxi.casework.messages.facts import STATE_LABELS
from lianxi.law.clocks import CLOCKS, ClockCode
from services.portal.domain import notice_words
from services.portal.domain import permissions as may
from services.portal.domain.accounts import Principal, is_within
from services.portal.domain.acts import labels
from services.portal.domain.form_words import LABELS
from services.portal.domain.page_forms import by_box
from services.portal.domain.permissions import KEEPS_NOTICES, MAY_REGISTER, RECEIVES, Access
from services.portal.domain.plain_words import in_words, place_name
from services.portal.domain.sign_in import NotFromOurPage
from services.portal.handlers import Ports
from services.portal.handlers.access import admit, check_access
from services.portal.schemas.problems import problem_for
from services.portal.schemas.requests import caller_of

CSRF_FIELD = "csrf_token"
CHANNELS = {"letter": "来信", "visit": "来访", "web": "网上", "phone": "来电", "fax": "传真"}
LAMPS = {"green": "正常", "yellow": "临期", "red": "超期"}
TRIGGERS = {
    "SUP-1": "无正当理由超期未办结",
    "SUP-2": "未按规定反馈办理结果",
    "SUP-3": "未按规定程序办理",
    "SUP-4": "推诿、敷衍、拖延",
    "SUP-5": "不执行处理意见",
    "SUP-6": "弄虚作假",
    "SUP-7": "未按期受理、告知",
    "SUP-8": "其他",
}
Page = Callable[..., Any]


def ports() -> Ports:
    """Return what the use cases of this application need."""
    return cast("Ports", current_app.extensions["portal"])


def open_page(purpose: str = "", *, access: Access = may.FREE) -> Callable[[Page], Page]:
    """Mark a page anybody may see; what strangers may do often is counted under `purpose` when a form is sent."""

    def mark(page: Page) -> Page:
        @wraps(page)
        def opened(*args: Any, **path: Any) -> Any:
            _same_origin()
            sent = purpose if request.method == "POST" else ""
            g.person = admit(caller_of(request, csrf=request.form.get(CSRF_FIELD, "")), ports(), sent)
            return page(*args, **path)

        return _under(opened, access, access)

    return mark


def staff_page(access: Access, *, sends: Access | None = None) -> Callable[[Page], Page]:
    """Mark a page for people who are signed in, under its row of the table of access; strangers are shown the way in.

    `sends` is the row of its form, where more is asked of whoever sends it than of whoever looks.
    """
    by_method = {"GET": access, "POST": sends or access}

    def mark(page: Page) -> Page:
        @wraps(page)
        def opened(*args: Any, **path: Any) -> Any:
            _same_origin()
            g.person = admit(caller_of(request, csrf=request.form.get(CSRF_FIELD, "")), ports())
            if g.person is None:
                return redirect(url_for("sign_in.show"))
            check_access(g.person, by_method.get(request.method, access))
            return page(g.person, *args, **path)

        return _under(opened, access, by_method["POST"])

    return mark


def _under(opened: Page, reads: Access, sends: Access) -> Page:
    """Write on a page by which rows it is read and sent, for whoever goes through all pages."""
    opened.access = {"GET": reads, "POST": sends}  # type: ignore[attr-defined]
    return opened


def _same_origin() -> None:
    """Refuse a form that another site's page sent; a browser says so itself."""
    if request.method != "POST":
        return
    site = request.headers.get("Sec-Fetch-Site")
    origin = request.headers.get("Origin")
    if site is not None:
        ours = site in {"same-origin", "none"}
    else:
        ours = origin is None or urlsplit(origin).netloc == request.host
    if not ours:
        raise NotFromOurPage


def page(template: str, status: int = 200, **content: Any) -> Response:
    """Render a page."""
    return make_response(render_template(template, **content), status)


def error_page(problem: Mapping[str, Any]) -> Response:
    """Render what went wrong as a page."""
    return page("error.html", int(problem["status"]), problem=problem)


def nodes_within(node: str) -> list[tuple[str, str]]:
    """Return the places of a node's area to choose from, a township under its district's name."""
    names = ports().names
    inside = sorted(code for code in names if is_within(code, node))
    return [(code, f"{'' if len(code) == 6 else names.get(code[:6], '') + ' · '}{names[code]}") for code in inside]  # noqa: PLR2004  six digits name a district


def errors_by_field(error: LianxiError, boxes: Iterable[str] = ()) -> tuple[dict[str, str], str, int]:
    """Return the message of each field, a sentence for the top of the form, and the status.

    The messages come in the order of the page's `boxes`, because the first one's box gets the focus.
    """
    problem, _ = problem_for(error)
    fields = by_box({entry["field"]: entry["message"] for entry in problem["errors"]}, boxes)
    return fields, str(problem.get("detail") or problem["title"]), int(problem["status"])


def reject_of(error: LianxiError) -> dict[str, str]:
    """Return what a form carries on from a refusal: the reject that was kept of it, if there is one."""
    reject_id = problem_for(error)[0].get("reject_id")
    return {"reject_id": str(reject_id)} if reject_id else {}


def words_for_templates(app: Flask) -> None:
    """Give the templates the words for codes, and who is looking."""
    app.jinja_env.filters.update(
        day=lambda value: in_words(str(value)) if value else "—",
        moment=_moment,
        state=lambda code: STATE_LABELS.get(code, code),
        channel=lambda code: CHANNELS.get(str(code), str(code or "—")),
        lamp=lambda code: LAMPS.get(str(code), "—"),
        place=lambda code: place_name(str(code), ports().names) if code else "—",
        age=_age,
        size=_size,
        clock_time=_clock_time,
        field=lambda name: LABELS.get(str(name), str(name)),
        act=lambda command: labels().get(str(command), str(command)),
        trigger=lambda code: TRIGGERS.get(str(code), str(code)),
        clock=_clock,
        groups=lambda text: str(text).split("-"),
        addressee=lambda letter: notice_words.addressee_in_words(str(letter)),
        notice_reason=lambda code: notice_words.reason_in_words(str(code)),
    )
    app.jinja_env.globals.update(
        notice_channels=notice_words.CHANNELS,
        notice_states=notice_words.STATES,
        notice_outcomes=notice_words.OUTCOMES,
    )
    app.context_processor(_context)


def _context() -> dict[str, Any]:
    person: Principal | None = g.get("person")
    return {
        "person": person,
        "registrars": MAY_REGISTER,
        "posters": KEEPS_NOTICES,
        "receivers": RECEIVES,
        "csrf": person.csrf if person else "",
        "node": ports().node,
        "node_name": place_name(ports().node, ports().names),
    }


def _moment(value: Any) -> str:
    try:
        at = datetime.fromisoformat(str(value))
    except ValueError:
        return str(value or "—")
    return f"{in_words(at.date().isoformat())} {at:%H:%M}"


def _clock_time(value: Any) -> str:
    """Return the hour and minute of a moment."""
    try:
        return f"{datetime.fromisoformat(str(value)):%H:%M}"
    except ValueError:
        return "—"


def _clock(code: Any) -> str:
    try:
        return CLOCKS[ClockCode(str(code))].title
    except ValueError:
        return str(code)


def _size(count: Any) -> str:
    """Return so many bytes as people say it."""
    for size, word in ((1024 * 1024, "兆字节"), (1024, "千字节")):
        if int(count) >= size:
            return f"{int(count) / size:.1f}{word}"
    return f"{int(count)}字节"


def _age(seconds: Any) -> str:
    """Return so many seconds as a clerk would say it."""
    minutes = int(float(seconds or 0)) // 60
    for size, word in ((1440, "天"), (60, "小时")):
        if minutes >= size:
            return f"{minutes // size}{word}"
    return f"{minutes}分钟"
