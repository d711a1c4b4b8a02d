"""Who may call what: every operation × role × level × whose case, asked of the portal and held against the table.

The operations come from the portal's own list, and that is compared with the addresses the application really answers:
a new one cannot be left out. Everything is asked twice: of the portal as it is, and with the check at its door taken
away, because pages and other callers reach the use cases without it.
"""

import pytest
from flask import Flask

from lianxi.casework.transitions import steps_for
from services.portal import api
from services.portal.api.link import ACCESS as FOR_NODES
from services.portal.api.resources import Resource
from services.portal.domain.accounts import AccountRole as A
from services.portal.domain.accounts import Scope
from services.portal.domain.permissions import Proof, Within
from tests.unit.portal.gate import NODES, all_operations, body_of, case_at, gate, person

pytestmark = pytest.mark.timeout(300)
OPERATIONS = all_operations()
ROLES = tuple(A)
OFFICE = {A.DISPATCHER, A.DEPARTMENT_LEADER, A.SUPERVISOR, A.REVIEWER, A.FINAL_REVIEWER}
CASES = ("own unit", "other unit", "below", "above", "beside")
AROUND = {
    "630100": {"below": "630104"},
    "630104": {"below": "630104001", "above": "630100", "beside": "630105"},
    "630104001": {"above": "630104", "beside": "630104002"},
}
OWN_NODE = frozenset({"own unit", "other unit"})
SUBTREE = OWN_NODE | {"below"}
OWN_UNIT = frozenset({"own unit"})
NONE = frozenset()
READS = dict.fromkeys(ROLES, SUBTREE) | {A.REGISTRAR: OWN_NODE, A.CASE_OFFICER: OWN_UNIT, A.UNIT_HEAD: OWN_UNIT}
"""Whose cases a role may read."""
ON_THE_TASK = (
    dict.fromkeys(ROLES, NONE)
    | dict.fromkeys(OFFICE, OWN_NODE)
    | {
        A.CASE_OFFICER: OWN_UNIT,
        A.UNIT_HEAD: OWN_UNIT,
    }
)
"""On whose cases' tasks a role is (MK-1 to MK-5)."""
OF_A_CASE = {Within.CASE, Within.CASE_AND_RULE_BOOK}
OPEN_WITHOUT_MORE = {Proof.NOTHING, Proof.QUERY_CODE, Proof.UPLOAD_KEY, Proof.GATEWAY}


def whose(operation, node):
    """Return the cases, or organs, that make a difference to an operation."""
    around = {"own unit": node, "other unit": node, **AROUND[node]}
    depends = operation.access.within in {*OF_A_CASE, Within.TASK, Within.SUBTREE, Within.OWN_NODE}
    by_address = "case_no" in operation.rule or "<unit>" in operation.rule
    return around if depends and by_address else {"own unit": node}


def may(operation, role, case):
    """Return what the table of access says, with what must fit besides worked out from the tables above."""
    fits = {
        Within.CASE: READS[role],
        Within.CASE_AND_RULE_BOOK: READS[role],
        Within.TASK: ON_THE_TASK[role],
        Within.SUBTREE: SUBTREE,
        Within.OWN_NODE: OWN_NODE,
        Within.CASE_OR_OFFICE: NONE if role in {A.CASE_OFFICER, A.UNIT_HEAD} else SUBTREE,
    }.get(operation.access.within, frozenset(CASES))
    # the act stands in the body, or in the document
    command = {"act_on_many": "transfer-case", "prove_service": "record-service"}.get(operation.name)
    by_rule_book = command is None or any(role.acts_as in step.actors for _, step in steps_for(command))
    return role in operation.access.roles and case in fits and by_rule_book


def ask(portal, operation, who, case, holder):
    unit = f"{holder}.housing" if case == "own unit" else f"{holder}.labour"
    portal.offices.answers["routing.case"] = case_at(holder, unit)
    return portal.call(operation, who, address={"unit": unit})


def differences(node, operations):
    portal, found = gate(node), []
    for operation in operations:
        for case, holder in whose(operation, node).items():
            for role in ROLES:
                answer = ask(portal, operation, person(role, node), case, holder)
                let_in = answer.status_code not in {401, 403}
                understood = answer.status_code < 500 and answer.status_code != 422
                if let_in is not may(operation, role, case) or not understood:
                    found.append((operation.name, str(role), case, answer.status_code))
    return found


