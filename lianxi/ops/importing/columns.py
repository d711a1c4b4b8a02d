"""Which column of a file is what: a guess by the usual English and Chinese names, corrected by `--map`.

A field of the import is named as in the registration of a contact; `source_id` is the id in the system the file comes
from, `account` the author's id there. The first name of a list that the file has wins.
"""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

NAMES: Mapping[str, tuple[str, ...]] = {
    "source_id": ("message_id", "source_id", "id", "留言编号", "信访编号", "信件编号", "来件编号", "编号"),
    "account": (
        "author",
        "author_id",
        "account",
        "user_id",
        "user",
        "username",
        "留言用户",
        "用户",
        "作者",
        "账号",
        "网民",
    ),
    "name": (
        "name",
        "petitioner",
        "姓名或名称",
        "信访人姓名",
        "信访人",
        "姓名",
        "留言人",
        "来信人",
        "反映人",
        "投诉人",
    ),
    "id_number": ("id_number", "citizen_id", "身份证号码", "身份证号", "身份证", "证件号码"),
    "credit_code": ("credit_code", "统一社会信用代码", "信用代码"),
    "phone": ("phone", "mobile", "telephone", "联系电话", "手机号码", "手机号", "手机", "电话"),
    "email": ("email", "mail", "电子邮箱", "电子邮件", "邮箱"),
    "address": ("address", "住址", "地址", "家庭住址", "通讯地址", "联系地址"),
    "subject": ("subject", "title", "主题", "留言主题", "标题", "信访事项", "诉求", "事项"),
    "text": (
        "text",
        "content",
        "body",
        "message",
        "正文",
        "内容",
        "留言详情",
        "留言内容",
        "信访内容",
        "详情",
        "事实和理由",
    ),
    "received_at": (
        "received_at",
        "submitted_at",
        "received",
        "submitted",
        "created_at",
        "收到时间",
        "收到日期",
        "提交时间",
        "留言时间",
        "来信日期",
        "来访日期",
        "登记时间",
        "登记日期",
        "时间",
        "日期",
        "time",
        "date",
    ),
    "posted_on": ("posted_on", "postmark", "邮戳日期", "寄出日期"),
    "division": ("division", "问题属地代码", "区划代码"),
    "address_division": ("address_division", "住址区划代码"),
    "persons": ("persons", "信访人数", "人数"),
    "representatives": ("representatives", "代表人数"),
    "anonymous": ("anonymous", "是否匿名", "匿名"),
    "channel": ("channel", "信访形式", "信访方式", "来源渠道"),
    "purpose": ("purpose", "信访目的"),
    "petition_class": ("petition_class", "事项类别"),
    "stamp": ("stamp", "收文编号", "收文章编号"),
    "reception_place": ("reception_place", "接待场所"),
    "recording": ("recording", "录音编号"),
    "claims": ("claims", "诉求项数"),
}
CHANNELS: Mapping[str, tuple[str, ...]] = {
    "letter": ("letter", "信", "来信", "信件", "书信"),
    "visit": ("visit", "访", "来访", "走访"),
    "web": ("web", "网", "网上", "网信", "网上信访", "网络"),
    "phone": ("phone", "电", "来电", "电话"),
    "fax": ("fax", "传真"),
}
_CHANNEL_BY_WORD = {word: channel for channel, words in CHANNELS.items() for word in words}
PETITIONER = ("name", "account", "id_number", "credit_code", "phone", "email", "address")
PLAIN = (
    "text",
    "posted_on",
    "division",
    "address_division",
    "persons",
    "representatives",
    "purpose",
    "petition_class",
    "stamp",
    "reception_place",
    "recording",
    "claims",
)
_NAMING = ("name", "account", "id_number", "credit_code")
YES = frozenset({"是", "true", "1", "y", "yes", "匿名", "t"})
NO = frozenset({"", "否", "false", "0", "n", "no", "实名", "f"})
_SENTENCE_END = re.compile(r"[。！？!?；;\n]")
_SUBJECT_LENGTH = 40


class BadMapping(Exception):  # noqa: N818  reads as what happened
    """The columns do not fit; the text says how to mend it, in Chinese."""


