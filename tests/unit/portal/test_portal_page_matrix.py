"""Who may see and send which page: every page × role × level × whose case, beside the matrix of the API's operations.

The pages come from the addresses the application answers: one without a row of the table of access fails here. Each is
asked as it is, and with the check at its door taken away, because the use cases refuse by themselves.
"""

import pytest
from werkzeug.routing import Rule

from lianxi.casework.transitions import steps_for
from services.portal.domain.accounts import AccountRole as A
from services.portal.domain.accounts import Scope
from services.portal.domain.permissions import CASE_WORKERS, DECIDERS, REGISTRARS_FILE, SIGNERS, Access, Within
from services.portal.handlers.access import digest
from services.portal.web.pages import open_page, staff_page
from tests.unit.portal.gate import IN_ADDRESS, NODES, case_at, gate, person
from tests.unit.portal.offices import CASE_NO
from tests.unit.portal.test_portal_access_matrix import AROUND, CASES, ON_THE_TASK, READS, SUBTREE

pytestmark = pytest.mark.timeout(300)
ROLES = tuple(A)
ACT = "accept-case"
NOT_PAGES = {"static", "healthz", "metrics", "api-docs.openapi_json"}
PARTS = {
    **IN_ADDRESS,
    "name": "dispatch",
    "number": "12号",
    "command": ACT,
    "message_id": "x-1",
    "act_id": "x-1",
    "proposal_no": "x-1",
    "reject_id": "x-1",
    "draft_id": "x-1",
    "step": "posted",
}
FORMS = {
    "case.petitioner": {"reason": "电话核实"},
    "desk_work.send": {"case_no": CASE_NO, "to_node": "630104001"},
    "desk_work.decide": {"decision": "approve", "reason": "同意"},
    "letters.note": {"letters": "x-1", "on": "2026-03-02"},
    "letters.print_out": {"letters": "x-1"},
    "orders.sign": {"facts": "超期"},
    "orders.dismiss": {"reason": "已告知"},
    "repeat.decide": {"verdict": "different", "note": "另一处"},
    "unfinished.open_reject": {"reason": "改正电话"},
    "guided.visit": {"reason": "来访人再次询问"},
}
"""What is sent with a form, so that its use case is reached."""


def all_pages():
    """Return every page the application answers: endpoint, method, rule of the address, row of the table."""
    app = gate().client.application
    found = []
    for rule in app.url_map.iter_rules():
        if rule.endpoint in NOT_PAGES or str(rule.rule).startswith("/api/"):
            continue
        rows = getattr(app.view_functions[rule.endpoint], "access", {})
        methods = sorted((rule.methods or set()) & {"GET", "POST"})
        found += [(rule.endpoint, method, rule, rows.get(method)) for method in methods]
    return found


PAGES = all_pages()
OF_STAFF = [page for page in PAGES if page[3] is not None and not page[3].open_to_all]


def address(rule: Rule, **given):
    parts = PARTS | ({"name": "material"} if rule.endpoint.startswith("front.") else {}) | given
    built = rule.build({name: parts[name] for name in rule.arguments})
    assert built is not None, rule
    return built[1]


def ask(portal, page, who=None, **given):
    endpoint, method, rule, _ = page
    headers = {}
    if who is not None:
        portal.people[digest(who.login)] = who
        headers["Authorization"] = f"Bearer {who.login}"
    data = FORMS.get(endpoint) if method == "POST" else None
    return portal.client.open(address(rule, **given), method=method, headers=headers, data=data)


def whose(page, node):
    """Return the cases that make a difference to a page."""
    by_case = bool({"case_no", "unit"} & page[2].arguments)
    return {"own unit": node, "other unit": node, **AROUND[node]} if by_case else {"own unit": node}


