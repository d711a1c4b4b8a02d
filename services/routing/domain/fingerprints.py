"""A fingerprint of a text that finds near-copies by index and gives nothing of the text away.

Every three characters in a row are hashed with a key of the node (BLAKE2b); of the hashes the smallest in each of 36
boxes is kept, and three boxes together make one of twelve bands. Two texts share a band with the third power of the
share of what they have in common: copies of a joint letter (联名) share most, texts that share only phrases none. A
band is a keyed hash of keyed hashes: without the key nobody can try out words against it.
"""

from hashlib import blake2b

from services.routing.domain.wording import plain

BOXES = 36
BANDS = 12
_PER_BAND = BOXES // BANDS
_IN_A_ROW = 3
_LEAST = 20
"""Different triples that a text needs: what is shorter is like too many others."""
_WHOLE = 8


def bands(text: str, key: bytes) -> tuple[int, ...]:
    """Return the bands of a text as signed 64-bit numbers, none for a text that is too short to tell."""
    words = plain(text)
    triples = {words[at : at + _IN_A_ROW] for at in range(len(words) - _IN_A_ROW + 1)}
    if len(triples) < _LEAST:
        return ()
    smallest: dict[int, int] = {}
    for triple in triples:
        hashed = int.from_bytes(blake2b(triple.encode(), digest_size=_WHOLE, key=key).digest())
        box, rest = hashed % BOXES, hashed // BOXES
        if rest < smallest.get(box, rest + 1):
            smallest[box] = rest
    filled = [_lent(box, smallest) for box in range(BOXES)]
    return tuple(_band(number, filled[number * _PER_BAND : (number + 1) * _PER_BAND], key) for number in range(BANDS))


def _lent(box: int, smallest: dict[int, int]) -> int:
    """Return what is in a box; an empty one borrows from the next that is not, and says how far it went."""
    for steps in range(BOXES):
        found = smallest.get((box + steps) % BOXES)
        if found is not None:
            return found * BOXES + steps
    raise AssertionError("no box is filled")


def _band(number: int, values: list[int], key: bytes) -> int:
    content = "/".join(map(str, [number, *values]))
    digest = blake2b(content.encode(), digest_size=_WHOLE, key=key).digest()
    return int.from_bytes(digest, signed=True)
