"""`lianxi demo`: three nodes on this machine, a story of half a year played through all of them, then a look around.

City, district and street each have their own database, vhost, services and portal, joined by shovels. The story is in
`story` and `later`, a chapter a function; `stage` holds the nodes, people and clock, `office` speaks HTTP. With
`--exit` everything is stopped after the story; the status is 0 only if every check held. With `--no-story` the nodes
have their people and nothing else, on today's date, for whoever wants to try it all by hand.
"""

import fcntl
import signal
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import click

from lianxi.ops.demo.later import SECOND_HALF
from lianxi.ops.demo.office import StoryBroken
from lianxi.ops.demo.stage import CITY, DISTRICT, TOWNSHIP, Stage
from lianxi.ops.demo.story import FIRST_HALF, Told
from lianxi.ops.demo.summary import show_summary
from lianxi.ops.local.stack import Stack
from lianxi.ops.whereabouts import settings_option

STATE = Path(".lianxi/demo")
FAILED = 1
ENDINGS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
SHOWN = {"dispatcher": "分办人员", "case_officer": "承办人员", "registrar": "登记人员"}
"""Whose logins are printed; the others stand in the file."""


@click.command()
@click.option("--state", type=click.Path(path_type=Path), default=STATE, show_default=True, help="State directory.")
@click.option("--exit", "leave", is_flag=True, help="Stop everything after the story.")
@click.option("--no-story", "empty", is_flag=True, help="Play nothing: empty nodes with their people, on today's date.")
@settings_option
def command(state: Path, *, leave: bool, empty: bool, settings: Mapping[str, str]) -> None:
    """Bring three nodes up and play a story through all of them."""
    for ending in ENDINGS:  # whoever ends this program ends its nodes, as Ctrl-C does
        signal.signal(ending, signal.default_int_handler)
    with _alone(state):
        held = _run(Stack(state, [CITY, DISTRICT, TOWNSHIP], settings=settings), leave=leave, empty=empty)
    if not held:
        raise SystemExit(FAILED)


@contextmanager
def _alone(state: Path) -> Iterator[None]:
    """Keep a second demonstration away from the nodes of this one; the lock lies beside what every run deletes."""
    state.parent.mkdir(parents=True, exist_ok=True)
    with state.with_name(f"{state.name}.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise click.ClickException(
                f"另一场演示正在使用 {state}：请先在它的窗口按 Ctrl-C，或用 --state 给出别的目录。"
            ) from None
        yield


def _run(stack: Stack, *, leave: bool, empty: bool) -> bool:
    """Play the story on fresh nodes; return whether every check held. Nothing goes on running afterwards."""
    state = stack.directory
    stack.remove()  # what an earlier run left is another story
    stage = Stage(stack)
    held = False
    try:
        _set_up(stage, state, empty=empty)
        held = empty or _play(stage, state)
        if held and not leave:
            _stay(stage, state)
    except KeyboardInterrupt:
        _stay_deaf()
        click.echo("\n停止……")
    finally:
        _stay_deaf()
        stack.down()
    return held


def _stay_deaf() -> None:
    """Let nothing interrupt the stopping: whoever presses Ctrl-C once more would leave nodes behind."""
    for ending in ENDINGS:
        signal.signal(ending, signal.SIG_IGN)


def _set_up(stage: Stage, state: Path, *, empty: bool) -> None:
    """Bring the nodes up with their people, for the story on its first morning."""
    started = time.monotonic()
    click.echo("启动三个节点：西宁市、城西区、西关大街街道……")
    state.mkdir(parents=True, exist_ok=True)
    if not empty:
        stage.begin()
    stage.stack.up()
    stage.people(state)
    click.echo(f"三个节点就绪（{time.monotonic() - started:.0f} 秒）")


def _play(stage: Stage, state: Path) -> bool:
    """Play the story; return whether every check held."""
    started = time.monotonic()
    told = Told.read()
    try:
        for chapter in (*FIRST_HALF, *SECOND_HALF):
            chapter(stage, told)
    except StoryBroken as broken:
        click.secho(f"\n✗ {broken}", fg="red", err=True)
        click.echo(f"  各节点的日志：{state}/nodes/*/logs", err=True)
        return False
    show_summary(stage)
    click.secho(f"\n{stage.checks} 项检查全部通过，用时 {time.monotonic() - started:.0f} 秒。", bold=True)
    return True


def _stay(stage: Stage, state: Path) -> None:
    """Print where to look and with which logins, and wait for Ctrl-C."""
    click.echo("\n节点继续运行，Ctrl-C 停止。信访人从网址首页提交和查询，工作人员从 /desk 登录：")
    for office in stage.offices.values():
        click.secho(f"  {office.name}  {office.url}", bold=True)
        for role, title in SHOWN.items():
            person = office.people[role]
            click.echo(f"    {title}  {person.login:<25}  {person.password}")
    click.echo(f"全部登录名与口令：{state / 'logins.json'}")
    while True:
        time.sleep(1)
