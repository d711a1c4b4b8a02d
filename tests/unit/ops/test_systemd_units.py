"""The systemd units of nodes: what they name exists, and townships on their district's machine do not collide."""

import configparser
import shutil
import subprocess
import sys

import pytest

from lianxi.ops.bundle import Bundle
from lianxi.ops.topology import load

CITY = load()
DISTRICT, STREET, VHOST = "630106", "630104001", "630106200"
VHOSTS = [node.code for node in CITY if node.broker == "vhost"]
ALL = ("migrate.service", "portal.service", "relay.service", "services.service")


@pytest.fixture
def units(tmp_path):
    """Render a node and return its units, read, by their names."""

    def render(code):
        directory = tmp_path / code
        Bundle(CITY, code, "parent.lianxi", "secret-{}".format).write(directory)
        return {path.name: read(path) for path in (directory / "systemd").iterdir()}

    return render


def read(path):
    parser = configparser.RawConfigParser(strict=False, dict_type=dict)
    parser.optionxform = str
    parser.read_string(path.read_text(encoding="utf-8"))
    lines = [line for line in path.read_text(encoding="utf-8").splitlines() if "=" in line]
    settings = dict(
        line.removeprefix("Environment=").split("=", 1) for line in lines if line.startswith("Environment=")
    )
    return {"lines": lines, "settings": settings, **{name: dict(parser[name]) for name in parser.sections()}}


@pytest.mark.parametrize(("code", "unit"), [(DISTRICT, "lianxi"), (STREET, "lianxi"), (VHOST, f"lianxi-{VHOST}")])
def test_a_node_has_a_target_its_processes_and_the_migration_before_them(units, code, unit):
    found = units(code)

    assert set(found) == {f"{unit}.target", *(f"{unit}-{name}" for name in ALL)}
    wanted = found[f"{unit}.target"]["Unit"]["Wants"].split()
    assert set(wanted) == {f"{unit}-{name}" for name in ALL[1:]}
    for name in wanted:
        assert found[name]["Unit"]["Requires"] == f"{unit}-migrate.service"
        assert found[name]["Unit"]["PartOf"] == found[name]["Install"]["WantedBy"] == f"{unit}.target"


def test_vhosts_on_the_machine_of_their_district_share_neither_names_nor_ports_nor_directories(units):
    together = [code for code in VHOSTS if CITY.node(code).parent == DISTRICT] + [DISTRICT]
    assert len(together) == 6
    found = [(code, name, unit) for code in together for name, unit in units(code).items()]

    names = [name for _, name, _ in found]
    metrics = [unit["settings"]["LIANXI_METRICS_PORT"] for _, _, unit in found if unit["settings"]]
    portals = [unit["settings"].get("LIANXI_PORTAL_PORT", "8080") for _, name, unit in found if "-portal" in name]
    states = {(code, unit["Service"]["StateDirectory"]) for code, _, unit in found if unit["settings"]}
    settings = {(code, unit["Service"]["EnvironmentFile"]) for code, _, unit in found if "Service" in unit}

    for each in (names, [*metrics, *portals], [state for _, state in states], [file for _, file in settings]):
        assert len(each) == len(set(each))
    assert len(metrics) == 3 * len(together)


def test_a_vhost_brings_no_broker_of_its_own(tmp_path):
    Bundle(CITY, VHOST, "", "secret-{}".format).write(tmp_path)

    assert {path.name for path in (tmp_path / "broker").iterdir()} == {"definitions.json"}
    assert not (tmp_path / "compose.yaml").exists()
    said = (tmp_path / "README.md").read_text(encoding="utf-8")
    assert f"lianxi node join {VHOST} --as-vhost" in said
    assert f"systemctl enable --now lianxi-{VHOST}.target" in said
    assert f"LIANXI_BLOBS=/var/lib/lianxi-{VHOST}/blobs" in (tmp_path / "node.env").read_text(encoding="utf-8")


@pytest.mark.parametrize("code", [DISTRICT, VHOST])
def test_systemd_itself_finds_nothing_to_complain_of(tmp_path, code):
    Bundle(CITY, code, "parent.lianxi", "secret-{}".format).write(tmp_path)
    folder = tmp_path / "systemd"
    for path in folder.iterdir():  # the program is where the node's machine has it, here it is elsewhere
        path.write_text(path.read_text(encoding="utf-8").replace("/opt/lianxi/bin/python", sys.executable))
    (folder / "postgresql.service").write_text("[Service]\nExecStart=/bin/true\n", encoding="utf-8")
    (folder / "rabbitmq-server.service").write_text("[Service]\nExecStart=/bin/true\n", encoding="utf-8")

    analyze = shutil.which("systemd-analyze")
    assert analyze or not shutil.which("systemctl"), "a machine with systemd has its checker"
    if analyze:
        names = [str(path) for path in folder.glob("lianxi*")]
        checked = subprocess.run(
            [analyze, "verify", "--man=no", "--recursive-errors=no", *names],
            capture_output=True, text=True, timeout=60, check=False, env={"SYSTEMD_UNIT_PATH": f"{folder}:"},
        )  # fmt: skip
        complaints = [line for line in checked.stderr.splitlines() if "lianxi" in line]
        assert complaints == []
