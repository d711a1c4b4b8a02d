"""The second half of the story: repeats, a cut line, a review, a case that runs late, and how the half-year ends."""

from collections.abc import Sequence

import requests

from lianxi.ops.demo.office import Office
from lianxi.ops.demo.stage import CITY, DISTRICT, NAMES, TOWNSHIP, Stage
from lianxi.ops.demo.story import (
    OPINION,
    Chapter,
    Told,
    accept_and_handle,
    file_petition,
    register,
    write_opinion,
)
from lianxi.ops.local.programs import SERVICES

AT_THE_STREET = ("P57", "P58", "P59", "P60", "P63")


def a_repeat(stage: Stage, told: Told) -> None:
    """Chapter 7: the same person comes about the same matter again; it is noticed and joined to the earlier case."""
    stage.chapter("重复信访：同人同事，并入在办事项")
    told.petitions["P66"]["petitioner"] = told.petitions["P59"]["petitioner"]
    number, earlier = file_petition(stage, told, "P66"), told.numbers["P59"]
    page = stage.township.until(number, "S01")
    stage.check(earlier in page["why"], f"系统提示：{page['why']}")
    register(stage.township, number, told.petitions["P66"])
    stage.township.act("dispatcher", number, "merge-case", into=earlier, paper={"reason": "同一信访人反映同一事项"})
    stage.check(stage.township.case(number)["state"] == "S63", "登记人员核对后并案，两件各有编号，合为一事")


def the_line_is_cut(stage: Stage, told: Told) -> None:
    """Chapter 8: the street's line to the district is cut; the street goes on working; nothing is lost."""
    stage.chapter("断线：西关大街街道与城西区的线路中断")
    stage.stack.cut_link(TOWNSHIP)
    before = stage.district.case(told.numbers["P63"])["seq"] if stage.district.knows(told.numbers["P63"]) else 0
    new = [file_petition(stage, told, petition_id) for petition_id in ("P67", "P68")]
    for number in new:
        stage.township.until(number, "S06", TOWNSHIP)
        stage.township.act("case_officer", number, "accept-case", paper={"path": "信访程序"})
    accept_and_handle(stage, told.numbers["P63"], "classify")
    stage.check(not any(map(stage.district.knows, new)), "断线期间街道照常收件、受理、办理，区里看不到新件")
    seen = stage.district.case(told.numbers["P63"])["seq"]
    stage.check(seen == before, "区里看到的是断线前最后确认的状态，并注明时间")
    stage.forward(1)
    stage.stack.heal_link(TOWNSHIP)
    stage.tell("线路恢复")
    stage.wait(lambda: all(map(stage.city.knows, new)), "断线期间的每一件都到了区里和市里", 60)
    local = {number: stage.township.case(number)["seq"] for number in (*new, told.numbers["P63"])}
    stage.wait(
        lambda: all(stage.city.case(number)["seq"] == seq for number, seq in local.items()), "三级的记录一步不差", 60
    )


def the_street_works(stage: Stage, told: Told) -> None:
    """Chapter 9: the street accepts and classifies its cases, and one is withdrawn."""
    stage.chapter("街道办理：受理、分类、撤回")
    for petition_id in AT_THE_STREET:
        number = told.numbers[petition_id]
        page = stage.township.case(number) if stage.township.knows(number) else {}
        if page.get("state") == "S06":
            accept_and_handle(stage, number, "classify")
    withdrawn = told.numbers["P60"]
    stage.township.act("registrar", withdrawn, "withdraw-case", free_will_recorded=True, paper={"reason": "问题已解决"})
    stage.check(stage.township.case(withdrawn)["state"] == "S62", "信访人自愿撤回一件，记录在卷")


def a_completion(stage: Stage, told: Told) -> None:
    """Chapter 10: a petition does not say where it is; its petitioner is asked, answers with the query code."""
    number, given = told.numbers["P56"], {"query_code": told.codes["P56"]}
    stage.chapter(f"补正：{told.petitions['P56']['subject']}")
    street, missing = stage.township, "请写明损坏路灯的杆号或者最近的门牌"
    street.until(number, "S06", TOWNSHIP)
    street.act("case_officer", number, "request-completion", paper={"missing": missing})
    stage.wait(lambda: stage.city.case(number)["state"] == "S09", "街道请信访人补正，市、区两级同时看到")
    progress = requests.post(f"{street.url}/api/v1/track", json=given, timeout=30).json()
    stage.check(progress.get("missing") == missing, f"信访人凭查询码看到要补什么：{missing}")
    words = {"text": "西关大街72号门前，杆号0417"}
    requests.post(f"{street.url}/api/v1/track/completion", json=given | words, timeout=30).raise_for_status()
    stage.wait(lambda: _status(street, number, "SUPPLEMENT") == "closed", "信访人当日补齐，补正期限结束，法定期限照旧")
    street.until(number, "S06", TOWNSHIP)
    accept_and_handle(stage, number)
    stage.wait(lambda: stage.city.case(number)["state"] == "S16", "补齐后受理、办结、送达，三级都已看到")


