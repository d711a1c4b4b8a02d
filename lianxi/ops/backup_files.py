"""The files of cases in a backup: copied out of the directory or the bucket where they lie, each once, and put back.

A file's name is made of its content and what lies under it is sealed, so a copy never grows old and needs no key. The
store of a backup has them under the same names, whichever kind of place they came from: a node may be restored from a
directory into a bucket. What is still on its way in (`incoming/`) is not kept: whoever brings it brings it again.
"""

import hashlib
import importlib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import click
import obstore
from obstore.exceptions import BaseError

from lianxi.ops.backup_manifest import digest_of
from lianxi.runtime.settings import read

_UNFINISHED = "incoming/"


def place_of(environment: Mapping[str, str]) -> Any:
    """Return the store of this node's files, None where none is set up."""
    if not read("BLOBS", "", environment=environment):
        return None
    settings = importlib.import_module("services.portal.settings").FileSettings.from_environment(environment)
    return importlib.import_module("services.portal.blobs").open_store(settings.place, settings.store_options)


def copy_files(
    environment: Mapping[str, str], store: Path, known: Mapping[str, Mapping[str, Any]]
) -> Iterator[dict[str, Any]]:
    """Copy what `store` lacks; yield name, size and SHA-256 of every file."""
    place, copied = place_of(environment), 0
    if place is None:
        return
    for name, size in _listed(place):
        kept = store / name
        if name not in known or not kept.exists() or kept.stat().st_size != size:
            copied += 1
            yield {"name": name, "bytes": size, "sha256": _fetch(place, name, kept)}
        else:
            yield dict(known[name])
    click.echo(f"  附件：新增 {copied} 个")


def put_files_back(environment: Mapping[str, str], store: Path, rows: Iterable[Mapping[str, Any]]) -> None:
    """Put back what is missing or not whole; then make sure that everything of the backup is there."""
    place, put = place_of(environment), 0
    if place is None:
        return
    wanted, here = {str(row["name"]): int(row["bytes"]) for row in rows}, dict(_listed(place))
    for name, size in wanted.items():
        if here.get(name) != size:
            with (store / name).open("rb") as content, _away():
                obstore.put(place, name, content)
            put += 1
    here = dict(_listed(place))
    lacking = [name for name, size in wanted.items() if here.get(name) != size]
    if lacking:
        raise click.ClickException(f"附件没有全部放回，缺 {len(lacking)} 个，例如 {lacking[0]}。请检查文件库后再试。")
    click.echo(f"  附件：放回 {put} 个，{len(wanted)} 个全部在位")


def _listed(place: Any) -> list[tuple[str, int]]:
    """Return every file with its size, by name."""
    with _away():
        found = [(str(entry["path"]), int(entry["size"])) for page in obstore.list(place) for entry in page]
    return sorted((name, size) for name, size in found if not name.startswith(_UNFINISHED))


def _fetch(place: Any, name: str, kept: Path) -> str:
    """Copy one file; return the SHA-256 of what lies in the backup now."""
    kept.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    unfinished, digest = kept.with_name(f".{kept.name}.new"), hashlib.sha256()
    with _away(), unfinished.open("wb") as opened:
        for piece in obstore.get(place, name).stream():
            digest.update(piece)
            opened.write(piece)
    unfinished.replace(kept)
    if digest_of(kept) != digest.hexdigest():
        raise click.ClickException(f"附件 {name} 写入备份后与读出时不同，请检查存放备份的磁盘。")
    return digest.hexdigest()


class _away:  # noqa: N801  reads as a phrase where it is used
    """Say of a store that cannot be reached what is to be done, and nothing of its address."""

    def __enter__(self) -> None:
        """Begin."""

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        """Replace the store's own error."""
        if isinstance(error, BaseError):
            raise click.ClickException(
                f"文件库不可用（{type(error).__name__}），请检查 LIANXI_BLOBS 及其账号后再试。"
            ) from None
