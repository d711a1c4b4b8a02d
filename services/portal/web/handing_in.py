"""A petitioner hands files in by an ordinary form, without any script, after filing or while following the own case.

The whole form comes in at once, so it is smaller than what the API takes piece by piece; behind it the same upload does
the work. Each file is taken in or refused on its own, and the page says which.
"""

from contextlib import closing

from flask import Blueprint, Response, request
from werkzeug.datastructures import FileStorage
from werkzeug.exceptions import RequestEntityTooLarge

from lianxi.casework.errors import LianxiError
from services.portal.domain import permissions as may
from services.portal.handlers import files, petitioning
from services.portal.web.front import show_progress
from services.portal.web.pages import errors_by_field, open_page, page, ports

pages = Blueprint("handing_in", __name__)
LARGEST_FORM = 51 * 1024 * 1024
"""Fifty megabytes and what a form writes around its files."""
MOST_FILES = 10


@pages.before_request
def let_in() -> None:
    """Allow what no other form is allowed."""
    request.max_content_length = LARGEST_FORM


@pages.errorhandler(RequestEntityTooLarge)
def too_large(_error: RequestEntityTooLarge) -> Response:
    """Say what to do with files that are too large for a form."""
    said = "文件合计超过50兆字节，没有收到。请输入查询码后分几次提交；单个文件过大的，请压缩或者到窗口提交。"
    return page("track.html", 413, progress=None, error=said, typed="")


@pages.post("/track/files")
@open_page("filing", access=may.BY_CODE)
def hand_in() -> Response:
    """Take the files in and show the progress page with what became of each."""
    try:
        code = petitioning.code_of(request.form.get("ticket", "")[:1000], ports())
    except LianxiError as error:
        fields, said, status = errors_by_field(error)
        return page("track.html", status, progress=None, error=next(iter(fields.values()), said), typed="")
    given = [each for each in request.files.getlist("files") if each.filename]
    if not given:
        return _told(code, "请先选择文件。", 422)
    if len(given) > MOST_FILES:
        return _told(code, f"每次最多{MOST_FILES}个文件，请分几次提交。", 422)
    taken, refused, worst = 0, [], 200
    for each in given:
        said, status = _take(code, each)
        taken += not said
        refused += [said] if said else []
        worst = max(worst, status)
    done = f"已收到{taken}个文件。" if taken else ""
    return _told(code, " ".join(refused), worst, done=done) if refused else show_progress(code, done=done)


def _take(code: str, given: FileStorage) -> tuple[str, int]:
    """Take one file in; return what is wrong with it, "" if nothing is."""
    name = given.filename or ""
    try:
        with closing(given):  # a large one lies in a temporary file
            files.hand_in(code, name[-200:], given.stream, ports())
    except LianxiError as error:
        fields, said, status = errors_by_field(error)
        return f"“{name[-60:]}”没有收下：{next(iter(fields.values()), said)}", status
    return "", 200


def _told(code: str, said: str, status: int, *, done: str = "") -> Response:
    return show_progress(
        code, wrong={"name": "files", "said": said, "errors": {"files": said}}, done=done, status=status
    )
