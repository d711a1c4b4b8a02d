"""Who must keep out of a case: officials, typed as logins and recorded as accounts, and organs, by their code (GD-2).

An official whom a petition accuses, or who has an interest in it, neither acts in it nor opens it where it is sealed;
the same holds for everybody of an organ, which cannot be sent the case either. Only accounts of this node are known
here, so an official of another node is kept out by the organ there: it travels with the history of the case.
"""

from typing import Any

from lianxi.casework.errors import Invalid, Refused
from lianxi.casework.identifiers import UnitCode
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
    try:
        return str(UnitCode.parse(named.strip()))
    except Refused:
        pass  # a login, then
    known = books.accounts.by_login(named.strip().lower())
    if known is not None:
        return known.id
    if any(row.id == named for row in books.accounts.all()):
        return named
    raise Invalid(
        RECUSED, "GD-2", f"本节点没有账号“{named}”，请核对；其他节点的人员，请填写其所在单位的代码，如 630104.housing。"
    )
