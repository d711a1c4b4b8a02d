"""One petition from the petitioner's phone to the reply, every step by a page of a running node."""

import re
import secrets

import pytest

from tests.browser.following import opened, track
from tests.support.waiting import eventually

pytestmark = [pytest.mark.nodes, pytest.mark.timeout(300)]

CITY, DISTRICT = "630100", "630104"
HOUSING = "630104.housing"


@pytest.fixture
def filed(browser, three_nodes):
    """A petition filed at the city on a phone: its number, its query code, and the phone."""
    phone = browser.page(width=390, height=844, phone=True)
    phone.open(three_nodes.node(CITY).portal_url)
    house = secrets.randbelow(900) + 100  # a second petition of one person on one matter would wait for a clerk
    phone.click("我要信访")
    phone.fill(
        subject=f"西关大街{house}号小区供暖温度不达标",
        text=f"城西区西关大街{house}号小区入冬以来室内温度只有14度，多次向供暖公司反映没有解决。请求督促整改。",
        division="630104",
        petitioner__name="马秀兰",
        petitioner__phone=f"1399700{secrets.randbelow(9000) + 1000}",
        petitioner__address=f"西宁市城西区西关大街{house}号",
    )
    phone.click("提交")
    number = re.search(r"\d{17}W\d{5}", phone.text)[0]
    code = "-".join(re.findall(r"^[0-9A-Z]{5}$", phone.text, re.MULTILINE))
    return number, code, phone


def test_a_petition_goes_from_the_phone_to_the_reply(filed, desk, three_nodes):
    number, code, phone = filed
    city, district = three_nodes.node(CITY).portal_url, three_nodes.node(DISTRICT).portal_url
    eventually(lambda: "城西区" in track(phone, city, code), within=40, every=0.3)

    dispatcher = desk(DISTRICT, "D")
    opened(dispatcher, district, number, "已登记待处理")
    dispatcher.click("转送")
    dispatcher.fill(to_node=DISTRICT, to_unit=HOUSING)
    dispatcher.click("转送")

    officer, head = desk(DISTRICT, "U", HOUSING), desk(DISTRICT, "UL", HOUSING)
    opened(officer, district, number, "待受理")
    assert "书面告知" in officer.text
    officer.click("受理")
    officer.fill(paper__text="本单位决定受理，按信访程序办理。")
    officer.click("受理")
    opened(officer, district, number, "已受理待分类")
    officer.click("分类")
    officer.click("分类")
    opened(officer, district, number, "办理中")

    officer.click("提交处理意见书稿")
    officer.fill(
        **{"outcomes.0.outcome": "SUPPORT"},
        paper__request="督促供暖公司整改",
        paper__facts="经现场测温，室内温度为14度。",
        paper__opinion="责成供暖公司十日内整改到位。",
        paper__basis="《青海省供热条例》",
    )
    officer.click("提交处理意见书稿")
    opened(head, district, number, "意见书审签")
    head.click("签发处理意见书")
    head.fill(
        paper__request="督促供暖公司整改",
        paper__facts="经现场测温，室内温度为14度。",
        paper__opinion="责成供暖公司十日内整改到位。",
        paper__basis="《青海省供热条例》",
    )
    head.click("签发处理意见书")
    opened(officer, district, number, "已作出待送达")
    officer.click("送达")
    today = officer.run("new Date(Date.now() + 8*3600*1000).toISOString().slice(0, 10)")
    officer.fill(service__method="direct", service__served_on=today, service__proof="回证001")
    officer.click("送达")

    opened(officer, district, number, "已答复")
    said = eventually(lambda: (text := track(phone, city, code)) and "已答复" in text and text, within=40, every=0.3)
    assert "申请复查" in said
    assert "马秀兰" not in said

    phone.fill(rated="unit", rating="dissatisfied")
    phone.click("评价")
    eventually(lambda: officer.open(f"{district}/desk/piles/call-back") or number in officer.text, within=60)
    officer.click(number)
    assert "须回访" in officer.text
    officer.click("回访")
    officer.fill(called_on=today, paper__caller="王岚", paper__said="希望当面说明", paper__result_of_call="三日内上门")
    officer.run("document.getElementsByName('reached')[0].checked = true")
    officer.click("回访")
    assert "须回访：" not in officer.text
    assert "希望当面说明" not in officer.text
    eventually(lambda: "回访" in track(phone, city, code), within=40, every=0.3)


def test_an_objection_is_refused_by_the_page_when_it_gives_no_reasons(filed, desk, three_nodes):
    number, _code, _phone = filed
    district = three_nodes.node(DISTRICT).portal_url
    dispatcher = desk(DISTRICT, "D")
    opened(dispatcher, district, number, "已登记待处理")
    dispatcher.click("转送")
    dispatcher.fill(to_node=DISTRICT, to_unit=HOUSING)
    dispatcher.click("转送")
    officer = desk(DISTRICT, "U", HOUSING)
    opened(officer, district, number, "待受理")

    officer.click("提出异议")
    officer.click("提出异议")

    assert officer.text.count("此项为必填项。") == 2 * 3  # beside its field, and in the list at the top
    officer.fill(paper__reasons="不属于本单位职权", paper__basis="三定方案", proposed_organ="城西区城市管理局")
    officer.click("提出异议")
    opened(officer, district, number, "异议审核")
    assert "经过" in officer.text


def test_no_page_runs_a_script_or_asks_another_machine(desk, three_nodes):
    page = desk(DISTRICT, "D")
    district = three_nodes.node(DISTRICT).portal_url

    for path in ("/", "/petition", "/track", "/desk/", "/desk/cases", "/desk/inbox", "/desk/proposals", "/desk/links"):
        page.open(district + path)
        found = page.run(
            "JSON.stringify({scripts: document.scripts.length, from: performance.getEntriesByType('resource')"
            ".map(e => new URL(e.name).host).filter(h => h !== location.host)})"
        )
        assert found == '{"scripts":0,"from":[]}', path
        assert page.run("document.documentElement.lang") == "zh-CN"


def test_pages_fit_a_phone(filed, browser, desk, three_nodes):
    number, _code, _phone = filed
    size = {"width": 360, "height": 740, "phone": True}
    stranger, clerk = browser.page(**size), desk(CITY, "D", **size)
    eventually(lambda: clerk.open(f"{three_nodes.node(CITY).portal_url}/desk/cases/{number}") or "期限" in clerk.text)

    for page, paths in (
        (stranger, ("/", "/petition", "/track", "/sign-in", "/nowhere")),
        (clerk, ("/desk/", "/desk/cases", f"/desk/cases/{number}", "/desk/inbox", "/desk/proposals", "/desk/links")),
    ):
        for path in paths:
            page.open(three_nodes.node(CITY).portal_url + path)
            assert page.run("document.documentElement.scrollWidth <= window.innerWidth"), path
