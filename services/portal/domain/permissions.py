"""Who may call what: the table of access.

Every operation of the API and every page names one of these rows when it is registered, and cannot be without. A row
says whether one needs to sign in, which roles may call, which scopes a token needs, and what else is looked at once
the case is known. The door keeps to the first three by itself; the use cases refuse again, because other callers come
to them directly, and they alone know the case. A test goes through all operations and pages and holds them together.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from lianxi.casework.transitions import steps_for
from services.portal.domain.accounts import MAY_ORDER, AccountRole, Principal, Reach, Scope, reach_of
from services.portal.domain.personal import ANSWERS_PERSONS, READS_THE_BOOK

EVERY_ROLE = frozenset(AccountRole)
OF_THE_OFFICE = frozenset(role for role in AccountRole if reach_of(role) is not Reach.UNIT)
"""The petition department and the joint conference: whoever does not work for a handling unit."""
IN_THE_RULE_BOOK = frozenset(role for role in AccountRole if role.acts_as is not None)
MAY_REGISTER = frozenset({AccountRole.REGISTRAR, AccountRole.DISPATCHER})
TAKES_IN_FOR_A_UNIT = frozenset(role for role in AccountRole if reach_of(role) is Reach.UNIT)
"""Officers of an organ register what a petitioner brings there, past the petition department (T22, Art. 23(1)(2))."""
MAY_CHANGE_UNITS = frozenset({AccountRole.DEPARTMENT_LEADER, AccountRole.ADMIN})
KEEPS_NOTICES = frozenset({AccountRole.REGISTRAR, AccountRole.DISPATCHER, AccountRole.DEPARTMENT_LEADER})
"""Who runs the print room, looks after what could not be delivered, and writes down what a petitioner wants."""


RECEIVES = frozenset({AccountRole.REGISTRAR, AccountRole.DISPATCHER, AccountRole.DEPARTMENT_LEADER})
"""Whom the petition department's visits concern that were guided elsewhere: nobody has them on the desk."""


class Proof(StrEnum):
    """What stands in the place of an account."""

    SESSION = "sign-in"
    NOTHING = "nothing"
    QUERY_CODE = "query code"
    UPLOAD_KEY = "upload key"
    GATEWAY = "gateway's signature"
    NODE = "node's signature"


class Within(StrEnum):
    """What else must fit, beside the role."""

    ANYTHING = "anything"
    OWN = "what is one's own"
    SUBTREE = "own node and below"
    OWN_NODE = "own node"
    REACH = "list within one's reach"
    CASE = "a case within one's reach"
    TASK = "a case one is on the task of"
    CASE_AND_RULE_BOOK = "a case within one's reach, as the rule book has it"
    RULE_BOOK = "as the rule book has it for the case"
    CASE_OR_OFFICE = "a case within one's reach; the whole list for the office"


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """One row of the table."""

    name: str
    proof: Proof = Proof.SESSION
    roles: frozenset[AccountRole] = EVERY_ROLE
    scopes: frozenset[Scope] = frozenset()
    within: Within = Within.ANYTHING
    rule: str = "actor"
    refusal: str = "此操作不由{role}办理，请转交有权办理的人员。"

    @property
    def open_to_all(self) -> bool:
        """Whether it can be called without an account."""
        return self.proof is not Proof.SESSION

    def admits(self, person: Principal | None) -> bool:
        """Whether this person may call at all."""
        if person is None:
            return self.open_to_all
        return person.role in self.roles and self.scopes <= person.scopes

    def described(self) -> dict[str, Any]:
        """Return the row as the OpenAPI document shows it."""
        return {
            "proof": self.proof.value,
            "roles": "any" if self.roles == EVERY_ROLE else [role.value for role in AccountRole if role in self.roles],
            "scopes": sorted(self.scopes),
            "within": self.within.value,
        }


_READ, _FILE, _ACT = frozenset({Scope.READ}), frozenset({Scope.FILE}), frozenset({Scope.ACT})

