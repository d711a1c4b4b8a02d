"""What a petition is about: weighted words point to categories of the catalogue, and the sums are compared.

A word counts for its own category and all above it. In the subject it counts twice, and a word that is repeated
without end counts a few times only. The first level with the highest sum wins; its second and third level are given
when words of their own occur. The confidence is the margin to the first level that came second.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from services.routing.domain.sorting.words import Words

Path = tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Terms:
    """The words of one version and how they are counted.

    Each word points to categories with a weight. `subject_counts` is what one occurrence in the subject counts,
    `most` what a word can count altogether, `doubt` what is added to a sum before the margin is taken of it, so that
    one weak word alone does not make a certainty.
    """

    version: str
    words: Words[tuple[tuple[Path, float], ...]]
    subject_counts: int
    most: int
    doubt: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Category:
    """The category found, how sure that is, what came second, and the words that led to it, heaviest first."""

    path: Path = ()
    confidence: float = 0.0
    runner_up: Path = ()
    words: tuple[str, ...] = ()
    score: float = 0.0
    runner_up_score: float = 0.0


def categorise(terms: Terms, subject: str, text: str) -> Category:
    """Find the category of a normalised subject and text."""
    counts: Counter[str] = Counter()
    meanings: dict[str, tuple[tuple[Path, float], ...]] = {}
    for part, counts_as in ((subject, terms.subject_counts), (text, 1)):
        for _, word, meaning in terms.words.find(part):
            counts[word] += counts_as
            meanings[word] = meaning
    sums: dict[Path, float] = {}
    shares: dict[tuple[Path, str], float] = {}
    for word, meaning in meanings.items():
        for path, weight in meaning:
            value = weight * min(counts[word], terms.most)
            shares[path[:1], word] = shares.get((path[:1], word), 0.0) + value
            for depth in range(1, len(path) + 1):
                sums[path[:depth]] = sums.get(path[:depth], 0.0) + value
    return _best(terms, sums, shares)


def _best(terms: Terms, sums: Mapping[Path, float], shares: Mapping[tuple[Path, str], float]) -> Category:
    ranked = sorted((path for path in sums if len(path) == 1 and sums[path] > 0), key=lambda path: (-sums[path], path))
    if not ranked:
        return Category()
    first = ranked[0]
    second_score = sums[ranked[1]] if len(ranked) > 1 else 0.0
    words = sorted(
        (word for path, word in shares if path == first and shares[path, word] > 0), key=lambda w: -shares[first, w]
    )
    return Category(
        path=_deepest(sums, first),
        confidence=round((sums[first] - second_score) / (sums[first] + terms.doubt), 3),
        runner_up=_deepest(sums, ranked[1]) if len(ranked) > 1 else (),
        words=tuple(words),
        score=sums[first],
        runner_up_score=second_score,
    )


def _deepest(sums: Mapping[Path, float], path: Path) -> Path:
    """Follow the highest sums down, as long as words of the lower level occurred."""
    below = [deeper for deeper in sums if deeper[: len(path)] == path and len(deeper) == len(path) + 1]
    best = max((deeper for deeper in below if sums[deeper] > 0), key=lambda deeper: sums[deeper], default=None)
    return path if best is None else _deepest(sums, best)
