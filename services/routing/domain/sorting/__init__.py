"""What the sorting desk finds in a petition: category, place, class, and where it should go, each with its reasons.

The rules are data (`deploy/xining/rules.yaml` and its neighbours); `category`, `place` and `rules` apply them. What
they cannot settle is said in `why`, in Chinese, for the clerk who finds the case in the pile.
"""

from dataclasses import dataclass
from typing import Protocol

from lianxi.casework.messages.facts import PetitionClass, Reason, Route


@dataclass(frozen=True, kw_only=True, slots=True)
class Target:
    """Where a case should go: a node and, if the rules name one, an organ of it.

    `automatic` says that the rule may send it there by itself; otherwise a dispatcher decides.
    """

    to_node: str
    to_unit: str = ""
    automatic: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Sorted:
    """The finding. `settled` means that the case can be registered (T3) without a clerk; else `why` says what lacks.

    `category` is a path of one to three levels of the catalogue, `confidence` between 0 and 1, `words` what led to it,
    `places` all divisions recognised, `place` the one of the problem. `route` is one of Art. 31 for class C.
    `assisting` are the organs that help the one of the target (R-24-6). `urgent` asks for the report of Art. 25,
    `sealed` marks an accusation (GD-1), and `accused` are the organs it names: none of them may receive it (R-30-1).
    `version` is that of the rules.
    """

    category: tuple[str, ...]
    confidence: float
    runner_up: tuple[str, ...]
    places: tuple[str, ...]
    place: str
    petition_class: PetitionClass | None
    purpose: str
    settled: bool
    why: str
    reasons: tuple[Reason, ...]
    target: Target | None
    route: Route | None = None
    assisting: tuple[str, ...] = ()
    urgent: bool = False
    sealed: bool = False
    accused: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    version: str = ""


class Sorter(Protocol):
    """Applies the rules of one version to one petition."""

    def sort(
        self,
        *,
        subject: str,
        text: str,
        declared: str,
        address: str,
        node: str,
        registrar_category: tuple[str, ...] = (),
        registrar_class: PetitionClass | None = None,
        channel: str = "",
    ) -> Sorted:
        """Sort a petition received at `node`; `declared` is the place the petitioner chose, `address` where they live.

        What a registrar settled (`registrar_category`, `registrar_class`) stands and is not second-guessed.
        """
