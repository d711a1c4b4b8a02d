"""How a command asks the notify service of a node over its broker, and how it says that there was no answer."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from lianxi.bus.calls import CallFailed, CallRefused, Calls
from lianxi.ops.whereabouts import environment_of
from lianxi.runtime.settings import SettingMissing, read

TIMEOUT = 10.0


def ask_notify(command: str, node: str | None, state: Path | None, method: str, body: dict[str, Any]) -> dict[str, Any]:
    """Return what notify answers; a refusal or silence ends `command` with status 1, a missing setting with 2."""
    environment: Mapping[str, str] = environment_of(node, state)
    try:
        calls = Calls(read("AMQP_URI", secret=True, environment=environment), name=f"lianxi {command}")
    except (SettingMissing, OSError) as error:
        raise click.UsageError(str(error)) from error
    try:
        answer: dict[str, Any] = calls.call("notify", method, body, timeout=TIMEOUT)
    except CallFailed as error:
        raise click.ClickException(f"通知服务没有应答（{error}），请确认节点正在运行。") from error
    except CallRefused as error:
        raise click.ClickException(str(error.problem.get("detail", error))) from error
    finally:
        calls.close()
    return answer
