"""Personal data on its way to a screen: masked for where the viewer stands, written down before it is shown.

Intake masks and keeps the book, so that what a viewer may not see never comes here. When intake does not answer,
lists come without names and a case without its content: nothing is shown that could not be written down.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from lianxi.casework.errors import Forbidden
from lianxi.casework.identifiers import QueryCode
from lianxi.casework.masking import Viewer
from lianxi.casework.messages.facts import TERMINAL_STATES
from services.portal.domain.accounts import Principal, Scope, assists_in
from services.portal.domain.answers import NOT_FOUND, Answered, NoAnswer
from services.portal.domain.personal import (
    CONTENT,
    is_accusation,
    may_answer_persons,
    may_read_the_book,
    readable_content,
    viewer_towards,
)
from services.portal.handlers import Ports
from services.portal.handlers.asking import ask

WITHHELD = "目前无法登记查看记录，暂不显示信访内容，请稍后重试。"


def with_names(rows: Sequence[Mapping[str, Any]], person: Principal, ports: Ports) -> list[dict[str, Any]]:
    """Return the rows of a list, each with the masked name of its petitioner where there is one to show."""
    wanted = [
        {"number": row["case_no"], "viewer": viewer_towards(person, row).value}
        for row in rows
        if not is_accusation(row)
    ]
    if not wanted:
        return [dict(row) for row in rows]
    try:
        told = ask(ports, "intake.petitioner_names", {"rows": wanted, "actor": person.actor()})["rows"]
    except (NoAnswer, Answered):
        told = []
    names = {row["number"]: row["name"] for row in told}
    return [{**row, "petitioner": names.get(row["case_no"])} for row in rows]


def shown_case(view: Mapping[str, Any], person: Principal, ports: Ports) -> dict[str, Any]:
    """Return a case as this person may see it: content and petitioner by the masking table."""
    viewer = viewer_towards(person, view)
    # who assists has to know what it is about, not whose matter it is
    content = readable_content(view, Viewer.HANDLER if assists_in(person, view) else viewer)
    shown = {name: value for name, value in view.items() if name not in CONTENT}
    try:
        told = _masked(view, viewer, tuple(content), person, ports)
    except NoAnswer:
        return {**shown, "withheld": WITHHELD}
    return {**shown, **content, **told}


def masked_petitioner(view: Mapping[str, Any], person: Principal, ports: Ports) -> dict[str, Any]:
    """Return the petitioner of a case as this person may see it without giving a reason."""
    body = _body(view, viewer_towards(person, view), person)
    return ask(ports, "intake.petitioner_masked", body)


def petitioner_in_full(view: Mapping[str, Any], reason: str, person: Principal, ports: Ports) -> dict[str, Any]:
    """Return the petitioner in full to who is on the task; intake records who looked and why (MK-8)."""
    if viewer_towards(person, view) is not Viewer.HANDLER:
        raise Forbidden("只有本件承办人可以查看信访人原文，请由持有该事项的单位查看。", rule="MK-8")
    body = {"number": view["case_no"], "actor": person.actor(), "reason": reason}
    return ask(ports, "intake.contact", body)


def note_document(case_no: str, person: Principal, ports: Ports) -> None:
    """Write down that a document is about to be read: documents name people."""
    ask(
        ports,
        "intake.note_read",
        {"number": case_no, "kind": "content", "fields": ["document"], "actor": person.actor()},
    )


def reads(person: Principal, wanted: Mapping[str, Any], ports: Ports) -> dict[str, Any]:
    """Return who looked at personal data of this node, newest first."""
    person.need(Scope.READ)
    if not may_read_the_book(person):
        raise Forbidden("只有信访部门负责人和系统管理员可以查阅个人信息查看记录。", rule="MK-8")
    asked = {name: value for name, value in wanted.items() if value not in (None, "")}
    return ask(ports, "intake.reads", {**asked, "actor": person.actor()})


def reads_of_petitioner(query_code: str, ports: Ports) -> dict[str, Any]:
    """Tell the holder of a query code who looked at their data."""
    return ask(ports, "intake.reads_of_petitioner", {"query_code": str(QueryCode.parse(query_code))})


def export_person(person: Principal, identity: Mapping[str, str], reason: str, ports: Ports) -> dict[str, Any]:
    """Return everything this node keeps of one person, with where each case stands."""
    _may_answer(person, Scope.READ)
    asked: dict[str, Any] = {"identity": dict(identity), "reason": reason, "actor": person.actor()}
    told = ask(ports, "intake.export_person", asked)
    standings = {row["number"]: row for row in _standings([row["number"] for row in told["contacts"]], person, ports)}
    return {**told, "contacts": [{**row, **standings.get(row["number"], {})} for row in told["contacts"]]}


def erase_person(person: Principal, identity: Mapping[str, str], reason: str, ports: Ports) -> dict[str, Any]:
    """Blank what this node keeps of one person, first the texts of the cases, then the contacts; or say why not.

    The check comes before anything is touched, and both halves can be repeated: after a crash between them the person
    is still found, and erasing goes on.
    """
    _may_answer(person, Scope.ACT)
    asked: dict[str, Any] = {"identity": dict(identity), "reason": reason, "actor": person.actor()}
    numbers = ask(ports, "intake.person_contacts", asked)["numbers"]
    asked["standings"] = _standings(numbers, person, ports)
    ask(ports, "intake.erase_person", {**asked, "only_check": True})
    ask(ports, "routing.erase_texts", {"case_nos": numbers, "actor": person.actor()})
    return ask(ports, "intake.erase_person", asked)


def _may_answer(person: Principal, scope: Scope) -> None:
    person.need(scope)
    if not may_answer_persons(person):
        raise Forbidden("只有信访部门负责人可以办理个人信息的导出和删除申请。", rule="PIPL-45")


def _standings(numbers: Sequence[str], person: Principal, ports: Ports) -> list[dict[str, Any]]:
    """Return how each case stands: its state, and the day of its last event where it has ended."""
    ended = {state.value for state in TERMINAL_STATES}
    found = []
    for number in numbers:
        try:
            view = ask(ports, "routing.case", {"case_no": number, "actor": person.actor()})
        except Answered as refusal:
            if refusal.code_of_http != NOT_FOUND:
                raise
            continue
        history = view.get("history") or [{}]
        last = str(history[-1].get("at") or "")[:10] or None
        state = str(view.get("state"))
        found.append({"number": number, "state": state, "ended_on": last if state in ended else None})
    return found


def _masked(
    view: Mapping[str, Any], viewer: Viewer, content: Sequence[str], person: Principal, ports: Ports
) -> dict[str, Any]:
    """Ask for the petitioner and have the look written down; a contact that is not here has nothing to show."""
    try:
        told = ask(ports, "intake.petitioner_masked", {**_body(view, viewer, person), "also": list(content)})
    except Answered as refusal:
        if refusal.code_of_http != NOT_FOUND:
            raise
        if content:
            note = {"number": view["case_no"], "kind": "content", "fields": list(content), "actor": person.actor()}
            ask(ports, "intake.note_read", note)
        return {"viewer": viewer.value, "petitioner": {}}
    return {"viewer": viewer.value, "petitioner": told["petitioner"], "erased": told.get("erased", False)}


def _body(view: Mapping[str, Any], viewer: Viewer, person: Principal) -> dict[str, Any]:
    return {
        "number": view["case_no"],
        "viewer": viewer.value,
        "accusation": is_accusation(view),
        "actor": person.actor(),
    }
