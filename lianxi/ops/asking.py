"""How a command asks a service of a node over its broker, and how it says that there was no answer."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from lianxi.bus.calls import CallFailed, CallRefused, Calls
from lianxi.ops.whereabouts import environment_of
from lianxi.runtime.settings import SettingMissing, read

TIMEOUT = 10.0
NAMES = {"notify": "通知服务", "routing": "流转服务"}


class NoAnswer(click.ClickException):
    """A service did not answer: what was asked of it may have been done or not."""


def ask(
    command: str, node: str | None, state: Path | None, called: tuple[str, str], body: dict[str, Any]
) -> dict[str, Any]:
    """Return what a service answers; a refusal or silence ends `command` with status 1, a missing setting with 2.

    `called` is the service with its method.
    """
    environment: Mapping[str, str] = environment_of(node, state)
    service, method = called
    try:
        calls = Calls(read("AMQP_URI", secret=True, environment=environment), name=f"lianxi {command}")
    except (SettingMissing, OSError) as error:
        raise click.UsageError(str(error)) from error
    try:
        answer: dict[str, Any] = calls.call(service, method, body, timeout=TIMEOUT)
    except CallFailed as error:
        raise NoAnswer(f"{NAMES[service]}没有应答（{error}），请确认节点正在运行。") from error
    except CallRefused as error:
        raise click.ClickException(str(error.problem.get("detail", error))) from error
    finally:
        calls.close()
    return answer


def ask_notify(command: str, node: str | None, state: Path | None, method: str, body: dict[str, Any]) -> dict[str, Any]:
    """Return what notify answers."""
    return ask(command, node, state, ("notify", method), body)
