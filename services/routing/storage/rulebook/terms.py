"""Read the catalogue of categories and the words of `terms.yaml`.

Some words point to categories, with a weight; others, the signals, tell the classes of petitions apart.
"""

from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

from services.routing.domain.sorting.category import Path as Category
from services.routing.domain.sorting.category import Terms
from services.routing.domain.sorting.petition_class import Signals
from services.routing.domain.sorting.words import SHORTEST, Words, normalised
from services.routing.storage.rulebook.reading import Entry, read_rows, read_yaml

_LEVELS = ("level1", "level2", "level3")
_SIGNALS = tuple(field.name for field in fields(Signals) if field.name not in {"version", "reach"})


def load_catalogue(data_dir: Path) -> frozenset[Category]:
    """Read every category of `categories.csv`, with the levels above it."""
    found: set[Category] = set()
    for row in read_rows(data_dir / "categories.csv", *_LEVELS):
        path = tuple(row.text(level) for level in _LEVELS)
        if path in found:
            raise row.bad("level3", f"“{'/'.join(path)}”出现了两次。")
        found |= {path[:depth] for depth in range(1, len(path) + 1)}
    return frozenset(found)


def category_of(entry: Entry, field: str, text: str, catalogue: frozenset[Category]) -> Category:
    """Return a category written as 一级/二级/三级; it must be in the catalogue."""
    path = tuple(text.split("/"))
    if path not in catalogue:
        raise entry.bad(field, f"分类目录中没有“{text}”。")
    return path


def load_words(data_dir: Path, catalogue: frozenset[Category]) -> tuple[Terms, Signals]:
    """Read the weighted words of the categories, and the words that tell the classes apart."""
    data = read_yaml(data_dir / "terms.yaml")
    data.only("version", "subject_counts", "most", "doubt", "terms", "signals")
    return _terms(data, catalogue), _signals(data)


def _terms(data: Entry, catalogue: frozenset[Category]) -> Terms:
    meanings: dict[str, tuple[tuple[Category, float], ...]] = {}
    for entry in data.entries("terms"):
        path = category_of(entry, "terms", entry.name, catalogue)
        for weight, word in _weighted(entry):
            meanings[word] = (*meanings.get(word, ()), (path, weight))
    return Terms(
        version=data.text("version"),
        words=Words(meanings),
        subject_counts=int(data.number("subject_counts")),
        most=int(data.number("most")),
        doubt=data.number("doubt"),
    )


def _weighted(entry: Entry) -> Iterator[tuple[float, str]]:
    """Yield weight and word of an entry whose fields are weights; a word stands once in it."""
    seen: set[str] = set()
    for weight, words in entry.fields.items():
        if not isinstance(weight, int | float) or isinstance(weight, bool):
            raise entry.bad(str(weight), "左边应为权重（数字），右边为用空格隔开的词。")
        if not isinstance(words, str):
            raise entry.bad(str(weight), "右边应为用空格隔开的词。")
        for word in (_checked(entry, str(weight), word) for word in words.split()):
            if word in seen:
                raise entry.bad(str(weight), f"“{word}”出现了两次。")
            seen.add(word)
            yield float(weight), word


def _checked(entry: Entry, field: str, word: str) -> str:
    if len(normalised(word)) < SHORTEST:
        raise entry.bad(field, f"“{word}”太短，至少两个字。")
    return normalised(word)


def _signals(data: Entry) -> Signals:
    entry = data.inner("signals")
    entry.only("reach", *_SIGNALS)
    words = {
        name: Words(dict.fromkeys((_checked(entry, name, w) for w in entry.texts(name)), True)) for name in _SIGNALS
    }
    return Signals(version=data.text("version"), reach=int(entry.number("reach")), **words)
