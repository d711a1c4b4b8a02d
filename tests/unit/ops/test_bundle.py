"""What is rendered for a node's machine: complete, without a secret that is not needed, the same every time."""

import json
import re

import pytest
import yaml

from lianxi.ops.bundle import Bundle, settings
from lianxi.ops.certificates import CHILD, SERVER, Authority, AuthorityWrong
from lianxi.ops.topology import load
from lianxi.runtime.clock import SystemClock


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    made, now = Authority(tmp_path_factory.mktemp("authority")), SystemClock().now()
    made.make("西宁市", now)
    for code in ("630100", "630104", "630104001"):
        made.issue(code, SERVER, [f"{code}.lianxi"], now)
        made.issue(code, CHILD, [], now)
    return made


def rendered(directory, authority, code="630104", shared=None):
    Bundle(load(), code, "630100.lianxi", "secret-{}".format, authority, shared=shared).write(directory)
    return directory


def test_every_setting_stands_in_the_environment_file_with_its_meaning(tmp_path, authority):
    text = (rendered(tmp_path, authority) / "lianxi.env").read_text(encoding="utf-8")

    assert len(settings()) > 30
    for setting in settings():
        assert f"# {setting.name}=" in text
        assert setting.meaning in text


def test_the_same_node_is_rendered_the_same(tmp_path, authority):
    first, second = rendered(tmp_path / "1", authority), rendered(tmp_path / "2", authority)

    names = sorted(path.relative_to(first) for path in first.rglob("*") if path.is_file())
    assert len(names) > 15
    assert all((first / name).read_bytes() == (second / name).read_bytes() for name in names)


def test_a_shovel_shows_a_certificate_and_no_password(tmp_path, authority):
    definitions = json.loads((rendered(tmp_path, authority) / "broker/definitions.json").read_text(encoding="utf-8"))
    up = next(shovel["value"] for shovel in definitions["parameters"] if shovel["name"] == "up")
    children = [user for user in definitions["users"] if user["name"].isdigit()]

    assert up["dest-uri"].startswith("amqps://630100.lianxi:5671/630100?")
    assert "auth_mechanism=external" in up["dest-uri"]
    assert children
    assert {user["password_hash"] for user in children} == {""}


def test_secrets_are_their_owners_alone(tmp_path, authority):
    directory = rendered(tmp_path, authority)

    for name in ("broker/definitions.json", "tls/child.key", "tls/server.key"):
        assert (directory / name).stat().st_mode & 0o077 == 0, name


def test_the_city_is_nobodys_child(tmp_path, authority):
    directory = rendered(tmp_path, authority, "630100")

    assert not (directory / "tls/child.key").exists()
    assert json.loads((directory / "broker/definitions.json").read_text(encoding="utf-8"))["parameters"] == []


def test_a_node_without_a_certificate_is_named(tmp_path, authority):
    with pytest.raises(AuthorityWrong, match="lianxi ca issue 630105"):
        rendered(tmp_path, authority, "630105")


def test_without_an_authority_the_link_speaks_plain_amqp(tmp_path):
    directory = rendered(tmp_path, None)

    assert not (directory / "tls").exists()
    assert "ssl_options" not in (directory / "broker/rabbitmq.conf").read_text(encoding="utf-8")


def test_the_compose_file_publishes_the_portal_to_this_machine_only(tmp_path, authority):
    services = yaml.safe_load((rendered(tmp_path, authority, "630104001") / "compose.yaml").read_text())["services"]

    assert [port for service in services.values() for port in service.get("ports", ())] == ["127.0.0.1:8080:8080"]


AGENCY_HOST = "broker.example.org"


def for_agencies(directory, authority, code="630104", host=AGENCY_HOST):
    Bundle(load(), code, "630100.lianxi", "secret-{}".format, authority, agency_host=host).write(directory)
    return directory


