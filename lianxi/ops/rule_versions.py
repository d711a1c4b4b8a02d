"""What a node has on record for trying its sorting rules: the versions it used, and the changes of its organs.

Routing writes down every version that came into use with its files, so that `lianxi rules try --against` can compare
with any of them, also when nobody thought of keeping a copy. Versions that somebody archived are listed beside them.
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
    database_url = _database_of(node, state)
    if database_url is None:
        return None, None
    found: tuple[tuple[Any, ...], Mapping[str, str] | None] = importlib.import_module(
        "services.routing.storage.rule_versions"
    ).uses_and_files(database_url, wanted)
    return found


def unit_changes_at(node: str | None, state: Path | None) -> tuple[Any, ...] | None:
    """Return the dated changes of organs that a node has on record; None without a node."""
    database_url = _database_of(node, state)
    if database_url is None:
        return None
    found: tuple[Any, ...] = importlib.import_module("services.routing.storage.unit_changes").changes_on_record(
        database_url
    )
    return found


def _database_of(node: str | None, state: Path | None) -> str | None:
    try:
        environment = environment_of(None if state is None and "LIANXI_NODE" in os.environ else node, state)
    except click.UsageError:
        if state is not None:
            raise
        return None
    url: str = importlib.import_module("services.routing.settings").Settings.from_environment(environment).database_url
    return url


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
