"""Letters on paper: each on sheets of its own, with the address where a window envelope shows it, as HTML or DOCX.

Both formats are made here without a library: HTML prints from any browser, which also knows how to set Tibetan, DOCX
opens in any office program and can be changed before it is signed. Every text is escaped; a letter never fetches
anything. The window: 20 to 110 mm from the left edge of the sheet, 45 to 85 mm from its top.
"""

import base64
import io
import zipfile
from collections.abc import Sequence
from html import escape

from lianxi.law.receipts import in_shanghai
from services.notify.domain.letters import Envelope

_STYLE = """
@page { size: A4 portrait; margin: 15mm 22mm 20mm 25mm;
  @bottom-center { content: "— " counter(page) " —"; font: 10pt "FangSong", "仿宋", "Noto Serif CJK SC", serif; } }
* { box-sizing: border-box; }
body { margin: 0; font: 16pt/1.75 "FangSong", "仿宋", "Noto Serif CJK SC", serif; color: #000; }
article { break-before: page; counter-reset: page 1; }
article:first-of-type { break-before: auto; }
header { height: 25mm; border-bottom: 1.5pt solid #c00; color: #c00; font-size: 24pt; line-height: 20mm;
  text-align: center; font-weight: bold; letter-spacing: .1em; white-space: nowrap; overflow: hidden; }
address { font-style: normal; font-size: 14pt; line-height: 1.5; width: 85mm; height: 40mm; margin: 5mm 0 3mm;
  overflow: hidden; overflow-wrap: anywhere; }
h1 { font-size: 20pt; text-align: center; font-weight: bold; line-height: 1.4; margin: 4mm 0 6mm; }
p { margin: 0; min-height: 1.75em; overflow-wrap: anywhere; }
footer { margin-top: 10mm; text-align: right; break-inside: avoid; }
small { display: block; font-size: 9pt; color: #444; margin-top: 8mm; }
@media screen { body { background: #ddd; } article { background: #fff; width: 210mm; max-width: 100%; min-height: 297mm;
  margin: 6mm auto; padding: 15mm 22mm 20mm 25mm; box-shadow: 0 1px 6px #999; } }
"""
_TYPES = """<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">
<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>
<Default Extension="xml" ContentType="application/xml"/>
<Override PartName="/word/document.xml"
 ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/></Types>"""
_RELATIONS = """<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1"
 Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument"
 Target="word/document.xml"/></Relationships>"""
_WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_NEVER_CHANGES = (1980, 1, 1, 0, 0, 0)
_PAGE_BREAK = '<w:p><w:r><w:br w:type="page"/></w:r></w:p>'


def as_html(letters: Sequence[Envelope]) -> str:
    """Return the letters as one page of HTML, one sheet each."""
    sheets = "\n".join(_sheet(letter) for letter in letters)
    return (
        f'<!doctype html>\n<html lang="zh-CN"><head><meta charset="utf-8"><title>信函</title><style>{_STYLE}</style>'
        f"</head><body>\n{sheets}\n</body></html>\n"
    )


def _sheet(letter: Envelope) -> str:
    lines = "".join(f"<p>{escape(line)}</p>" for line in letter.body.splitlines())
    return (
        f"<article><header>{escape(letter.sender)}</header>"
        f"<address>{escape(letter.address)}<br>{escape(letter.name)}　收</address>"
        f"<h1>{escape(letter.title)}</h1>"
        f"{lines}<footer>{escape(letter.sender)}<br>{_day(letter)}</footer>"
        f"<small>信访编号 {escape(letter.case_no)}　信函 {escape(letter.id)}</small></article>"
    )


def as_docx(letters: Sequence[Envelope]) -> str:
    """Return the letters as one DOCX file, in base64; the same letters always give the same file."""
    body = _PAGE_BREAK.join("".join(_paragraphs(letter)) for letter in letters)
    document = (
        '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
        f'<w:document xmlns:w="{_WORD}"><w:body>{body}<w:sectPr><w:pgSz w:w="11906" w:h="16838"/></w:sectPr></w:body>'
        "</w:document>"
    )
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        parts = {"[Content_Types].xml": _TYPES, "_rels/.rels": _RELATIONS, "word/document.xml": document}
        for name, content in parts.items():
            archive.writestr(zipfile.ZipInfo(name, _NEVER_CHANGES), content)
    return base64.b64encode(file.getvalue()).decode()


def _paragraphs(letter: Envelope) -> list[str]:
    lines = [
        (letter.sender, "center"),
        (letter.address, "left"),
        (f"{letter.name}　收", "left"),
        ("", "left"),
        (letter.title, "center"),
    ]
    lines += [(line, "left") for line in letter.body.splitlines()]
    lines += [("", "left"), (letter.sender, "right"), (_day(letter), "right"), (letter.case_no, "left")]
    return [
        f'<w:p><w:pPr><w:jc w:val="{side}"/></w:pPr>'
        f'<w:r><w:t xml:space="preserve">{escape(_clean(line))}</w:t></w:r></w:p>'
        for line, side in lines
    ]


def _clean(text: str) -> str:
    """Leave out what XML cannot hold."""
    return "".join(sign for sign in text if sign >= " " or sign == "\t")


def _day(letter: Envelope) -> str:
    day = in_shanghai(letter.at)
    return f"{day.year}年{day.month}月{day.day}日"
