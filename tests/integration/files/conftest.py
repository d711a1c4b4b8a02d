"""Nodes with files, in this process: see tests/support/file_nodes.py."""

import pytest

from lianxi.ops.local.proxy import Proxy
from lianxi.runtime.crypto import KeyRing
from tests.support.file_nodes import FileNode
from tests.support.nodes import copy_of_template

SECRET = "between-district-and-street"


@pytest.fixture(scope="module")
def file_node(shared_cluster, tmp_path_factory):
    """Make nodes: `file_node("630104", parent=…)`. All of them have the keys of one city."""
    made, city = [], KeyRing.generate()

    def make(code="630104", **settings):
        ring = KeyRing.generate(index=city.index, transport=city.transport)
        database = copy_of_template(shared_cluster, code, ("intake", "portal"))
        node = FileNode(code, database, tmp_path_factory.mktemp(code), ring=ring, **settings)
        made.append(node)
        return node

    yield make
    for node in made:
        node.close()
        shared_cluster.drop_database(node.database.name)


@pytest.fixture(scope="module")
def node(file_node):
    """One node for the tests of a module; each test has cases and files of its own."""
    return file_node()


@pytest.fixture(scope="module")
def district(file_node):
    return file_node("630104", secrets={"630104001": SECRET})


@pytest.fixture(scope="module")
def line(district):
    """The line from the street to the district's portal."""
    proxy = Proxy(district.server.server_port)
    yield proxy
    proxy.close()


@pytest.fixture(scope="module")
def street(file_node, line):
    return file_node("630104001", secrets={"630104": SECRET}, parent=f"http://127.0.0.1:{line.port}")
