"""What an agency outside may do over HTTP: read its own events, and act on the cases its units have.

Its token has one scope of its own, which opens none of the other doors. An act is taken in the role a unit's own
officer would have at the desk; the extension needs the head of the unit, whose decision the agency vouches for.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from services.portal.domain.accounts import AccountRole, Principal, Scope
from services.portal.domain.permissions import Access, Within

AGENCIES = Access(name="agencies", scopes=frozenset({Scope.AGENCY}), within=Within.OWN)
ACTS: Mapping[str, AccountRole] = {
    "accept-case": AccountRole.CASE_OFFICER,
    "object-to-transfer": AccountRole.CASE_OFFICER,
    "request-completion": AccountRole.CASE_OFFICER,
    "classify-case": AccountRole.CASE_OFFICER,
    "extend-handling": AccountRole.UNIT_HEAD,
    "submit-opinion": AccountRole.CASE_OFFICER,
    "file-assist-opinion": AccountRole.CASE_OFFICER,
    "file-report": AccountRole.CASE_OFFICER,
}
"""The acts of an agency, each with the role in which it takes them."""


def concerned(view: Mapping[str, Any]) -> list[str]:
    """Return the units of the holder that have this case or help with it."""
    units = [str(view.get("unit") or ""), *map(str, view.get("assists") or ())]
    return [unit for unit in units if unit and unit.partition(".")[0] == str(view.get("holder") or "")]


def officer_of(person: Principal, unit: str) -> Principal:
    """Return the agency as an officer of its unit."""
    return replace(person, unit=unit, role=AccountRole.CASE_OFFICER, scopes=frozenset({Scope.READ, Scope.ACT}))


def in_role_for(officer: Principal, command: str) -> Principal:
    """Return the officer in the role in which an act is taken."""
    return replace(officer, role=ACTS[command])