@dataclass(frozen=True, slots=True)
class Columns:
    """Where each field stands, and how to read a row by it."""

    header: Sequence[str]
    places: Mapping[str, int]

    @classmethod
    def of(cls, header: Sequence[str], given: Mapping[str, str]) -> "Columns":
        """Guess by the header, then take what was given; an empty column name takes a guess back."""
        known = {_plain(name): place for place, name in reversed(list(enumerate(header)))}
        places = {}
        for field, names in NAMES.items():
            found = [known[name] for name in map(_plain, names) if name in known]
            if found:
                places[field] = found[0]
        for field, column in given.items():
            if field not in NAMES:
                raise BadMapping(f"--map 不认识字段“{field}”，可用的有：{'、'.join(NAMES)}。")
            places.pop(field, None)
            if column:
                if _plain(column) not in known:
                    raise BadMapping(f"文件没有“{column}”这一列；现有的列：{'、'.join(header)}。")
                places[field] = known[_plain(column)]
        if "text" not in places:
            raise BadMapping(f"找不到正文所在的列；请用 --map text=列名 指明。现有的列：{'、'.join(header)}。")
        return cls(header, places)

    def cell(self, cells: Sequence[str], field: str) -> str:
        """Return the cell of a field, "" if the file has no such column."""
        place = self.places.get(field)
        return "" if place is None else cells[place].replace("\r\n", "\n").replace("\r", "\n")

    def body(self, cells: Sequence[str], channel: str | None, *, received_from_column: bool) -> dict[str, Any]:
        """Return the fields of a contact; a file without any column for a name holds anonymous ones."""
        petitioner = {field: cell for field in PETITIONER if (cell := self.cell(cells, field).strip())}
        if "account" in petitioner:
            petitioner.setdefault("name", petitioner["account"])
        body: dict[str, Any] = {field: cell for field in PLAIN if (cell := self.cell(cells, field))}
        body |= {"channel": channel or self._channel(cells), "subject": self._subject(cells), "petitioner": petitioner}
        body["anonymous"] = self._anonymous(cells)
        if received_from_column and "received_at" in self.places:
            body["received_at"] = self.cell(cells, "received_at").strip() or "-"
        return body

    def _subject(self, cells: Sequence[str]) -> str:
        """Return the subject; a file without such a column has the first sentence stand for it."""
        if "subject" in self.places:
            return self.cell(cells, "subject").strip()
        return _SENTENCE_END.split(self.cell(cells, "text").strip(), maxsplit=1)[0][:_SUBJECT_LENGTH]

    def _channel(self, cells: Sequence[str]) -> str:
        """Return the channel the row names, or its word as it is for the door to refuse."""
        word = self.cell(cells, "channel").strip()
        return _CHANNEL_BY_WORD.get(_plain(word), word)

    def _anonymous(self, cells: Sequence[str]) -> bool | str:
        """Return yes, no, or the cell as it is for the door to refuse."""
        if "anonymous" not in self.places:
            return self.places.keys().isdisjoint(_NAMING)
        word = _plain(self.cell(cells, "anonymous"))
        return word in YES if word in YES | NO else word

    def field_of(self, field: str) -> str:
        """Return the column a refused field came from, as the file names it."""
        last = field.rpartition(".")[2]
        place = self.places.get(last, self.places.get("account") if last == "name" else None)
        return field if place is None else self.header[place]


def read_mapping(pairs: Sequence[str]) -> dict[str, str]:
    """Read `subject=主题,text=内容` pairs; a comma inside a column name needs an option of its own."""
    mapping = {}
    for pair in pairs:
        parts = pair.split(",") if all("=" in part for part in pair.split(",")) else [pair]
        for part in parts:
            field, equals, column = part.partition("=")
            if not equals:
                raise BadMapping(f"--map 应写作 字段=列名，如 subject=主题；现为“{part}”。")
            mapping[field.strip()] = column.strip()
    return mapping


def _plain(name: str) -> str:
    """Return a column name as it is compared: narrow, lower case, without spaces and invisible marks."""
    narrowed = unicodedata.normalize("NFKC", name).casefold()
    return "".join(character for character in narrowed if not character.isspace() and character not in "\ufeff\u200b*")
