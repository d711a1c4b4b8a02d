"""The order of one stream: which messages may be applied now, which must wait, which were seen before.

Pure. A stream is all messages of one key; its numbers start at 1 and have no gaps, unless a message says that the
stream starts with it, or a person dropped one. `plan` is asked with everything known about one stream and answers
for each message it was given; applying what it says and asking again gives nothing new.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from lianxi.bus.inbox import Gaps


@dataclass(frozen=True, slots=True)
class Place:
    """A message's place in its stream; `waiting` says that it was held before, `aside` that it had failed before."""

    seq: int
    starts: bool = False
    waiting: bool = False
    aside: bool = False


@dataclass(slots=True)
class Plan:
    """What to do with each place, and the position of the stream afterwards."""

    last: int
    apply: list[Place] = field(default_factory=list)
    hold: list[Place] = field(default_factory=list)
    stale: list[Place] = field(default_factory=list)
    overtaken: list[Place] = field(default_factory=list)
    """Held messages that a new start of the stream left behind; a person decides about them."""


def plan(last: int, places: Iterable[Place], gaps: Gaps | None = None) -> Plan:
    """Sort out `places` of a stream that was applied up to `last`; `gaps` must not name the places themselves."""
    gaps = gaps or Gaps()
    result = Plan(last)
    barrier = min((seq for seq in gaps.aside if seq > last), default=None)
    waiting: list[Place] = []
    for place in sorted(places, key=lambda each: each.seq):
        while result.last + 1 in gaps.dropped:
            result.last += 1
        if place.seq <= result.last:
            # an operator's retry of an old message runs; anything else this old was applied before
            (result.apply if place.aside else result.stale).append(place)
        elif barrier is not None and place.seq >= barrier:
            (result.stale if place.seq == barrier else waiting).append(place)
        elif place.seq == result.last + 1 or place.starts:
            result.apply.append(place)
            result.last = place.seq
        else:
            waiting.append(place)
    for place in waiting:
        left_behind = place.seq < result.last and not place.aside
        (result.overtaken if left_behind else result.hold).append(place)
    return result
