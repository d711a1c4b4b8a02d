"""Find known words in Chinese text: the longest one at each position, none inside another.

Chinese has no spaces, so a word is found by looking at every position for the longest known word that begins there;
what it covers is not looked at again. 城中村 is therefore never taken for 城中, as long as both are known.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from typing import Generic, TypeVar

SHORTEST = 2
Meaning = TypeVar("Meaning")


def normalised(text: str) -> str:
    """Narrow full-width characters, drop white space and case, so that a word is found however it was typed."""
    return "".join(unicodedata.normalize("NFKC", text).lower().split())


class Words(Generic[Meaning]):
    """Known words and what each of them means. A word has at least two characters."""

    def __init__(self, meanings: Mapping[str, Meaning]) -> None:
        self._by_start: dict[str, list[tuple[str, Meaning]]] = {}
        for word in sorted((normalised(word) for word in meanings), key=len, reverse=True):
            if len(word) < SHORTEST:
                raise ValueError(word)
            self._by_start.setdefault(word[:SHORTEST], []).append((word, meanings[word]))
        first_characters = "".join(sorted({re.escape(start[0]) for start in self._by_start}))
        self._starts = re.compile(f"[{first_characters}]" if first_characters else "(?!)")

    @property
    def meanings(self) -> dict[str, Meaning]:
        """Every word, normalised, with its meaning."""
        return {word: meaning for known in self._by_start.values() for word, meaning in known}

    def find(self, text: str) -> Iterator[tuple[int, str, Meaning]]:
        """Yield position, word and meaning of every word in a normalised text, from left to right."""
        free_from = 0
        for match in self._starts.finditer(text):
            position = match.start()
            if position < free_from:
                continue
            for word, meaning in self._by_start.get(text[position : position + SHORTEST], ()):
                if text.startswith(word, position):
                    yield position, word, meaning
                    free_from = position + len(word)
                    break
