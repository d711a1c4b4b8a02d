"""`lianxi demo`: three nodes on this machine, a story of half a year played through all of them, then a look around.

City, district and street each have their own database, vhost, services and portal, joined by shovels. The story is in
`story` and `later`, a chapter a function; `stage` holds the nodes, people and clock, `office` speaks HTTP. With
`--exit` everything is stopped after the story; the status is 0 only if every check held.
"""

import fcntl
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from lianxi.ops.demo.later import SECOND_HALF
from lianxi.ops.demo.office import StoryBroken
from lianxi.ops.demo.stage import CITY, DISTRICT, NAMES, TOWNSHIP, Stage
from lianxi.ops.demo.story import FIRST_HALF, Told
from lianxi.ops.demo.summary import show_summary
from lianxi.ops.local.stack import Stack

STATE = Path(".lianxi/demo")
FAILED = 1


@click.command()
@click.option("--state", type=click.Path(path_type=Path), default=STATE, show_default=True, help="State directory.")
@click.option("--exit", "leave", is_flag=True, help="Stop everything after the story.")
def command(state: Path, *, leave: bool) -> None:
    """Bring three nodes up and play a story through all of them."""
    for ending in (signal.SIGTERM, signal.SIGHUP):  # whoever ends this program ends its nodes, as Ctrl-C does
        signal.signal(ending, signal.default_int_handler)
    with _alone(state):
        held = _run(state, leave=leave)
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


def _run(state: Path, *, leave: bool) -> bool:
    """Play the story on fresh nodes; return whether every check held. Nothing goes on running afterwards."""
    Stack(state, [CITY, DISTRICT, TOWNSHIP]).remove()  # what an earlier run left is another story
    stack = Stack(state, [CITY, DISTRICT, TOWNSHIP])
    held = False
    try:
        held = _play(stack, state)
        if held and not leave:
            _stay(stack, state)
    except KeyboardInterrupt:
        click.echo("\n停止……")
    finally:
        stack.down()
    return held


def _play(stack: Stack, state: Path) -> bool:
    started = time.monotonic()
    stage = Stage(stack)
    click.echo("启动三个节点：西宁市、城西区、西关大街街道……")
    state.mkdir(parents=True, exist_ok=True)
    stage.begin()
    stack.up()
    stage.people(state)
    click.echo(f"三个节点就绪（{time.monotonic() - started:.0f} 秒）")
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


def _stay(stack: Stack, state: Path) -> None:
    """Print where to look and wait for Ctrl-C."""
    click.echo("\n节点继续运行，Ctrl-C 停止。登录名与口令：" + str(state / "logins.json"))
    for node in stack.nodes:
        click.echo(f"  {NAMES[node.code]}  {node.portal_url}  例如登录名 dispatcher-{node.code}")
    while True:
        time.sleep(1)
