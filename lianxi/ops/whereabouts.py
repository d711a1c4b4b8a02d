"""Which node a command speaks about: one of a local state directory, or the one its environment names.

Commands take it from the options `--node` and `--state` and get its settings from `environment_of`. `--set NAME=VALUE`
is what the processes of local nodes are told besides what every local node needs.
"""

import os
import re
from collections.abc import Mapping
from pathlib import Path

import click

STATE = Path(".lianxi/nodes")
_SETTING = re.compile(r"(LIANXI_[A-Z0-9_]+)=(.*)", re.DOTALL)

node_option = click.option("--node", help="Code of the node; default: the one the environment names.")
state_option = click.option("--state", type=click.Path(path_type=Path), help="State directory of `lianxi node up`.")


def _settings_of(_context: click.Context, _option: click.Parameter, given: tuple[str, ...]) -> dict[str, str]:
    settings: dict[str, str] = {}
    for text in given:
        match = _SETTING.fullmatch(text)
        if match is None:
            raise click.BadParameter(
                f"{text}: a setting is written NAME=VALUE, beginning LIANXI_ (deploy/settings.md has them all)"
            )
        settings[match[1]] = match[2]
    return settings


settings_option = click.option(
    "--set",
    "settings",
    multiple=True,
    metavar="NAME=VALUE",
    callback=_settings_of,
    help="A setting of all processes, like LIANXI_SMTP_HOST=127.0.0.1; may be repeated.",
)


def environment_of(node: str | None, state: Path | None) -> Mapping[str, str]:
    """Return the settings of a node; click.UsageError when there is none to be found.

    With `state` (see `lianxi node up`), or where the default state directory exists and the environment names no
    node, the settings are those of that local node; otherwise those of this process.
    """
    local = state is not None or ("LIANXI_NODE" not in os.environ and (STATE / "stack.json").exists())
    if not local:
        if "LIANXI_NODE" not in os.environ:
            raise click.UsageError("no node: give --state DIR and --node CODE, or set LIANXI_NODE and its settings")
        if node and node != os.environ["LIANXI_NODE"]:
            raise click.UsageError(f"the settings are those of node {os.environ['LIANXI_NODE']}, not of {node}")
        return os.environ
    from lianxi.ops.local.stack import Stack  # noqa: PLC0415  (brokers and databases are not needed without it)

    try:
        stack = Stack.found_in(state or STATE)
        environment: dict[str, str] = stack.node(node or stack.codes[0]).environment
    except (OSError, KeyError, ValueError) as error:
        raise click.UsageError(f"{state or STATE} holds no such node: run lianxi node up first") from error
    return {**os.environ, **environment}
