"""`lianxi sort`: what the sorting desk of a node would find in a petition, with its reasons; nothing is kept.

`--batch` reads JSON lines `{"id","subject","text","address"?,"division"?}` and answers each with one line, in order:
category, confidence, runner-up, places (that of the problem first), class, route, unit, who assists, whether it may be
urgent, and why. A category of which only the upper levels were recognised is completed with 其他, as the catalogue has
it. A line that cannot be sorted gets an error object naming the field, the rule and how to mend it, and the rest go on.
`lianxi sort learn` shows where clerks of a node decided otherwise, and what that suggests.

What a line may not be has the rule ids of `lianxi deadline`: IN-1 not one JSON object, IN-2 no usable id, IN-5 unknown
field, IN-6 wrong type; and IN-7, nothing to sort. The desk belongs to the routing service and is found by name at run
time, because nothing in `lianxi` may depend on a service.
"""

import importlib
import json
import sys
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from lianxi.casework.errors import Invalid, LianxiError
from lianxi.casework.identifiers import DivisionCode
from lianxi.ops import json_lines
from lianxi.ops.whereabouts import environment_of
from lianxi.runtime.clock import SHANGHAI, SystemClock
from lianxi.runtime.settings import read

CITY = "630100"
_LEVELS, _OTHER = 3, "其他"
_LONGEST_LINE = 1024 * 1024
_FIELDS = ("id", "subject", "text", "address", "division")
_BESIDE_THE_PACKAGE = Path(__file__).resolve().parents[2] / "deploy"


@click.group(
    help="分拣：判断内容分类、问题属地、类别和去向，并说明理由；不保存任何内容。learn 列出改判给规则的提示。",
    invoke_without_command=True,
)
@click.option("--subject", default="", help="标题。")
@click.option("--text", default="", help="正文。")
@click.option("--address", default="", help="信访人住址：区划代码或文字。")
@click.option("--division", default="", help="信访人选择的问题属地（区划代码）。")
@click.option("--node", default=CITY, show_default=True, help="收件的节点（区划代码）。")
@click.option("--data", type=click.Path(file_okay=False, exists=True, path_type=Path), help="规则文件所在目录。")
@click.option("--json", "as_json", is_flag=True, help="输出 JSON。")
@click.option("--batch", is_flag=True, help="从标准输入读 JSON 行，逐行回答。")
def command(*, node: str, data: Path | None, as_json: bool, batch: bool, **fields: str) -> None:
    """Sort one petition from the options, or a stream of them."""
    if click.get_current_context().invoked_subcommand is not None:
        return
    if batch and any(fields.values()):
        raise click.UsageError("--batch 从标准输入读取全部内容，不能与 --subject、--text 等选项同用")
    try:
        desk = Desk(data or Path(read("DEPLOY_DIR", str(_BESIDE_THE_PACKAGE))) / "xining", node)
        if batch:
            _batch(desk)
            return
        found = desk.sort({name: value for name, value in fields.items() if value})
    except LianxiError as error:
        raise click.UsageError(_worded(error)) from error
    click.echo(json.dumps(found, ensure_ascii=False) if as_json else desk.in_words(found))


@command.command(help="列出工作人员改判的情况，以及对规则、用语、地名的修改提示；不自动改动任何规则。")
@click.option("--node", default=None, help="节点（区划代码）；默认为环境所指的节点。")
@click.option("--state", type=click.Path(path_type=Path), help="`lianxi node up` 的状态目录。")
@click.option("--since", type=click.DateTime(["%Y-%m-%d"]), help="只看这一天以后的改判。")
@click.option("--json", "as_json", is_flag=True, help="输出 JSON。")
def learn(*, node: str | None, state: Path | None, since: datetime | None, as_json: bool) -> None:
    """Turn the overrules of a node into proposals for its rules."""
    settings = importlib.import_module("services.routing.settings").Settings.from_environment(
        environment_of(node, state)
    )
    parts = importlib.import_module("services.routing.wiring").build(settings)
    try:
        with parts.open_work() as work:
            overrules = work.overrules.since(since.replace(tzinfo=SHANGHAI) if since else None)
    finally:
        parts.close()
    found = importlib.import_module("services.routing.domain.sorting.overrules").lessons(overrules)
    if as_json:
        rows = [asdict(lesson) for lesson in found]
        click.echo(json.dumps({"overrules": len(overrules), "lessons": rows}, ensure_ascii=False))
        return
    for lesson in found:
        click.echo(f"{lesson.times} 次　{lesson.field}：{lesson.proposed} → {lesson.decided}　{lesson.advice}")
    click.echo(f"共 {len(overrules)} 处改判，{len(found)} 条提示")


