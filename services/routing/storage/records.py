"""Texts, documents, receipts of custody and directives in PostgreSQL.

What petitioners wrote and the texts of documents are sealed with the node's key ring before they reach the table;
their context is the case number, so that a sealed text moved to another case does not open.
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select, update
from sqlalchemy.dialects.postgresql import insert

from lianxi.bus.engine import run_soon
from lianxi.casework.case.builders import paper_digest
from lianxi.casework.case.state import Case
from lianxi.casework.errors import Invalid
from lianxi.casework.identifiers import DocumentNumber
from lianxi.casework.messages.custody import DirectiveAnswered, DirectiveIssued, DossierDocument
from lianxi.casework.messages.facts import Document, DocumentKind, Transfer
from lianxi.runtime.crypto import CannotOpen, KeyRing
from services.routing.domain.records import CaseText
from services.routing.storage.tables import case_text, custody_receipt, document_counter
from services.routing.storage.tables import directive as directive_table
from services.routing.storage.tables import document as document_table

# What every petition asks for is written out: to put a statement together anew costs more than to answer it.
_KEEP_TEXT = f"""
INSERT INTO {case_text.fullname} (case_no, subject, text, petitioner_key, petitioner_sealed)
VALUES (%s, %s, %s, %s, %s)
ON CONFLICT (case_no) DO UPDATE SET subject = excluded.subject, text = excluded.text,
    petitioner_key = excluded.petitioner_key, petitioner_sealed = excluded.petitioner_sealed
"""
_NEXT_NUMBER = f"""
INSERT INTO {document_counter.fullname} AS known (kind, year, last) VALUES (%s, %s, 1)
ON CONFLICT (kind, year) DO UPDATE SET last = known.last + 1 RETURNING last
"""
_KEEP_DOCUMENT = f"""
INSERT INTO {document_table.fullname} (case_no, number, kind, digest, paper) VALUES (%s, %s, %s, %s, %s)
ON CONFLICT DO NOTHING
"""
_TEXTS = f"""
SELECT case_no, subject, text, petitioner_key, petitioner_sealed FROM {case_text.fullname} WHERE case_no = ANY(%s)
"""
SEALED = "sealed"
"""The one entry of a document's paper while it is on the road between nodes."""


def opened(keys: KeyRing, sealed: str, context: str) -> str:
    """Open what came sealed with the city's transport key; "" for nothing, Invalid for what does not open."""
    if not sealed:
        return ""
    try:
        return keys.open_from_transport(sealed, context)
    except CannotOpen:
        raise Invalid("sealed", "transport-key", "密封内容无法打开：密钥不符或内容被改动，不能接收。") from None


def _json(paper: Mapping[str, str]) -> str:
    return json.dumps(dict(paper), ensure_ascii=False)


class SqlTexts:
    """`Texts` on one connection."""

    def __init__(self, connection: Connection, keys: KeyRing) -> None:
        self._connection = connection
        self._keys = keys

    def add(self, text: CaseText) -> None:
        """Keep or replace the text of a case."""
        subject = self._keys.seal(text.subject, f"{text.case_no}/subject")
        content = self._keys.seal(text.text, f"{text.case_no}/text")
        row = (text.case_no, subject, content, text.petitioner_key, text.petitioner_sealed)
        run_soon(self._connection, _KEEP_TEXT, row)

    def get(self, case_no: str) -> CaseText | None:
        """Return it, or None where this node never held the case."""
        return self.of([case_no]).get(case_no)

    def of(self, case_nos: Sequence[str]) -> dict[str, CaseText]:
        """Return the texts of those of the cases that this node ever held."""
        if not case_nos:
            return {}
        rows = self._connection.exec_driver_sql(_TEXTS, (list(case_nos),))
        return {
            row.case_no: CaseText(
                case_no=row.case_no,
                subject=self._keys.open(row.subject, f"{row.case_no}/subject"),
                text=self._keys.open(row.text, f"{row.case_no}/text"),
                petitioner_key=row.petitioner_key,
                petitioner_sealed=row.petitioner_sealed,
            )
            for row in rows
        }

    def sealed(self, case_no: str, changed: Callable[[str], str] = str) -> CaseText | None:
        """Return it with subject and text sealed for another node, each `changed` before that."""
        text = self.get(case_no)
        if text is None:
            return None
        subject, content = (
            self._keys.seal_for_transport(changed(plain), f"{part}/{case_no}")
            for part, plain in (("subject", text.subject), ("text", text.text))
        )
        return replace(text, subject=subject, text=content)

    def take(self, sealed: CaseText) -> CaseText:
        """Keep a text that came sealed and return it opened; raises Invalid when it does not open."""
        text = replace(
            sealed,
            subject=opened(self._keys, sealed.subject, f"subject/{sealed.case_no}"),
            text=opened(self._keys, sealed.text, f"text/{sealed.case_no}"),
        )
        self.add(text)
        return text


