"""Stops every process recorded under a state directory and removes what was placed elsewhere for it.

`make clean` runs this before it deletes the directory: brokers, clusters and node processes of demos and tests,
also those that a crash left running.
"""

import shutil
import signal
import sys
from pathlib import Path

from lianxi.ops.local.processes import Record


def stop_everything(state: Path) -> list[str]:
    """Stop all recorded processes below `state`; return the records that still had one."""
    stopped = []
    for path in sorted(state.rglob("*.pid")):
        record = Record(path)
        if path.parent.suffix != ".users" and record.read():
            stopped.append(str(path.relative_to(state)))
            record.stop(signal.SIGTERM, within=10.0)
    return stopped


def remove_data_elsewhere(state: Path) -> None:
    """Delete the data of clusters that had to lie outside the state directory."""
    for link in state.rglob("data"):
        if link.is_symlink() and link.resolve().parent.name.startswith("lianxi-"):
            shutil.rmtree(link.resolve().parent, ignore_errors=True)


def main() -> None:
    """Clean the state directory named on the command line."""
    state = Path(sys.argv[1])
    for record in stop_everything(state):
        print(f"stopped {record.removesuffix('.pid')}")
    remove_data_elsewhere(state)


if __name__ == "__main__":
    main()
