"""Writes the golden samples: one envelope per message type, kept for ever as a sender of its day wrote it.

``python tests/contract/golden.py --write`` adds the samples that are missing and leaves the others alone, because an
old sample is a promise to old senders. ``--rewrite TYPE`` replaces one; that is right only for a message that no
released version has ever sent.
"""

import argparse
import json
import sys
from collections.abc import Iterator
from datetime import date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from lianxi.casework.messages.facts import Role
from lianxi.contracts.envelope import encode
from lianxi.contracts.registry import MESSAGES
from lianxi.contracts.schemas import load
from lianxi.contracts.shapes import Kind, Shape, fields_of

FOLDER = Path(__file__).with_name("golden")
SHANGHAI = timezone(timedelta(hours=8))
AT = datetime(2026, 3, 2, 9, 30, 15, 250_000, tzinfo=SHANGHAI)
CASE = "63010400020260302W00012"
TEXTS = {
    "case_no": CASE,
    "contact_no": CASE,
    "into": "63010400020260105X00003",
    "node": "630104",
    "from_node": "630100",
    "to_node": "630104",
    "holder": "630104",
    "reviewing_node": "630100",
    "division": "630104001",
    "address_division": "630104002",
    "place": "630104001",
    "unit": "630104.housing",
    "from_unit": "630100.petition",
    "to_unit": "630104.housing",
    "proposed_organ": "630104.urban-management",
    "person": "zhang",
    "act": "T12",
    "basis": "第二十二条",
    "number": "宁信转〔2026〕12号",
    "channel": "web",
    "clock": "HANDLE",
    "trigger": "SUP-1",
    "command_type": "lianxi.sign-opinion.v1",
    "command": "{}",
    "previous": "0" * 64,
}
WHOLES = {"seq": 3, "epoch": 1, "persons": 1, "claims": 2, "number": 1, "expected_seq": 2}


def sample(cls: type[Any]) -> dict[str, Any]:
    """Return JSON values for every field of a message, always the same ones."""
    return {field.name: _value(field.name, field.shape) for field in fields_of(cls)}


def _value(name: str, shape: Shape) -> Any:  # noqa: PLR0911  one line per kind
    if shape.kind is Kind.RECORD:
        return sample(shape.of)
    if shape.item is not None:
        return [_value(name, shape.item)]
    if shape.choices:
        return Role.DISPATCHER.value if shape.of is Role else shape.choices[-1]
    if shape.kind is Kind.DAY:
        return date(2026, 3, 2).isoformat()
    if shape.kind is Kind.INSTANT:
        return AT.isoformat()
    if shape.kind is Kind.TEXTS:
        return {"facts": "经查，反映的问题属实。"}
    if shape.kind in (Kind.WHOLE, Kind.NUMBER):
        return WHOLES.get(name, 7)
    if shape.kind is Kind.TRUTH:
        return True
    return TEXTS.get(name, "a5" * 32 if "digest" in name else f"{name} 示例")


def file_of(wire_type: str) -> Path:
    """Return where the sample of a type is kept: ``golden/case-transferred.v1.json``."""
    return FOLDER / f"{wire_type.removeprefix('lianxi.')}.json"


def envelope_of(cls: type[Any]) -> dict[str, Any]:
    """Return the envelope of a sample message as JSON values."""
    message = load(cls, sample(cls))
    text = encode(
        message,
        id="019c9f7e-0000-7000-8000-000000000001",
        node="630104",
        service="routing",
        time=AT,
        subject=CASE,
        seq=3,
        epoch=1,
    )
    parsed: dict[str, Any] = json.loads(text)
    return parsed


def missing() -> Iterator[str]:
    """Yield the types that have no sample."""
    return (wire_type for wire_type in MESSAGES if not file_of(wire_type).exists())


def main(arguments: list[str]) -> int:
    """Write what was asked for; without arguments list what is missing."""
    parser = argparse.ArgumentParser(description="golden samples of all messages")
    parser.add_argument("--write", action="store_true", help="write the samples that are missing")
    parser.add_argument("--rewrite", metavar="TYPE", action="append", default=[], help="replace one sample")
    options = parser.parse_args(arguments)
    wanted = list(missing())
    for wire_type in [*options.rewrite, *(wanted if options.write else ())]:
        FOLDER.mkdir(exist_ok=True)
        text = json.dumps(envelope_of(MESSAGES[wire_type]), ensure_ascii=False, indent=2)
        file_of(wire_type).write_text(text + "\n", encoding="utf-8")
    left = list(missing())
    sys.stdout.write("".join(f"no sample: {wire_type}\n" for wire_type in left))
    return 1 if left else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
