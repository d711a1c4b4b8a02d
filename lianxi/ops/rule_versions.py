"""Which versions of the sorting rules there are: those a node used, as its routing keeps them, and those archived.

Routing writes down every version that came into use with its files, so that `lianxi rules try --against` can compare
with any of them, also when nobody thought of keeping a copy.
"""

import importlib
import os
from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import click

from lianxi.ops.whereabouts import environment_of

_SHOWN_DIGITS = 8


def used_at(node: str | None, state: Path | None, wanted: str = "") -> tuple[tuple[Any, ...] | None, Any]:
    """Return every use of rules at a node and the files of the version wanted; None and None without a node."""
    try:
        environment = environment_of(None if state is None and "LIANXI_NODE" in os.environ else node, state)
    except click.UsageError:
        if state is not None:
            raise
        return None, None
    settings = importlib.import_module("services.routing.settings").Settings.from_environment(environment)
    found: tuple[tuple[Any, ...], Mapping[str, str] | None] = importlib.import_module(
        "services.routing.storage.rule_versions"
    ).uses_and_files(settings.database_url, wanted)
    return found


def named(uses: Iterable[Any]) -> list[dict[str, Any]]:
    """Return uses as rows; where one version had several contents, each is named `version@digest`."""
    uses = tuple(uses)
    contents = defaultdict(set)
    for use in uses:
        contents[use.version].add(use.digest)
    return [
        {
            "name": use.version if len(contents[use.version]) == 1 else f"{use.version}@{use.digest[:_SHOWN_DIGITS]}",
            "version": use.version,
            "digest": use.digest,
            "since": use.since.isoformat(),
            "until": use.until.isoformat() if use.until else None,
        }
        for use in uses
    ]


def archived(directory: Path) -> list[str]:
    """Return the versions that `lianxi rules keep` stored."""
    return sorted(path.name for path in (directory / "versions").glob("*"))
