"""Petitions and documents against the digests that the events of their cases hold.

A node must have the text of every document whose event it wrote itself, of every document of a case that it holds, and
of the petition of every case that it ever held. Of others it may have a text, as a copy, but never one that no event
vouches for. The petition of an ended case may be blank as a whole: then its petitioner's data were erased, of which the
register of personal data tells (`lianxi audit verify`).
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby, islice
from operator import attrgetter
from typing import Any

from sqlalchemy import Connection, text

from lianxi.casework.case.builders import draft_number, paper_digest, petition_digest
from lianxi.casework.chain import Damage, Finding
from lianxi.casework.messages.facts import TERMINAL_STATES
from lianxi.ops.verify.tally import Tally
from lianxi.runtime.crypto import CannotOpen, KeyRing

PORTION = 500
# Events that no document belongs to are left in the database; whether the rest are sound is for `histories` to say.
_WITH_DOCUMENT = "(e.body LIKE '%\"document\":%' OR e.name = 'opinion-submitted')"
_EVENTS = text(
    "SELECT e.case_no, e.seq, e.name, e.node, e.body, coalesce(f.holder, '') AS holder FROM routing.case_event e"
    f" LEFT JOIN routing.case_file f USING (case_no) WHERE {_WITH_DOCUMENT} ORDER BY e.case_no, e.seq"
)
_DOCUMENTS = text(
    "SELECT case_no, number, digest, paper FROM routing.document WHERE case_no = ANY(:numbers) ORDER BY 1, 2"
)
_UNKNOWN = text(
    "SELECT case_no, number FROM routing.document d WHERE NOT EXISTS"
    f" (SELECT FROM routing.case_event e WHERE e.case_no = d.case_no AND {_WITH_DOCUMENT}) ORDER BY 1, 2"
)
_TEXTS = text(
    "SELECT f.case_no, f.state, f.snapshot->>'text_digest' AS digest, t.subject, t.text, t.petitioner_sealed"
    " FROM routing.case_file f LEFT JOIN routing.case_text t USING (case_no)"
    " WHERE f.snapshot->'path' ? :node ORDER BY 1"
)


def paper_findings(cases: Connection, keys: KeyRing, here: str, tally: Tally) -> Iterator[Finding]:
    """Yield every petition and document that is missing at the node `here`, or says something else than it did."""
    in_portions = {"stream_results": True, "yield_per": PORTION}
    streamed = cases.execute(_EVENTS, execution_options=in_portions)
    histories = ((case_no, list(rows)) for case_no, rows in groupby(streamed, key=attrgetter("case_no")))
    while portion := dict(islice(histories, PORTION)):
        kept: dict[str, list[Any]] = {case_no: [] for case_no in portion}
        for row in cases.execute(_DOCUMENTS, {"numbers": list(portion)}):
            kept[row.case_no].append(row)
        for case_no, rows in portion.items():
            tally.papers += len(kept[case_no])
            yield from _documents_of(rows, kept[case_no], keys, here)
    for row in cases.execute(_UNKNOWN):
        yield Finding(row.case_no, 0, Damage.EDITED, f"文书 {row.number} 在历史记录中没有依据。")
    for row in cases.execute(_TEXTS, {"node": here}, execution_options=in_portions):
        tally.papers += 1
        yield from _petition_of(row, keys)


def _documents_of(events: Sequence[Any], kept: Sequence[Any], keys: KeyRing, here: str) -> Iterator[Finding]:
    vouched = {number: (row, digest) for row in events for number, digest in _vouched(row)}
    for document in kept:
        event, digest = vouched.get(document.number, (None, ""))
        if not digest or _paper_digest(keys, document) != digest or document.digest != digest:
            told = f"文书 {document.number} 的内容与历史记录中的摘要不符。"
            yield Finding(document.case_no, event.seq if event else 0, Damage.EDITED, told)
    for number in sorted(vouched.keys() - {document.number for document in kept}):
        event, _ = vouched[number]
        if here in {event.node, event.holder}:
            yield Finding(event.case_no, event.seq, Damage.MISSING, f"历史记录中的文书 {number}，其内容在本节点缺失。")


def _vouched(row: Any) -> Iterator[tuple[str, str]]:
    """Yield number and digest of the document that an event vouches for; nothing for what an edit left unreadable."""
    try:
        data = json.loads(row.body)["data"]
        document: Mapping[str, str] | None = data.get("document")
        if row.name == "opinion-submitted":
            yield draft_number(row.seq), data["text_digest"]
        elif document is not None:
            yield document["number"], document["digest"]
    except (ValueError, KeyError, TypeError, AttributeError):
        return


def _paper_digest(keys: KeyRing, document: Any) -> str:
    """The digest of a document's text as it stands here; "" for one that does not open."""
    try:
        return paper_digest(json.loads(keys.open(document.paper, f"{document.case_no}/{document.number}")))
    except (CannotOpen, ValueError, TypeError):
        return ""


def _petition_of(row: Any, keys: KeyRing) -> Iterator[Finding]:
    if row.subject is None:
        if row.digest:
            yield Finding(row.case_no, 1, Damage.MISSING, "来件的内容在本节点缺失。")
        return
    try:
        subject, content = (keys.open(getattr(row, part), f"{row.case_no}/{part}") for part in ("subject", "text"))
        digest = petition_digest(subject, content)
    except CannotOpen:
        digest = "unreadable"
    erased = digest == "" and row.petitioner_sealed == "" and row.state in TERMINAL_STATES
    if digest != row.digest and not erased:
        yield Finding(row.case_no, 1, Damage.EDITED, "来件的内容与历史记录中的摘要不符。")
