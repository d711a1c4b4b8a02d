"""`lianxi books`: compare the books of a node with those of a node below it, and name every case they differ on.

It runs at the node above. The question goes over the link like any other message, so both nodes must be up and the
link between them too. Routing is found by name at run time, because nothing in `lianxi` may depend on a service.
Status 0: the books are equal; 1: they differ; 2: the other node did not answer in time, or wrong use of the command.
"""

import importlib
import json
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from lianxi.ops.whereabouts import environment_of, state_option

DIFFERENT, NO_ANSWER = 1, 2
POLL = 0.2
KINDS = {
    "missing-here": "本节点缺失",
    "missing-there": "对方节点缺失",
    "epoch": "持有序号不同",
    "seq": "历史条数不同",
    "holder": "持有节点不同",
    "state": "状态不同",
    "digest": "历史摘要不同",
}


@dataclass(frozen=True, slots=True)
class Books:
    """The comparisons of one node."""

    parts: Any
    handlers: Any

    def ask(self, child: str) -> str:
        """Begin to compare with a child."""
        with self.parts.open_work() as work:
            comparison: str = self.handlers.ask(work, self.parts.end, child)
        return comparison

    def result(self, comparison: str) -> dict[str, Any]:
        """Return how far a comparison is."""
        with self.parts.open_work() as work:
            found: dict[str, Any] = self.handlers.result(work, comparison)
        return found


@click.group()
def command() -> None:
    """Compare the books of two nodes."""


@command.command()
@click.option("--with", "child", required=True, help="Code of the node directly below to compare with.")
@click.option("--node", default=None, help="Code of the node above; default: the one the environment names.")
@state_option
@click.option("--timeout", default=60.0, show_default=True, help="Seconds to wait for the answer.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def compare(child: str, node: str | None, state: Path | None, timeout: float, as_json: bool) -> None:
    """Name every case held below that one side has and the other lacks, or has differently."""
    books = _books(environment_of(node, state))
    found = _answer(books, books.ask(child), timeout)
    if found is None:
        click.echo(f"lianxi: {child} 在 {timeout:g} 秒内没有应答；链路恢复后会继续，请稍后重试。", err=True)
        raise SystemExit(NO_ANSWER)
    click.echo(json.dumps(_summary(found), ensure_ascii=False) if as_json else "\n".join(_lines(found)))
    if found["rows"]:
        raise SystemExit(DIFFERENT)


def _answer(books: Books, comparison: str, timeout: float) -> dict[str, Any] | None:
    """Wait for the other node; return None when it takes too long."""
    deadline = time.monotonic() + timeout
    while (found := books.result(comparison))["state"] != "done":
        if time.monotonic() > deadline:
            return None
        time.sleep(POLL)
    return found


def _summary(found: Mapping[str, Any]) -> dict[str, Any]:
    rows = found["rows"]
    return {"child": found["child"], "cases": found["cases"], "equal": not rows, "differences": rows}


def _lines(found: Mapping[str, Any]) -> Iterator[str]:
    for row in found["rows"]:
        yield f"{row['case_no']}  {KINDS[row['kind']]}  本节点：{_entry(row['here'])}  对方：{_entry(row['there'])}"
    verdict = f"{len(found['rows'])} 件不符" if found["rows"] else "账目一致"
    yield f"与 {found['child']} 核对 {found['cases']} 件：{verdict}"


def _entry(entry: Mapping[str, Any] | None) -> str:
    if entry is None:
        return "无"
    return f"{entry['state']} {entry['holder']} 序{entry['epoch']} 第{entry['seq']}条 {entry['digest'][:8]}"


def _books(environment: Mapping[str, str]) -> Books:
    settings = importlib.import_module("services.routing.settings").Settings.from_environment(environment)
    parts = importlib.import_module("services.routing.wiring").build(settings)
    return Books(parts, importlib.import_module("services.routing.handlers.books"))
