"""Make the directory of organs from `units.yaml` and the nodes of `topology.yaml`."""

from collections.abc import Mapping
from pathlib import Path

from lianxi.casework.errors import Invalid
from lianxi.casework.identifiers import DivisionCode, DocumentNumber, UnitCode
from lianxi.casework.messages.facts import DocumentKind, Role
from services.routing.domain.directory import Directory, Office, Unit, clashes
from services.routing.storage.rulebook.reading import Entry, read_yaml

_LONGEST_KIND = max((kind.value for kind in DocumentKind), key=len)


def load_directory(data_dir: Path) -> Directory:
    """Read the organs of every node of the topology; refuses what is missing, unclear or given twice."""
    data = read_yaml(data_dir / "units.yaml")
    data.only("version", "valid_from", "hours", "nodes", "townships", "templates", "levels", "also")
    nodes = {entry.name: entry for entry in read_yaml(data_dir / "topology.yaml").entries("nodes")}
    given = {entry.name: entry for entry in data.entries("nodes")}
    offices = {
        node: _given_office(given[node], entry) if node in given else _made_office(data, entry, given)
        for node, entry in nodes.items()
    }
    _refuse_strangers(data, nodes)
    _refuse_same_marks(data, offices)
    units = {node: _units(data, office) for node, office in offices.items()}
    return Directory(version=data.text("version"), offices=offices, units=units)


def _given_office(own: Entry, node: Entry) -> Office:
    """Return the office of a node that has an entry of its own."""
    own.only("short", "prefix", "mark")
    return _office(own, node, short=own.text("short"), prefix=own.text("prefix"), mark=own.text("mark"))


def _made_office(data: Entry, node: Entry, given: Mapping[str, Entry]) -> Office:
    """Return the office of a township or street, named by its own short name and that of its district."""
    pattern = data.inner("townships")
    pattern.only("endings", "mark")
    parent = given.get(node.text("parent", ""))
    if parent is None:
        raise data.bad(f"nodes.{node.name}", "这个节点没有条目，其上级也没有，无法生成名称和代字。")
    name = node.text("name")
    endings = sorted(pattern.texts("endings"), key=len, reverse=True)
    short = next((name.removesuffix(ending) for ending in endings if name.endswith(ending)), name)
    mark = pattern.text("mark").replace("{parent}", parent.text("short")).replace("{short}", short)
    return _office(pattern, node, short=short, prefix=name, mark=mark)


def _office(entry: Entry, node: Entry, *, short: str, prefix: str, mark: str) -> Office:
    try:
        DivisionCode(node.name)
        DocumentNumber(mark + _LONGEST_KIND, 2026, 1)
    except Invalid as error:
        raise entry.bad("mark", f"节点 {node.name} 的代字不能构成字号：{error.message}") from error
    return Office(
        node=node.name, name=node.text("name"), level=node.text("level"), short=short, prefix=prefix, mark=mark
    )


def _refuse_strangers(data: Entry, nodes: Mapping[str, Entry]) -> None:
    for field in ("nodes", "also"):
        for node in data.inner(field).fields:
            if node not in nodes:
                raise data.bad(f"{field}.{node}", "topology.yaml 中没有这个节点。")


def _refuse_same_marks(data: Entry, offices: Mapping[str, Office]) -> None:
    owners: dict[str, str] = {}
    for office in offices.values():
        if office.mark in owners:
            raise data.bad(f"nodes.{office.node}.mark", f"代字“{office.mark}”与节点 {owners[office.mark]} 相同。")
        owners[office.mark] = office.node


def _units(data: Entry, office: Office) -> tuple[Unit, ...]:
    """Fill in the template of the node's level and add what only this node has."""
    template = data.inner("levels").text(office.level)
    entries = [*data.inner("templates").entries(template), *data.inner("also").entries(office.node)]
    hours = data.text("hours", "")
    units = tuple(_unit(entry, office, hours) for entry in entries)
    if not units:
        raise data.bad(f"templates.{template}", "没有任何单位。")
    slugs = {unit.slug for unit in units}
    for unit in units:
        if unit.substitute and (unit.substitute not in slugs or unit.substitute == unit.slug):
            raise data.bad(f"templates.{template}.{unit.slug}.substitute", "本节点没有这个代管单位。")
    for prefix in clashes(units):
        raise data.bad(f"templates.{template}", f"“{'/'.join(prefix)}”同时归两个单位，请只保留一个。")
    return units


def _unit(entry: Entry, office: Office, hours: str) -> Unit:
    entry.only("name", "names", "leader", "competence", "serves", "assists", "leader_on_record", "hours", "substitute")
    name = entry.inner("names").text(office.level, entry.text("name"))
    for placeholder, value in (("{prefix}", office.prefix), ("{short}", office.short), ("{name}", office.name)):
        name = name.replace(placeholder, value)
    try:
        code = UnitCode.of(DivisionCode(office.node), entry.name)
    except Invalid as error:
        raise entry.bad(entry.name, error.message) from error
    return Unit(
        code=str(code),
        name=name,
        slug=entry.name,
        leader=Role(entry.choice("leader", tuple(Role), Role.UNIT_HEAD.value)),
        competence=tuple(tuple(path.split("/")) for path in entry.texts("competence")),
        serves=entry.texts("serves"),
        assists=tuple(tuple(path.split("/")) for path in entry.texts("assists")),
        leader_on_record=entry.text("leader_on_record", ""),
        hours=entry.text("hours", hours),
        substitute=entry.text("substitute", ""),
    )