FREE = Access(name="free", proof=Proof.NOTHING)
FILING = Access(name="filing", proof=Proof.NOTHING, roles=MAY_REGISTER | TAKES_IN_FOR_A_UNIT, scopes=_FILE)
"""Anybody files; somebody who is signed in files as an office: a registrar, or an officer for the own unit (T22)."""
TAKING_IN = Access(name="taking-in", roles=MAY_REGISTER | TAKES_IN_FOR_A_UNIT, scopes=_FILE, within=Within.OWN_NODE)
BY_CODE = Access(name="by-code", proof=Proof.QUERY_CODE)
BY_UPLOAD_KEY = Access(name="by-upload-key", proof=Proof.UPLOAD_KEY)
BY_GATEWAY = Access(name="by-gateway", proof=Proof.GATEWAY)
BY_NODE = Access(name="by-node", proof=Proof.NODE)
SIGNED_IN = Access(name="signed-in", within=Within.OWN)
OWN_MESSAGES = Access(name="own-messages", scopes=_READ, within=Within.OWN)
STAFF = Access(name="staff", scopes=_READ)
LEDGER = Access(name="ledger", scopes=_READ, within=Within.REACH)
UNIT_HISTORY = Access(name="unit-history", scopes=_READ, within=Within.SUBTREE)
_FOR_THE_OFFICE = "此页面供信访部门和联席会议使用。"
OFFICE = Access(name="office", roles=OF_THE_OFFICE, scopes=_READ, refusal=_FOR_THE_OFFICE)
FIGURES = Access(name="figures", roles=OF_THE_OFFICE, scopes=_READ, within=Within.SUBTREE, refusal=_FOR_THE_OFFICE)
CASE_READERS = Access(name="case-readers", scopes=_READ, within=Within.CASE)
ON_THE_TASK = Access(name="on-the-task", scopes=_READ, within=Within.TASK)
CASE_WORKERS = Access(name="case-workers", roles=IN_THE_RULE_BOOK, scopes=_READ | _ACT, within=Within.CASE)
CASE_FILES = Access(name="case-files", roles=IN_THE_RULE_BOOK, scopes=_READ | _FILE, within=Within.CASE)
PROPOSED = Access(name="proposed-acts", scopes=_READ, within=Within.CASE_OR_OFFICE)
DECIDERS = Access(name="deciders", roles=OF_THE_OFFICE & IN_THE_RULE_BOOK, scopes=_READ | _ACT, within=Within.RULE_BOOK)
REPEATS = Access(name="repeats", roles=OF_THE_OFFICE & IN_THE_RULE_BOOK, scopes=_ACT, within=Within.RULE_BOOK)
MANY_AT_ONCE = Access(name="many-at-once", roles=OF_THE_OFFICE & IN_THE_RULE_BOOK, scopes=_ACT, within=Within.RULE_BOOK)
REGISTRARS = Access(name="registrars", roles=MAY_REGISTER, scopes=_READ)
OWN_DRAFTS = Access(name="own-drafts", roles=MAY_REGISTER | TAKES_IN_FOR_A_UNIT, scopes=_READ, within=Within.OWN)
REGISTRARS_FILE = Access(name="registrars-file", roles=MAY_REGISTER, scopes=_FILE)
GUIDED = Access(name="guided-visits", roles=RECEIVES, scopes=_READ, within=Within.OWN_NODE)
BOOK_OF_READS = Access(name="book-of-reads", roles=READS_THE_BOOK, scopes=_READ, within=Within.OWN_NODE)
PERSON_EXPORT = Access(name="person-export", roles=ANSWERS_PERSONS, scopes=_READ, within=Within.OWN_NODE)
PERSON_ERASURE = Access(name="person-erasure", roles=ANSWERS_PERSONS, scopes=_ACT, within=Within.OWN_NODE)
PRINT_ROOM = Access(name="print-room", roles=KEEPS_NOTICES, scopes=_READ, within=Within.OWN_NODE)
PRINT_ROOM_WORK = Access(name="print-room-work", roles=KEEPS_NOTICES, scopes=_ACT, within=Within.OWN_NODE)
CHOICE_KEEPERS = Access(name="choice-keepers", roles=KEEPS_NOTICES, scopes=_READ | _ACT, within=Within.CASE)
SIGNERS = Access(name="signers", roles=MAY_ORDER, scopes=_ACT, within=Within.OWN_NODE)
UNIT_KEEPERS = Access(name="unit-keepers", roles=MAY_CHANGE_UNITS, scopes=_ACT, within=Within.OWN_NODE)


def actors(command: str) -> frozenset[AccountRole]:
    """Return the roles that the table of transitions gives an act to."""
    letters = {letter for row, step in steps_for(command) if row.built for letter in step.actors}
    return frozenset(role for role in IN_THE_RULE_BOOK if role.acts_as in letters)


def act(command: str) -> Access:
    """Return who may take an act: whom the rule book names; the case decides the rest."""
    return Access(name=f"act:{command}", roles=actors(command), scopes=_ACT, within=Within.RULE_BOOK)


SERVICE = Access(name="service", roles=actors("record-service"), scopes=_READ | _ACT, within=Within.CASE)

PROVERS = Access(name="provers", roles=IN_THE_RULE_BOOK, scopes=_READ | _ACT, within=Within.CASE_AND_RULE_BOOK)
