"""Where sealed values stand in a node's database, and how to find those nobody listed here.

`SEALED` names every column that holds values sealed with a key of the node's ring, with the context each value is
bound to, written over the columns of the row's key: what is needed to seal it anew with another key. A value names
its key in its first letters (`k1:…`), so what still needs a key is found in the data itself, in listed and unlisted
columns alike, and a key that is needed anywhere is never retired.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

NODE, TRANSPORT = "node", "transport"
_VALUE = ":[A-Za-z0-9+/]{38,}={0,2}"
_COLUMNS = """
SELECT class.relname, attribute.attname, type.typname::text
FROM pg_class AS class
JOIN pg_attribute AS attribute ON attribute.attrelid = class.oid AND attribute.attnum > 0 AND NOT attribute.attisdropped
JOIN pg_type AS type ON type.oid = attribute.atttypid
WHERE class.relnamespace = %(schema)s::regnamespace AND class.relkind = 'r'
ORDER BY 1, 2
"""


@dataclass(frozen=True, slots=True)
class SealedColumn:
    """One column: `key` finds the row and begins with its primary key, `entry` names the value inside JSON."""

    schema: str
    table: str
    key: tuple[str, ...]
    column: str
    context: str
    kind: str = NODE
    entry: str = ""

    @property
    def place(self) -> str:
        """The column as people name it."""
        return f"{self.schema}.{self.table}.{self.column}"

    @property
    def value(self) -> str:
        """The SQL expression of the sealed value."""
        return f"\"{self.column}\"->>'{self.entry}'" if self.entry else f'"{self.column}"'

    def context_of(self, row: Mapping[str, Any]) -> str:
        """Return what the value of this row is bound to."""
        return self.context.format(**row)


def _contact(field: str) -> SealedColumn:
    return SealedColumn("intake", "contact", ("number",), f"{field}_sealed", f"contact/{{number}}/{field}")


SEALED: tuple[SealedColumn, ...] = (
    SealedColumn("notify", "agency", ("name",), "keys", "notify.agency:{name}"),
    *map(
        _contact,
        ("name", "id_number", "credit_code", "phone", "email", "address", "subject", "text", "query_code"),
    ),
    SealedColumn("intake", "party", ("number", "position"), "person_sealed", "contact/{number}/party/{position}"),
    SealedColumn("intake", "claim", ("number", "claim"), "text_sealed", "contact/{number}/claim/{claim}"),
    SealedColumn("intake", "addition", ("id", "number"), "text_sealed", "contact/{number}/addition/{id}"),
    SealedColumn("intake", "draft", ("id",), "content_sealed", "draft/{id}"),
    SealedColumn("intake", "attachment", ("id",), "name_sealed", "attachment/{id}/name"),
    SealedColumn("intake", "upload", ("id",), "name_sealed", "upload/{id}/name"),
    SealedColumn("intake", "reject", ("id", "fingerprint"), "content_sealed", "reject/{fingerprint}"),
    SealedColumn("intake", "command_result", ("command_id",), "answer", "answer/{command_id}", entry="sealed"),
    SealedColumn("routing", "case_text", ("case_no",), "subject", "{case_no}/subject"),
    SealedColumn("routing", "case_text", ("case_no",), "text", "{case_no}/text"),
    SealedColumn("routing", "case_text", ("case_no",), "petitioner_sealed", "petitioner/{case_no}", kind=TRANSPORT),
    SealedColumn("routing", "document", ("case_no", "number"), "paper", "{case_no}/{number}"),
    SealedColumn("routing", "directive", ("directive_id",), "command", "{directive_id}"),
    SealedColumn("routing", "wish", ("wish_id",), "command", "{wish_id}"),
    SealedColumn("routing", "proposed_act", ("id",), "command", "proposed/{id}"),
    SealedColumn("routing", "proposed_act", ("id",), "note_sealed", "proposed/{id}/note"),
    SealedColumn("routing", "proposed_act", ("id",), "reason_sealed", "proposed/{id}/reason"),
    SealedColumn("routing", "repeat_proposal", ("case_no", "earlier"), "note", "{case_no}/{earlier}/repeat-note"),
    SealedColumn("supervision", "proposal", ("proposal_no",), "paper_sealed", "proposal/{proposal_no}/paper"),
    SealedColumn("supervision", "proposal", ("proposal_no",), "reason_sealed", "proposal/{proposal_no}/reason"),
    SealedColumn(
        "portal",
        "repeated_request",
        ("scope", "key_digest"),
        "sealed_answer",
        "portal.repeated_request:{scope}:{key_digest}",
    ),
)


_COULD_HOLD = frozenset({"text", "varchar", "json", "jsonb", "bytea"})


def columns_of(connection: Connection, schema: str) -> dict[str, dict[str, str]]:
    """Return the columns of a schema with their types, by table."""
    found: dict[str, dict[str, str]] = {}
    for table, column, kind in connection.exec_driver_sql(_COLUMNS, {"schema": schema}):
        found.setdefault(table, {})[column] = kind
    return found


def needing(connection: Connection, schema: str, key_name: str) -> dict[str, int]:
    """Count the rows of each column of a schema whose values are sealed with the key of this name."""
    counts = {}
    for table, types in columns_of(connection, schema).items():
        columns = {name: kind for name, kind in types.items() if kind in _COULD_HOLD}
        if not columns:
            continue
        sums = ", ".join(
            f"count(*) FILTER (WHERE {_holds(name, kind, key_name)})" for name, kind in sorted(columns.items())
        )
        row = connection.exec_driver_sql(f'SELECT {sums} FROM "{schema}"."{table}"').one()
        for name, number in zip(sorted(columns), row, strict=True):
            if number:
                counts[f"{schema}.{table}.{name}"] = int(number)
    return counts


def _holds(column: str, kind: str, key_name: str) -> str:
    """Return the condition that a column holds a value of this key, alone or quoted inside a document or message."""
    if not key_name.isalnum():
        raise ValueError("a key is named by letters and digits")
    if kind == "bytea":
        return f'position(\'"{key_name}:\'::bytea IN "{column}") > 0'
    within = "" if kind in {"text", "varchar"} else "::text"
    return f'"{column}"{within} ~ \'(^|"){key_name}{_VALUE}\''
