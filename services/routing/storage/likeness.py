"""How well one text is found inside another: the part of comparing petitions that a library does best (rapidfuzz)."""

from rapidfuzz import fuzz

_PERCENT = 100.0


def found_in(needle: str, text: str) -> float:
    """Return how well `needle` is found in the part of `text` that fits it best, from 0 to 1."""
    return float(fuzz.partial_ratio(needle, text)) / _PERCENT