def a_review(stage: Stage, told: Told) -> None:
    """Chapter 11: two petitioners ask the district for a review: one opinion stands, one is set aside."""
    stage.chapter("复查：区人民政府对街道的处理意见进行复查")
    stands, falls = told.numbers["P01"], told.numbers["P58"]
    write_opinion(stage, falls)
    stage.forward(5)
    for number in (stands, falls):
        stage.township.act(
            "registrar", number, "request-review", received_on=stage.today, paper={"request": "不服处理意见"}
        )
        stage.district.until(number, "S30")
        stage.district.act("reviewer", number, "admit-review", paper={"opinion": "符合受理条件"})
        stage.district.until(number, "S31")
    service = {"method": "direct", "served_on": stage.today, "proof": "送达回证（签收页）"}
    stage.district.act("reviewer", stands, "decide-review", disposition="UPHOLD", service=service, paper=OPINION)
    stage.district.act("reviewer", falls, "decide-review", disposition="SET_ASIDE", rehandle_days=30, paper=OPINION)
    stage.wait(lambda: stage.city.case(stands)["state"] == "S32", "一件维持，复查意见已送达")
    stage.wait(lambda: stage.township.case(falls)["state"] == "S11", "一件撤销，责令街道重新办理，第二轮开始")
    _a_draft_is_returned(stage, falls)
    write_opinion(stage, falls)
    asked = {"received_on": stage.today, "paper": {"request": "不服复查意见"}}
    stage.township.act("registrar", stands, "request-final-review", **asked)
    stage.wait(lambda: stage.city.case(stands)["state"] == "S40", "不服复查意见的一件向市人民政府申请复核")
    _the_last_instance(stage, stands)


def _the_last_instance(stage: Stage, number: str) -> None:
    """The city admits the request, holds a hearing that stops its time, decides, and the case is closed for good."""
    admitted = {"paper": {"text": "符合受理条件"}}
    stage.city.act("final_reviewer", number, "admit-final-review", **admitted)
    stage.city.until(number, "S41")
    before = _legal_due(stage.city, number, "FINAL")
    summons = {
        "time": "上午九时",
        "venue": "市信访局听证室",
        "chair": "复核机关负责人",
        "invited": "信访人、街道办事处",
    }
    stage.city.act("final_reviewer", number, "open-final-hearing", paper=summons)
    stage.wait(lambda: stage.township.case(number)["state"] == "S42", "市人民政府决定举行复核听证，街道同时得知")
    stage.city.until(number, "S42")
    stage.forward(4)
    minutes = {"attended": "双方到会", "record": "双方陈述意见", "conclusion": "原处理意见事实清楚"}
    stage.city.act("final_reviewer", number, "close-final-hearing", paper=minutes)
    stage.wait(lambda: _legal_due(stage.city, number, "FINAL") > before, "听证的日子不计入复核期限，到期日后移")
    stage.city.until(number, "S41")
    service = {"method": "direct", "served_on": stage.today, "proof": "送达回证（签收页）"}
    stage.city.act(
        "final_reviewer", number, "decide-final-review", disposition="UPHOLD", service=service, paper=OPINION
    )
    stage.wait(lambda: stage.township.case(number)["state"] == "S60", "复核意见维持并送达，三级终结")


def _a_draft_is_returned(stage: Stage, number: str) -> None:
    """The head of the office returns a draft to the officer, who writes it anew."""
    outcomes = [{"number": 1, "outcome": "SUPPORT"}]
    stage.township.act("case_officer", number, "submit-opinion", outcomes=outcomes, paper=OPINION)
    stage.township.act("unit_head", number, "return-opinion", paper={"reason": "请写明整改的期限"})
    stage.check(stage.township.case(number)["state"] == "S11", "意见书稿由负责人退回承办人修改")


