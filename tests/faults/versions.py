"""A city and a district of which one runs an older version of this repository, and is upgraded in place while it works.

The older version is a commit of this repository, laid out in a directory of its own: its processes run from there, its
own migrations made its database, its own provisioning made its broker's queues. So everything that could depend on
the version does. `UpgradeInPlace` does to a node what deploy/README.md tells an operator to do: the schema first, while
the older processes go on, then the processes, one after the other in either order.
"""

import os
import subprocess
import sys
import tarfile
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path

from lianxi.bus.calls import Calls
from lianxi.ops.local.cluster import Cluster
from lianxi.ops.local.stack import Stack
from tests.faults.harms import Fault, Scene, later
from tests.faults.pair import NODES, PROCESSES, SHARED, Pair

ROOT = Path(__file__).resolve().parents[2]
PREVIOUS = "6c6ea6f39af5a775c57a21db6b71e837aab0cfb8"
"""The version before this one: a commit until there is a release, then the tag of the last one."""
_PROVISION = """
import sys
from pathlib import Path
from lianxi.ops.local.stack import Stack
stack = Stack(Path(sys.argv[1]), sys.argv[3:], own_brokers=True)
stack.provision_database(sys.argv[2])
stack.provision_broker(sys.argv[2])
"""


class NoOlderVersion(Exception):  # noqa: N818  reads as what happened
    """This clone does not hold the commit of the version before."""


def lay_out(commit: str, directory: Path) -> Path:
    """Write the tree of a commit into a directory and return it."""
    done = subprocess.run(["git", "archive", commit], cwd=ROOT, capture_output=True, check=False)
    if done.returncode:
        told = done.stderr.decode().strip()
        raise NoOlderVersion(f"{commit}: {told}; a shallow clone is completed by `git fetch --unshallow`")
    directory.mkdir(parents=True, exist_ok=True)
    with tarfile.open(fileobj=BytesIO(done.stdout)) as archive:
        archive.extractall(directory, filter="data")
    return directory


@dataclass
class MixedStack(Stack):
    """Nodes of which some run from another tree than this one."""

    trees: dict[str, Path] = field(default_factory=dict)
    """Where an older version lies, by the code of each node that runs it."""

    def provision_database(self, code: str) -> None:
        """Make a node's database as its version has it; its broker follows."""
        if code in self.trees:
            self._by_its_own_version(code)
        else:
            super().provision_database(code)

    def provision_broker(self, code: str) -> None:
        """Give a node's broker what its version wants."""
        if code not in self.trees:
            super().provision_broker(code)

    def _by_its_own_version(self, code: str) -> None:
        environment = {**os.environ, "PYTHONPATH": str(self.trees[code])}
        command = [sys.executable, "-W", "ignore", "-c", _PROVISION, str(self.directory), code, *self.codes]
        done = subprocess.run(command, cwd=self.trees[code], env=environment, capture_output=True, check=False)
        assert done.returncode == 0, done.stderr.decode()[-2000:]

    def _environment(self, code: str) -> dict[str, str]:
        own = {"PYTHONPATH": str(self.trees[code])} if code in self.trees else {}
        return {**super()._environment(code), **own}


class MixedPair(Pair):
    """City and district, one of them in an older version."""

    def __init__(self, directory: Path, trees: Mapping[str, Path]) -> None:
        self.stack: MixedStack = MixedStack(directory, NODES, own_brokers=True, trees=dict(trees))
        self.stack.cluster = Cluster(self.stack.directory / "cluster", settings=SHARED)
        self.proxies = {}
        self._local = threading.local()
        self._calls: dict[str, Calls] = {}

    def migrate(self, node: str) -> None:
        """Bring database and broker of a node to this version; its older processes go on."""
        del self.stack.trees[node]
        self.stack.provision_database(node)
        self.stack.provision_broker(node)

    def restart(self, node: str, process: str) -> None:
        """Let a process of this version follow an older one."""
        self.stack.node(node).program(process).stop()
        self.start(node, process)


@dataclass(frozen=True)
class UpgradeInPlace(Fault):
    """A node comes to this version in the middle of the work; not a fault, but it has to pass like one."""

    victim: str = "version"
    moment: str = "in the middle of the work"
    harm: str = "upgraded"
    order: tuple[str, ...] = PROCESSES

    def strike(self, scene: Scene) -> None:
        """Upgrade when some of the work is done, and let the work go on in between."""
        assert isinstance(scene.pair, MixedPair)
        later(scene.load, 8)
        scene.pair.migrate(self.node)
        for process in self.order:
            later(scene.load, 6)
            scene.pair.restart(self.node, process)
