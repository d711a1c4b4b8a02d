"""The petitioner looks at the case with the query code; nothing but dates, state and holder is shown (PR-11)."""

from typing import Any

from lianxi.casework.identifiers import QueryCode
from services.portal.domain.answers import NOT_FOUND, Answered
from services.portal.domain.plain_words import Progress, progress
from services.portal.handlers import Ports
from services.portal.handlers.asking import ask


def track(query_code: str, ports: Ports) -> Progress:
    """Return how far the petition with this code has come."""
    code = QueryCode.parse(query_code)
    contact = ask(ports, "intake.find", {"query_code": str(code)})
    return progress(contact, _seen_by_routing(str(contact["number"]), ports), ports.names, ports.clock.now())


def _seen_by_routing(number: str, ports: Ports) -> dict[str, Any]:
    """Return routing's view; in the first moments after filing it has none yet."""
    try:
        return ask(ports, "routing.track", {"case_no": number})
    except Answered as refusal:
        if refusal.code_of_http != NOT_FOUND:
            raise
        return {}
