"""`lianxi verify`: recompute the history of every case of a node and name whatever was altered.

Three books must agree. The hash chain of each case is recomputed from the stored events; the state they lead to is
compared with the case file, column by column; and the ledger, which another service keeps in another schema under
another login, says how long each history was, what its digest was then and where the case stood (`histories`). What
people wrote, the petitions and the documents, is held against the digests in the events (`papers`). So an event edited,
removed, swapped or added, a history cut short or sealed anew from an edit to its end, a case or a document that
vanished, and a text exchanged are each named.

Status 0: everything is as it was recorded; 1: damage was found; 2: wrong use.
"""

import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import click
from sqlalchemy import Engine, create_engine

from lianxi.casework.chain import Finding
from lianxi.ops.verify.histories import history_findings
from lianxi.ops.verify.papers import paper_findings
from lianxi.ops.verify.tally import Tally
from lianxi.ops.whereabouts import environment_of
from lianxi.runtime.crypto import KeyRing
from lianxi.runtime.settings import read

DAMAGED = 1


@click.command()
@click.option("--node", help="Code of the node, with --state.")
@click.option("--state", type=click.Path(path_type=Path, exists=True), help="State directory of local nodes.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object per damage, then a summary.")
def command(node: str | None, state: Path | None, as_json: bool) -> None:
    """Recompute the history of every case and name whatever was altered."""
    environment = environment_of(node, state)
    routing = create_engine(read("DATABASE_URL_ROUTING", secret=True, environment=environment))
    supervision = create_engine(read("DATABASE_URL_SUPERVISION", secret=True, environment=environment))
    keys = KeyRing.from_file(Path(read("KEYRING_FILE", environment=environment)))
    here = read("NODE", environment=environment)
    tally, damages = Tally(), 0
    for found in node_findings(routing, supervision, keys, here, tally):
        damages += 1
        click.echo(_shown(found, as_json=as_json))
    if as_json:
        click.echo(json.dumps(tally.as_data() | {"damages": damages}))
    else:
        verdict = f"发现 {damages} 处问题" if damages else "完好"
        click.echo(f"核对 {tally.cases} 件、{tally.events} 条记录、{tally.papers} 份来件和文书：{verdict}")
    if damages:
        raise SystemExit(DAMAGED)


def node_findings(routing: Engine, supervision: Engine, keys: KeyRing, here: str, tally: Tally) -> Iterator[Finding]:
    """Yield every damage in the books of the node `here`, all seen at one moment while the node works."""
    at_one_moment = routing.execution_options(isolation_level="REPEATABLE READ")
    with at_one_moment.connect() as cases, supervision.connect() as ledger:
        yield from history_findings(cases, ledger, tally)
        yield from paper_findings(cases, keys, here, tally)


def _shown(found: Finding, *, as_json: bool) -> str:
    if as_json:
        return json.dumps(asdict(found), ensure_ascii=False)
    return f"{found.case_no} 第{found.seq}条 {found.damage}：{found.text}"