def without_sign_in():
    return [operation for operation in OPERATIONS.values() if operation.name != "sign_in"]


@pytest.mark.parametrize("node", NODES)
def test_the_portal_lets_in_whom_the_table_names_and_nobody_else(node):
    assert differences(node, without_sign_in()) == []


@pytest.mark.parametrize("node", NODES)
def test_the_use_cases_refuse_by_themselves_what_the_door_refuses(node, monkeypatch):
    monkeypatch.setattr("services.portal.api.resources.check_access", lambda *_: None)

    assert differences(node, without_sign_in()) == []


def test_strangers_come_as_far_as_the_table_says():
    portal = gate()
    answers = {operation.name: portal.call(operation).status_code for operation in OPERATIONS.values()}

    turned_away = {name for name, status in answers.items() if status == 401}
    assert turned_away - {"sign_in"} == {name for name, op in OPERATIONS.items() if not op.access.open_to_all}
    assert {OPERATIONS[name].access.proof for name in answers.keys() - turned_away} <= OPEN_WITHOUT_MORE


@pytest.mark.parametrize("door", [True, False], ids=["as it is", "without the door"])
def test_a_token_needs_the_scopes_of_the_table(door, monkeypatch):
    if not door:
        monkeypatch.setattr("services.portal.api.resources.check_access", lambda *_: None)
    portal, found = gate(), []
    for operation in without_sign_in():
        role = next(role for role in ROLES if may(operation, role, "own unit"))
        for missing in Scope:
            who = person(role, scopes=frozenset(Scope) - {missing})
            refused = ask(portal, operation, who, "own unit", portal.node).status_code == 403
            if refused is not (missing in operation.access.scopes):
                found.append((operation.name, str(missing), refused))
    assert found == []


def test_whatever_changes_something_needs_more_than_reading():
    changing = [op for op in OPERATIONS.values() if op.method != "GET" and not op.reads]
    only_reading = {
        op.name
        for op in changing
        if not op.access.open_to_all and op.access.within is not Within.OWN and op.access.scopes <= {Scope.READ}
    }

    assert only_reading == set()


def test_every_address_of_the_application_stands_in_the_table():
    app = Flask("portal")
    registered = api.register(app)
    answered = {
        (str(rule.rule).removeprefix("/api/v1"), method, rule.endpoint.partition(".")[0])
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    known = {(op.rule, op.method) for op in OPERATIONS.values()}
    others = {(rule, endpoint) for rule, method, endpoint in answered if (rule, method) not in known}

    assert {endpoint for _, endpoint in others} == {"link", "api-docs", "static"}
    assert all(rule.startswith("/link/") for rule, endpoint in others if endpoint == "link")
    assert FOR_NODES.proof is Proof.NODE
    assert len(registered.spec.to_dict()["paths"]) == len({rule for rule, _ in known})


def test_what_is_for_nodes_is_closed_to_people():
    portal = gate()
    portal.call(OPERATIONS["me"], leader := person(A.DEPARTMENT_LEADER))
    headers = {"Authorization": f"Bearer {leader.login}"}
    addresses = [
        ("GET", "/link/files"),
        ("GET", f"/link/files/{'0' * 64}?size=1"),
        ("GET", "/link/files/no-digest?size=many"),
        ("GET", f"/link/files/{'0' * 64}/arrival"),
        ("PUT", f"/link/files/{'0' * 64}?offset=0"),
        ("PUT", f"/link/files/{'0' * 64}?offset=nowhere"),
        ("POST", f"/link/files/{'0' * 64}/finish"),
    ]

    answers = [
        portal.client.open(f"/api/v1{path}", method=method, headers=said)
        for method, path in addresses
        for said in ({}, headers)
    ]

    assert [answer.status_code for answer in answers] == [401] * 14
    assert {answer.headers["WWW-Authenticate"] for answer in answers} == {"Lianxi-Signature"}


def test_an_operation_without_a_rule_cannot_be_registered():
    with pytest.raises(TypeError, match="access"):
        Resource("new", __name__).operation("/new")


def test_the_bodies_this_test_sends_are_the_ones_the_schemas_take():
    wrong = {op.name: op.body().validate(body_of(op)) for op in OPERATIONS.values() if op.body}

    assert {name: errors for name, errors in wrong.items() if errors} == {}
