"""One case: facts, clocks with their derivation, history, documents, and the forms of the acts offered now."""

from typing import Any

from flask import Blueprint, redirect, request, url_for

from lianxi.casework.errors import LianxiError, Unknown
from lianxi.casework.identifiers import CaseNumber
from lianxi.casework.messages.catalogue import COMMANDS
from services.portal.domain import permissions as may
from services.portal.domain.accounts import Principal
from services.portal.domain.acts import Act, labels, offered, state_to_act_in
from services.portal.domain.form_words import LABELS
from services.portal.domain.forms import FormField, Places, form_for, missing, nested
from services.portal.domain.next_steps import waits_for
from services.portal.handlers import cases, desk, desk_work
from services.portal.schemas.acts import act_schema
from services.portal.schemas.filing import Reason
from services.portal.schemas.problems import checked
from services.portal.web.pages import errors_by_field, nodes_within, page, ports, staff_page

ORDINARY = frozenset(
    {"register-case", "transfer-case", "accept-case", "classify-case", "submit-opinion", "sign-opinion"}
)
"""Acts of the ordinary road: offered first."""
FOR_THE_PETITIONER = frozenset({"withdraw-case", "add-material", "urge-case", "rate-case"})
"""Acts of the petitioner that a clerk writes down at the window or on the phone."""
HAPPENED = FOR_THE_PETITIONER | {"record-call-back"}
"""Acts that write down what has happened: nobody has anything to decide, so they are not proposed."""
pages = Blueprint("case", __name__, url_prefix="/desk/cases")


@pages.get("/<case_no>")
@staff_page(may.CASE_READERS)
def show(person: Principal, case_no: str) -> Any:
    """Show a case."""
    number = str(CaseNumber.parse(case_no))
    view, clocks = cases.case_page(number, person, ports())
    acts = _acts(view, person)
    return page(
        "case.html",
        case=view,
        clocks=clocks,
        acts=[act for act in acts if act.command not in FOR_THE_PETITIONER],
        petitioners_acts=[act for act in acts if act.command in FOR_THE_PETITIONER],
        waits_for=waits_for(view),
        units=_unit_names(person, view),
        sent=request.args.get("sent"),
        proposed=request.args.get("proposed"),
    )


@pages.get("/<case_no>/documents/<path:number>")
@staff_page(may.CASE_READERS)
def document(person: Principal, case_no: str, number: str) -> Any:
    """Show a document."""
    case_no = str(CaseNumber.parse(case_no))
    return page(
        "document.html", labels=LABELS, case_no=case_no, document=cases.document(case_no, number, person, ports())
    )


@pages.route("/<case_no>/petitioner", methods=["GET", "POST"])
@staff_page(may.CASE_READERS, sends=may.ON_THE_TASK)
def petitioner(person: Principal, case_no: str) -> Any:
    """Ask for the reason, then show the petitioner in full."""
    case_no = str(CaseNumber.parse(case_no))
    if request.method == "GET":
        cases.read_case(case_no, person, ports())
        return _ask_reason(case_no, {}, {}, "", 200)
    typed = {"reason": request.form.get("reason", "")}
    try:
        reason = checked(Reason(), typed)["reason"]
        contact = cases.petitioner(case_no, reason, person, ports())
    except LianxiError as error:
        fields, said, status = errors_by_field(error, typed)
        return _ask_reason(case_no, typed, fields, said, status)
    return page("petitioner.html", case_no=case_no, contact=contact, said="")


def _ask_reason(case_no: str, typed: dict[str, str], errors: dict[str, str], said: str, status: int) -> Any:
    return page("petitioner.html", status, case_no=case_no, contact=None, typed=typed, errors=errors, said=said)


@pages.route("/<case_no>/acts/<command>", methods=["GET", "POST"])
@staff_page(may.CASE_WORKERS)
def act(person: Principal, case_no: str, command: str) -> Any:
    """Show the form of an act, or take the act."""
    case_no = str(CaseNumber.parse(case_no))
    view = cases.read_case(case_no, person, ports())
    if command not in COMMANDS:
        raise Unknown("办理步骤", "")
    fields = form_for(command, view, _places(person))
    if request.method == "GET":
        start = {field.name: field.value for field in fields}
        return _form(view, command, fields, {**start, "form_id": ports().new_id(), "seq": str(view["seq"])})
    typed = request.form.to_dict()
    try:
        body = checked(act_schema(command)(), nested(typed, fields), missing(typed, fields))
        seen = typed.get("seq", "")
        if seen.isascii() and seen.isdigit():
            body["expected_seq"] = int(seen[:9])
        key = typed.get("form_id") or None
        if typed.get("propose"):
            body.pop("expected_seq", None)
            desk_work.propose(person, case_no, (command, body, ""), key, ports())
            return redirect(url_for("case.show", case_no=case_no, proposed="1"), 303)
        answer = cases.act(case_no, (command, body), person, key, ports())
    except LianxiError as error:
        errors, said, status = errors_by_field(error, _boxes(fields))
        return _form(view, command, fields, typed, errors=errors, said=said, status=status)
    sent = {"sent": "1", "waiting": "waiting"}.get(str(answer.body.get("status")))
    return redirect(url_for("case.show", case_no=case_no, sent=sent), 303)


def _form(
    view: dict[str, Any],
    command: str,
    fields: tuple[FormField, ...],
    typed: dict[str, str],
    *,
    errors: dict[str, str] | None = None,
    said: str = "",
    status: int = 200,
) -> Any:
    return page(
        "act.html",
        status,
        case=view,
        command=command,
        label=labels().get(command, command),
        may_propose=command not in HAPPENED,
        fields=fields,
        boxes=_boxes(fields),
        categories=ports().categories,
        typed=typed,
        errors=errors or {},
        said=said,
    )


def _boxes(fields: tuple[FormField, ...]) -> dict[str, str]:
    """Return the fields that are shown, by what they are called."""
    return {field.name: field.label for field in fields if field.kind != "claim"}


def _acts(view: dict[str, Any], person: Principal) -> list[Act]:
    mine = [act for act in offered(person, state_to_act_in(view)) if act.command in view["acts"]]
    return sorted(mine, key=lambda act: act.command not in ORDINARY)


def _places(person: Principal) -> Places:
    """Return where a case can be sent: this node and those below, and the units of this node."""
    return Places(tuple(nodes_within(person.node)), _units(person, person.node))


def _unit_names(person: Principal, view: dict[str, Any]) -> dict[str, str]:
    """Return the names of the units of the holder, and of the nodes whose units assist."""
    nodes = dict.fromkeys((str(view["holder"]), *(str(row["node"]) for row in view.get("assistance") or ())))
    return {code: name for node in nodes for code, name in _units(person, node)}


def _units(person: Principal, node: str) -> tuple[tuple[str, str], ...]:
    """Return code and name of the units of a node."""
    rows = desk.units(person, node, ports())["rows"]
    return tuple((str(row["code"]), str(row.get("name") or row["code"])) for row in rows)
