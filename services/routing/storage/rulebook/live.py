"""The rulebook that a running node uses: read again when a file changes, kept when the new files have a mistake.

Nobody restarts a node for a rule. Whoever asks for the book gets one whole book: a new one replaces the old in a
single assignment after every file was read and checked, so a half-written file or a typing mistake changes nothing.
What is wrong is logged once, stands in the metrics until it is mended, and is shown by `lianxi rules show`. What was
read is remembered with its files until the service has kept it, so that no version that was ever in use is lost.
"""

import hashlib
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from lianxi.runtime.logging import logger
from lianxi.runtime.metrics import counter, from_nought, gauge
from services.routing.domain.directory import Directory
from services.routing.domain.sorting.rulebook import Rulebook
from services.routing.storage.rulebook.reading import BadRulebook
from services.routing.storage.rulebook.rules import load_rulebook

FILES = (
    "rules.yaml",
    "terms.yaml",
    "gazetteer.yaml",
    "units.yaml",
    "topology.yaml",
    "categories.csv",
    "divisions.csv",
)
LOOK_AGAIN_SECONDS = 2.0
_BAD = gauge("routing_rulebook_bad", "1 while the rule files have a mistake and the rules read before are used.")
_LOADED = counter("routing_rulebook_loaded_total", "How often the rule files were read, by outcome.", ("outcome",))
from_nought(_LOADED, ("taken", "refused"))
_log = logger("services.routing.rulebook")
Signature = tuple[tuple[str, int, int], ...]


@dataclass(frozen=True, slots=True)
class Standing:
    """Which rules are in use, since when, and what is wrong with newer files, "" if nothing."""

    version: str
    loaded_at: datetime
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Loaded:
    """A version that came into use, with the files it was read from, by name."""

    version: str
    since: datetime
    files: Mapping[str, str]

    @property
    def digest(self) -> str:
        """Return what tells this content from any other."""
        return hashlib.sha256(json.dumps(dict(self.files), sort_keys=True).encode()).hexdigest()


class LiveRulebook:
    """The newest good rulebook of a directory of rule files.

    `amend` turns the directory of the seed file into today's; `amendments` returns a value that changes whenever its
    answer would. Both are asked at most once in `LOOK_AGAIN_SECONDS`.
    """

    def __init__(
        self,
        data_dir: Path,
        now: Callable[[], datetime],
        amend: Callable[[Directory], Directory] = lambda directory: directory,
        amendments: Callable[[], object] = lambda: None,
        interval: float = LOOK_AGAIN_SECONDS,
    ) -> None:
        self._data_dir = data_dir
        self._now = now
        self._amend = amend
        self._amendments = amendments
        self._interval = interval
        self._seen = _signature(data_dir)
        self._seed = load_rulebook(data_dir)
        self._amended_by: object = None
        self._book = self._seed
        self._standing = Standing(self._seed.version, now())
        self._next_look = 0.0
        self._unkept: list[Loaded] = []
        self._remember()
        _BAD.set(0)

    @property
    def unkept(self) -> tuple[Loaded, ...]:
        """Return what came into use and nobody has kept yet, first to last."""
        return tuple(self._unkept)

    def kept(self, loaded: Loaded) -> None:
        """Forget what has been kept."""
        self._unkept.remove(loaded)

    @property
    def seed(self) -> Rulebook:
        """Return the rulebook as the files have it, without the amendments of the directory."""
        return self._seed

    @property
    def standing(self) -> Standing:
        """Return which rules are in use."""
        self.current()
        return self._standing

    def look_again(self) -> None:
        """Have the next question see what has changed, however lately was looked: a change made here holds at once."""
        self._next_look = 0.0

    def current(self) -> Rulebook:
        """Return the newest good rulebook."""
        if time.monotonic() >= self._next_look:
            self._next_look = time.monotonic() + self._interval
            self._look()
        return self._book

    def _look(self) -> None:
        signature = _signature(self._data_dir)
        changed = signature != self._seen
        if changed:
            self._seen = signature
            changed = self._read()
        amended_by = self._amendments()
        if changed or amended_by != self._amended_by:
            self._book = replace(self._seed, directory=self._amend(self._seed.directory))
            self._amended_by = amended_by

    def _read(self) -> bool:
        """Read the files again; on a mistake keep what was read before."""
        try:
            self._seed = load_rulebook(self._data_dir)
        except BadRulebook as error:
            self._standing = replace(self._standing, problem=error.message)
            _BAD.set(1)
            _LOADED.labels("refused").inc()
            _log.error("rule files refused", problem=error.message, kept=self._standing.version)
            return False
        self._standing = Standing(self._seed.version, self._now())
        self._remember()
        _BAD.set(0)
        _LOADED.labels("taken").inc()
        _log.info("rule files taken", version=self._seed.version)
        return True

    def _remember(self) -> None:
        """Note what was read; files that changed meanwhile are read again at the next look, and noted then."""
        try:
            files = {name: (self._data_dir / name).read_text(encoding="utf-8-sig") for name in FILES}
        except OSError:
            return
        if _signature(self._data_dir) == self._seen:
            self._unkept.append(Loaded(self._seed.version, self._standing.loaded_at, files))


def _signature(data_dir: Path) -> Signature:
    """Return what changes when a file is written; a file that is away counts as changed."""
    found = []
    for name in FILES:
        try:
            stat = (data_dir / name).stat()
        except OSError:
            found.append((name, 0, 0))
        else:
            found.append((name, stat.st_mtime_ns, stat.st_size))
    return tuple(found)
