"""Every page, as Chromium shows it on a phone (360 pixels) and on a wide screen (1280), with rows in all its tables.

The pages come from the addresses the application answers, so a new one is looked at from its first day. The other
services are played, which makes a page cheap enough to look at all of them; what is amiss says `looking`.
"""

import threading
from dataclasses import replace
from pathlib import Path

import pytest
from werkzeug.serving import make_server

from services.portal.domain.accounts import AccountRole as A
from services.portal.domain.answers import Answered
from services.portal.handlers.access import digest
from services.portal.wiring import category_paths, node_names
from tests.browser.looking import amiss
from tests.unit.portal.gate import QUERY_CODE, Everything, gate, person
from tests.unit.portal.offices import CASE_NO, a_case, problem
from tests.unit.portal.test_portal_letters_page import LETTER
from tests.unit.portal.test_portal_page_matrix import OF_STAFF, PAGES, address

pytestmark = pytest.mark.timeout(300)
DATA = Path(__file__).resolve().parents[2] / "deploy" / "xining"
SIZES = {"phone": {"width": 360, "height": 740, "phone": True}, "wide": {"width": 1280, "height": 900}}
WHEN = "2026-03-02T10:15:00+08:00"
LONG = "西关大街十二号小区入冬以来室内温度一直只有十四度，多次向供暖公司反映都没有解决，" * 3
REJECT = {"id": "r1", "origin": "registered", "field": "petitioner.phone", "rule": "V-3", "reason": "电话号码有误。"}
FILE = {"name": "a-very-long-name-of-a-photograph-taken-in-the-kitchen-2026-03-02.jpeg", "size": 5_000_000, "id": "f1"}
TOLD = {
    "id": "d1",
    "at": WHEN,
    "rule": "acceptance-notice",
    "title": "信访事项受理告知",
    "channel": "sms",
    "role": "U",
    "unit": "630104.housing",
    "state": "failed",
    "reason": "sms-unreachable (ConnectTimeout)",
    "tried": [{"at": WHEN, "channel": "sms", "provider": "first", "outcome": "down", "reason": "sms-503"}],
}
ROWS = {
    "intake.rejects": {"rows": [REJECT | {"times": 2, "first_at": WHEN, "last_at": WHEN, "source": None}], "next": "7"},
    "intake.drafts": {"rows": [{"id": "d1", "subject": LONG, "saved_at": WHEN}]},
    "intake.draft": {"id": "d1", "content": {"subject": LONG, "text": LONG, "persons": 3}, "saved_at": WHEN},
    "intake.list_attachments": {
        "rows": [
            {**FILE, "state": "here", "scan": "clean", "added_at": WHEN, "added_by": "petitioner", "node": "630104"}
        ]
    },
    "intake.bring": {"number": CASE_NO, "text": ""},
    "intake.keep_refused": {"reject_id": "0190aaaa-bbbb-7ccc-8ddd-eeeeffff0001", "why": ""},
    "intake.guided_visits": {
        "rows": [
            {
                "number": CASE_NO,
                "received_at": WHEN,
                "place": "城西区西关大街街道",
                "persons": 12,
                "reception_place": LONG,
            }
        ],
        "next": CASE_NO,
    },
    "notify.choice": {
        "case_no": CASE_NO,
        "channels": ["sms", "mail"],
        "language": "zh",
        "electronic": True,
        "offered": ["mail", "sms", "letter"],
        "languages": ["zh", "en"],
    },
    "notify.letters": {"rows": [LETTER | {"note": LONG}, LETTER | {"id": "l2"}], "next": "7"},
    "notify.deliveries": {"rows": [TOLD, TOLD | {"channel": "letter", "state": "printed", "reason": "", "role": "P"}]},
    "routing.case": a_case(unit="630104.housing", subject=LONG, text=LONG, why=LONG),
}


@pytest.fixture(scope="module")
def portal():
    """A portal of a district that listens, with everybody's names and something in every list."""
    made = gate()
    made.offices.answers = Everything({**made.offices.answers, **ROWS})
    app = made.client.application
    ports = app.extensions["portal"]
    names = node_names(DATA / "topology.yaml")
    app.extensions["portal"] = replace(ports, names=names, categories=category_paths(DATA / "categories.csv"))
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield made, f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join(10)


