"""Who else stands behind a contact: co-signers (联名) and the agent (代理人) who acts for the petitioner.

The petitioner is the principal, also when an agent brings the matter: a repeat is recognised by the principal, never by
the agent (PR-3). A co-signer counts as a petitioner of the same matter; up to five of all signers are representatives
(R-20-3). Everybody is checked like the petitioner, and every refusal names the person by place (`co_signers.3.phone`).
"""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from lianxi.casework.errors import Invalid
from lianxi.casework.identifiers import Channel
from lianxi.casework.validators import citizen_id, person_name, persons_phone
from services.intake.domain.fields import Fields
from services.intake.domain.petitioner import Petitioner

MAX_CO_SIGNERS = 1000
MAX_AUTHORITY = 300
MAX_REPRESENTATIVES = 5
"""R-20-3: a joint matter is presented by at most five representatives."""
MAX_PERSONS = 100_000
_NAME, _ADDRESS = 100, 300


class PartyKind(StrEnum):
    """In which part somebody stands beside the petitioner."""

    CO_SIGNER = "co-signer"
    AGENT = "agent"


@dataclass(frozen=True, kw_only=True, slots=True, repr=False)
class Party:
    """One person beside the petitioner; `authority` says by what an agent acts."""

    kind: PartyKind
    person: Petitioner
    representative: bool = False
    authority: str = ""

    def __repr__(self) -> str:
        return f"Party({self.kind.value})"  # a log or traceback is no place for a person


def read_parties(fields: Fields, today: date, *, anonymous: bool) -> tuple[Party, ...]:
    """Return co-signers and agent; an anonymous contact has neither."""
    parties = (*_co_signers(fields, today), *_agent(fields, today))
    if anonymous and parties:
        raise Invalid("anonymous", "R-19-1", "匿名信访不填写联名人和代理人；请去掉其中一项。")
    return parties


def count_persons(fields: Fields, parties: tuple[Party, ...], channel: Channel) -> tuple[int, int]:
    """R-20-3: how many persons and representatives; up to five persons may come without electing anybody."""
    signers = [party for party in parties if party.kind is PartyKind.CO_SIGNER]
    marked = sum(party.representative for party in signers)
    persons = fields.whole("persons", len(signers) + 1, 1, MAX_PERSONS)
    representatives = fields.whole("representatives", marked, 0, MAX_PERSONS)
    if persons < len(signers) + 1:
        raise Invalid("persons", "PR-5", f"信访人数少于列出的联名人，加上信访人至少{len(signers) + 1}人。")
    if representatives > MAX_REPRESENTATIVES or marked > MAX_REPRESENTATIVES:
        raise Invalid("representatives", "R-20-3", f"多人共同的信访事项，推选的代表不得超过{MAX_REPRESENTATIVES}人。")
    if representatives < marked:
        raise Invalid("representatives", "R-20-3", f"联名人中注明了{marked}名代表，多于代表人数，请核对。")
    if representatives > persons:
        raise Invalid("representatives", "R-20-3", "代表人数多于信访人数，请核对。")
    if channel is Channel.VISIT and persons > 1 and not representatives:
        if persons > MAX_REPRESENTATIVES:
            raise Invalid("representatives", "R-20-3", f"多人走访应当推选代表，代表不超过{MAX_REPRESENTATIVES}人。")
        representatives = persons
    return persons, representatives


def _co_signers(fields: Fields, today: date) -> list[Party]:
    rows = fields.rows("co_signers", MAX_CO_SIGNERS)
    parties = []
    seen: set[str] = set()
    for row in rows:
        person = _person(row, today)
        identity = person.identity()
        if identity is not None and identity in seen:
            raise Invalid(row.name("name"), "PR-3", "同一联名人列了两次，请删去一处。")
        seen.add(identity or "")
        parties.append(Party(kind=PartyKind.CO_SIGNER, person=person, representative=row.flag("representative")))
    return parties


def _agent(fields: Fields, today: date) -> list[Party]:
    if not fields.given("agent"):
        return []
    row = fields.inner("agent")
    authority = row.known_by("authority", MAX_AUTHORITY)
    if not authority:
        raise Invalid(
            row.name("authority"), "agent", "代理人应有授权，请写明授权委托书编号，或者法定代理关系（如父母、监护人）。"
        )
    person = _person(row, today)
    return [Party(kind=PartyKind.AGENT, person=person, authority=authority)]


def _person(row: Fields, today: date) -> Petitioner:
    name = row.text("name", _NAME)
    if not name:
        raise Invalid(row.name("name"), "R-19-1", "请填写姓名；不知道姓名的不列入名单，计入人数即可。")
    return Petitioner(
        name=person_name(name, row.name("name")),
        id_number=_checked(row, "id_number", today),
        phone=persons_phone(row.values["phone"], row.name("phone")) if row.given("phone") else "",
        address=row.known_by("address", _ADDRESS),
    )


def _checked(row: Fields, field: str, today: date) -> str:
    value: Any = row.values.get(field)
    return citizen_id(value, today, row.name(field)) if row.given(field) else ""
