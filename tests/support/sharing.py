"""One server for all test processes: the first that asks starts it, the last that leaves removes it.

Who uses the server is written down beside it with process ids, so that a worker that was killed does not count.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from lianxi.ops.local.processes import Identity, Record, locked

STATE = Path(__file__).resolve().parents[2] / ".lianxi" / "test"


@contextmanager
def shared(name: str, *, start: Callable[[], object], remove: Callable[[], object]) -> Iterator[None]:
    """Hold the server called `name` for as long as the block lasts."""
    users = STATE / f"{name}.users"
    users.mkdir(parents=True, exist_ok=True)
    me = Identity.of(os.getpid())
    assert me is not None
    mine = Record(users / f"{me.pid}.pid")
    with locked(STATE / f"{name}.lock"):
        start()
        mine.write(me)
    try:
        yield
    finally:
        with locked(STATE / f"{name}.lock"):
            mine.forget()
            records = [Record(path) for path in users.glob("*.pid")]
            if not any(record.read() for record in records):
                remove()
                for record in records:
                    record.forget()
