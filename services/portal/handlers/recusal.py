"""Who must keep out of a case is typed as logins and recorded as accounts, which is what acts are compared with (GD-2).

An official whom a petition accuses, or who has an interest in it, neither acts in it nor opens it where it is sealed.
Only accounts of this node are known here; those of another node are recorded where the case is handled.
"""

from typing import Any

from lianxi.casework.errors import Invalid
from services.portal.handlers import Ports
from services.portal.handlers.books import Books

RECUSED = "recused"


def with_accounts(fields: dict[str, Any], ports: Ports) -> dict[str, Any]:
    """Return the fields of an act with accounts in the place of logins; raises Invalid for a stranger."""
    named = fields.get(RECUSED)
    if not named:
        return fields
    with ports.open_books() as books:
        found = [_account(str(each), books) for each in named]
    return {**fields, RECUSED: list(dict.fromkeys(found))}


def _account(named: str, books: Books) -> str:
    known = books.accounts.by_login(named.strip().lower())
    if known is not None:
        return known.id
    if any(row.id == named for row in books.accounts.all()):
        return named
    raise Invalid(RECUSED, "GD-2", f"本节点没有账号“{named}”，请核对；其他节点的人员由办理该事项的节点登记回避。")
