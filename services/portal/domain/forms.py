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

from lianxi.casework.case.guards import (
    AGREEMENT_FIELDS,
    CALL_BACK_FIELDS,
    CONSENT_FIELDS,
    HEARING_FIELDS,
    MINUTES_FIELDS,
    NEW_MATTER_FIELDS,
    OPINION_FIELDS,
    SUMMONS_FIELDS,
)
from lianxi.casework.messages.catalogue import COMMANDS
from lianxi.casework.messages.facts import Claim, ClaimOutcome, Outcome, PetitionClass, Route
from lianxi.casework.messages.sorting import CasePart
from lianxi.casework.transitions import steps_for
from services.portal.domain.acts import NOT_ASKED
from services.portal.domain.form_words import (
    ADOPTION,
    FINAL_DECISIONS,
    GROUNDS,
    GUIDANCE,
    LABELS,
    PURPOSES,
    WORDS,
    Choices,
)

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
    "both_sides_consent": CONSENT_FIELDS,
    "new_facts_proven": NEW_MATTER_FIELDS,
    "hearing_minuted": HEARING_FIELDS,
    "guided_where_to_go": ("organ",),
    "competent_organ_named": ("organ",),
    "recipient_named": ("organ",),
    "every_claim_elsewhere": ("organ", "procedure"),
    "every_claim_a_duty": ("answer",),
    "is_a_suggestion": ("answer",),
    "call_back_told": CALL_BACK_FIELDS,
    "instruction_kept": ("decided_by", "instruction"),
}
_PAPER_IF_NEEDED: dict[str, tuple[str, ...]] = {
    "earlier_is_under_way": ("shown_by",),
    "earlier_ended_for_good": ("shown_by",),
    "agreement_written": AGREEMENT_FIELDS,
    "special_limit_founded": ("law",),
    "no_agreement": ("obstacle",),
    "call_back_owed": ("said",),
}
_REMEDY = "如不服本处理意见，可以自收到之日起30日内，向上一级机关、单位申请复查。"
_ON_ONE_LINE = frozenset({"caller", "chair", "decided_by", "mediator", "organ", "time", "venue"})
"""What of a document is a name or a moment, not a text."""
_SEPARATED = frozenset({"category", "recused", "assists", "parties", "accused"})
_MOST_PARTS = 3
_MOST_CLAIMS = 50
_OF_DUTY = frozenset({"classify-as-duty", "perform-duty"})


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
    proposed = _proposed(case) | (_owed_call(case) if command == "record-call-back" else {})
    duty = command in _OF_DUTY
    fields: list[FormField] = []
    for field in dataclasses.fields(cls):
        if field.name == "paper":
            fields.extend(paper_of(command))
        elif field.name == "ground" and command == "guide-petitioner":
            fields.append(FormField(name="ground", label="引导事由", kind="choice", required=True, choices=GUIDANCE))
        elif field.name == "days" and duty:
            fields.append(FormField(name="days", label="履职期限（天，法律另有规定的填写）", kind="number"))
        elif field.name == "disposition" and command == "decide-final-review":
            fields.append(
                FormField(name="disposition", label="复核决定", kind="choice", required=True, choices=FINAL_DECISIONS)
            )
        elif field.name not in NOT_ASKED:
            required = field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
            fields.extend(_fields(field.name, hints[field.name], case, places, required=required))
    if duty:
        fields = [dataclasses.replace(each, value="RT5") if each.name.endswith(".route") else each for each in fields]
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


def _owed_call(case: Mapping[str, Any]) -> dict[str, str]:
    """Return for whom a call-back is owed, where that is one only."""
    owed = [str(call["rated"]) for call in case.get("call_backs") or ()]
    return {"rated": owed[0]} if len(owed) == 1 else {}


def missing(typed: Mapping[str, str], fields: Iterable[FormField]) -> list[str]:
    """Return the names of the fields that must be filled in and were not."""
    return [
        field.name
        for field in fields
        if field.required and field.kind != "yes" and not typed.get(field.name, "").strip()
    ]


