"""The whole API of a real node, by its own document and by the table of access.

Requests are made up from the OpenAPI document, most of them wrong in some way, and sent as somebody who may call; the
node must never fail, and must answer as the document says. The same few requests are made on every run.
"""

import secrets
from contextlib import closing
from functools import partial

import pytest
import requests
import schemathesis
import yaml
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import CHECKS

from services.portal.domain.accounts import AccountRole as A
from services.portal.domain.accounts import Scope
from services.portal.domain.permissions import Within
from services.portal.service import openapi_document
from services.portal.wiring import AccountDesk
from tests.support.waiting import eventually
from tests.unit.portal.gate import address_of, all_operations, body_of

pytestmark = [pytest.mark.nodes, pytest.mark.timeout(400)]
OPERATIONS = all_operations()
CITY, DISTRICT, STREET = "630100", "630104", "630104001"
EXAMPLES = 10
CHECKED = ("not_a_server_error", "status_code_conformance", "content_type_conformance", "response_schema_conformance")
FIRST_CHOICE = (A.DISPATCHER, A.DEPARTMENT_LEADER, A.CASE_OFFICER, *A)
OF_UNITS = {A.CASE_OFFICER, A.UNIT_HEAD}
MATTERS = {
    "lamps": ("路灯不亮", "城西区西关大街的路灯已有一周不亮，请尽快维修。", "李娜", "13997001234"),
    "roof": ("屋顶漏水", "城西区昆仑大道小区顶楼漏雨，物业一直不修，请督促。", "马秀兰", "13897004321"),
    "noise": ("夜间施工", "城西区五四大街工地每天半夜打桩，老人无法入睡。", "王建国", "13709715566"),
}
"""Matters and people so different that none is taken for a repeat of another."""
PATIENCE = 90.0


class Office:
    """Somebody at a node, with a token."""

    def __init__(self, node, role, unit=""):
        self.url = node.portal_url
        login, password = f"all-{secrets.token_hex(5)}", secrets.token_urlsafe(12)
        with closing(AccountDesk(node.environment)) as desk:
            desk.add(login, password, role.value, unit)
        session = requests.Session()
        signed_in = session.post(f"{self.url}/api/v1/sessions", json={"login": login, "password": password}, timeout=60)
        wanted = {"name": "all", "scopes": ["read", "file", "act"], "days": 1}
        csrf = {"X-CSRF-Token": signed_in.json()["csrf_token"]}
        answer = session.post(f"{self.url}/api/v1/tokens", json=wanted, headers=csrf, timeout=60)
        self.headers = {"Authorization": f"Bearer {answer.json()['token']}"}

    def ask(self, operation, **address):
        given = {"json": body_of(operation)} if operation.body else {}
        path = address_of(operation, **address)
        return requests.request(operation.method, self.url + path, headers=self.headers, timeout=60, **given)

    def file(self, matter):
        subject, text, name, phone = MATTERS[matter]
        petitioner = {"name": name, "address": "城西区西关大街1号", "phone": phone}
        petition = {"subject": subject, "text": text, "petitioner": petitioner}
        answer = requests.post(f"{self.url}/api/v1/cases", json=petition, headers=self.headers, timeout=60)
        assert answer.status_code == 201, answer.text
        return answer.json()

    def reads(self, case_no):
        return self.ask(OPERATIONS["read_case"], case_no=case_no)


@pytest.fixture(scope="module")
def offices(three_nodes):
    """Somebody of the district for each role, made when first asked for."""
    node, made = three_nodes.node(DISTRICT), {}

    def office(role):
        if role not in made:
            made[role] = Office(node, role, f"{DISTRICT}.housing" if role in OF_UNITS else "")
        return made[role]

    return office


def seen_by_routing(office, case_no):
    eventually(lambda: office.reads(case_no).status_code == 200, within=PATIENCE)


def test_whatever_is_sent_the_node_answers_as_its_document_says(offices):
    clerk = offices(A.DISPATCHER)
    cases = [clerk.file("lamps") for _ in range(2)]
    seen_by_routing(clerk, cases[0]["number"])
    described = schemathesis.openapi.from_dict(yaml.safe_load(openapi_document()))
    by_route = {(op.rule.replace("path:", ""), op.method): op for op in OPERATIONS.values()}
    tried = set()
    for found in described.get_all_operations():
        route = found.ok()
        rule = route.path.removeprefix("/api/v1").replace("{", "<").replace("}", ">")
        operation = by_route[rule, route.method.upper()]
        role = next(role for role in FIRST_CHOICE if role in operation.access.roles)
        conforms(route, partial(sent, offices(role), cases))
        tried.add(operation.name)

    assert tried == set(OPERATIONS)


