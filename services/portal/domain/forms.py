"""The form of an act: which fields a clerk fills in, read from the command class and the guards of its steps.

A field has a dotted name (`service.served_on`, `claims.0.route`); `nested` turns what was typed back into the body of
the act. Fields that only one value makes sense for are filled in from the case.
"""

import dataclasses
import types
import typing
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from lianxi.casework.case.guards import HEARING_FIELDS, MINUTES_FIELDS, OPINION_FIELDS, SUMMONS_FIELDS
from lianxi.casework.messages.catalogue import COMMANDS
from lianxi.casework.messages.facts import (
    Claim,
    ClaimOutcome,
    Disposition,
    Outcome,
    PetitionClass,
    Route,
    ServiceMethod,
)
from lianxi.casework.messages.petitioner import Rated, Rating
from lianxi.casework.messages.sorting import CasePart
from lianxi.casework.transitions import steps_for
from services.portal.domain.acts import NOT_ASKED
from services.portal.domain.petitioning import RATED, RATINGS

Choices = tuple[tuple[str, str], ...]

WORDS: dict[type[StrEnum], dict[str, str]] = {
    Rated: RATED,
    Rating: RATINGS,
    PetitionClass: {"A": "建议意见", "B": "检举控告", "C": "申诉求决"},
    Route: {
        "RT1": "政法机关诉讼等程序（31条一项）",
        "RT2": "仲裁（31条二项）",
        "RT3": "党员申诉等（31条三项）",
        "RT4": "复议、裁决、许可等（31条四项）",
        "RT5": "履行法定职责（31条五项）",
        "RT6": "信访程序（31条六项）",
    },
    Outcome: {"SUPPORT": "予以支持", "EXPLAIN": "解释说明", "REJECT": "不予支持"},
    Disposition: {"UPHOLD": "维持", "AMEND": "变更", "SET_ASIDE": "撤销并责令重新办理"},
    ServiceMethod: {
        "direct": "直接送达",
        "household": "同住成年家属签收",
        "left": "留置送达",
        "post": "邮寄送达",
        "electronic": "电子送达",
        "announcement": "公告送达",
    },
}
GROUNDS: Choices = (
    ("out-of-scope", "不属于复查范围"),
    ("skipped-level", "越级申请"),
    ("late", "超过期限"),
    ("accepted-elsewhere", "已由其他机关受理"),
    ("statutory-route", "应走其他法定途径"),
)
GUIDANCE: Choices = (
    ("skipped-level", "越级走访"),
    ("judicial-visit", "涉法涉诉走访"),
    ("out-of-scope", "不属于受理范围"),
)
FINAL_DECISIONS: Choices = (("UPHOLD", "维持"), ("AMEND", "变更"))
ADOPTION: Choices = (("adopted", "采纳"), ("partly", "部分采纳"), ("not", "未采纳"))
PURPOSES: Choices = tuple((word, word) for word in ("意见建议", "申诉", "求决", "揭发控告", "咨询", "其他"))
LABELS = {
    "purpose": "信访目的",
    "petition_class": "事项类别",
    "category": "内容分类（由大到小，用“/”隔开）",
    "place": "问题属地（区划代码）",
    "claims": "诉求项数",
    "same_matter_checked": "已核对是否同人同事",
    "recused": "应当回避的人员账号（用“/”隔开，没有则不填）",
    "into": "并入的事项编号",
    "to_node": "送往节点",
    "to_unit": "送往本级单位（送往下级时不选）",
    "direct": "直转（越过一级，并抄送被越过的一级）",
    "report_due": "要求报告结果的日期",
    "proposed_organ": "建议的受理机关",
    "days": "延长天数（最多30天）",
    "ground": "不予受理的事由",
    "served": "送达的文书字号",
    "assists": "协办单位代码（用“/”隔开，没有则不填）",
    "parties": "争议各方单位代码（含本单位，用“/”隔开）",
    "lead": "主办单位代码（如 630104.housing）",
    "to_conference": "没有共同的上一级，或者上一级难以决定，直接提请联席会议",
    "earlier": "此前的事项编号",
    "for_good": "该事项已依法终结（不再受理）",
    "to_organ": "受送单位代码",
    "accused": "被检举控告的单位或者区划代码（用“/”隔开）",
    "adoption": "采纳情况",
    "rated": "评价对象",
    "rating": "满意度",
    "parts": "分案",
    "disposition": "复查决定",
    "rehandle_days": "重新办理期限（天，最多60天）",
    "received_on": "收到申请的日期",
    "posted_on": "邮戳日期（邮寄的填写）",
    "free_will_recorded": "已记录信访人自愿撤回",
    "service.method": "送达方式",
    "service.served_on": "送达日期",
    "service.proof": "送达凭证（回证编号或文件名）",
    "paper.reason": "理由",
    "paper.reasons": "异议理由",
    "paper.basis": "依据",
    "paper.missing": "需要补正的内容",
    "paper.facts": "事实",
    "paper.result": "处理结果",
    "paper.request": "信访请求",
    "paper.opinion": "处理意见",
    "paper.remedy": "救济途径告知",
    "paper.text": "文书正文（可不填）",
    "paper.consent": "各方同意的意见和日期",
    "paper.attended": "参加单位",
    "paper.minutes": "议定事项和分工",
    "paper.organ": "应当去的机关",
    "paper.procedure": "应当适用的法定程序",
    "paper.answer": "答复内容",
    "paper.decided_by": "批示人",
    "paper.instruction": "批示内容",
    "paper.time": "听证时间",
    "paper.venue": "听证地点",
    "paper.chair": "主持人",
    "paper.invited": "听证参加人",
    "paper.record": "各方陈述和查明的情况",
    "paper.conclusion": "听证结论",
    "paper.shown_by": "该事项在别处办理的凭据（字号和机关；本节点有该案的不填）",
}
_PAPER_BY_GUARD: dict[str, tuple[str, ...]] = {
    "objection_reasoned": ("reasons", "basis"),
    "reason_given": ("reason",),
    "opinion_complete": OPINION_FIELDS,
    "report_complete": ("facts", "result"),
    "completion_stated": ("missing",),
    "material_stated": ("text",),
    "dispute_reasoned": ("reasons", "basis"),
    "party_agrees": ("consent",),
    "minutes_kept": MINUTES_FIELDS,
    "assistance_written": ("opinion",),
    "parties_summoned": SUMMONS_FIELDS,
    "hearing_minuted": HEARING_FIELDS,
    "guided_where_to_go": ("organ",),
    "recipient_named": ("organ",),
    "every_claim_elsewhere": ("organ", "procedure"),
    "every_claim_a_duty": ("answer",),
    "is_a_suggestion": ("answer",),
    "instruction_kept": ("decided_by", "instruction"),
}
_PAPER_IF_NEEDED: dict[str, tuple[str, ...]] = {"earlier_is_under_way": ("shown_by",)}
_REMEDY = "如不服本处理意见，可以自收到之日起30日内，向上一级机关、单位申请复查。"
_SEPARATED = frozenset({"category", "recused", "assists", "parties", "accused"})
_MOST_PARTS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class FormField:
    """One field: what it is called, how it is typed, and what it starts with."""

    name: str
    label: str
    kind: str
    required: bool = False
    choices: Choices = ()
    value: str = ""


