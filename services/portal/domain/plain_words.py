"""The petitioner's view in words a petitioner uses: where the matter stands, who has it, what happens next (PR-11).

Only dates, states and offices are shown. The steps come from routing, which tells no more than the regulation opens
to the petitioner.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from services.portal.domain.petitioning import WISHES, Wish, offers, offers_on_the_way

_EXPLAINED = {
    "S01": "我们已经收到您的信访事项，正在登记。",
    "S02": "您的信访事项已经登记，信访部门将在收到之日起15日内转送或者交办有权处理的机关、单位。",
    "S03": "您的信访事项正在报请决定。",
    "S04": "您的信访事项正在转送有权处理的机关、单位。",
    "S05": "您的信访事项正在交办有权处理的机关、单位。",
    "S06": "您的信访事项已经送达有权处理的机关、单位，该单位应当在收到之日起15日内书面告知您是否受理。",
    "S07": "收到事项的单位对是否属于其职权提出了异议，正在审核。",
    "S08": "有关机关正在确定由谁受理您的信访事项。",
    "S09": "需要您补充情况或材料，请留意通知。",
    "S10": "您的信访事项已经受理。",
    "S11": "您的信访事项正在办理，一般自受理之日起60日内办结。",
    "S12": "您的信访事项正在听证。",
    "S13": "您的信访事项正在调解、和解。",
    "S14": "处理意见正在审核。",
    "S15": "处理意见已经作出，正在送达。",
    "S16": "处理意见书已经送达。如不服，可以自收到之日起30日内申请复查。",
    "S17": "您的建议已经答复。",
    "S18": "您的诉求应当通过其他法定途径解决，具体途径见告知书。",
    "S19": "有关机关正在依法履行职责，办理结果将书面答复您。",
    "S20": "您的信访事项已经转送政法部门，由其依法办理。",
    "S21": "您的信访事项已经按规定转交。",
    "S22": "已经告知您应当向哪个机关提出。",
    "S23": "您的信访事项不予受理，理由见告知书。",
    "S24": "您的信访事项不再受理，理由见告知书。",
    "S30": "您的复查申请已经收到，正在审查。",
    "S31": "您的复查申请正在办理，应当自收到申请之日起30日内作出复查意见。",
    "S32": "复查意见已经送达。如不服，可以自收到之日起30日内申请复核。",
    "S33": "复查申请不予受理，理由见告知书。",
    "S34": "已经责令重新办理您的信访事项。",
    "S40": "您的复核申请已经收到，正在审查。",
    "S41": "您的复核申请正在办理，应当自收到申请之日起30日内作出复核意见。",
    "S42": "您的复核申请正在听证。",
    "S43": "复核意见已经送达。",
    "S50": "处理意见书已经送达，承办单位已经报告办结情况，正在审核。",
    "S51": "承办单位正在按要求补充办理。",
    "S60": "您的信访事项已经三级终结。",
    "S61": "申请复查或者复核的期限已过，您的信访事项已经终结。",
    "S62": "您的信访事项已经撤回，或者已经达成调解、和解协议。",
    "S63": "您的信访事项已经并入您此前提出的同一事项，请用此前的查询码查询。",
    "S70": "您的信访事项已经办结归档。",
}


@dataclass(frozen=True, slots=True)
class Step:
    """One date of the timeline and what happened on it."""

    on: str
    text: str


@dataclass(frozen=True, slots=True)
class WaitingWish:
    """What the petitioner asked for and has not happened: which wish, when, where it stands, and that in words."""

    name: str
    on: str
    state: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """What the petitioner sees."""

    number: str
    state: str
    explanation: str
    holder: str
    received_on: str
    as_of: str
    timeline: tuple[Step, ...]
    missing: str = ""
    wishes: tuple[WaitingWish, ...] = ()
    offers: tuple[str, ...] = ()
    parts: tuple[str, ...] = ()


def progress(contact: Mapping[str, Any], view: Mapping[str, Any], names: Mapping[str, str], now: datetime) -> Progress:
    """Join intake's contact and routing's view; `view` is empty as long as routing has not seen the contact."""
    received_on = str(view.get("received_on") or str(contact["received_at"])[:10])
    if contact.get("guided"):
        return _guided(contact, received_on, now)
    state = str(view.get("state") or "S01")
    steps = view.get("steps") or [{"label": "收到", "on": received_on, "node": ""}]
    return Progress(
        number=str(contact["number"]),
        state=str(view.get("label") or "已收到"),
        explanation=_EXPLAINED.get(state, ""),
        holder=_holder(view, names),
        received_on=received_on,
        as_of=str(view.get("as_of") or now.isoformat()),
        timeline=tuple(Step(str(step["on"]), _step(step, names)) for step in steps),
        missing=str(view.get("missing") or ""),
        wishes=tuple(_wish(row) for row in view.get("wishes") or ()),
        offers=tuple(wish.name for wish in _offers(view)),
        parts=tuple(_part(row, names) for row in view.get("parts") or ()),
    )


def _offers(view: Mapping[str, Any]) -> tuple[Wish, ...]:
    return offers_on_the_way() if view.get("in_transfer_to") else offers(str(view.get("state") or ""))


_STANDING = {
    "waiting": "已收到，待事项移交完成后送达承办单位，以提出之日为准",
    "sent": "已送往承办单位，待其签收",
}


def _wish(row: Mapping[str, Any]) -> WaitingWish:
    """One thing that was asked for, in words."""
    state = str(row["state"])
    name = next((wish.name for wish in WISHES.values() if wish.command == row["act"]), str(row["act"]))
    text = _STANDING.get(state) or f"未能办理：{row.get('reason') or '请与接收单位联系'}"
    return WaitingWish(name=name, on=str(row["on"]), state=state, text=f"{row['label']}：{text}")


def _part(row: Mapping[str, Any], names: Mapping[str, str]) -> str:
    """One claim that became a case of its own, in words."""
    holder = place_name(str(row.get("holder") or ""), names)
    return f"{row['case_no']}：{row.get('label') or '办理中'}，现由{holder}持有"


def _guided(contact: Mapping[str, Any], received_on: str, now: datetime) -> Progress:
    """Return what a visitor sees who was guided to the right office: there is no case."""
    guided = contact["guided"]
    return Progress(
        number=str(contact["number"]),
        state="已引导",
        explanation=str(guided["text"]),
        holder=str(guided["place"]),
        received_on=received_on,
        as_of=now.isoformat(),
        timeline=(Step(received_on, f"已登记来访，引导到{guided['place']}"),),
    )


def in_words(day: str) -> str:
    """Return 2026-03-02 as 2026年3月2日; what is no day stays as it is."""
    try:
        parsed = date.fromisoformat(day[:10])
    except ValueError:
        return day
    return f"{parsed.year}年{parsed.month}月{parsed.day}日"


def place_name(code: str, names: Mapping[str, str]) -> str:
    """Return the name of a node, its code when nobody knows the name."""
    return names.get(code, code)


def _holder(view: Mapping[str, Any], names: Mapping[str, str]) -> str:
    holder = place_name(str(view.get("holder") or ""), names) or "正在登记"
    onward = view.get("in_transfer_to")
    return f"{holder}（正送往{place_name(str(onward), names)}）" if onward else holder


def _step(step: Mapping[str, Any], names: Mapping[str, str]) -> str:
    node = place_name(str(step.get("node") or ""), names)
    return f"{node}：{step['label']}" if node else str(step["label"])
