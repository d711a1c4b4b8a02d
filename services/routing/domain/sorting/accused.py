"""Which organs an accusation is about, so that none of them ever receives it (R-30-1, GD-1).

An organ is named by its full name, by the name people use at the node that received the petition (教育局, 市教育局), or
as the office of a township. Where a short name may mean several organs, all of them are left out: a clerk can still
send it to one by hand, a rule cannot.
"""

from services.routing.domain.directory import Directory
from services.routing.domain.sorting.words import SHORTEST, Words, normalised

_LEVEL_WORDS = {"city": ("市",), "district": ("区",), "county": ("县",)}


def accused_organs(directory: Directory, node: str, subject: str, text: str) -> tuple[str, ...]:
    """Return the organs that a normalised subject and text name, in the order in which they are named."""
    if node not in directory.remembered:
        directory.remembered[node] = _names(directory, node)
    names: Words[tuple[str, ...]] = directory.remembered[node]
    return tuple(dict.fromkeys(code for part in (subject, text) for _, _, codes in names.find(part) for code in codes))


def _names(directory: Directory, node: str) -> Words[tuple[str, ...]]:
    """The names of all organs, and the short ones of a node's own."""
    meanings: dict[str, tuple[str, ...]] = {}
    for each in sorted(directory.nodes):
        office = directory.offices[each]
        for unit in directory.units_of(each):
            bare = unit.name.replace(office.prefix, "").replace("中共", "")
            spoken = [unit.name, f"{office.short}{bare}"]
            if each == node:
                spoken += [bare, *(f"{word}{bare}" for word in _LEVEL_WORDS.get(office.level, ()))]
            for name in spoken:
                key = normalised(name)
                if len(key) > SHORTEST and unit.code not in meanings.get(key, ()):
                    meanings[key] = (*meanings.get(key, ()), unit.code)
    return Words(meanings)
