"""On running nodes: what the portal refused is found, mended and filed; a draft, a guided visit, and how to be told.

The pages are those of a real portal, and intake, routing and notify are asked over the broker.
"""

import html
import re
import secrets
from contextlib import closing

import pytest
import requests

from services.portal.wiring import AccountDesk
from tests.support.waiting import eventually

pytestmark = [pytest.mark.nodes, pytest.mark.timeout(300)]
CITY, STREET = "630100", "630104001"
HOUSE = secrets.randbelow(900) + 100
TYPED = {
    "subject": f"西关大街{HOUSE}号路灯不亮",
    "text": f"城西区西关大街{HOUSE}号的路灯已有一周不亮，请尽快维修。",
    "petitioner.name": "马秀兰",
    "petitioner.phone": f"1399700{secrets.randbelow(9000) + 1000}",
    "petitioner.address": f"西宁市城西区西关大街{HOUSE}号",
}


class Clerk:
    """Somebody who is signed in at a node and uses its pages."""

    def __init__(self, node, role):
        self.url = node.portal_url
        login, password = f"kept-{secrets.token_hex(5)}", secrets.token_urlsafe(12)
        with closing(AccountDesk(node.environment)) as desk:
            desk.add(login, password, role, "")
        self.http = requests.Session()
        signed_in = self.http.post(
            f"{self.url}/api/v1/sessions", json={"login": login, "password": password}, timeout=60
        )
        self.csrf = signed_in.json()["csrf_token"]

    def get(self, path):
        return self.http.get(self.url + path, timeout=60).text

    def send(self, path, **typed):
        return self.http.post(self.url + path, data={**typed, "csrf_token": self.csrf}, timeout=60)


@pytest.fixture(scope="module")
def registrar(three_nodes):
    return Clerk(three_nodes.node(CITY), "registrar")


def typed_in(text, action=""):
    """Return what stands in the boxes of a page, or of the form with this address."""
    form = re.search(rf'<form[^>]*action="{action}".*?</form>', text, re.DOTALL)[0] if action else text
    lines = re.findall(r'<input type="(?:text|tel|number|email|date|hidden)"[^>]* name="([^"]+)" value="([^"]*)"', form)
    areas = re.findall(r'<textarea[^>]* name="([^"]+)"[^>]*>\n(.*?)</textarea>', form, re.DOTALL)
    return {name: html.unescape(value) for name, value in [*lines, *areas] if value}


def test_what_the_portal_refused_is_found_by_a_clerk_mended_and_filed(registrar):
    petition = {"subject": TYPED["subject"], "text": TYPED["text"], "persons": 0, "colour": "red"}
    petition["petitioner"] = {name.partition(".")[2]: text for name, text in TYPED.items() if "." in name}
    refused = requests.post(f"{registrar.url}/api/v1/cases", json=petition, timeout=60)
    reject_id = refused.json()["reject_id"]
    assert (refused.status_code, reject_id in registrar.get("/desk/unfinished/")) == (422, True)

    path = f"/desk/unfinished/rejects/{reject_id}"
    opened = registrar.send(path, reason="改正人数").text
    assert "没有这个栏目" in opened
    mended = typed_in(opened, "/desk/unfinished/file") | {"persons": "2"}
    filed = registrar.send("/desk/unfinished/file", **mended)

    assert filed.status_code == 201, filed.text
    assert reject_id not in registrar.get("/desk/unfinished/")
    number = re.search(r'class="number">(\w+)<', filed.text)[1]
    case = f"{registrar.url}/desk/cases/{number}"
    eventually(lambda: registrar.http.get(case, timeout=60).status_code == 200, within=60)


def test_a_draft_of_the_page_of_registration_is_kept_opened_and_gone_when_it_is_filed(registrar):
    visit = {**TYPED, "subject": f"{TYPED['subject']}（来访）", "channel": "visit"}
    kept = registrar.send("/desk/register", step="keep", **visit)
    draft_id = typed_in(kept.text)["draft_id"]
    assert f"/desk/register?draft={draft_id}" in registrar.get("/desk/register")

    opened = typed_in(registrar.get(f"/desk/register?draft={draft_id}"), "/desk/register")
    assert {name: opened.get(name) for name in TYPED} == {name: visit[name] for name in TYPED}
    more = {"channel": "visit", "reception_place": "市信访接待室", "read_back": "yes", "step": "file"}
    filed = registrar.send("/desk/register", **opened | more)

    assert filed.status_code == 201, filed.text
    assert draft_id not in registrar.get("/desk/register")


def test_a_guided_visit_is_listed_and_opened_with_a_reason(registrar):
    more = {"channel": "visit", "reception_place": "市信访接待室", "read_back": "yes", "competent_division": STREET}
    receipt = registrar.send("/desk/register", **TYPED | {"petitioner.name": "马桂兰"} | more).text
    path = re.search(r'href="(/desk/guided/\w+)"', receipt)[1]
    assert path in registrar.get("/desk/guided/")
    assert "马桂兰" not in registrar.get("/desk/guided/")

    assert "马桂兰" in registrar.send(path, reason="再次来访").text


def test_a_petitioner_changes_on_the_page_by_which_channel_to_be_told(three_nodes):
    url, session = three_nodes.node(CITY).portal_url, requests.Session()
    refused = session.post(f"{url}/petition", data={**TYPED, "text": ""}, timeout=60)
    assert (refused.status_code, "已经留存" in refused.text) == (422, True)
    again = typed_in(refused.text, "/petition") | {"text": TYPED["text"], "subject": f"{TYPED['subject']}（网上）"}
    receipt = session.post(f"{url}/petition", data=again, timeout=60)
    assert receipt.status_code == 201, receipt.text
    code = re.search(r'aria-label="查询码 ([\w-]+)"', receipt.text)[1]

    shown = session.post(f"{url}/track", data={"query_code": code}, timeout=60).text
    given = typed_in(shown, "/track/notices") | {"channel": "letter", "language": "en", "electronic": "yes"}
    changed = session.post(f"{url}/track/notices", data=given, timeout=60)

    assert changed.status_code == 200, changed.text
    assert "通知方式已更改：以后先用信函通知您，语言为英语，您同意以电子方式送达文书。" in changed.text
    chosen = requests.post(f"{url}/api/v1/track/notices", json={"query_code": code}, timeout=60).json()
    assert (chosen["channels"], chosen["language"], chosen["electronic"]) == (["letter"], "en", True)