def may(page, role, case):
    """Return what the table of access says, with what must fit besides worked out from the matrix of the API."""
    access: Access = page[3]
    fits = {
        Within.CASE: READS[role],
        Within.SUBTREE: SUBTREE,
        Within.TASK: ON_THE_TASK[role],
        Within.CASE_OR_OFFICE: frozenset() if role in {A.CASE_OFFICER, A.UNIT_HEAD} else SUBTREE,
    }.get(access.within, frozenset(CASES))
    if page[0] == "repeat.decide":
        fits = READS[role]
    sends = page[0] == "desk_work.send" or (page[0] == "case.act" and page[1] == "POST")
    command = ACT if page[0] == "case.act" else "transfer-case"
    by_rule_book = not sends or any(role.acts_as in step.actors for _, step in steps_for(command))
    return role in access.roles and case in fits and by_rule_book


def differences(node, pages):
    portal, found = gate(node), []
    for page in pages:
        for case, holder in whose(page, node).items():
            for role in ROLES:
                unit = f"{holder}.housing" if case == "own unit" else f"{holder}.labour"
                portal.offices.answers["routing.case"] = case_at(holder, unit)
                status = ask(portal, page, person(role, node), unit=unit).status_code
                if (status not in {401, 403}) is not may(page, role, case) or status >= 500:
                    found.append((page[0], page[1], str(role), case, status))
    return found


def test_every_page_has_a_row_of_the_table():
    assert [(endpoint, method) for endpoint, method, _, row in PAGES if row is None] == []
    assert len(OF_STAFF) > 20


def test_a_page_of_the_desk_cannot_be_marked_without_its_row():
    with pytest.raises(TypeError, match="access"):
        staff_page()
    assert open_page()(lambda: None).access["GET"].open_to_all


@pytest.mark.parametrize("node", NODES)
def test_a_page_lets_in_whom_the_table_names_and_nobody_else(node):
    assert differences(node, OF_STAFF) == []


@pytest.mark.parametrize("node", NODES)
def test_the_use_cases_behind_the_pages_refuse_by_themselves(node, monkeypatch):
    monkeypatch.setattr("services.portal.web.pages.check_access", lambda *_: None)
    # a form that carries nothing of ours is refused before anybody is asked who sent it; the form of an act is shown
    # to whoever reads the case, and only sending it acts
    early = {("unfinished.file", "POST"), ("case.act", "GET")}
    pages = [page for page in OF_STAFF if page[:2] not in early]

    assert differences(node, pages) == []


def test_strangers_are_shown_the_way_in_from_every_page_of_the_desk_and_see_the_others():
    portal = gate()
    to_sign_in = {page[:2] for page in PAGES if ask(portal, page).location == "/sign-in"}
    answers = {page[:2]: ask(portal, page).status_code for page in PAGES if page[0] != "sign_in.sign_in"}

    assert to_sign_in == {page[:2] for page in OF_STAFF}
    open_pages = {name: status for name, status in answers.items() if name not in to_sign_in}
    assert {status for status in open_pages.values() if status in {401, 403} or status >= 500} == set()


def test_a_token_opens_no_page_its_scopes_do_not():
    portal, found = gate(), []
    for page in OF_STAFF:
        role = next(role for role in ROLES if may(page, role, "own unit"))
        for missing in Scope:
            portal.offices.answers["routing.case"] = case_at(portal.node, f"{portal.node}.housing")
            who = person(role, scopes=frozenset(Scope) - {missing})
            refused = ask(portal, page, who).status_code == 403
            if missing in page[3].scopes and not refused:
                found.append((page[0], page[1], str(missing)))
    assert found == []


def test_the_rows_of_pages_that_change_something_ask_for_more_than_reading():
    changing = {page[0]: page[3] for page in OF_STAFF if page[1] == "POST"}
    harmless = {"sign_in.sign_out", "desk.mark_read", "case.petitioner", "unfinished.open_reject", "guided.visit"}

    only_reading = {name for name, access in changing.items() if access.scopes <= {Scope.READ}}
    assert only_reading == harmless
    assert {changing["desk_work.decide"], changing["orders.sign"], changing["unfinished.file"]} == {
        DECIDERS,
        SIGNERS,
        REGISTRARS_FILE,
    }
    assert changing["case.act"] is CASE_WORKERS
