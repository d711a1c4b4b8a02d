"""A newcomer's trial, all of it by page but one filing: four petitions in, sorted, one objected to, everybody told.

City, district and street run with all their processes. What a newcomer does after reading README.md happens here in the
same order.
"""

import re
import secrets
from types import SimpleNamespace

import pytest
import requests

from tests.browser.following import opened, track
from tests.browser.looking import amiss
from tests.support.waiting import eventually

pytestmark = [pytest.mark.nodes, pytest.mark.timeout(420)]

CITY, DISTRICT = "630100", "630104"
HOUSING, URBAN = "630104.housing", "630104.urban"
PHONE = {"width": 360, "height": 740, "phone": True}


def petition(subject, text, **more):
    """Return what somebody types into the form; every petition is of somebody else on another matter."""
    number = secrets.randbelow(900) + 100
    return {
        "subject": f"{subject}（{number}号）",
        "text": text.format(number=number),
        "petitioner__name": "马秀兰",
        "petitioner__phone": f"1399700{secrets.randbelow(9000) + 1000}",
        "petitioner__address": f"西宁市城西区西关大街{number}号",
        **more,
    }


def file_by_page(phone, address, typed):
    """File a petition by page; return its number and query code."""
    phone.open(address)
    phone.click("我要信访")
    phone.fill(**typed)
    phone.click("提交")
    assert "提交成功" in phone.text, phone.text
    code = "-".join(re.findall(r"^[0-9A-Z]{5}$", phone.text, re.MULTILINE))
    return re.search(r"\d{17}W\d{5}", phone.text)[0], code


def told(page, address, number, title):
    """Wait until a message about a case is in somebody's inbox."""

    def there():
        page.open(f"{address}/desk/inbox")
        return any(title in card and number in card for card in page.cards)

    eventually(there, within=90, every=0.3)


@pytest.fixture(scope="module")
def trial(browser, desk, three_nodes):
    """The trial, played once: numbers, codes, and the people at their desks."""
    city, district = three_nodes.node(CITY).portal_url, three_nodes.node(DISTRICT).portal_url
    phone = browser.page(**PHONE)
    heating = "城西区西关大街{number}号小区入冬以来室内温度只有14度，多次反映没有解决。请求督促整改。"
    first = file_by_page(phone, city, petition("小区供暖温度不达标", heating, division=DISTRICT))
    second = file_by_page(
        phone, city, petition("楼上漏水没人管", heating.replace("室内温度只有14度", "屋顶漏水"), division=DISTRICT)
    )
    vague = file_by_page(phone, city, petition("有件事请领导过问", "情况一言难尽，请派人来听我当面讲第{number}遍。"))
    by_api = requests.post(
        f"{city}/api/v1/cases",
        json={
            "subject": "西关大街人行道破损",
            "text": "城西区西关大街人行道地砖破损，老人摔倒，请求修复。",
            "petitioner": {"name": "马建国", "phone": "13997012345", "address": "西宁市城西区西关大街12号"},
        },
        timeout=30,
    )
    assert by_api.status_code == 201, by_api.text
    people = {role: desk(DISTRICT, role, HOUSING if role == "U" else "") for role in ("D", "DL", "U")}
    return SimpleNamespace(
        city=city,
        district=district,
        phone=phone,
        first=first,
        second=second,
        vague=vague,
        by_api=by_api.json(),
        **people,
    )


def test_what_the_rules_leave_open_is_registered_taken_proposed_and_decided_by_people(trial, desk):
    number, code = trial.vague
    registrar, dispatcher, leader = desk(CITY, "R"), desk(CITY, "D"), desk(CITY, "DL")

    def on_the_pile():
        dispatcher.open(f"{trial.city}/desk/")
        return number in dispatcher.text

    eventually(on_the_pile, within=90, every=0.3)
    dispatcher.click(number)
    assert "正等待：登记人员登记" in dispatcher.text
    opened(registrar, trial.city, number, "现在可以办理")
    registrar.click("登记")
    offered = registrar.run("[...document.querySelectorAll('#categories option')].map(each => each.value)")
    registrar.fill(purpose="求决", petition_class="C", category=offered[0], place=DISTRICT, claims="1")
    registrar.run("document.getElementById('same_matter_checked').click()")
    registrar.click("登记")
    assert "已登记待处理" in registrar.text, registrar.text

    opened(dispatcher, trial.city, number, "已登记待处理")
    dispatcher.click("领取")
    dispatcher.click("转送")
    dispatcher.fill(to_node=DISTRICT)
    dispatcher.click("作为拟办意见提请决定")
    assert "已提请决定" in dispatcher.text

    leader.open(f"{trial.city}/desk/proposed")
    assert number in leader.text
    leader.click("批准办理")
    assert "没有办理成功" not in leader.text, leader.text
    eventually(lambda: "城西区" in track(trial.phone, trial.city, code), within=90, every=0.3)


