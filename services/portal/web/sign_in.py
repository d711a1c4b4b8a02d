"""Signing in and out on a page."""

from typing import Any

from flask import Blueprint, current_app, redirect, request, url_for

from lianxi.casework.errors import LianxiError
from services.portal.domain import permissions as may
from services.portal.domain.accounts import Principal, Reach
from services.portal.handlers import access
from services.portal.schemas.requests import SESSION_COOKIE, session_cookie
from services.portal.web.pages import errors_by_field, open_page, page, ports, staff_page

pages = Blueprint("sign_in", __name__)


@pages.get("/sign-in")
@open_page()
def show() -> Any:
    """Show the sign-in form."""
    return page("sign_in.html", said="", login="")


@pages.post("/sign-in")
@open_page("sign_in")
def sign_in() -> Any:
    """Open a session and go to the desk."""
    login = request.form.get("login", "")[:64]
    try:
        signed_in = access.sign_in(login, request.form.get("password", "")[:200], ports())
    except LianxiError as error:
        _, said, status = errors_by_field(error)
        return page("sign_in.html", status, said=said, login=login)
    desk = "desk.ledger" if signed_in.principal.reach is Reach.UNIT else "desk.waiting"
    response = redirect(url_for(desk), 303)
    secure = bool(current_app.config["SESSION_COOKIE_SECURE"])
    response.headers.add("Set-Cookie", session_cookie(signed_in.secret, secure=secure))
    return response


@pages.post("/sign-out")
@staff_page(may.SIGNED_IN)
def sign_out(_person: Principal) -> Any:
    """End the session."""
    access.sign_out(request.cookies.get(SESSION_COOKIE, ""), ports())
    response = redirect(url_for("front.home"), 303)
    response.delete_cookie(SESSION_COOKIE)
    return response