def sign_in(page, portal, role):
    """Let a page come as somebody of a role, None for a stranger."""
    headers = {}
    if role is not None:
        who = person(role)
        portal.people[digest(who.login)] = who
        headers["Authorization"] = f"Bearer {who.login}"
    page.call("Network.enable")
    page.call("Network.setExtraHTTPHeaders", headers=headers)


def reader_of(row):
    """Return whose page it is: somebody who sees as much of it as anybody."""
    return next(role for role in (A.DEPARTMENT_LEADER, A.DISPATCHER, A.CASE_OFFICER, *A) if role in row.roles)


@pytest.mark.parametrize("size", SIZES)
def test_every_page_of_the_desk_fits(portal, browser, size, tmp_path):
    made, at = portal
    page, found = browser.page(**SIZES[size]), {}
    for endpoint, method, rule, row in OF_STAFF:
        if method == "GET":
            sign_in(page, made, reader_of(row))
            page.open(at + address(rule))
            found[endpoint] = amiss(page, SIZES[size]["width"])
            page.picture(tmp_path / f"{endpoint}.png")

    assert {name: faults for name, faults in found.items() if faults} == {}
    assert len(found) > 20


@pytest.mark.parametrize("size", SIZES)
def test_every_page_of_petitioners_fits(portal, browser, size, tmp_path):
    made, at = portal
    page, found = browser.page(**SIZES[size]), {}
    sign_in(page, made, None)

    def look(name):
        found[name] = amiss(page, SIZES[size]["width"])
        page.picture(tmp_path / f"{name}.png")

    for endpoint, method, rule, row in PAGES:
        if method == "GET" and row.open_to_all:
            page.open(at + address(rule))
            look(endpoint)
    page.open(f"{at}/petition")
    page.fill(text=LONG)
    page.click("提交")
    look("refused")
    page.click("暂存草稿")
    look("kept")
    page.open(f"{at}/petition")
    page.fill(subject="供暖", text=LONG, petitioner__name="马秀兰", petitioner__address="西关大街12号")
    page.click("提交")
    look("receipt")
    for state in ("S06", "S09", "S16"):
        made.offices.answers["routing.track"] |= {"state": state, "missing": LONG if state == "S09" else ""}
        page.open(f"{at}/track")
        page.fill(query_code=QUERY_CODE)
        page.click("查询")
        look(f"progress-{state}")
    page.run("document.querySelector('#notices-card details').open = true")
    look("progress-notices")

    assert {name: faults for name, faults in found.items() if faults} == {}


@pytest.mark.parametrize("size", SIZES)
def test_forms_that_are_refused_fit(portal, browser, size, tmp_path):
    made, at = portal
    page, found = browser.page(**SIZES[size]), {}
    made.offices.answers["routing.decide"] = Answered(problem("invalid", 422, "请写明理由。", field="reason"))
    for name, role, path, button in (
        ("act", A.CASE_OFFICER, f"/desk/cases/{CASE_NO}/acts/object-to-transfer", "提出异议"),
        ("petitioner", A.CASE_OFFICER, f"/desk/cases/{CASE_NO}/petitioner", "查看"),
        ("pile", A.DISPATCHER, "/desk/piles/dispatch", "转送"),
        ("proposed", A.DEPARTMENT_LEADER, "/desk/proposed", "退回"),
        ("proposals", A.SUPERVISOR, "/desk/proposals", "不予督办"),
        ("letters", A.REGISTRAR, "/desk/letters?state=posted", "登记签收"),
        ("register", A.REGISTRAR, "/desk/register", "登记"),
        ("guided", A.REGISTRAR, f"/desk/guided/{CASE_NO}", "查看"),
    ):
        sign_in(page, made, role)
        page.open(at + path)
        page.run("document.querySelectorAll('main details').forEach(each => { each.open = true; })")
        page.run("document.querySelectorAll('[name=letters]').forEach(each => { each.checked = false; })")
        page.run(f"[...document.querySelectorAll('main button')].find(e => e.textContent.includes('{button}')).click()")
        page.until("document.activeElement !== document.body && document.title.startsWith('请改正')", name)
        found[name] = amiss(page, SIZES[size]["width"])
        page.picture(tmp_path / f"{name}.png")

    assert {name: faults for name, faults in found.items() if faults} == {}
