"""Notices: what a petitioner chose, what was told about a case, the print room, and the gateways' receipts."""

from typing import Any

from lianxi.casework.errors import Forbidden, LianxiError
from lianxi.casework.identifiers import QueryCode
from services.portal.domain.accounts import Principal, Scope
from services.portal.domain.permissions import KEEPS_NOTICES
from services.portal.handlers import Ports
from services.portal.handlers.asking import ask
from services.portal.handlers.cases import read_case

PASSED_ON = frozenset(
    {"authorization", "content-type", "x-signature", "webhook-id", "webhook-timestamp", "webhook-signature"}
)
"""The headers of a callback that notify may need, beside those that begin with "x-"."""


def choice_by_code(query_code: str, ports: Ports) -> dict[str, Any]:
    """Return what was chosen for the petition with this code."""
    return ask(ports, "notify.choice", {"case_no": number_of(query_code, ports)})


def choice_beside(number: str, ports: Ports) -> dict[str, Any] | None:
    """Return what was chosen for a petition that was just found by its code, None while notify is away."""
    try:
        return ports.calls.call("notify", "choice", {"case_no": number}, command_id=None)
    except LianxiError:
        return None


def prefer_by_code(query_code: str, wanted: dict[str, Any], ports: Ports) -> dict[str, Any]:
    """Keep what the petitioner wants who names one channel: it goes first, those chosen before come after it."""
    before = choice_by_code(query_code, ports)
    first = [wanted["channel"]] if wanted.get("channel") else []
    rest = [each for each in before["channels"] if first and each not in first]
    given = {"channels": first + rest, "language": wanted["language"], "electronic": wanted["electronic"]}
    return choose_by_code({**given, "query_code": query_code}, ports)


def choose_by_code(given: dict[str, Any], ports: Ports) -> dict[str, Any]:
    """Keep what the petitioner wants."""
    wanted = {name: given[name] for name in ("channels", "language", "electronic")}
    body = {**wanted, "case_no": number_of(given["query_code"], ports)}
    return ask(ports, "notify.choose", body, command_id=ports.new_id())


def choice(case_no: str, person: Principal, ports: Ports) -> dict[str, Any]:
    """Return what was chosen for a case this person may see."""
    read_case(case_no, person, ports)
    return ask(ports, "notify.choice", {"case_no": case_no})


def choose(case_no: str, wanted: dict[str, Any], person: Principal, ports: Ports) -> dict[str, Any]:
    """Write down what a petitioner wants who said so at the window or in a letter."""
    _keeper(person, Scope.ACT)
    read_case(case_no, person, ports)
    body = {**wanted, "case_no": case_no, "chosen_by": person.account_id}
    return ask(ports, "notify.choose", body, command_id=ports.new_id())


def told(case_no: str, person: Principal, ports: Ports) -> dict[str, Any]:
    """Return who was told what about a case, and what became of it."""
    read_case(case_no, person, ports)
    return ask(ports, "notify.deliveries", {"case_no": case_no})


def preview(case_no: str, rule: str, person: Principal, ports: Ports) -> dict[str, Any]:
    """Return what a rule would say about a case this person may see."""
    read_case(case_no, person, ports)
    return ask(ports, "notify.preview", {"case_no": case_no, "rule": rule})


def rules(person: Principal, ports: Ports) -> dict[str, Any]:
    """Return who is told what, when and how."""
    person.need(Scope.READ)
    return ask(ports, "notify.rules", {})


def digest(message_id: str, page: tuple[str | None, int], person: Principal, ports: Ports) -> dict[str, Any]:
    """Return the alerts that were gathered into a message to this person."""
    person.need(Scope.READ)
    after, limit = page
    return ask(ports, "notify.digest", {"id": message_id, "actor": person.actor(), "after": after, "limit": limit})


def undelivered(page: tuple[str | None, int], person: Principal, ports: Ports) -> dict[str, Any]:
    """Return the messages that were given up."""
    _keeper(person)
    after, limit = page
    return ask(ports, "notify.dead_letters", {"after": after, "limit": limit})


def send_again(delivery_id: str, person: Principal, ports: Ports) -> dict[str, Any]:
    """Let a message that was given up be sent after all."""
    _keeper(person, Scope.ACT)
    return ask(ports, "notify.send_again", {"id": delivery_id, "actor": person.actor()}, command_id=ports.new_id())


def letters(state: str, page: tuple[str | None, int], person: Principal, ports: Ports) -> dict[str, Any]:
    """Return the letters of the print room."""
    _keeper(person)
    after, limit = page
    return ask(ports, "notify.letters", {"state": state, "after": after, "limit": limit})


def print_letters(wanted: dict[str, Any], person: Principal, ports: Ports) -> dict[str, Any]:
    """Return letters ready for paper; whose address was opened is written down at intake."""
    _keeper(person, Scope.ACT)
    return ask(ports, "notify.print_letters", {**wanted, "actor": person.actor()}, command_id=ports.new_id())


def letter_step(door: str, letter_id: str, step: dict[str, Any], person: Principal, ports: Ports) -> dict[str, Any]:
    """Note that a letter was posted, arrived or came back."""
    _keeper(person, Scope.ACT)
    body = {**step, "id": letter_id, "actor": person.actor()}
    return ask(ports, f"notify.{door}", body, command_id=ports.new_id())


def receipts(provider: str, headers: dict[str, str], body: str, ports: Ports) -> dict[str, Any]:
    """Pass a gateway's callback on as it came; notify knows the gateway's secret and this portal does not."""
    kept = {
        name.lower(): value for name, value in headers.items() if name.lower() in PASSED_ON or name.lower()[:2] == "x-"
    }
    question = {"provider": provider, "headers": kept, "body": body}
    return ask(ports, "notify.receipts", question, command_id=ports.new_id())


def number_of(query_code: str, ports: Ports) -> str:
    """Return the number of the petition with a query code."""
    return str(ask(ports, "intake.find", {"query_code": str(QueryCode.parse(query_code))})["number"])


def _keeper(person: Principal, scope: Scope = Scope.READ) -> None:
    person.need(scope)
    if person.role not in KEEPS_NOTICES:
        raise Forbidden(f"通知和信函不由{person.role.label}管理，请交登记人员或分办人员。", rule="actor")
