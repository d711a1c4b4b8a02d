"""Working through a pile: what waits, taking a case and giving it back, proposed acts, one act on many cases."""

from typing import Any

from lianxi.casework.errors import Forbidden
from services.portal.domain.accounts import Principal, Reach, Scope
from services.portal.domain.acts import check_acts, check_role
from services.portal.domain.answers import Answer
from services.portal.handlers import Ports, personal_data
from services.portal.handlers.asking import Attempt, ask, once
from services.portal.handlers.cases import read_case
from services.portal.handlers.recusal import with_accounts


def piles(person: Principal, ports: Ports) -> dict[str, Any]:
    """Return every pile of the node with the age of its oldest case."""
    _of_the_office(person)
    return ask(ports, "routing.piles", {})


def pile(person: Principal, name: str, page: tuple[str | None, int], ports: Ports) -> dict[str, Any]:
    """Return a page of one pile; an officer of a unit sees the unit's own cases."""
    person.need(Scope.READ)
    after, limit = page
    return ask(ports, "routing.pile", {"pile": name, "after": after or "", "limit": limit, "actor": person.actor()})


def take(person: Principal, case_no: str, ports: Ports, *, over: bool) -> dict[str, Any]:
    """Take a case for a while; whoever else would act on it is told that somebody does."""
    person.need(Scope.ACT)
    check_acts(person)
    read_case(case_no, person, ports)
    body = {"case_no": case_no, "actor": person.actor(), "over": over}
    return ask(ports, "routing.take", body, command_id=ports.new_id())


def give_back(person: Principal, case_no: str, ports: Ports) -> None:
    """Put a case back on its pile."""
    person.need(Scope.ACT)
    check_acts(person)
    read_case(case_no, person, ports)
    ask(ports, "routing.give_back", {"case_no": case_no, "actor": person.actor()}, command_id=ports.new_id())


def propose(
    person: Principal, case_no: str, act: tuple[str, dict[str, Any], str], key: str | None, ports: Ports
) -> Answer:
    """Prepare an act (its name, content and a remark) for somebody else's decision.

    A role may propose what it may not do itself: that is what proposing is for.
    """
    person.need(Scope.ACT)
    check_acts(person)
    read_case(case_no, person, ports)
    name, fields, note = act
    command = {**with_accounts(fields, ports), "case_no": case_no, "actor": person.actor()}
    body = {"command_type": name, "command": command, "note": note, "actor": person.actor()}
    return _once(person, key, (f"POST /cases/{case_no}/proposed-acts", "routing.propose"), body, ports)


def proposed(person: Principal, case_no: str | None, page: tuple[str | None, int], ports: Ports) -> dict[str, Any]:
    """Return the proposed acts of a case, or all that wait for a decision."""
    if case_no is None:
        _of_the_office(person)
    else:
        read_case(case_no, person, ports)
    after, limit = page
    body = {"case_no": case_no or "", "after": after or "", "limit": limit, "actor": person.actor()}
    found = ask(ports, "routing.proposed", body)
    with_papers = {str(row["case_no"]) for row in found["rows"] if (row.get("command") or {}).get("paper")}
    for number in sorted(with_papers):  # the text of a document names people, also before it is issued
        personal_data.note_document(number, person, ports)
    return found


def decide(person: Principal, act_id: str, approve: tuple[bool, str], key: str | None, ports: Ports) -> Answer:
    """Let a proposed act happen in one's own name, or return it with a reason."""
    _of_the_office(person)
    person.need(Scope.ACT)
    check_acts(person)
    happens, reason = approve
    body = {"id": act_id, "approve": happens, "reason": reason, "actor": person.actor()}
    answer = _once(person, key, ("POST /proposed-acts/decision", "routing.decide"), body, ports)
    return Answer(202 if answer.body.get("status") in {"sent", "waiting"} else 200, answer.body)


def act_on_many(
    person: Principal, act: tuple[str, dict[str, Any]], cases: list[dict[str, Any]], key: str | None, ports: Ports
) -> Answer:
    """Take one act on many cases; each has an outcome of its own."""
    person.need(Scope.ACT)
    if person.reach is Reach.UNIT:
        raise Forbidden("批量办理供信访部门使用，承办单位请逐件办理。", rule="actor")
    name, fields = act
    check_role(person, name)
    rows = [{"case_no": row["case_no"], "expected_seq": row.get("seq")} for row in cases]
    body = {"command_type": name, "command": {**with_accounts(fields, ports), "actor": person.actor()}, "cases": rows}
    return _once(person, key, ("POST /acts", "routing.act_on_many"), body, ports)


def _once(person: Principal, key: str | None, door: tuple[str, str], body: dict[str, Any], ports: Ports) -> Answer:
    """Ask a door of routing once; what the request was called belongs to its idempotency key."""
    what, method = door

    def run(attempt: Attempt) -> Answer:
        return Answer(200, ask(ports, method, body, command_id=attempt.command_id))

    return once(ports, person, key, (what, body), run)


def _of_the_office(person: Principal) -> None:
    person.need(Scope.READ)
    if person.reach is Reach.UNIT:
        raise Forbidden("此页面供信访部门和联席会议使用。", rule="actor")
