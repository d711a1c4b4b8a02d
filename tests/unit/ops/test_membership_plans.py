"""The plans by which nodes join and leave, against a broker and a routing of dictionaries."""

import json
from datetime import date
from types import SimpleNamespace

import pytest

from lianxi.bus.calls import CallRefused
from lianxi.ops.local.management import ManagementRefused
from lianxi.ops.membership import joining, leaving
from lianxi.ops.membership.site import Site
from lianxi.ops.membership.steps import MembershipRefused, Step, carry_out
from lianxi.ops.rendering import Address
from lianxi.ops.topology import load, read_changes

DISTRICT, STREET = "630104", "630104002"
NO_TIES = {"open_by_state": {}, "in_transfer": 0, "directives": 0, "below": 0, "reasons": [], "heard_seconds": 1.0}


class Broker:
    """A management API that remembers what was put."""

    def __init__(self):
        self.objects, self.bindings = {}, {}

    def get(self, path):
        if path == "vhosts":
            return [{"name": DISTRICT}]
        if path.startswith("bindings/"):
            return [{"routing_key": key} for key in self.bindings.get(path, [])]
        if path not in self.objects:
            raise ManagementRefused("GET", path, 404, "")
        return self.objects[path]

    def put(self, path, body):
        if path.startswith("topic-permissions/"):
            rows = {row["exchange"]: row for row in self.objects.get(path, [])}
            self.objects[path] = [*{**rows, body["exchange"]: body}.values()]
        else:
            self.objects[path] = body

    def post(self, path, body):
        self.bindings.setdefault(path, []).append(body["routing_key"])

    def delete(self, path):
        self.objects.pop(path, None)


class Routing:
    """The parent's routing: who takes part, and what ties the street."""

    def __init__(self, ties=NO_TIES):
        self.standing, self.ties, self.acts = {}, ties, []
        self.links = [{"peer": "630100", "direction": "up", "epoch": "1.a", "acked": 4, "last_seq": 4}]

    def call(self, _service, method, body, **_):
        if method == "change_member":
            self.standing[body["node"]] = body["standing"]
            self.acts.append((body["standing"], body["by"]))
            return {}
        told = {
            "members": {
                "joined": [code for code, how in self.standing.items() if how != "left"],
                "leaving": [code for code, how in self.standing.items() if how == "leaving"],
                "left": [{"node": code} for code, how in self.standing.items() if how == "left"],
            },
            "member_ties": self.ties,
            "links": {"rows": self.links},
        }
        return told[method]


@pytest.fixture
def site(tmp_path):
    return Site(
        code=DISTRICT,
        city=load(),
        changes=tmp_path / "changes.yaml",
        management=Broker(),
        address=Address(),
        secrets=tmp_path / "secrets",
        shared=tmp_path / "shared",
        password=lambda user: f"of-{user}",
        calls=Routing(),
    )


def run(steps, capsys, *, dry_run=False):
    carry_out(steps, dry_run=dry_run, as_json=True)
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def join(site, *, tls=False):
    node = joining.joining_node(site, STREET, as_vhost=False)
    return joining.join_steps(site, node, "wang", tls=tls)


def leave(site):
    return leaving.leave_steps(site, site.city.node(STREET), "wang", 0.0)


def test_a_dry_run_prints_the_very_steps_of_the_run_and_does_none(site, capsys):
    planned = run(join(site), capsys, dry_run=True)
    assert site.management.objects == {}
    assert site.calls.acts == []

    done = run(join(site), capsys)

    assert [step["title"] for step in planned] == [step["title"] for step in done]
    assert {step["outcome"] for step in planned} == {"to do"}
    assert {step["outcome"] for step in done} == {"done"}


def test_a_second_run_finds_everything_done(site, capsys):
    run(join(site), capsys)

    again = run(join(site), capsys)

    assert {step["outcome"] for step in again} == {"already"}
    assert len(read_changes(site.changes)) == 1


def test_routing_knows_the_child_before_the_broker_lets_it_in(site, capsys):
    titles = [step["title"] for step in run(join(site), capsys)]

    assert titles[0].startswith("routing counts")
    assert next(title for title in titles if title.startswith("broker user"))


def test_an_interrupted_join_goes_on_where_it_stopped(site, capsys):
    steps = list(join(site))
    run(steps[:4], capsys)

    outcomes = [step["outcome"] for step in run(join(site), capsys)]

    assert outcomes[:4] == ["already"] * 4
    assert set(outcomes[4:]) == {"done"}


