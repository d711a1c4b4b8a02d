"""The city's certificate authority: made once, gives each node what it needs, says what runs out."""

import json
from datetime import timedelta

import pytest
from click.testing import CliRunner

from lianxi.ops.ca import command
from lianxi.ops.certificates import CHILD, SERVER, Authority, AuthorityWrong, end_of
from lianxi.runtime.clock import SystemClock


@pytest.fixture
def now():
    return SystemClock().now()


@pytest.fixture
def authority(tmp_path, now):
    made = Authority(tmp_path / "ca", b"open sesame")
    made.make("西宁市", now)
    return made


def test_an_authority_is_never_made_twice(authority, now):
    with pytest.raises(AuthorityWrong, match="never made twice"):
        authority.make("西宁市", now)


def test_its_key_opens_with_its_passphrase_only(authority, now):
    with pytest.raises(AuthorityWrong, match="passphrase"):
        Authority(authority.directory, b"guess").issue("630104", CHILD, [], now)


def test_a_directory_without_one_is_named(tmp_path, now):
    with pytest.raises(AuthorityWrong, match="lianxi ca init"):
        Authority(tmp_path).issue("630104", CHILD, [], now)


def test_a_server_is_known_by_its_hosts_and_a_child_by_its_code(authority, now):
    server = authority.issue("630104", SERVER, ["district.example", "127.0.0.1"], now)
    child = authority.issue("630104", CHILD, ["district.example"], now)

    assert server.hosts == ("district.example", "127.0.0.1")
    assert child.hosts == ("630104",)
    assert child.days_left(now) in {824, 825}


def test_no_certificate_outlives_the_authority(authority, now):
    late = now + timedelta(days=3600)

    assert authority.issue("630104", CHILD, [], late).ends == end_of(authority.certificate_file)


def test_a_key_is_its_owners_alone(authority, now):
    authority.issue("630104", CHILD, [], now)

    keys = [authority.directory / "ca.key", authority.directory / "issued/630104/child.key"]
    assert [oct(key.stat().st_mode & 0o777) for key in keys] == ["0o600", "0o600"]


def test_a_new_certificate_takes_the_place_of_the_old_one_which_is_kept(authority, now):
    first = authority.issue("630104", CHILD, [], now)
    second = authority.issue("630104", CHILD, [], now + timedelta(days=700))

    assert [issued.serial for issued in authority.current()] == [second.serial]
    assert (authority.directory / f"issued/630104/child-{first.serial}.pem").exists()


def test_the_command_lists_what_ends_soon_and_says_so_by_its_status(tmp_path):
    place = ["--ca", str(tmp_path / "ca")]
    run = CliRunner()
    assert run.invoke(command, ["init", *place]).exit_code == 0
    run.invoke(command, ["issue", "630104", *place])
    fresh = run.invoke(command, ["show", "--json", *place])
    run.invoke(command, ["issue", "630105", *place, "--days", "30"])
    old = run.invoke(command, ["show", *place])

    assert fresh.exit_code == 0
    assert {json.loads(line)["purpose"] for line in fresh.output.splitlines()} == {SERVER, CHILD}
    assert old.exit_code == 1
    assert old.output.splitlines()[0].startswith("630105")
    assert "renew" in old.output
