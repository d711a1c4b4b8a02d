"""Matters for clients that file: no two of one run say the same, as on any day but that of a campaign.

Each is a few sentences drawn from the petitions of the demonstration, so words, places and lengths are theirs. If all
said the same, a benchmark of filing would measure the search for repeats.
"""

import random
import re
from functools import cache

from tests.bench.commands import petitions

SENTENCES = 4


def matter(number: int) -> dict[str, str]:
    """Return subject and text number so and so; the same number gives the same matter."""
    subjects, sentences = _material()
    drawn = random.Random(number)
    return {"subject": drawn.choice(subjects), "text": "".join(drawn.sample(sentences, SENTENCES))}


@cache
def _material() -> tuple[list[str], list[str]]:
    found = petitions()
    sentences = [sentence for row in found for sentence in re.findall(r"[^。]+。", row["text"])]
    return [row["subject"] for row in found], sorted(set(sentences))