class Desk:
    """The sorting desk of one node, by the rules in force today."""

    def __init__(self, data_dir: Path, node: str) -> None:
        book = importlib.import_module("services.routing.storage.rulebook").load_rulebook(data_dir)
        rules = importlib.import_module("services.routing.domain.sorting.rules")
        self._node = str(DivisionCode.parse(node, "node"))
        if self._node not in book.directory.nodes:
            raise Invalid("node", "X-3", "节点目录（topology.yaml）中没有这个节点。")
        self._directory = book.directory
        self._catalogue = book.catalogue
        self._gazetteer = book.gazetteer
        self._sorter = rules.RuleSorter(lambda: book, SystemClock(None).today)

    def sort(self, fields: Mapping[str, Any]) -> dict[str, Any]:
        """Sort the fields of one petition; raises Invalid."""
        texts = {name: _text(fields, name) for name in _FIELDS[1:]}
        if not (texts["subject"].strip() or texts["text"].strip()):
            raise Invalid("text", "IN-7", "标题和正文不能都为空。")
        declared = str(DivisionCode.parse(texts["division"])) if texts["division"] else ""
        found = self._sorter.sort(
            subject=texts["subject"], text=texts["text"], declared=declared, address=texts["address"], node=self._node
        )
        target = found.target
        return {
            "category": self._whole(found.category),
            "confidence": found.confidence,
            "runner_up": self._whole(found.runner_up),
            "place": list(dict.fromkeys((found.place or found.places[0], *found.places))) if found.places else [],
            "class": found.petition_class.value if found.petition_class else None,
            "route": found.route.value if found.route else None,
            "unit": (target.to_unit or target.to_node) if target else None,
            "assisting": list(found.assisting),
            "urgent": found.urgent,
            "settled": found.settled,
            "why": list(dict.fromkeys(filter(None, (*(reason.text for reason in found.reasons), found.why)))),
        }

    def _whole(self, category: tuple[str, ...]) -> list[str]:
        """A category with all its levels: where words did not tell, 其他 of the catalogue, if it has one there."""
        while category and len(category) < _LEVELS and (*category, _OTHER) in self._catalogue:
            category = (*category, _OTHER)
        return list(category)

    def in_words(self, found: Mapping[str, Any]) -> str:
        """A finding for a person to read."""
        unit = found["unit"]
        lines = [
            f"内容分类　{'/'.join(found['category']) or '未识别'}（把握 {found['confidence']:.0%}）",
            f"问题属地　{'、'.join(self._gazetteer.name(code) for code in found['place']) or '未提到'}",
            f"类　　别　{found['class'] or '未定'}　途径　{found['route'] or '未定'}",
            f"去　　向　{f'{self._directory.name(unit)}（{unit}）' if unit else '由分办人员决定'}",
            "理　　由",
            *(f"  {reason}" for reason in found["why"]),
        ]
        return "\n".join(lines)


def _worded(error: LianxiError) -> str:
    """The refusal with the field it is about and its rule, where it names them."""
    about = f"{error.field}：" if error.field else ""
    return f"{about}{error.message}{f'〔{error.rule}〕' if error.rule else ''}"


def _batch(desk: Desk) -> None:
    answered, refused = json_lines.answer_stream(sys.stdin.buffer, sys.stdout.buffer, desk.sort, longest=_LONGEST_LINE)
    if refused:
        click.echo(f"共{answered + refused}行，其中{refused}行未能分拣，原因见各行 error", err=True)


def _text(fields: Mapping[str, Any], name: str) -> str:
    """Return a text field; absent and null are empty, and a field nobody knows is refused before."""
    for field in fields:
        if field not in _FIELDS:
            raise Invalid(str(field)[:40], "IN-5", f"不认识的字段；可用字段：{'、'.join(_FIELDS)}。")
    value = fields.get(name)
    if value is not None and not isinstance(value, str):
        raise Invalid(name, "IN-6", f"{name} 应为文字。")
    return value or ""