@dataclass(frozen=True, slots=True)
class Places:
    """Where a case can be sent from here: nodes, and the units of this node."""

    nodes: Choices
    units: Choices


def form_for(command: str, case: Mapping[str, Any], places: Places) -> tuple[FormField, ...]:
    """Return the fields of an act on this case."""
    cls = COMMANDS[command]
    hints = typing.get_type_hints(cls)
    proposed = _proposed(case)
    fields: list[FormField] = []
    for field in dataclasses.fields(cls):
        if field.name == "paper":
            fields.extend(paper_of(command))
        elif field.name == "ground" and command == "guide-petitioner":
            fields.append(FormField(name="ground", label="引导事由", kind="choice", required=True, choices=GUIDANCE))
        elif field.name == "disposition" and command == "decide-final-review":
            fields.append(
                FormField(name="disposition", label="复核决定", kind="choice", required=True, choices=FINAL_DECISIONS)
            )
        elif field.name not in NOT_ASKED:
            required = field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
            fields.extend(_fields(field.name, hints[field.name], case, places, required=required))
    return tuple(
        dataclasses.replace(field, value=proposed[field.name]) if field.name in proposed and not field.value else field
        for field in fields
    )


def _proposed(case: Mapping[str, Any]) -> dict[str, str]:
    """Return what the rules would fill in, by field; a clerk sees it in the form and may change it."""
    proposal = case.get("proposal") or {}
    target = proposal.get("target") or {}
    found = {
        "category": "/".join(proposal.get("category") or ()),
        "place": proposal.get("place"),
        "purpose": proposal.get("purpose"),
        "petition_class": proposal.get("petition_class"),
        "to_node": target.get("to_node"),
        "to_unit": target.get("to_unit"),
    }
    return {name: str(value) for name, value in found.items() if value}