def test_the_child_gets_the_rights_of_a_child_and_no_more(site, capsys):
    run(join(site), capsys)
    objects = site.management.objects

    assert objects[f"permissions/{DISTRICT}/{STREET}"] == {
        "configure": "^$",
        "write": "^(up|tele)$",
        "read": rf"^down\.{STREET}$",
    }
    keys = {row["exchange"]: row["write"] for row in objects[f"topic-permissions/{DISTRICT}/{STREET}"]}
    assert keys == {"up": rf"^{STREET}\.", "tele": rf"^{STREET}\."}
    assert f"queues/{DISTRICT}/down.{STREET}" in objects


def test_with_certificates_the_child_has_no_password(site, capsys):
    run(join(site, tls=True), capsys)

    assert site.management.objects[f"users/{STREET}"]["password_hash"] == ""


def test_a_node_joins_below_its_own_parent_only(site):
    with pytest.raises(MembershipRefused, match=r"630105001 lies below 630105.*\[GD-4\]"):
        joining.joining_node(site, "630105001", as_vhost=False)


def test_who_leaves_loses_the_way_in_and_nothing_else(site, capsys):
    run(join(site), capsys)

    run(leave(site), capsys)

    assert site.calls.acts == [("joined", "wang"), ("leaving", "wang"), ("left", "wang")]
    assert f"users/{STREET}" not in site.management.objects
    assert f"queues/{DISTRICT}/down.{STREET}" not in site.management.objects
    assert [change.standing for change in read_changes(site.changes)] == ["joined", "left"]
    assert read_changes(site.changes)[0].on <= date.max
    assert {step["outcome"] for step in run(leave(site), capsys)} == {"already"}


def test_open_cases_refuse_a_leave_before_anything_is_done(site):
    site.calls.ties = {**NO_TIES, "open_by_state": {"S11": 2}, "reasons": ["持有未办结事项2件（S11 2件）"]}

    with pytest.raises(MembershipRefused, match=r"630104002 不能退出：持有未办结事项2件（S11 2件） \[GD-4\]"):
        leaving.refuse_if_tied(site, STREET)

    assert site.calls.acts == []


def test_frames_without_an_ack_keep_a_node_leaving(site, capsys):
    run(join(site), capsys)
    site.calls.ties = {**NO_TIES, "reasons": ["发往该节点未确认的帧7个"]}

    with pytest.raises(MembershipRefused, match="未确认的帧7个"):
        run(leave(site), capsys)

    assert site.calls.standing == {STREET: "leaving"}
    assert f"users/{STREET}" in site.management.objects, "its link goes on"


def test_the_node_above_has_to_know_first(site, capsys):
    run(join(site), capsys)
    site.calls.links[0]["acked"] = 3

    with pytest.raises(MembershipRefused, match="has not confirmed"):
        run(leave(site), capsys)

    assert site.calls.standing == {STREET: "leaving"}


def test_what_goes_up_meanwhile_is_not_waited_for(site, capsys):
    run(join(site), capsys)
    seen = iter(range(4, 100))

    class Busy:
        """A link on which every look finds one frame more, acked up to the one before."""

        def __iter__(self):
            number = next(seen)
            yield {"peer": "630100", "direction": "up", "epoch": "1.a", "acked": number, "last_seq": number + 1}

    site.calls.links = Busy()

    carry_out(leaving.leave_steps(site, site.city.node(STREET), "wang", 5.0), dry_run=False, as_json=True)

    assert site.calls.standing == {STREET: "left"}


def test_a_refusal_of_a_service_is_one_line_with_its_rule():
    def refuse():
        raise CallRefused({"detail": "节点还不能退出。", "rule": "GD-4"})

    step = Step(DISTRICT, "routing counts", lambda: False, refuse)

    with pytest.raises(MembershipRefused, match=r"^630104 routing counts: 节点还不能退出。 \[GD-4\]$"):
        carry_out([step], dry_run=False, as_json=False)


def test_a_broker_that_is_away_stops_the_plan_at_its_step(capsys):
    def away():
        raise ConnectionRefusedError("no broker")

    after = SimpleNamespace(done=False)
    steps = [
        Step(DISTRICT, "first", lambda: False, lambda: None),
        Step(DISTRICT, "second", lambda: False, away),
        Step(DISTRICT, "third", lambda: False, lambda: setattr(after, "done", True)),
    ]

    with pytest.raises(MembershipRefused, match="second"):
        carry_out(steps, dry_run=False, as_json=False)

    assert not after.done
    assert "first" in capsys.readouterr().out
