"""Which node a command speaks about: one of a local state directory, or the one its environment names."""

import os
from collections.abc import Mapping
from pathlib import Path

import click

STATE = Path(".lianxi/nodes")


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
