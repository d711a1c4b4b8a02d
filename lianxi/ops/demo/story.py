"""The story of the demonstration: petitions of one half-year through city, district and street, hop by hop.

Each chapter is a function of the stage. What a person does goes through that person's portal; what the software does
by itself is waited for and checked. A check that does not hold ends the story with a status other than 0.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests
import yaml

from lianxi.ops.demo.office import Office, wait_for
from lianxi.ops.demo.stage import CITY, DISTRICT, NAMES, TOWNSHIP, Stage

PETITIONS = Path(__file__).resolve().parents[3] / "deploy" / "demo" / "petitions.yaml"
OFFICE = f"{TOWNSHIP}.office"
OPINION = {
    "request": "信访人提出的请求已逐项核对",
    "facts": "经现场核查，反映的情况基本属实",
    "opinion": "予以支持，已安排整改并于七日内完成",
    "basis": "《信访工作条例》第三十一条第六项、第三十二条",
    "remedy": "如不服本意见，可在收到之日起三十日内向城西区人民政府申请复查",
}
RT6 = [{"number": 1, "petition_class": "C", "route": "RT6"}]
HOME = frozenset({CITY, DISTRICT, TOWNSHIP})


@dataclass
class Told:
    """What the story knows so far: the petitions as written, and their numbers and query codes once filed."""

    petitions: dict[str, dict[str, Any]]
    numbers: dict[str, str] = field(default_factory=dict)
    codes: dict[str, str] = field(default_factory=dict)

    @classmethod
    def read(cls) -> "Told":
        """Read the petitions written for the demonstration."""
        rows = yaml.safe_load(PETITIONS.read_text(encoding="utf-8"))["petitions"]
        return cls({row["id"]: row for row in rows})


def file_petition(stage: Stage, told: Told, petition_id: str) -> str:
    """File one petition by its channel: the petitioner on the web, a registrar for everything else."""
    petition = told.petitions[petition_id]
    office = stage.offices[petition["node"]]
    body = {name: petition[name] for name in ("subject", "text", "petitioner")}
    if petition.get("place"):
        body["division"] = petition["place"]
    if petition["channel"] == "WEB":
        answer = requests.post(f"{office.url}/api/v1/cases", json=body, timeout=30)
        answer.raise_for_status()
        receipt = answer.json()
    else:
        body |= {
            "channel": petition["channel"].lower(),
            "received_at": stage.now.isoformat(),
            **petition.get("extra", {}),
        }
        receipt = office.ask("registrar", "POST", "/cases", json=body)
    told.numbers[petition_id], told.codes[petition_id] = receipt["number"], receipt["query_code"]
    return str(receipt["number"])


def the_petitions_arrive(stage: Stage, told: Told) -> None:
    """Chapter 1: letters, visits, calls, faxes and web posts come in at three nodes; the rules sort what they can."""
    stage.chapter("群众来信来访来电来网")
    later = {petition_id for petition_id, row in told.petitions.items() if row.get("later")}
    for petition_id in told.petitions:
        if petition_id not in later:
            file_petition(stage, told, petition_id)
    channels = sorted({row["channel"] for row in told.petitions.values()})
    stage.check(len(channels) == 5, f"五种渠道共登记 {len(told.numbers)} 件，每件都有编号和查询码")  # noqa: PLR2004
    for office in stage.offices.values():
        mine = [
            told.numbers[key] for key, row in told.petitions.items() if row["node"] == office.code and key not in later
        ]
        stage.wait(
            lambda office=office, mine=mine: all(map(office.knows, mine)), f"{office.name}：{len(mine)} 件全部立案", 60
        )
    waiting = stage.city.ask("department_leader", "GET", "/waiting", params={"limit": 200})["rows"]
    stage.tell(f"市级有 {len(waiting)} 件规则不能决定，等待人工，例如：{waiting[0]['why'] if waiting else '无'}")


def the_clerks_sort(stage: Stage, told: Told) -> None:
    """Chapter 2: what no rule settled is registered by a registrar and dispatched by a dispatcher."""
    stage.chapter("登记、分办：规则不能决定的由人决定")
    by_number = {number: told.petitions[key] for key, number in told.numbers.items()}
    settled = sum(_settle(office, by_number) for office in stage.offices.values())
    stage.tell(f"三个节点共人工处理 {settled} 件")
    for office in stage.offices.values():
        left = office.ask("department_leader", "GET", "/waiting", params={"limit": 200})["rows"]
        sealed = [row for row in left if by_number.get(row["case_no"], {}).get("category") == "纪检监察"]
        kept = f"除 {len(sealed)} 件检举控告按密件待办外，" if sealed else ""
        stage.check(len(left) == len(sealed), f"{office.name}：{kept}无积压")


def _settle(office: Office, by_number: dict[str, dict[str, Any]]) -> int:
    settled = 0
    for row in office.ask("department_leader", "GET", "/waiting", params={"limit": 200})["rows"]:
        petition = by_number[row["case_no"]]
        if row["state"] == "S01":
            register(office, row["case_no"], petition)
        if petition["category"] != "纪检监察":
            _dispatch(office, row["case_no"], petition)
        settled += 1
    return settled


def register(office: Office, number: str, petition: dict[str, Any]) -> None:
    """A registrar registers what no rule could; an accusation is marked as such and stays sealed."""
    sealed = petition["category"] == "纪检监察"
    office.act(
        "registrar",
        number,
        "register-case",
        purpose="揭发控告" if sealed else "求决",
        petition_class="B" if sealed else "C",
        category=[petition["category"]],
        place=petition.get("place") or office.code,
        claims=[{"number": 1}],
        same_matter_checked=True,
    )


def _dispatch(office: Office, number: str, petition: dict[str, Any]) -> None:
    place = petition.get("place") or office.code
    paper = {"matter": petition["subject"], "basis": "《信访工作条例》第二十二条"}
    below = {CITY: DISTRICT, DISTRICT: TOWNSHIP}.get(office.code)
    if below and place in HOME and place.startswith(below):
        unit = OFFICE if below == TOWNSHIP else ""
        office.act("dispatcher", number, "transfer-case", to_node=below, to_unit=unit, paper=paper)
        return
    unit = f"{office.code}.{'office' if office.code == TOWNSHIP else 'housing'}"
    office.act("dispatcher", number, "transfer-case", to_node=office.code, to_unit=unit, paper=paper)


def accept_and_handle(stage: Stage, number: str, upto: str = "serve") -> None:
    """The street office accepts a case, classifies it, and as far as asked writes, signs and serves its opinion."""
    street = stage.township
    street.act("case_officer", number, "accept-case", paper={"path": "信访程序", "procedure": "调查核实后书面答复"})
    if upto == "accept":
        return
    street.act("case_officer", number, "classify-case", claims=RT6)
    if upto == "classify":
        return
    write_opinion(stage, number)


def write_opinion(stage: Stage, number: str) -> None:
    """Draft, sign and serve the opinion of the street office."""
    street = stage.township
    street.act("case_officer", number, "submit-opinion", outcomes=[{"number": 1, "outcome": "SUPPORT"}], paper=OPINION)
    street.act("unit_head", number, "sign-opinion", paper=OPINION)
    service = {"method": "direct", "served_on": stage.today, "proof": "送达回证（签收页）"}
    street.act("case_officer", number, "serve-opinion", service=service)


@dataclass
class Journey:
    """Tells each hop of one case when the city's office gets to see it."""

    stage: Stage
    number: str
    hops: int = 0

    def until(self, state: str, holder: str) -> None:
        """Tell what happens until the case stands so; StoryBroken when it does not in time."""

        def arrived() -> bool:
            answer = self.stage.city.try_ask("dispatcher", "GET", f"/cases/{self.number}")
            page: dict[str, Any] = answer.json() if answer.ok else {"history": []}
            for step in page["history"][self.hops :]:
                self.hops += 1
                self.stage.tell(f"{NAMES[step['node']]}：{step['label']} {step['document'] or ''}".rstrip())
            return (page.get("state"), page.get("holder")) == (state, holder)

        wait_for(arrived, f"{self.number} 应在{NAMES[holder]}，状态 {state}")


