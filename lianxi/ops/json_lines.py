"""JSON lines in, JSON lines out, as `--batch` of `lianxi deadline` and `lianxi sort` has them.

Every line is answered by one line, in order, under the `id` it came with. A line that cannot be answered gets an error
object naming the field, the rule and how to mend it, and the rest go on. What is wrong before anybody looks at the
question has two rules: IN-1 not one JSON object in UTF-8, IN-2 no usable id.
"""

import json
from collections.abc import Callable, Iterator
from typing import Any, BinaryIO, NoReturn

from lianxi.casework.errors import Invalid
from lianxi.law.errors import DateRuleError

Fields = dict[str, Any]


def answer_stream(
    source: BinaryIO, sink: BinaryIO, answer: Callable[[Fields], Fields], *, longest: int
) -> tuple[int, int]:
    """Answer every line as it comes; return how many were answered and how many refused."""
    answered = refused = 0
    for line in _lines(source, longest):
        reply = answer_line(line, answer, longest=longest)
        if "error" in reply:
            refused += 1
        else:
            answered += 1
        sink.write(_encoded(reply))
        sink.flush()
    return answered, refused


def answer_line(line: bytes, answer: Callable[[Fields], Fields], *, longest: int) -> Fields:
    """One line in, one object out, whatever the line holds; `answer` refuses with Invalid or DateRuleError."""
    identity: str | int | None = None
    try:
        fields = _object(line, longest)
        identity = _identity(fields)
        return {"id": identity} | answer(fields)
    except (Invalid, DateRuleError) as error:
        return {"id": identity, "error": {"field": error.field, "rule": error.rule, "message": error.message}}


def _lines(source: BinaryIO, longest: int) -> Iterator[bytes]:
    """Lines that are not blank; of one too long only the beginning is kept, which is enough to refuse it."""
    while line := source.readline(longest + 1):
        rest = line
        while len(rest) > longest and not rest.endswith(b"\n"):
            rest = source.readline(longest + 1)
        if line.strip() or len(line) > longest:
            yield line


def _object(line: bytes, longest: int) -> Fields:
    if len(line) > longest:
        raise Invalid("line", "IN-1", f"一行不得超过{longest}字节")
    try:
        fields = _DECODER.decode(line.decode("utf-8-sig").strip())
    except (ValueError, RecursionError) as error:
        raise Invalid("line", "IN-1", "不是一行合法的 UTF-8 JSON，请检查引号、逗号和重复的字段") from error
    if not isinstance(fields, dict):
        raise Invalid("line", "IN-1", "每行应为一个 JSON 对象")
    return fields


def _once(pairs: list[tuple[str, Any]]) -> Fields:
    """A field given twice leaves open which one is meant."""
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise ValueError("duplicate field")
    return fields


def _no_constant(name: str) -> NoReturn:
    """NaN and Infinity are Python's, not JSON's."""
    raise ValueError(name)


_DECODER = json.JSONDecoder(object_pairs_hook=_once, parse_constant=_no_constant)


def _identity(fields: Fields) -> str | int:
    identity = fields.get("id")
    if not isinstance(identity, str | int) or isinstance(identity, bool):
        raise Invalid("id", "IN-2", "每行须有 id，为字符串或整数")
    return identity


def _encoded(reply: Fields) -> bytes:
    """One line of UTF-8; an id with half a character in it goes back escaped, as it came."""
    try:
        return json.dumps(reply, ensure_ascii=False).encode() + b"\n"
    except UnicodeEncodeError:
        return json.dumps(reply).encode() + b"\n"
