"""Files between nodes: what a child asks of this one and brings to it, each request signed with the link secret.

These addresses are for nodes only and stand in no document of the API; nobody signs in here.
"""

from typing import Any

from flask import Blueprint, Response, g, request

from lianxi.casework.errors import Invalid
from services.portal.api.files import sent
from services.portal.api.resources import ports
from services.portal.domain.files import check_sha256
from services.portal.domain.permissions import BY_NODE
from services.portal.handlers import link_files

blueprint = Blueprint("link", __name__)
ACCESS = BY_NODE
"""Who may call: `recognise` sees to it before anything else of a request is read."""


@blueprint.before_request
def recognise() -> None:
    """Note which child asks; refuse whoever cannot sign for one."""
    query = request.query_string.decode("latin-1")
    target = f"{request.path}?{query}" if query else request.path
    g.peer = link_files.check_peer((request.method, target, request.get_data()), dict(request.headers), ports())


@blueprint.get("/link/files")
def files_wanted() -> dict[str, Any]:
    """List what this child is to bring."""
    return link_files.wanted_of(g.peer, ports())


@blueprint.get("/link/files/<sha256>")
def give_file(sha256: str) -> Response:
    """Give a file, or part of it."""
    file = {"sha256": check_sha256(sha256), "source": request.args.get("source", ""), "size": _whole("size")}
    return sent(link_files.give(g.peer, file, request.headers.get("Range"), ports()))


@blueprint.get("/link/files/<sha256>/arrival")
def file_arrival(sha256: str) -> dict[str, Any]:
    """Say from where to go on."""
    return link_files.arrival(g.peer, check_sha256(sha256), ports())


@blueprint.put("/link/files/<sha256>")
def take_file_chunk(sha256: str) -> dict[str, Any]:
    """Take a chunk."""
    place = _whole("offset"), request.get_data()
    return link_files.take_chunk(g.peer, check_sha256(sha256), place, ports())


@blueprint.post("/link/files/<sha256>/finish")
def finish_file(sha256: str) -> dict[str, Any]:
    """Check what was brought."""
    return link_files.finish(g.peer, check_sha256(sha256), ports())


def _whole(name: str) -> int:
    text = request.args.get(name, "")
    if not (text.isascii() and text.isdigit() and len(text) < 13):  # noqa: PLR2004  no file has a terabyte
        raise Invalid(name, "number", "应为整数。")
    return int(text)