def one_case_through_three_levels(stage: Stage, told: Told) -> None:
    """Chapter 3: the petition about the pavement goes from the city to the street and its answer comes back up."""
    stage.chapter(f"一件事走三级：{told.petitions['P01']['subject']}")
    number = file_petition(stage, told, "P01")
    stage.tell(f"网上提交，信访编号 {number}")
    journey = Journey(stage, number)
    journey.until("S02", DISTRICT)
    _dispatch(stage.district, number, told.petitions["P01"])
    journey.until("S06", TOWNSHIP)
    accept_and_handle(stage, number, "accept")
    journey.until("S10", TOWNSHIP)
    stage.township.act("case_officer", number, "classify-case", claims=RT6)
    journey.until("S11", TOWNSHIP)
    write_opinion(stage, number)
    journey.until("S16", TOWNSHIP)
    stage.check(journey.hops, f"西关大街街道办结并送达，{journey.hops}步市级都已看到")
    answer = requests.post(f"{stage.city.url}/api/v1/track", json={"query_code": told.codes["P01"]}, timeout=30)
    progress = answer.json()
    stage.check(len(progress.get("timeline", ())) >= 6, f"信访人凭查询码看到“{progress.get('state')}”和每一步日期")  # noqa: PLR2004


def an_objection(stage: Stage, told: Told) -> None:
    """Chapter 4: the street is not competent, says so in time, and the district sends the case where it belongs."""
    number = told.numbers["P26"]
    stage.chapter(f"异议：{told.petitions['P26']['subject']}")
    stage.township.until(number, "S06", TOWNSHIP)
    paper = {"reasons": "低保审批属区民政局职权", "basis": "《社会救助暂行办法》"}
    stage.township.act(
        "case_officer", number, "object-to-transfer", proposed_organ=f"{DISTRICT}.civil-affairs", paper=paper
    )
    stage.tell("街道在5个工作日内提出异议，案件仍由街道持有，等待区里决定")
    stage.district.until(number, "S07", TOWNSHIP)
    sent = stage.district.act("dispatcher", number, "uphold-objection", paper={"reason": "异议成立"})
    stage.check(sent["status"] == "sent", "区信访局的决定作为指令发往持有案件的街道节点")
    stage.district.until(number, "S02", DISTRICT)
    stage.district.act("dispatcher", number, "transfer-case", to_node=DISTRICT, to_unit=f"{DISTRICT}.civil-affairs")
    stage.wait(lambda: stage.city.case(number)["state"] == "S06", "案件交还区里，转送区民政局，市里看到全过程")