def nested(typed: Mapping[str, str], fields: Sequence[FormField]) -> dict[str, Any]:
    """Return the body that was typed into the form; what was left empty is left out."""
    body: dict[str, Any] = {}
    for field in fields:
        text = typed.get(field.name, "").strip()
        if field.kind == "yes":
            _put(body, field.name, text == "yes")
        elif text:
            _put(body, field.name, _value(field, text))
    if "claims" in body and any(field.kind == "claim-count" for field in fields):
        rows = body["claims"]
        body["claims"] = [rows[row] for row in sorted(rows, key=int) if "number" in rows[row]]
    if "parts" in body:
        body["parts"] = {row: part for row, part in body["parts"].items() if part.get("claims")}
    return {name: _listed(value) for name, value in body.items()}


def _value(field: FormField, text: str) -> Any:
    if field.kind == "claim-count":
        return {str(row): {"number": row + 1} for row in range(min(_whole(text), _MOST_CLAIMS))}
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
    if not names and not if_needed:
        wanted = any(step.document for step in steps)
        return [FormField(name="paper.text", label=LABELS["paper.text"], kind="long")] if wanted else []
    return [_of_paper(name, required=True) for name in names] + [_of_paper(name) for name in if_needed]


def _of_paper(name: str, *, required: bool = False) -> FormField:
    return FormField(
        name=f"paper.{name}",
        label=LABELS[f"paper.{name}"],
        kind="text" if name in _ON_ONE_LINE else "long",
        required=required,
        value=_REMEDY if name == "remedy" else "",
    )


def _fields(name: str, hint: Any, case: Mapping[str, Any], places: Places, *, required: bool) -> Sequence[FormField]:
    if isinstance(hint, types.UnionType):
        hint = next(part for part in typing.get_args(hint) if part is not types.NoneType)
    entries = typing.get_args(hint)[0] if typing.get_origin(hint) is tuple else None
    if entries in {Claim, ClaimOutcome}:
        return _claims(name, entries, case) if required else _claims_if_needed(name, case)
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
    """Return one row of fields per claim; of a case not yet registered how many there are, and the class of each."""
    claims = case.get("claims") or ()
    if not claims:
        return _stated(name, case)
    rows: list[FormField] = []
    for place, claim in enumerate(claims):
        number = int(claim["number"])
        rows.append(FormField(name=f"{name}.{place}.number", label="", kind="claim", value=str(number)))
        parts: dict[str, type[StrEnum]] = (
            {"outcome": Outcome} if entries is ClaimOutcome else {"petition_class": PetitionClass, "route": Route}
        )
        starts = _starts(claim, case)
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


def _claims_if_needed(name: str, case: Mapping[str, Any]) -> list[FormField]:
    """Return class and route of each claim for whoever wants to settle them here; what is left empty stays as it is."""
    rows: list[FormField] = []
    for place, claim in enumerate(case.get("claims") or ()):
        number = int(claim["number"])
        rows.append(FormField(name=f"{name}.{place}.number", label="", kind="claim", value=str(number)))
        for part, said, words in (("petition_class", "类别", PetitionClass), ("route", "途径", Route)):
            choices = tuple(WORDS[words].items())
            value = str(claim.get(part) or "")
            label = f"诉求{number}的{said}"
            rows.append(
                FormField(name=f"{name}.{place}.{part}", label=label, kind="choice", choices=choices, value=value)
            )
    return rows


def _starts(claim: Mapping[str, Any], case: Mapping[str, Any]) -> dict[str, str]:
    """What the fields of a claim start with: its own class and route, else those of the case and of the rules.

    A route of Art. 31 is one of class C; what the rules found for a petition is none of a suggestion in it.
    """
    petition_class = str(claim.get("petition_class") or case.get("petition_class") or "")
    proposed = (case.get("proposal") or {}).get("route") if petition_class == PetitionClass.RELIEF else None
    return {
        "petition_class": petition_class,
        "route": str(claim.get("route") or proposed or Route.RT6),
        "outcome": "",
    }


def _stated(name: str, case: Mapping[str, Any]) -> list[FormField]:
    """Return how many claims a contact has, and the class of each, as they were stated; a clerk may change both."""
    stated = (case.get("proposal") or {}).get("claims") or ()
    count = FormField(
        name=name, label=LABELS["claims"], kind="claim-count", required=True, value=str(max(1, len(stated)))
    )
    return [
        count,
        *(
            FormField(
                name=f"{name}.{row}.petition_class",
                label=f"诉求{row + 1}的类别",
                kind="choice",
                choices=tuple(WORDS[PetitionClass].items()),
                value=str(claim.get("petition_class") or ""),
            )
            for row, claim in enumerate(stated)
        ),
    ]
