"""What belongs to a backup, and whether it is still what it was: the manifest and its SHA-256 sums."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import click

MANIFEST = "manifest.json"
FORMAT = 1
_BLOCK = 1024 * 1024


def newest_in(directory: Path) -> Path:
    """Return the backup that a directory is, else the newest complete one in it; ClickException when there is none."""
    if (directory / MANIFEST).exists():
        return directory
    found = sorted(path.parent for path in directory.glob(f"[0-9]*/{MANIFEST}"))
    if not found:
        raise click.ClickException(f"{directory} 里没有完整的备份。")
    return found[-1]


def read_manifest(backup: Path) -> dict[str, Any]:
    """Return what a backup says of itself; ClickException when it is of another format."""
    manifest: dict[str, Any] = json.loads((backup / MANIFEST).read_text(encoding="utf-8"))
    if manifest.get("format") != FORMAT:
        raise click.ClickException(f"{backup}：本版本不认识这种备份格式。")
    return manifest


def files_of_latest(target: Path) -> Mapping[str, Mapping[str, Any]]:
    """Return the files of the newest backup in a directory by name, so that they are not read again."""
    try:
        latest = newest_in(target)
    except click.ClickException:
        return {}
    return {row["name"]: row for row in read_manifest(latest)["files"]}


def digest_of(path: Path) -> str:
    """Return the SHA-256 of a file."""
    digest = hashlib.sha256()
    with path.open("rb") as opened:
        while block := opened.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()


def problems(backup: Path) -> Iterator[str]:
    """Yield a sentence for every part that is missing or is not what it was."""
    manifest = read_manifest(backup)
    rows = [(backup, row) for row in manifest["parts"]] + [(backup.parent / "files", row) for row in manifest["files"]]
    for folder, row in rows:
        path = folder / row["name"]
        if not path.is_file():
            yield f"{row['name']}：缺失"
        elif path.stat().st_size != row["bytes"] or digest_of(path) != row["sha256"]:
            yield f"{row['name']}：内容与清单不符"