def conforms(route, send):
    """Try an operation with requests made up from its description; the same ones every time."""

    @settings(
        max_examples=EXAMPLES,
        derandomize=True,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.explicit, Phase.generate],
    )
    @given(case=route.as_strategy())
    def answers_as_described(case):
        answer = send(case)
        away = answer.status_code == 503 and int(answer.headers.get("Retry-After", 0)) > 0
        checks = [name for name in CHECKED if not (away and name == "not_a_server_error")]
        case.validate_response(answer, checks=CHECKS.get_by_names(checks))

    answers_as_described()


def sent(office, cases, case):
    """Send a made-up request; cases and query codes are real ones, so that it comes further than the first door."""
    if "case_no" in (case.path_parameters or {}):
        case.path_parameters["case_no"] = cases[0]["number"]
    if isinstance(case.body, dict) and "query_code" in case.body:
        case.body["query_code"] = cases[1]["query_code"]
    return case.call(base_url=office.url, headers=office.headers, timeout=60)


JUNK = ("junk", "7|8|9|10", "-1", "9" * 40, "2026-13-45|x|y", "%27%20OR%201=1", "W10=", "630104-2026")
"""No list has handed out one of these as the place of its next page."""


def test_no_list_takes_for_a_place_what_it_never_handed_out(offices):
    paged = [op for op in OPERATIONS.values() if op.query is not None and "after" in op.query().fields]
    # the agencies' list counts events; the portal itself reads that number (test_portal_every_operation)
    lists = [op for op in paged if Scope.AGENCY not in op.access.scopes]
    taken = []
    for operation in lists:
        office = offices(next(role for role in FIRST_CHOICE if role in operation.access.roles))
        path = office.url + address_of(operation)
        for junk in JUNK:
            asked = f"{path}{'&' if '?' in path else '?'}after={junk}"
            answer = requests.get(asked, headers=office.headers, timeout=60)
            problem = answer.json()
            named = [error["field"] for error in problem.get("errors", ())]
            if (answer.status_code, named) != (422, ["after"]):
                taken.append((operation.name, junk, answer.status_code, named))
            elif answer.headers["Content-Type"] != "application/problem+json":
                taken.append((operation.name, junk, answer.headers["Content-Type"]))

    assert taken == []
    assert len(lists) > 10


def test_a_case_is_open_to_its_unit_and_the_offices_above_and_to_nobody_beside_or_below(three_nodes, offices):
    clerk, own = offices(A.DISPATCHER), offices(A.CASE_OFFICER)
    other = Office(three_nodes.node(DISTRICT), A.CASE_OFFICER, f"{DISTRICT}.labour")
    above = Office(three_nodes.node(CITY), A.DEPARTMENT_LEADER)
    below = Office(three_nodes.node(STREET), A.DEPARTMENT_LEADER)
    case_no = clerk.file("roof")["number"]
    seen_by_routing(clerk, case_no)
    eventually(lambda: handed_to(clerk, case_no, f"{DISTRICT}.housing"), within=PATIENCE)
    seen_by_routing(own, case_no)
    seen_by_routing(above, case_no)

    for operation in OPERATIONS.values():
        if operation.access.within is not Within.CASE or operation.method != "GET":
            continue
        asked = partial(Office.ask, operation=operation, case_no=case_no)
        for office in (clerk, own, above):
            assert asked(office).status_code not in {401, 403, 500}, operation.name
        for office in (other, below):
            assert asked(office).status_code in {403, 404}, operation.name


def handed_to(clerk, case_no, unit):
    """Hand a case to a unit of the own node, unless a rule did that already."""
    if clerk.reads(case_no).json().get("unit") == unit:
        return True
    body = {"to_node": DISTRICT, "to_unit": unit, "paper": {"matter": "路灯", "basis": "《信访工作条例》第二十二条"}}
    url = f"{clerk.url}/api/v1/cases/{case_no}/acts/transfer-case"
    requests.post(url, json=body, headers=clerk.headers, timeout=60)
    return clerk.reads(case_no).json().get("unit") == unit


def test_nobody_of_another_unit_takes_any_act_on_a_case(three_nodes, offices):
    clerk = offices(A.DISPATCHER)
    strangers = [Office(three_nodes.node(DISTRICT), role, f"{DISTRICT}.labour") for role in OF_UNITS]
    case_no = clerk.file("noise")["number"]
    seen_by_routing(clerk, case_no)
    eventually(lambda: handed_to(clerk, case_no, f"{DISTRICT}.housing"), within=PATIENCE)
    before = clerk.reads(case_no).json()["seq"]

    for operation in OPERATIONS.values():
        if "<case_no>" in operation.rule and operation.method != "GET":
            for office in strangers:
                answer = office.ask(operation, case_no=case_no, earlier=case_no)
                assert answer.status_code in {403, 404, 409, 422}, (operation.name, answer.text)
    assert clerk.reads(case_no).json()["seq"] == before