@pytest.fixture(scope="module")
def outside(tmp_path_factory):
    """An authority that has given the district a certificate under the name agencies use."""
    made, now = Authority(tmp_path_factory.mktemp("outside")), SystemClock().now()
    made.make("西宁市", now)
    made.issue("630104", SERVER, ["630104.lianxi", AGENCY_HOST], now)
    made.issue("630104", CHILD, [], now)
    return made


def test_nobody_comes_to_the_broker_without_a_certificate_unless_agencies_may(tmp_path, authority, outside):
    closed = (rendered(tmp_path / "closed", authority) / "broker/rabbitmq.conf").read_text(encoding="utf-8")
    opened = (for_agencies(tmp_path / "opened", outside) / "broker/rabbitmq.conf").read_text(encoding="utf-8")

    assert "ssl_options.fail_if_no_peer_cert = true" in closed
    assert "loopback_users" not in closed
    assert {"ssl_options.fail_if_no_peer_cert = false", "ssl_options.verify = verify_peer"} <= set(opened.splitlines())
    for user in ("admin", "app-630104", "link-local-630104"):
        assert f"loopback_users.{user} = true" in opened.splitlines()


def test_in_containers_the_nodes_own_users_may_come_from_its_other_containers(tmp_path, outside):
    opened = (for_agencies(tmp_path, outside) / "broker/container.conf").read_text(encoding="utf-8")

    assert "ssl_options.fail_if_no_peer_cert = false" in opened.splitlines()
    assert not [line for line in opened.splitlines() if line.startswith("loopback_users.")]


def test_a_node_for_agencies_knows_their_address_and_tells_the_operator(tmp_path, outside):
    directory = for_agencies(tmp_path, outside)
    broker = yaml.safe_load((directory / "compose.yaml").read_text(encoding="utf-8"))["services"]["broker"]

    assert f"LIANXI_AGENCY_BROKER=amqps://{AGENCY_HOST}:5671" in (directory / "lianxi.env").read_text().splitlines()
    assert f"amqps://{AGENCY_HOST}:5671" in (directory / "README.md").read_text(encoding="utf-8")
    assert broker["ports"] == ["5671:5671"]


def test_a_certificate_that_does_not_name_the_host_of_agencies_is_refused(tmp_path, outside):
    with pytest.raises(AuthorityWrong, match=r"lianxi ca issue 630104 --host NAME --host other\.example\.org"):
        for_agencies(tmp_path, outside, host="other.example.org")


def test_only_the_operators_container_is_given_the_administrator_of_the_broker(tmp_path, authority):
    services = yaml.safe_load((rendered(tmp_path, authority) / "compose.yaml").read_text())["services"]
    settings = {name: service.get("environment", {}) for name, service in services.items()}

    assert settings["operator"]["LIANXI_MANAGEMENT_PASSWORD_FILE"] == "/var/lib/lianxi/servers/630104.password"
    assert services["operator"]["profiles"] == ["operator"], "it does not run with the others"
    assert services["operator"]["depends_on"] == [], "nor does it provision a node that runs again"
    for name in ("services", "relay", "portal"):
        assert "LIANXI_MANAGEMENT_PASSWORD_FILE" not in settings[name]
        assert not any(volume.startswith("servers:") for volume in services[name]["volumes"])


@pytest.fixture
def composed(tmp_path, authority):
    """The compose file of a district, read, and the directory it lies in."""
    directory = rendered(tmp_path, authority)
    return yaml.safe_load((directory / "compose.yaml").read_text(encoding="utf-8")), directory


def test_every_setting_of_the_containers_stands_in_one_file_beside_the_compose_file(composed):
    described, directory = composed
    text = (directory / "container.env").read_text(encoding="utf-8")
    given = dict(line.split("=", 1) for line in text.splitlines() if line and not line.startswith("#"))

    for name in ("services", "relay", "portal"):
        assert described["services"][name]["env_file"] == ["container.env"]
    assert all(f"# {setting.name}=" in text for setting in settings())
    assert given["LIANXI_NODE"] == "630104"
    assert not [value for value in given.values() if "/etc/lianxi" in value], "a path of a machine without containers"
    mounted = {volume.split(":")[1] for volume in described["services"]["portal"]["volumes"]}
    assert {given["LIANXI_BLOBS"], given["LIANXI_CALENDAR_DIR"], "/var/lib/lianxi/secrets"} == mounted


