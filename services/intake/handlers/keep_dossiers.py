"""Keep the petitioner of a case that came with custody from another node, sealed anew with this node's own keys.

What turns out to be an accusation, here or before it came, is marked as one: it stands in no list and no export (GD-1).
"""

from collections.abc import Sequence

from lianxi.casework.messages.notices import CaseSealed, DossierReceived
from services.intake.domain.records import Contact, Origin
from services.intake.handlers.ports import Desk, Work
from services.intake.handlers.sealing import (
    open_petitioner,
    open_text,
    seal_claims,
    seal_fields,
    seal_parties,
)


def keep_dossiers(messages: Sequence[DossierReceived | CaseSealed], work: Work, desk: Desk) -> None:
    """Store one contact per dossier, the last one when a case came twice; then mark the accusations."""
    dossiers = [message for message in messages if isinstance(message, DossierReceived)]
    latest = {dossier.case_no: _contact(dossier, desk) for dossier in dossiers}
    work.contacts.keep(list(latest.values()))
    sealed = [message.case_no for message in messages if isinstance(message, CaseSealed)]
    if sealed:
        work.contacts.restrict(sealed)


def _contact(dossier: DossierReceived, desk: Desk) -> Contact:
    travelled = open_petitioner(dossier.petitioner_sealed, dossier.case_no, desk.vault)
    plain = dict(travelled.petitioner)
    facts = {"anonymous": "name" not in plain, **travelled.facts}
    plain["subject"] = open_text("subject", dossier.subject_sealed, dossier.case_no, desk.vault)
    plain["text"] = open_text("text", dossier.text_sealed, dossier.case_no, desk.vault)
    return Contact(
        number=dossier.case_no,
        origin=Origin.CUSTODY,
        channel=dossier.channel,
        received_at=dossier.received_at,
        entered_at=desk.clock.now(),
        petitioner_key=dossier.petitioner_key,
        sealed=seal_fields(plain, dossier.case_no, desk.vault),
        parties=seal_parties(travelled.parties, dossier.case_no, desk.vault),
        claims=seal_claims(travelled.claims, dossier.case_no, desk.vault),
        **facts,
    )
