"""The acts on a case: one operation for every command of the rule book that people may give."""

from typing import Any

from flask import request

from lianxi.casework.errors import Invalid
from lianxi.casework.messages.catalogue import COMMANDS
from services.portal.api.cases import number
from services.portal.api.resources import Resource, idempotency_key, ports
from services.portal.domain import permissions as may
from services.portal.domain.accounts import Principal
from services.portal.domain.acts import OFFERED_COMMANDS, labels
from services.portal.domain.answers import Answer
from services.portal.handlers import cases
from services.portal.schemas.acts import act_schema
from services.portal.schemas.views import Act

resource = Resource("acts", __name__, description="办理步骤")
_IF_MATCH = {
    "in": "header",
    "name": "If-Match",
    "schema": {"type": "string"},
    "description": "所见事项的 ETag；其间有变化的，拒绝办理。",
}


def _offer(command: str) -> None:
    def act(person: Principal, fields: dict[str, Any], case_no: str) -> Answer:
        expected = expected_seq()
        given = fields if expected is None else {**fields, "expected_seq": expected}
        return cases.act(number(case_no), (command, given), person, idempotency_key(), ports())

    act.__name__ = command.replace("-", "_")
    act.__doc__ = (COMMANDS[command].__doc__ or "").split("\n")[0]
    resource.operation(
        f"/cases/<case_no>/acts/{command}",
        "POST",
        body=act_schema(command),
        answer=Act,
        access=may.act(command),
        repeatable=True,
        also={"parameters": [_IF_MATCH], "summary": labels().get(command, command)},
    )(act)


def expected_seq() -> int | None:
    """Return the version of the case that the client saw, from If-Match."""
    text = request.headers.get("If-Match")
    if text is None:
        return None
    digits = text.removeprefix("W/").strip('"')
    if not (digits.isascii() and digits.isdigit() and len(digits) < 10):  # noqa: PLR2004  no case has a billion events
        raise Invalid("If-Match", "etag", "If-Match 应为查看事项时得到的 ETag。")
    return int(digits)


for _command in OFFERED_COMMANDS:
    _offer(_command)
