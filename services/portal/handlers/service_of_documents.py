"""Service of documents (送达): notify keeps the list, the case takes the proof, and only the case starts clocks.

Which step of the case records the service follows from the kind of the document; notify's list says which. A petitioner
may open a document online and confirm it: that is service by consent, on this day (D-15).
"""

from typing import Any

from lianxi.casework.errors import Forbidden, Invalid, Unknown
from services.portal.domain.accounts import Principal, Reach, Scope
from services.portal.domain.acts import check_role
from services.portal.domain.answers import Answer
from services.portal.handlers import Ports
from services.portal.handlers.asking import Attempt, ask, once
from services.portal.handlers.cases import read_case
from services.portal.handlers.notices import number_of

SERVED = "served"


def of_case(case_no: str, person: Principal, ports: Ports) -> dict[str, Any]:
    """Return the documents of a case that have to be served."""
    read_case(case_no, person, ports)
    return ask(ports, "notify.services", {"case_no": case_no})


def unserved(page: tuple[str | None, int], person: Principal, ports: Ports) -> dict[str, Any]:
    """Return what this node issued and nobody has proven to be served."""
    person.need(Scope.READ)
    if person.reach is Reach.UNIT:
        raise Forbidden("此清单供信访部门使用，本单位的文书请在各事项中查看。", rule="actor")
    after, limit = page
    return ask(ports, "notify.unserved", {"after": after, "limit": limit})


def step(case_no: str, door: str, given: dict[str, Any], person: Principal, ports: Ports) -> dict[str, Any]:
    """Note how a document was sent off, or that it came back."""
    person.need(Scope.ACT)
    check_role(person, "record-service")
    read_case(case_no, person, ports)
    body = {**given, "case_no": case_no, "actor": person.actor()}
    return ask(ports, f"notify.{door}", body, command_id=ports.new_id())


def prove(case_no: str, given: dict[str, Any], person: Principal, key: str | None, ports: Ports) -> Answer:
    """Put the proof of service into the case; from here on the petitioner's time runs."""
    person.need(Scope.ACT)
    read_case(case_no, person, ports)
    document = _document(case_no, given["number"], ports)
    check_role(person, document["command"])

    def run(attempt: Attempt) -> Answer:
        done = _served(document, _proof(given), person.actor(), attempt.command_id, ports)
        return Answer(202 if done.get("status") == "sent" else 200, done)

    return once(ports, person, key, (f"POST /cases/{case_no}/documents/proof", given), run)


def listed_by_code(query_code: str, ports: Ports) -> dict[str, Any]:
    """Return the documents that the petitioner with this code has to get."""
    return ask(ports, "notify.services", {"case_no": number_of(query_code, ports)})


def read_online(given: dict[str, Any], ports: Ports) -> dict[str, Any]:
    """Open a document to the petitioner; what was not served yet is served by that, with consent."""
    if not given["consent"]:
        raise Invalid("consent", "D-15", "在线查看文书须同意电子送达，否则请等候其他方式送达。")
    case_no = number_of(given["query_code"], ports)
    document = _document(case_no, given["number"], ports)
    reader = {"person": "petitioner", "role": "P", "unit": "", "node": ports.node}
    found = ask(ports, "routing.document", {"case_no": case_no, "number": document["number"], "actor": reader})
    served_on = document["served_on"]
    if document["state"] != SERVED:
        served_on = ports.clock.today().isoformat()
        proof = {"method": "electronic", "served_on": served_on, "proof": f"电子送达（查询码确认）{served_on}"}
        _served(document, proof, reader, ports.new_id(), ports)
    return {"number": document["number"], "kind": found["kind"], "paper": found["paper"], "served_on": served_on}


def _document(case_no: str, number: str, ports: Ports) -> dict[str, Any]:
    rows = ask(ports, "notify.services", {"case_no": case_no})["rows"]
    found = next((row for row in rows if row["number"] == number), None)
    if found is None:
        raise Unknown("应送达的文书", number)
    return dict(found)


def _proof(given: dict[str, Any]) -> dict[str, Any]:
    return {name: given[name] for name in ("method", "served_on", "proof")}


def _served(
    document: dict[str, Any], proof: dict[str, Any], actor: dict[str, str], command_id: str, ports: Ports
) -> dict[str, Any]:
    command: dict[str, Any] = {"case_no": document["case_no"], "actor": actor, "service": proof}
    if document["command"] == "record-service":
        command["served"] = document["number"]
    body = {"command_type": document["command"], "command": command, "actor": actor}
    return ask(ports, "routing.act", body, command_id=command_id)
