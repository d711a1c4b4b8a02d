"""The level test for visits (R-20-5): too high a door guides the visitor to the right one, and opens no case.

A visitor goes to the organ with power over the matter, or one level above it. Whoever comes higher up is received,
recorded with a number, told which office it is and how to get there; nothing is sent on from here.
"""

from lianxi.casework.identifiers import Channel, DivisionCode, DivisionLevel

_HEIGHT = {
    DivisionLevel.TOWNSHIP: 1,
    DivisionLevel.DISTRICT: 2,
    DivisionLevel.CITY: 3,
}
RULE = "R-20-5"


def skips_a_level(channel: Channel, node: DivisionCode, competent: str) -> bool:
    """Return whether a visit at `node` about a matter that `competent` has power over came more than one level high."""
    if channel is not Channel.VISIT or not competent:
        return False
    organ = DivisionCode.parse(competent)
    return node.contains(organ) and _HEIGHT.get(node.level, 3) > _HEIGHT.get(organ.level, 3) + 1


def guidance(place: str) -> str:
    """Return what the visitor is told, `place` being the name of the right division."""
    return (
        f"您反映的事项应当向{place}有权处理的机关、单位或者其上一级提出。请到{place}信访接待场所走访，本次来访已登记。"
    )
