"""Read one entry of a rule file field by field, so that a mistake is named by file, entry and field.

The files are edited by people who know petitions and not programs: an unknown field is a typing mistake and is
refused, and every refusal says where to look. PyYAML is used here and nowhere else in routing.
"""

import csv
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import yaml

from lianxi.casework.errors import Broken


class BadRulebook(Broken):
    """A rule file cannot be used as it is; the node does not start with half a rulebook."""

    def __init__(self, file: str, entry: str, field: str, problem: str) -> None:
        where = "，".join(part for part in (f"条目 {entry}" if entry else "", f"字段 {field}" if field else "") if part)
        super().__init__(
            f"{file}：{where + '：' if where else ''}{problem}",
            field=field or None,
            rule=entry or None,
            details={"file": file},
        )


@dataclass(frozen=True, slots=True)
class Entry:
    """The fields of one entry of a file; `name` says which entry it is."""

    file: str
    name: str
    fields: Mapping[str, Any]

    def bad(self, field: str, problem: str) -> BadRulebook:
        """Return the error that names this entry and one field of it."""
        return BadRulebook(self.file, self.name, field, problem)

    def only(self, *known: str) -> None:
        """Refuse fields that mean nothing here."""
        for field in self.fields:
            if field not in known:
                raise self.bad(str(field), f"不认识这个字段；可用的有：{'、'.join(known)}。")

    def text(self, field: str, default: str | None = None) -> str:
        """Return a text; without a default it must be there."""
        value = self.fields.get(field, default)
        if not isinstance(value, str) or (default is None and not value.strip()):
            raise self.bad(field, "应为非空文字（数字编号须加引号）。")
        return value

    def choice(self, field: str, choices: Collection[str], default: str | None = None) -> str:
        """Return one of several words."""
        value = self.text(field, default)
        if value not in choices and value != default:
            raise self.bad(field, f"应为以下之一：{'、'.join(sorted(choices))}。")
        return value

    def texts(self, field: str) -> tuple[str, ...]:
        """Return a list of texts, or a text of words parted by spaces; none if absent."""
        value = self.fields.get(field, [])
        if isinstance(value, str):
            value = value.split()
        if not isinstance(value, list) or not all(isinstance(item, str) and item for item in value):
            raise self.bad(field, "应为文字的列表（数字编号须加引号）。")
        return tuple(value)

    def number(self, field: str, default: float | None = None) -> float:
        """Return a number."""
        value = self.fields.get(field, default)
        if not isinstance(value, int | float) or isinstance(value, bool):
            raise self.bad(field, "应为数字。")
        return float(value)

    def flag(self, field: str) -> bool:
        """Return true or false; false if absent."""
        value = self.fields.get(field, False)
        if not isinstance(value, bool):
            raise self.bad(field, "应为 true 或 false。")
        return value

    def day(self, field: str) -> date | None:
        """Return a date, None if absent."""
        value = self.fields.get(field)
        if value is not None and (not isinstance(value, date) or isinstance(value, datetime)):
            raise self.bad(field, "应为日期，如 2026-01-01。")
        return value

    def inner(self, field: str) -> "Entry":
        """Return a field that has fields of its own; empty if absent."""
        value = self.fields.get(field, {})
        if not isinstance(value, dict):
            raise self.bad(field, "应为一组“名称: 值”。")
        return Entry(self.file, f"{self.name}.{field}" if self.name else field, value)

    def entries(self, field: str) -> Iterator["Entry"]:
        """Return the entries of a field, each named by its key."""
        for key, value in self.inner(field).fields.items():
            if not isinstance(key, str):
                raise self.bad(field, f"名称 {key} 须加引号。")
            if not isinstance(value, dict):
                raise self.bad(f"{field}.{key}", "应为一组“名称: 值”。")
            yield Entry(self.file, key, value)


def _refuse_repeated_keys(node: yaml.Node | None) -> None:
    """Refuse a key given twice, of which YAML would silently take the second."""
    if isinstance(node, yaml.SequenceNode):
        for item in node.value:
            _refuse_repeated_keys(item)
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            if key.value in seen:
                raise yaml.constructor.ConstructorError(None, None, f"{key.value} 出现了两次", key.start_mark)
            seen.add(key.value)
            _refuse_repeated_keys(value)


def _content(text: str) -> Any:
    """Return what a YAML text says, read by the fast reader where PyYAML was built with it."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)(text)
    try:
        node = loader.get_single_node()
        _refuse_repeated_keys(node)
        return None if node is None else loader.construct_document(node)
    finally:
        loader.dispose()


def read_yaml(path: Path) -> Entry:
    """Read a YAML file as one entry without a name."""
    try:
        content = _content(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise BadRulebook(path.name, "", "", f"无法读取（{error.strerror}）。") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise BadRulebook(path.name, "", "", f"不是 UTF-8 的 YAML：{' '.join(str(error).split())}") from error
    if not isinstance(content, dict):
        raise BadRulebook(path.name, "", "", "应为一组“名称: 值”。")
    return Entry(path.name, "", content)


def read_rows(path: Path, *columns: str) -> Iterator[Entry]:
    """Read the rows of a CSV file, each named by its line number."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            if missing := [column for column in columns if column not in (reader.fieldnames or ())]:
                raise BadRulebook(path.name, "", missing[0], "缺少这一列。")
            for row in reader:
                yield Entry(path.name, f"第{reader.line_num}行", row)
    except OSError as error:
        raise BadRulebook(path.name, "", "", f"无法读取（{error.strerror}）。") from error
