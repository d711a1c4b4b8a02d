"""Agencies outside over HTTP: read and replay their events, look at a case of theirs, answer it; and their tokens."""

import secrets
from collections.abc import Sequence
from typing import Any

from services.portal.domain.accounts import AccountRole, Principal, Scope
from services.portal.domain.acts import only_offered
from services.portal.domain.agencies import ACTS, concerned, in_role_for, officer_of
from services.portal.domain.answers import Answer
from services.portal.handlers import Ports, access, cases
from services.portal.handlers.asking import ask

LOGIN = "agency-"


def events(after: int, limit: int, person: Principal, ports: Ports) -> dict[str, Any]:
    """Return the events of this agency behind a cursor."""
    person.need(Scope.AGENCY)
    return ask(ports, "notify.agency_events", {"login": person.login, "after": after, "limit": limit})


def replay(after: int, person: Principal, ports: Ports) -> dict[str, Any]:
    """Have everything behind a cursor put into the agency's queue once more."""
    person.need(Scope.AGENCY)
    return ask(ports, "notify.replay_agency", {"login": person.login, "after": after})


def show_case(case_no: str, person: Principal, ports: Ports) -> dict[str, Any]:
    """Return where a case of the agency stands and which acts are open; nothing a petitioner wrote."""
    officer, view = _officer(case_no, person, ports)
    offered = only_offered(view.get("acts", ()), officer, str(view.get("state")))
    open_now = [command for command in ACTS if command in offered or command == "extend-handling"]
    shown = {name: view.get(name) for name in ("case_no", "state", "label", "seq")}
    return {**shown, "unit": officer.unit, "acts": open_now}


def act(case_no: str, command: tuple[str, dict[str, Any]], person: Principal, key: str | None, ports: Ports) -> Answer:
    """Take an act as an officer of the unit that has the case; the same key has one effect."""
    officer, _ = _officer(case_no, person, ports)
    return cases.act(case_no, command, in_role_for(officer, command[0]), key, ports)


def _officer(case_no: str, person: Principal, ports: Ports) -> tuple[Principal, dict[str, Any]]:
    person.need(Scope.AGENCY)
    view = ask(ports, "routing.case", {"case_no": case_no, "actor": person.actor()})
    agency = ask(ports, "notify.agency_of", {"login": person.login, "units": concerned(view)})
    return officer_of(person, str(agency.get("unit", ""))), view


def new_token(name: str, units: Sequence[str], days: int, ports: Ports) -> str:
    """Make the token of an agency, with its account if there is none; its earlier tokens end.

    Nobody knows the password of the account: an agency comes with its token only.
    """
    login = LOGIN + name
    with ports.open_books() as books:
        known = books.accounts.by_login(login)
    if known is None:
        role = AccountRole.CASE_OFFICER if units else AccountRole.REGISTRAR
        place = (ports.node, units[0] if units else "")
        access.add_account(login, secrets.token_urlsafe(32), str(role), place, ports)
    close(name, ports)
    made = access.issue_token(access.person_called(login, ports), "lianxi agency", [Scope.AGENCY], days, ports)
    return str(made["token"])


def trust(name: str, fingerprint: str, days: int, ports: Ports) -> None:
    """Let an agency come under a certificate, beside its token. One that was ended once is never trusted again."""
    access.trust_certificate(access.person_called(LOGIN + name, ports), fingerprint, [Scope.AGENCY], days, ports)


def distrust(name: str, fingerprint: str, ports: Ports) -> bool:
    """End what a certificate of an agency opens, at once; return whether it opened anything."""
    person = access.person_called(LOGIN + name, ports)
    known = [token for token in access.tokens_of(person, ports) if token["name"] == f"certificate {fingerprint[:16]}"]
    for token in known:
        access.revoke_token(person, token["id"], ports)
    return bool(known)


def close(name: str, ports: Ports) -> None:
    """End every token of an agency; one that never had an account has none."""
    with ports.open_books() as books:
        if books.accounts.by_login(LOGIN + name) is None:
            return
    person = access.person_called(LOGIN + name, ports)
    for token in access.tokens_of(person, ports):
        access.revoke_token(person, token["id"], ports)
