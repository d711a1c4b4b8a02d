"""The clerk's work: lists, one case, its clocks and documents, and the acts."""

from typing import Any

from lianxi.casework.errors import Forbidden
from lianxi.casework.validators import clean_text
from services.portal.domain.accounts import Principal, Scope, may_read, narrowed
from services.portal.domain.acts import check_role, only_offered, state_to_act_in
from services.portal.domain.answers import NOT_FOUND, Answer, Answered
from services.portal.handlers import Ports, personal_data
from services.portal.handlers.asking import Attempt, ask, once
from services.portal.handlers.recusal import with_accounts

LONGEST_DOCUMENT_NUMBER = 60
"""Characters; a 字号 as DOC-17 writes it has some twenty."""


def ledger(wanted: dict[str, str], person: Principal, page: tuple[str | None, int], ports: Ports) -> dict[str, Any]:
    """Return a page of the ledger within this person's reach; `page` is the key to go on after, and its size."""
    person.need(Scope.READ)
    after, limit = page
    found = ask(ports, "supervision.ledger", {"filter": narrowed(person, wanted), "after": after, "limit": limit})
    return {**found, "rows": personal_data.with_names(found["rows"], person, ports)}


def read_case(case_no: str, person: Principal, ports: Ports) -> dict[str, Any]:
    """Return a case this person may see, with the acts open to them now: to decide on, not to be shown."""
    person.need(Scope.READ)
    view = ask(ports, "routing.case", {"case_no": case_no, "actor": person.actor()})
    if not may_read(person, view):
        raise Forbidden("此事项不在您的查看范围内，请与持有该事项的节点联系。", rule="node-scope")
    return {**view, "acts": only_offered(view.get("acts", ()), person, state_to_act_in(view))}


def show_case(case_no: str, person: Principal, ports: Ports) -> dict[str, Any]:
    """Return a case as it is shown to this person; the look at its content is written down."""
    return shown(read_case(case_no, person, ports), person, ports)


def shown(view: dict[str, Any], person: Principal, ports: Ports) -> dict[str, Any]:
    """Return what was read as it is shown to this person; the look at its content is written down."""
    return personal_data.shown_case(view, person, ports)


def case_page(case_no: str, person: Principal, ports: Ports) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Return a case with its clocks; in its first moments supervision may not know it yet."""
    view = show_case(case_no, person, ports)
    try:
        rows: list[dict[str, Any]] = ask(ports, "supervision.clocks", {"case_no": case_no})["rows"]
    except Answered as refusal:
        if refusal.code_of_http != NOT_FOUND:
            raise
        rows = []
    return view, rows


def clocks(case_no: str, person: Principal, ports: Ports) -> dict[str, Any]:
    """Return the clocks of a case with their derivations."""
    read_case(case_no, person, ports)
    return ask(ports, "supervision.clocks", {"case_no": case_no})


def document(case_no: str, number: str, person: Principal, ports: Ports) -> dict[str, Any]:
    """Return a document of a case with its text; the look is written down."""
    read_case(case_no, person, ports)
    wanted = clean_text(number, "document_number", LONGEST_DOCUMENT_NUMBER)
    personal_data.note_document(case_no, person, ports)
    return ask(ports, "routing.document", {"case_no": case_no, "number": wanted, "actor": person.actor()})


def petitioner(case_no: str, reason: str, person: Principal, ports: Ports) -> dict[str, Any]:
    """Return the petitioner's data in full; intake records who looked and why (MK-8)."""
    return personal_data.petitioner_in_full(read_case(case_no, person, ports), reason, person, ports)


def masked_petitioner(case_no: str, person: Principal, ports: Ports) -> dict[str, Any]:
    """Return the petitioner as this person may see it without a reason."""
    return personal_data.masked_petitioner(read_case(case_no, person, ports), person, ports)


def act(case_no: str, command: tuple[str, dict[str, Any]], person: Principal, key: str | None, ports: Ports) -> Answer:
    """Take an act; 202 when it travels to the holder as a directive, or waits until custody has settled."""
    person.need(Scope.ACT)
    name, fields = command
    check_role(person, name)
    fields = with_accounts(fields, ports)
    body = {
        "command_type": name,
        "command": {**fields, "case_no": case_no, "actor": person.actor()},
        "actor": person.actor(),
    }

    def run(attempt: Attempt) -> Answer:
        done = ask(ports, "routing.act", body, command_id=attempt.command_id)
        return Answer(202 if done.get("status") in {"sent", "waiting"} else 200, done)

    return once(ports, person, key, (f"POST /cases/{case_no}/acts/{name}", fields), run)