def test_every_container_has_a_limit_and_every_one_that_stays_says_whether_it_is_well(composed):
    for name, service in composed[0]["services"].items():
        assert re.fullmatch(r"\d+[MG]", service["deploy"]["resources"]["limits"]["memory"]), name
        stays = service["restart"] != "no"
        assert stays == bool(service.get("healthcheck", {}).get("test") and not service.get("profiles")), name


def test_no_container_of_ours_may_more_than_it_must(composed):
    ours = {name: service for name, service in composed[0]["services"].items() if service["image"] == "lianxi"}

    assert {"seed", "keys", "provision", "services", "relay", "portal", "operator"} == set(ours)
    for name, service in ours.items():
        assert (service["cap_drop"], service["security_opt"]) == (["ALL"], ["no-new-privileges:true"])
        assert service["init"]
        special = {"user", "cap_add"} & set(service)
        assert not special or (name == "keys" and service["network_mode"] == "none"), (
            "it reads its owner's files, and ends"
        )


def test_what_a_container_mounts_is_rendered_or_a_named_volume(composed):
    described, directory = composed
    for service in described["services"].values():
        for volume in service.get("volumes", ()):
            source = volume.split(":")[0]
            assert (directory / source).exists() if source.startswith(".") else source in described["volumes"]
        assert set(service.get("depends_on", {})) <= set(described["services"])


def test_the_holiday_notices_reach_the_processes_of_rendered_containers_as_those_of_the_repository(composed):
    for name in ("services", "portal", "relay", "operator"):
        assert "calendar:/var/lib/lianxi/calendar" in composed[0]["services"][name]["volumes"]


@pytest.mark.parametrize("certificates", [True, False])
def test_two_neighbours_are_given_alike_what_they_must_hold_alike(tmp_path, authority, certificates):
    office, trusted = tmp_path / "office", authority if certificates else None
    district = rendered(tmp_path / "630104", trusted, "630104", office) / "shared"
    street = rendered(tmp_path / "630104001", trusted, "630104001", office) / "shared"
    names = {path.name for path in street.iterdir()}

    assert names == {"city.keys", "files-630104001.secret", *(() if certificates else ("630104001.password",))}
    assert names < {path.name for path in district.iterdir()}
    for name in names:
        assert (district / name).read_bytes() == (street / name).read_bytes()
        assert (street / name).stat().st_mode & 0o077 == 0, name


def test_a_vhost_is_given_nothing_it_does_not_find_at_its_district(tmp_path):
    assert not (rendered(tmp_path / "630106200", None, "630106200", tmp_path / "office") / "shared").exists()


def test_keys_reach_broker_and_provisioning_through_volumes_that_their_users_can_read(tmp_path, authority):
    directory = rendered(tmp_path / "node", authority, shared=tmp_path / "office")
    services = yaml.safe_load((directory / "compose.yaml").read_text(encoding="utf-8"))["services"]
    done = {"condition": "service_completed_successfully"}

    assert {"./tls:/rendered/tls:ro", "./shared:/rendered/shared:ro"} < set(services["keys"]["volumes"])
    assert "tls:/etc/lianxi/tls:ro" in services["broker"]["volumes"]
    assert services["broker"]["depends_on"]["keys"] == services["provision"]["depends_on"]["keys"] == done


def test_without_certificates_and_shared_keys_no_container_is_there_for_them(tmp_path):
    services = yaml.safe_load((rendered(tmp_path, None) / "compose.yaml").read_text(encoding="utf-8"))["services"]

    assert "keys" not in services
    assert not [volume for volume in services["broker"]["volumes"] if "tls" in volume]