def a_direct_transfer(stage: Stage, told: Told) -> None:
    """Chapter 5: the city sends a case straight to the street; the district gets a copy (CF-38)."""
    stage.chapter("直转快办：市级直接转街道，抄送区级")
    number = file_petition(stage, told, "P64")
    stage.wait(lambda: stage.city.knows(number), "市级收到一件没有写明属地的来信")
    if stage.city.case(number)["state"] == "S01":
        register(stage.city, number, told.petitions["P64"] | {"place": TOWNSHIP})
    stage.city.act("dispatcher", number, "transfer-case", to_node=TOWNSHIP, to_unit=OFFICE, direct=True)
    stage.township.until(number, "S06", TOWNSHIP)
    stage.wait(lambda: stage.district.knows(number), "案件越过区级直达街道，区级收到抄送")


def an_assignment(stage: Stage, told: Told) -> None:
    """Chapter 6: an important matter is assigned with a day for the report; the first report is returned."""
    number = file_petition(stage, told, "P65")
    stage.chapter("交办：限期报告办结结果")
    stage.wait(lambda: stage.district.knows(number), "区级收到来访一件")
    if stage.district.case(number)["state"] == "S01":
        register(stage.district, number, told.petitions["P65"] | {"place": TOWNSHIP})
    due = f"{stage.now.year}-05-15"
    stage.district.act(
        "department_leader",
        number,
        "assign-case",
        to_node=TOWNSHIP,
        to_unit=OFFICE,
        report_due=due,
        paper={"requirements": "请于期限内报送办结报告"},
    )
    stage.township.until(number, "S06", TOWNSHIP)
    accept_and_handle(stage, number)
    report = {"facts": "已到现场核实", "result": "问题已解决"}
    stage.township.act("case_officer", number, "file-report", paper=report)
    stage.district.until(number, "S50")
    stage.district.act("dispatcher", number, "return-report", paper={"reason": "请补充现场照片和群众意见"})
    stage.township.until(number, "S51")
    stage.township.act("case_officer", number, "file-report", paper=report | {"attitude": "群众认可"})
    stage.district.until(number, "S50")
    stage.district.act("dispatcher", number, "accept-report", paper={"opinion": "同意办结"})
    stage.township.until(number, "S16")
    steps = [step["name"] for step in stage.township.case(number)["history"]]
    reported, returned = steps.count("report-filed"), steps.count("report-returned")
    stage.check((reported, returned) == (2, 1), "办结报告退回补办一次后通过审核")


Chapter = Callable[[Stage, Told], None]
FIRST_HALF: Sequence[Chapter] = (
    the_petitions_arrive,
    the_clerks_sort,
    one_case_through_three_levels,
    an_objection,
    a_direct_transfer,
    an_assignment,
)
