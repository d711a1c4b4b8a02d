"""Make the gazetteer from the divisions of `divisions.csv` and the further names of `gazetteer.yaml`."""

from pathlib import Path

from services.routing.domain.sorting.place import Division, Gazetteer
from services.routing.domain.sorting.rulebook import NODE_LEVELS
from services.routing.domain.sorting.words import SHORTEST, Words, normalised
from services.routing.storage.rulebook.reading import Entry, read_rows, read_yaml

_KINDS = ("short_names", "former_names", "landmarks")


def load_gazetteer(data_dir: Path) -> Gazetteer:
    """Read every division with its names; a name may mean several divisions, and none where it only looks like one."""
    divisions = _divisions(data_dir / "divisions.csv")
    data = read_yaml(data_dir / "gazetteer.yaml")
    data.only("version", *_KINDS, "not_places")
    names: dict[str, tuple[str, ...]] = {}
    for division in divisions.values():
        _add(names, division.name, division.code)
    for kind in _KINDS:
        entry = data.inner(kind)
        for code in entry.fields:
            if code not in divisions:
                raise entry.bad(str(code), "divisions.csv 中没有这个区划代码（代码须加引号）。")
            for name in entry.texts(code):
                _add(names, _checked(entry, code, name), code)
    for name in data.texts("not_places"):
        if _checked(data, "not_places", name) in names:
            raise data.bad("not_places", f"“{name}”同时又是地名。")
        names[normalised(name)] = ()
    return Gazetteer(version=data.text("version"), divisions=divisions, names=Words(names))


def _divisions(path: Path) -> dict[str, Division]:
    divisions: dict[str, Division] = {}
    for row in read_rows(path, "code", "name", "level", "parent_code"):
        code = row.text("code")
        if code in divisions:
            raise row.bad("code", f"{code} 出现了两次。")
        level = row.choice("level", NODE_LEVELS)
        divisions[code] = Division(code=code, name=row.text("name"), level=level, parent=row.text("parent_code"))
    return divisions


def _add(names: dict[str, tuple[str, ...]], name: str, code: str) -> None:
    known = names.get(normalised(name), ())
    names[normalised(name)] = known if code in known else (*known, code)


def _checked(entry: Entry, field: str, name: str) -> str:
    if len(normalised(name)) < SHORTEST:
        raise entry.bad(field, f"“{name}”太短，至少两个字。")
    return normalised(name)