def sixty_days(stage: Stage, told: Told) -> None:
    """Chapter 12: the limits come near and pass: one is extended, one goes red and gets a supervision order."""
    late, extended = told.numbers["P57"], told.numbers["P63"]
    stage.chapter("期限：延期、红灯、督办")
    stage.forward(40)
    before = _legal_due(stage.township, extended, "HANDLE")
    stage.township.act("unit_head", extended, "extend-handling", days=30, paper={"reason": "情况复杂"})
    stage.wait(
        lambda: _legal_due(stage.township, extended, "HANDLE") > before,
        "一件情况复杂，经单位负责人批准延长30日，到期日后移",
    )
    stage.forward(25)
    proposals = stage.wait(lambda: _proposals_on(stage, late), "超过60日未办结的一件亮红灯，系统提出督办建议", 60)
    order = stage.township.ask(
        "department_leader",
        "POST",
        f"/proposals/{proposals[0]['proposal_no']}/sign",
        json={"paper": {"request": "请说明超期原因"}},
    )
    stage.check(order["order_no"], f"负责人签发督办函 {order['order_no']}，反馈期限 {order['feedback_due']}")
    write_opinion(stage, late)
    stage.tell("街道收到督办后办结送达（超期办结，如实计入按期答复率）")


def _legal_due(office: Office, number: str, clock: str) -> str:
    """The last day of a clock of a case, as an office sees it."""
    return _clock(office, number, clock)["legal_due"]


def _status(office: Office, number: str, clock: str) -> str:
    """Whether a clock of a case runs, as an office sees it; "" while nobody has heard of it."""
    return _clock(office, number, clock)["status"]


def _clock(office: Office, number: str, clock: str) -> dict[str, str]:
    rows = office.ask("dispatcher", "GET", f"/cases/{number}/clocks")["rows"]
    return next((row for row in rows if row["clock"] == clock), {"status": "", "legal_due": ""})


def _proposals_on(stage: Stage, number: str) -> list[dict[str, str]]:
    rows = stage.township.ask("department_leader", "GET", "/proposals")["rows"]
    return [row for row in rows if row["case_no"] == number and row["clock"] == "HANDLE"]


def the_rights_run_out(stage: Stage, told: Told) -> None:
    """Chapter 13: thirty days after service nobody asked for a review; the cases close and are archived."""
    stage.chapter("期满终结与归档")
    stage.forward(49)
    number = told.numbers["P65"]
    stage.wait(lambda: stage.township.case(number)["state"] == "S61", "申请复查期届满，程序自动终结", 90)
    stage.township.act(
        "registrar", number, "archive-case", paper={"index": "来访登记、受理告知、处理意见、送达回证、办结报告"}
    )
    stage.check(stage.township.case(number)["state"] == "S70", "卷宗归档")
    stage.wait(lambda: stage.city.case(told.numbers["P58"])["state"] == "S61", "重新办理的一件也期满终结", 60)


def the_books_agree(stage: Stage, told: Told) -> None:
    """Last: nothing is lost, the histories are whole, and the books of the three nodes agree."""
    stage.chapter("对账")
    stage.wait(lambda: _settled(stage), "所有消息都已送达和确认", 90)
    for node in (CITY, DISTRICT, TOWNSHIP):
        verified = stage.run("verify", node=node)
        stage.check(verified.returncode == 0, f"{NAMES[node]}：{verified.stdout.strip()}")
    for upper, lower in ((CITY, DISTRICT), (DISTRICT, TOWNSHIP)):
        compared = stage.run("books", "compare", "--with", lower, node=upper)
        stage.check(compared.returncode == 0, f"{NAMES[upper]}与{NAMES[lower]}账目一致")
    known = stage.query(CITY, "supervision", "SELECT count(*) FROM supervision.ledger")[0][0]
    stage.check(known == len(told.numbers), f"登记 {len(told.numbers)} 件，市级台账 {known} 件，一件不少")


def _settled(stage: Stage) -> bool:
    waiting = "SELECT count(*) FROM {0}.outbox WHERE sent_at IS NULL"
    aside = "SELECT count(*) FROM {0}.parked WHERE state <> 'dropped'"
    unheard = "SELECT count(*) FROM routing.link_sender WHERE acked < last_seq"
    for node in (CITY, DISTRICT, TOWNSHIP):
        for service in SERVICES:
            if (
                stage.query(node, service, waiting.format(service))[0][0]
                or stage.query(node, service, aside.format(service))[0][0]
            ):
                return False
        if stage.query(node, "routing", unheard)[0][0]:
            return False
    return True


SECOND_HALF: Sequence[Chapter] = (
    a_repeat,
    the_line_is_cut,
    the_street_works,
    a_completion,
    a_review,
    sixty_days,
    the_rights_run_out,
    the_books_agree,
)