def missing(typed: Mapping[str, str], fields: Iterable[FormField]) -> list[str]:
    """Return the names of the fields that must be filled in and were not."""
    return [
        field.name
        for field in fields
        if field.required and field.kind != "yes" and not typed.get(field.name, "").strip()
    ]


def nested(typed: Mapping[str, str], fields: Iterable[FormField]) -> dict[str, Any]:
    """Return the body that was typed into the form; what was left empty is left out."""
    body: dict[str, Any] = {}
    for field in fields:
        text = typed.get(field.name, "").strip()
        if field.kind == "yes":
            _put(body, field.name, text == "yes")
        elif text:
            _put(body, field.name, _value(field, text))
    if "parts" in body:
        body["parts"] = {row: part for row, part in body["parts"].items() if part.get("claims")}
    return {name: _listed(value) for name, value in body.items()}


def _value(field: FormField, text: str) -> Any:
    if field.kind == "claim-count":
        return [{"number": number} for number in range(1, min(_whole(text), 50) + 1)]
    if field.kind in {"number", "claim"}:
        return _whole(text) if text.isascii() and text.isdigit() and len(text) < 6 else text  # noqa: PLR2004  longer is no count of anything
    if field.kind == "numbers":
        return [_whole(word) for word in text.replace("、", "/").split("/") if word.strip()]
    if field.kind == "words":
        return [word.strip() for word in text.replace("、", "/").split("/") if word.strip()]
    return text