def test_an_objection_goes_to_and_fro_and_everybody_concerned_is_told(trial):
    number, code = trial.first
    opened(trial.D, trial.district, number, "已登记待处理")
    trial.D.click("转送")
    trial.D.fill(to_node=DISTRICT, to_unit=HOUSING)
    trial.D.click("转送")

    told(trial.U, trial.district, number, "收到转来的信访事项")
    trial.U.click("打开事项")
    trial.U.click("提出异议")
    trial.U.click("提出异议")
    trial.U.until("document.activeElement.name === 'paper.reasons'", "the first wrong field has no focus")
    assert trial.U.text.count("此项为必填项。") == 6
    trial.U.fill(paper__reasons="供暖由城市管理部门主管", paper__basis="三定方案", proposed_organ="城西区城市管理局")
    trial.U.click("提出异议")

    told(trial.D, trial.district, number, "收到异议")
    opened(trial.D, trial.district, number, "异议审核")
    trial.D.click("驳回异议")
    trial.D.fill(paper__reason="供热条例第五条明确由住建部门主管。")
    trial.D.click("驳回异议")
    told(trial.U, trial.district, number, "异议不成立")

    opened(trial.U, trial.district, number, "待受理")
    trial.U.click("受理")
    trial.U.click("受理")
    eventually(lambda: "已经受理" in track(trial.phone, trial.city, code), within=90, every=0.3)
    assert "马秀兰" not in trial.phone.text
    trial.U.open(f"{trial.district}/desk/cases/{number}/notices")
    assert "信访事项受理告知" in trial.U.text


def test_the_print_room_gets_each_letter_on_a_sheet_of_its_own(trial, desk, tmp_path):
    registrar = desk(DISTRICT, "R")
    number = trial.second[0]
    opened(trial.D, trial.district, number, "已登记待处理")
    trial.D.click("转送")
    trial.D.fill(to_node=DISTRICT, to_unit=HOUSING)
    trial.D.click("转送")

    def queued():
        registrar.open(f"{trial.district}/desk/letters")
        return number in registrar.text

    eventually(queued, within=90, every=0.3)
    letters = registrar.run("document.querySelectorAll('[name=letters]').length")
    registrar.run("document.querySelectorAll('[formtarget]').forEach(each => each.removeAttribute('formtarget'))")
    registrar.click("打印")

    registrar.picture(tmp_path / "sheets.png")
    assert registrar.text.count("马秀兰　收") == letters
    sheets = registrar.printed()
    (tmp_path / "sheets.pdf").write_bytes(sheets)
    assert len(re.findall(rb"/Type\s*/Page\b", sheets)) == letters
    registrar.open(f"{trial.district}/desk/letters?state=printed")
    registrar.fill(note="平信")
    registrar.click("登记寄出")
    assert f"已登记{letters}封" in registrar.text
    registrar.open(f"{trial.district}/desk/letters?state=posted")
    assert number in registrar.text


def test_a_form_that_is_refused_has_its_first_wrong_box_under_the_cursor(trial):
    phone = trial.phone
    phone.open(f"{trial.city}/petition")
    phone.fill(text="只有14度。", petitioner__phone="12")
    phone.click("提交")

    phone.until("document.activeElement.id === 'subject'", "the first wrong box has no focus")
    assert phone.run("document.activeElement.getBoundingClientRect().top >= 0")
    assert amiss(phone, 360) == {}
    phone.run("document.querySelector('#wrong a[href=\"#petitioner.name\"]').click()")
    phone.until("document.activeElement.id === 'petitioner.name'", "the link leads to no box")
    assert phone.run("document.getElementById('petitioner.phone').value") == "12"
