"""A petition comes in: by the petitioner over page or API, by a registrar, or by an officer for the own unit (T22)."""

from typing import Any

from lianxi.casework.errors import Forbidden, Invalid
from lianxi.casework.identifiers import Channel
from lianxi.casework.messages.facts import Role
from services.portal.domain.accounts import Principal, Scope
from services.portal.domain.answers import Answer
from services.portal.domain.permissions import MAY_REGISTER, TAKES_IN_FOR_A_UNIT
from services.portal.handlers import Ports
from services.portal.handlers.access import address_key
from services.portal.handlers.asking import Attempt, ask, once

STAFF_ONLY = frozenset(
    {
        "channel",
        "received_at",
        "posted_on",
        "reception_place",
        "recording",
        "read_back",
        "purpose",
        "petition_class",
        "category",
        "same_matter_checked",
        "representatives",
        "stamp",
        "competent_division",
        "draft_id",
    }
)
"""What only an office can state about a contact: when and how it came, and what its registrar settled."""


def file_petition(
    form: dict[str, Any], person: Principal | None, key: str | None, ports: Ports, *, address: str = ""
) -> Answer:
    """Register a petition and return its receipt: number, query code and the moment of receipt.

    `address` is where a stranger sends it from; what intake refuses counts towards the room of that address.
    """
    contact = _by_office(form, person) if person else _by_petitioner(form)

    def run(attempt: Attempt) -> Answer:
        body = dict(contact)
        if contact["channel"] == Channel.WEB:
            body["submitted_at"] = attempt.first_at.isoformat()
        if person is None and address:
            body["sender_key"] = address_key(address, ports)
        receipt = ask(ports, "intake.register", body, command_id=attempt.command_id)
        return Answer(201, receipt)

    return once(ports, person, key, ("POST /cases", contact), run)


def _by_petitioner(form: dict[str, Any]) -> dict[str, Any]:
    for field in sorted(STAFF_ONLY & form.keys()):
        raise Invalid(field, "staff-only", "此项由登记人员填写，请删去后重试。")
    for number, claim in enumerate(_claims_of(form)):
        for part in ("petition_class", "category"):
            if part in claim:
                raise Invalid(f"claims.{number}.{part}", "staff-only", "此项由登记人员填写，请删去后重试。")
    return {**form, "channel": str(Channel.WEB)}


def _claims_of(form: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the claims that were written out; how many there are is the office's to count."""
    claims = form.get("claims") or []
    if isinstance(claims, int):
        raise Invalid("claims", "staff-only", "诉求项数由登记人员填写；请逐项写明诉求，或者删去此项。")
    return claims


def check_registers(person: Principal) -> None:
    """Refuse somebody whose work is not registering."""
    if person.role not in MAY_REGISTER:
        raise Forbidden(f"登记信访件不由{person.role.label}办理，请交登记人员。", rule="actor")


def check_takes_in(person: Principal) -> None:
    """Refuse who takes in nothing: neither a registrar nor an officer for the own unit (T22)."""
    person.need(Scope.FILE)
    if person.role not in TAKES_IN_FOR_A_UNIT:
        check_registers(person)


def _by_office(form: dict[str, Any], person: Principal) -> dict[str, Any]:
    check_takes_in(person)
    if person.role in TAKES_IN_FOR_A_UNIT:
        return {"channel": str(Channel.WEB), **form, "registered_by": person.actor()}
    # whoever registers does so as the registrar: a dispatcher of a small office too, and the rule book knows no other
    registrar = {**person.actor(), "role": Role.REGISTRAR.value}
    return {"channel": str(Channel.WEB), **form, "registered_by": registrar}
