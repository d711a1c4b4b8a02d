"""By what a repeat is recognised anywhere in the city (PR-3): keyed hashes, never the data themselves.

Everything that identifies the petitioner is hashed, so that a person who left a telephone number once and an ID number
and the same telephone later is still one person. Co-signers are petitioners of the matter, too; the agent is not, for
he may act for many. While the city changes its index key, a value has a hash by each key that is accepted.
"""

from collections.abc import Sequence

from services.intake.domain.parties import Party, PartyKind
from services.intake.domain.petitioner import Petitioner
from services.intake.handlers.ports import Vault

PURPOSE = "person"
LENGTH = 32
"""Hexadecimal digits of a hash that are kept: 128 bits tell all people apart."""
MOST_KEYS = 2000
"""A list of a thousand names says enough about who they are."""
CO_SIGNER = "co-signer"


def person_keys(petitioner: Petitioner, parties: Sequence[Party], vault: Vault) -> tuple[str, ...]:
    """Return the keys of the petitioner, each after its kind, and those of the co-signers."""
    keys = {(kind, value): kind for kind, value in petitioner.identities()}
    for party in parties:
        if party.kind is PartyKind.CO_SIGNER:
            for identity in party.person.identities():
                keys.setdefault(identity, CO_SIGNER)
    hashed = (
        f"{shown}:{digest[:LENGTH]}"
        for (kind, value), shown in keys.items()
        for digest in vault.keyed_hashes(f"{kind}:{value}", PURPOSE)
    )
    return tuple(dict.fromkeys(hashed))[:MOST_KEYS]
