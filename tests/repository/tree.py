"""The files of this repository as the tests of it see them: source files, their syntax trees, the services.

What tools leave behind (virtual environment, caches, state of running nodes) is not part of the repository.
"""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LEFT_BEHIND = {".git", ".venv", ".lianxi", "__pycache__", "htmlcov", ".hypothesis", "node_modules", "build"}
SERVICES = tuple(
    sorted(path.name for path in (ROOT / "services").iterdir() if path.is_dir() and path.name not in LEFT_BEHIND)
)


def named(path: Path) -> str:
    """Return how messages name a file."""
    return path.relative_to(ROOT).as_posix()


@cache
def files() -> tuple[Path, ...]:
    """Return every file of the repository."""
    return tuple(sorted(_below(ROOT)))


def _below(folder: Path) -> Iterator[Path]:
    for path in folder.iterdir():
        if path.name in LEFT_BEHIND or path.name.endswith("_cache"):
            continue
        if path.is_dir():
            yield from _below(path)
        else:
            yield path


def python_files(*folders: str) -> list[Path]:
    """Return the Python files below folders of the repository, all of them when none is named."""
    wanted = [ROOT / folder for folder in folders] or [ROOT]
    return [path for path in files() if path.suffix == ".py" and any(path.is_relative_to(each) for each in wanted)]


@cache
def text_of(path: Path) -> str:
    """Return the text of a file; "" for one that is not text."""
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return ""


@cache
def syntax_of(path: Path) -> ast.Module:
    """Return the syntax tree of a Python file."""
    return ast.parse(text_of(path), filename=named(path))


def markdown_files() -> list[Path]:
    """Return every Markdown page."""
    return [path for path in files() if path.suffix == ".md"]
