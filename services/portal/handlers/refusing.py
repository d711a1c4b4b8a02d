"""A filing that the portal refuses before intake is asked goes to intake all the same: it is kept as a reject.

The refusal names the reject, so that whoever handed it in can mend it or ask for it at the window, and a clerk finds it
in the list of what waits. Where nothing can be kept (intake is away, there is no room, it is too long), the refusal is
the same without a number.
"""

from typing import Any

from lianxi.casework.errors import Invalid, LianxiError
from lianxi.casework.identifiers import Channel
from services.portal.domain.accounts import Principal, Scope
from services.portal.domain.handed_in import NOT_OF_THE_CONTENT, worth_keeping
from services.portal.domain.permissions import MAY_REGISTER, TAKES_IN_FOR_A_UNIT
from services.portal.handlers import Ports
from services.portal.handlers.access import address_key


def keep(content: Any, wrong: Invalid, person: Principal | None, ports: Ports, *, address: str = "") -> Invalid:
    """Have intake keep what was refused; return the refusal, which names the reject if there is one.

    `address` is where a stranger sent it from: of one address intake keeps a part of what it keeps of all.
    """
    kept = worth_keeping(content) if wrong.field not in NOT_OF_THE_CONTENT and _may_hand_in(person) else None
    if kept is None:
        return wrong
    body: dict[str, Any] = {"content": {"channel": str(Channel.WEB)} | kept, "errors": _errors(wrong)}
    if person is not None:
        body["registered_by"] = person.actor()
    elif address:
        body["sender_key"] = address_key(address, ports)
    try:
        answer = ports.calls.call("intake", "keep_refused", body, command_id=ports.new_id())
    except LianxiError:
        return wrong
    if answer.get("reject_id"):
        wrong.details["reject_id"] = answer["reject_id"]
    return wrong


def _may_hand_in(person: Principal | None) -> bool:
    if person is None:
        return True
    return person.role in MAY_REGISTER | TAKES_IN_FOR_A_UNIT and Scope.FILE in person.scopes


def _errors(wrong: Invalid) -> list[dict[str, str]]:
    """Return every fault; none of them repeats what was sent."""
    own = {"field": str(wrong.field), "rule": str(wrong.rule), "message": wrong.message}
    found: list[dict[str, str]] = getattr(wrong, "errors", None) or [own]
    return found