class SqlDocuments:
    """`Documents` on one connection. `mark` is the office's mark in document numbers, such as 宁信."""

    def __init__(self, connection: Connection, keys: KeyRing, mark: str) -> None:
        self._connection = connection
        self._keys = keys
        self._mark = mark

    def number(self, kind: DocumentKind, year: int) -> str:
        """Return the next number of this node; the counter's row keeps two transactions from the same one."""
        last = self._connection.exec_driver_sql(_NEXT_NUMBER, (kind.value, year)).scalar_one()
        return str(DocumentNumber(self._mark + kind.value, year, last))

    def add(self, case_no: str, document: Document, paper: Mapping[str, str]) -> None:
        """Keep the text of a document."""
        self._insert(case_no, document.number, document.kind.value, document.digest, paper)

    def take(self, case_no: str, documents: Iterable[DossierDocument]) -> None:
        """Keep documents that came sealed, unless they are here already; Invalid if a text was changed."""
        for item in documents:
            text = opened(self._keys, item.paper.get(SEALED, ""), f"{case_no}/{item.number}")
            paper: dict[str, str] = json.loads(text) if text else {}
            if paper_digest(paper) != item.digest:
                raise Invalid("documents", "digest", f"文书 {item.number} 的内容与其摘要不符，不能接收。")
            self._insert(case_no, item.number, item.kind, item.digest, paper)

    def of(self, case_no: str, numbers: Iterable[str] | None = None) -> tuple[DossierDocument, ...]:
        """Return the documents of a case, all or those named."""
        query = select(document_table).where(document_table.c.case_no == case_no).order_by(document_table.c.number)
        if numbers is not None:
            query = query.where(document_table.c.number.in_(tuple(numbers)))
        return tuple(
            DossierDocument(number=row.number, kind=row.kind, digest=row.digest, paper=self._opened(case_no, row))
            for row in self._connection.execute(query)
        )

    def sealed(self, case_no: str, numbers: Iterable[str] | None = None) -> tuple[DossierDocument, ...]:
        """Return the same with their texts sealed for another node."""
        return tuple(
            replace(item, paper={SEALED: self._keys.seal_for_transport(_json(item.paper), f"{case_no}/{item.number}")})
            for item in self.of(case_no, numbers)
        )

    def _opened(self, case_no: str, row: Any) -> dict[str, str]:
        paper: dict[str, str] = json.loads(self._keys.open(row.paper, f"{case_no}/{row.number}"))
        return paper

    def _insert(self, case_no: str, number: str, kind: str, digest: str, paper: Mapping[str, str]) -> None:
        sealed = self._keys.seal(_json(paper), f"{case_no}/{number}")
        run_soon(self._connection, _KEEP_DOCUMENT, (case_no, number, kind, digest, sealed))


class SqlReceipts:
    """`Receipts` on one connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def offered(self, direction: str, transfer: Transfer, case: Case) -> None:
        """Note an offer that goes out or came in."""
        row = {
            "offer_id": transfer.offer_id,
            "direction": direction,
            "case_no": case.case_no,
            "kind": transfer.kind.value,
            "from_node": transfer.from_node,
            "to_node": transfer.to_node,
            "epoch": case.epoch,
            "head_digest": case.head_digest,
            "offered_at": transfer.offered_at,
        }
        self._connection.execute(insert(custody_receipt).values(row).on_conflict_do_nothing())

    def answer(self, offer_id: str, *, accepted: bool, at: datetime, code: str) -> bool:
        """Note the answer; False when the offer is unknown or was answered before."""
        statement = (
            update(custody_receipt)
            .where(custody_receipt.c.offer_id == offer_id, custody_receipt.c.answered_at.is_(None))
            .values(accepted=accepted, answered_at=at, code=code)
        )
        return self._connection.execute(statement).rowcount == 1

    def known(self, offer_id: str) -> bool:
        """Return whether the offer has a receipt."""
        query = select(custody_receipt.c.offer_id).where(custody_receipt.c.offer_id == offer_id)
        return self._connection.execute(query).first() is not None


class SqlDirectives:
    """`Directives` on one connection. A command may hold a reason in words, so it is sealed at rest."""

    def __init__(self, connection: Connection, keys: KeyRing) -> None:
        self._connection = connection
        self._keys = keys

    def add(self, direction: str, directive: DirectiveIssued) -> bool:
        """Note a directive that goes out or came in; False when it is known already."""
        row = {
            "directive_id": directive.directive_id,
            "direction": direction,
            "case_no": directive.case_no,
            "from_node": directive.from_node,
            "to_node": directive.to_node,
            "command_type": directive.command_type,
            "command": self._keys.seal(directive.command, directive.directive_id),
            "issued_at": directive.issued_at,
        }
        noted = self._connection.execute(insert(directive_table).values(row).on_conflict_do_nothing())
        return noted.rowcount == 1

    def known(self, directive_id: str) -> bool:
        """Return whether a directive with this id is noted."""
        query = select(directive_table.c.directive_id).where(directive_table.c.directive_id == directive_id)
        return self._connection.execute(query).first() is not None

    def answered(self, directive_id: str) -> DirectiveAnswered | None:
        """Return the answer a directive got, None when it has none yet."""
        query = select(directive_table).where(
            directive_table.c.directive_id == directive_id, directive_table.c.answered_at.is_not(None)
        )
        row = self._connection.execute(query).one_or_none()
        if row is None:
            return None
        named = ("directive_id", "case_no", "from_node", "to_node", "done", "case_seq", "code", "reason")
        return DirectiveAnswered(**{name: getattr(row, name) for name in named})

    def answer(self, answer: DirectiveAnswered, at: datetime) -> bool:
        """Note the answer; False when the directive is unknown or was answered before."""
        statement = (
            update(directive_table)
            .where(directive_table.c.directive_id == answer.directive_id, directive_table.c.answered_at.is_(None))
            .values(done=answer.done, answered_at=at, case_seq=answer.case_seq, code=answer.code, reason=answer.reason)
        )
        return self._connection.execute(statement).rowcount == 1
