"""The pages of a node: the one-stop page for petitioners, the desk for clerks. Plain HTML, no script anywhere."""

from flask import Flask

from services.portal.web import (
    board,
    case,
    desk,
    desk_work,
    files,
    front,
    guided,
    handing_in,
    letters,
    notices,
    orders,
    registering,
    repeats,
    sign_in,
    unfinished,
    units,
)
from services.portal.web.pages import error_page, words_for_templates

__all__ = ["error_page", "register"]


def register(app: Flask) -> None:
    """Add the pages to the application."""
    words_for_templates(app)
    for pages in (
        front.pages,
        handing_in.pages,
        sign_in.pages,
        desk.pages,
        desk_work.pages,
        case.pages,
        files.pages,
        repeats.pages,
        notices.pages,
        letters.pages,
        orders.pages,
        registering.pages,
        guided.pages,
        unfinished.pages,
        board.pages,
        units.pages,
    ):
        app.register_blueprint(pages)
