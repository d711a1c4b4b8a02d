"""One contact as it was handed in, after the checks at the door: what it says, who says it, how and when it came."""

from dataclasses import dataclass
from datetime import date, datetime

from lianxi.casework.identifiers import Channel
from lianxi.casework.messages.facts import Actor, PetitionClass
from services.intake.domain.claims import StatedClaim
from services.intake.domain.parties import Party
from services.intake.domain.petitioner import Petitioner

MAX_SUBJECT = 200
MAX_TEXT = 20_000
MAX_NAME = 100
MAX_ADDRESS = 300
MAX_NOTE = 200
ACCUSING = "揭发控告"
"""The purpose that says so."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """How the petitioner wants to be told: by which channels in this order, in which language, documents online?"""

    channels: tuple[str, ...]
    language: str
    electronic: bool


@dataclass(frozen=True, kw_only=True, slots=True, repr=False)
class Filing:
    """A contact that passed the door. `received_at` is the moment of receipt by channel (D-13)."""

    channel: Channel
    subject: str
    text: str
    petitioner: Petitioner
    anonymous: bool
    received_at: datetime
    posted_on: date | None
    persons: int
    representatives: int
    division: str
    address_division: str
    reception_place: str
    recording: str
    read_back: bool
    registered_by: Actor | None
    purpose: str
    petition_class: PetitionClass | None
    category: tuple[str, ...]
    claims: int
    same_matter_checked: bool
    parties: tuple[Party, ...] = ()
    stated_claims: tuple[StatedClaim, ...] = ()
    stamp: str = ""
    competent_division: str = ""
    notice: Wanted | None = None

    @property
    def accuses(self) -> bool:
        """GD-1: whoever took it in saw an accusation (检举控告) in it."""
        classes = {self.petition_class, *(claim.petition_class for claim in self.stated_claims)}
        return PetitionClass.ACCUSATION in classes or self.purpose == ACCUSING