def _whole(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 6 else 0  # noqa: PLR2004  see above


def _put(body: dict[str, Any], name: str, value: Any) -> None:
    *parents, last = name.split(".")
    for parent in parents:
        body = body.setdefault(parent, {})
    body[last] = value


def _listed(value: Any) -> Any:
    """Return {"0": a, "1": b} as [a, b]."""
    if isinstance(value, dict) and value and all(key.isdigit() for key in value):
        return [value[key] for key in sorted(value, key=int)]
    return value


def paper_of(command: str) -> list[FormField]:
    """Return the fields of the document of an act: those that its guards ask for, else its free text."""
    steps = [step for _, step in steps_for(command)]
    names = dict.fromkeys(name for step in steps for guard in step.guards for name in _PAPER_BY_GUARD.get(guard, ()))
    if_needed = [name for step in steps for guard in step.guards for name in _PAPER_IF_NEEDED.get(guard, ())]
    if not names:
        wanted = any(step.document for step in steps)
        return [FormField(name="paper.text", label=LABELS["paper.text"], kind="long")] if wanted else []
    return [
        FormField(
            name=f"paper.{name}",
            label=LABELS[f"paper.{name}"],
            kind="long",
            required=True,
            value=_REMEDY if name == "remedy" else "",
        )
        for name in names
    ] + [FormField(name=f"paper.{name}", label=LABELS[f"paper.{name}"], kind="long") for name in if_needed]


def _fields(name: str, hint: Any, case: Mapping[str, Any], places: Places, *, required: bool) -> Sequence[FormField]:
    if isinstance(hint, types.UnionType):
        hint = next(part for part in typing.get_args(hint) if part is not types.NoneType)
    entries = typing.get_args(hint)[0] if typing.get_origin(hint) is tuple else None
    if entries in {Claim, ClaimOutcome}:
        return _claims(name, entries, case)
    if entries is CasePart:
        return _parts(case, places)
    if dataclasses.is_dataclass(hint):
        inner = typing.get_type_hints(hint)
        return [
            _field(f"{name}.{part.name}", inner[part.name], places, required=required)
            for part in dataclasses.fields(hint)
        ]
    return [_field(name, hint, places, required=required)]


def _parts(case: Mapping[str, Any], places: Places) -> list[FormField]:
    """Return the fields of the cases that claims of this one may become; rows left empty are no part."""
    numbers = "、".join(str(claim["number"]) for claim in case.get("claims") or ())
    rows = range(max(1, min(_MOST_PARTS, len(case.get("claims") or ()) - 1)))
    classes, category = tuple(WORDS[PetitionClass].items()), "/".join(case.get("category") or ())
    asked = (
        ("claims", f"诉求序号（本案有{numbers}，用“/”隔开）", "numbers", (), ""),
        ("petition_class", "类别", "choice", classes, str(case.get("petition_class") or "")),
        ("category", "内容分类（由大到小，用“/”隔开）", "words", (), category),
        ("place", "问题属地", "choice", places.nodes, str(case.get("place") or "")),
    )
    return [
        FormField(
            name=f"parts.{row}.{part}",
            label=f"分出的第{row + 1}案：{label}",
            kind=kind,
            required=row == 0,
            choices=choices,
            value=value,
        )
        for row in rows
        for part, label, kind, choices, value in asked
    ]


def _field(name: str, hint: Any, places: Places, *, required: bool) -> FormField:
    choices: dict[str, Choices] = {
        "to_node": places.nodes,
        "to_unit": places.units,
        "place": places.nodes,
        "ground": GROUNDS,
        "adoption": ADOPTION,
        "purpose": PURPOSES,
    }
    kinds: dict[Any, str] = {bool: "yes", int: "number", date: "date"}
    made = FormField(name=name, label=LABELS.get(name, name), kind=kinds.get(hint, "text"), required=required)
    if name in choices:
        return dataclasses.replace(made, kind="choice", choices=choices[name])
    if hint in WORDS:
        return dataclasses.replace(made, kind="choice", choices=tuple(WORDS[hint].items()))
    return dataclasses.replace(made, kind="words") if name in _SEPARATED else made


def _claims(name: str, entries: type[Any], case: Mapping[str, Any]) -> list[FormField]:
    """Return one row of fields per claim; of a case not yet registered only how many claims there are."""
    numbers = [int(claim["number"]) for claim in case.get("claims") or ()]
    if not numbers:
        return [FormField(name=name, label=LABELS["claims"], kind="claim-count", required=True, value="1")]
    rows: list[FormField] = []
    for place, number in enumerate(numbers):
        rows.append(FormField(name=f"{name}.{place}.number", label="", kind="claim", value=str(number)))
        parts: dict[str, type[StrEnum]] = (
            {"outcome": Outcome} if entries is ClaimOutcome else {"petition_class": PetitionClass, "route": Route}
        )
        starts = {"petition_class": str(case.get("petition_class") or ""), "route": "RT6", "outcome": ""}
        said = {"petition_class": "类别", "route": "途径", "outcome": "处理意见"}
        rows.extend(
            FormField(
                name=f"{name}.{place}.{part}",
                label=f"诉求{number}的{said[part]}",
                kind="choice",
                required=True,
                choices=tuple(WORDS[words].items()),
                value=starts[part],
            )
            for part, words in parts.items()
        )
    return rows
