"""The plan by which a node leaves: no new custody, whatever ties it looked at and waited out, then its access ends.

What a node knows stays with it, and what its parent knows of it stays with the parent: books, histories, frames and
documents. Only the way in is taken away. A plan that was refused because something still ties the node has changed
nothing but its standing, and `lianxi node join` takes even that back.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from lianxi.bus import topology as bus
from lianxi.ops import rendering
from lianxi.ops.local.management import name as in_path
from lianxi.ops.local.programs import PROGRAMS
from lianxi.ops.membership.joining import SHOVELS, member_step, note_step
from lianxi.ops.membership.site import Site, waited
from lianxi.ops.membership.steps import MembershipRefused, Step
from lianxi.ops.topology import Node


def refuse_if_tied(site: Site, code: str) -> None:
    """Raise MembershipRefused for what does not go by itself: open cases, custody under way, directives, nodes below.

    Asked before anything is done, so that a refusal leaves everything as it was.
    """
    ties = site.routing("member_ties", node=code)
    lasting = {name: ties[name] for name in ("in_transfer", "directives", "below")}
    if sum(ties["open_by_state"].values()) or any(lasting.values()):
        raise MembershipRefused(refusal_of(code, ties))


def refusal_of(code: str, ties: dict[str, Any]) -> str:
    """Return in one line what ties a node, and the rule."""
    return f"{code} 不能退出：{'；'.join(ties['reasons'])} [GD-4]"


def leave_steps(site: Site, node: Node, by: str, seconds: float) -> Iterator[Step]:
    """From no new custody to no access."""
    here, code = site.code, node.code
    yield member_step(site, code, "leaving", by, f"routing offers {code} no more custody")
    yield Step(
        here,
        f"link with {code} drained, the nodes above told",
        lambda: has_left(site, code),
        _drain(site, code, seconds),
    )
    yield member_step(site, code, "left", by, f"routing counts {code} among the nodes that have left")
    yield from _access_steps(site, node, seconds)
    yield note_step(site, node, "left")


def has_left(site: Site, code: str) -> bool:
    """Whether the parent's routing counts a node among those that left."""
    return code in {row["node"] for row in site.routing("members")["left"]}


def _drain(site: Site, code: str, seconds: float) -> Any:
    def drain() -> None:
        told = {row["peer"]: (row["epoch"], row["last_seq"]) for row in _links_up(site)}
        if waited(lambda: _is_drained(site, code, told), seconds):
            return
        ties = site.routing("member_ties", node=code)
        if ties["reasons"]:
            raise MembershipRefused(refusal_of(code, ties))
        raise MembershipRefused(
            f"the node above {site.code} has not confirmed that {code} is leaving: repeat this command"
        )

    return drain


def _is_drained(site: Site, code: str, told: Mapping[str, tuple[str, int]]) -> bool:
    """Whether every frame with the node is through, and the node above knows that it is leaving.

    `told` is how far the link upwards had sent when that was said; what goes up since then need not be waited for. What
    the node above sent before it knew has passed this node by then, because a link keeps its order.
    """
    if site.routing("member_ties", node=code)["reasons"]:
        return False
    return all(_knows(row, *told.get(row["peer"], ("", 0))) for row in _links_up(site))


def _knows(row: Mapping[str, Any], epoch: str, sent: int) -> bool:
    """Whether a stream was acked up to a number; one that began anew since, to its end."""
    return bool(row["acked"] >= (sent if row["epoch"] == epoch else row["last_seq"]))


def _links_up(site: Site) -> list[dict[str, Any]]:
    return [row for row in site.routing("links")["rows"] if row["direction"] == "up"]


def _access_steps(site: Site, node: Node, seconds: float) -> Iterator[Step]:
    code, queue = node.code, bus.child_queue(node.code).name
    path = site.in_vhost("queues", queue)
    if _was_heard(site, code):  # nobody fetches what waits for a node that never came up
        yield Step(
            site.code,
            f"queue {queue} empty",
            lambda: _depth(site, path) == 0,
            lambda: _await_empty(site, path, queue, seconds),
        )
    vhosts = {row["name"] for row in site.management.get("vhosts")} if node.vhost else set()
    if node.vhost in vhosts:  # the child lives on this broker: its shovels would dial for ever
        for shovel in sorted(SHOVELS):
            parameter = f"parameters/shovel/{in_path(node.vhost)}/{shovel}"
            yield Step(
                code,
                f"shovel {shovel} taken away",
                lambda parameter=parameter: site.found(parameter) is None,  # type: ignore[misc]
                lambda parameter=parameter: site.management.delete(parameter),  # type: ignore[misc]
            )
    user = f"users/{in_path(rendering.link_user(code))}"
    yield Step(
        site.code,
        f"broker user {rendering.link_user(code)} deleted with its rights",
        lambda: site.found(user) is None,
        lambda: site.management.delete(user),
    )
    yield Step(
        site.code,
        f"queue {queue} deleted",
        lambda: site.found(path) is None,
        lambda: site.management.delete(path),
    )
    if site.stack is not None:
        yield from _stop_steps(site, code)


def _was_heard(site: Site, code: str) -> bool:
    return site.routing("member_ties", node=code)["heard_seconds"] is not None


def _depth(site: Site, path: str) -> int:
    found = site.found(path)
    return int(found.get("messages", 0)) if found else 0


def _await_empty(site: Site, path: str, queue: str, seconds: float) -> None:
    if not waited(lambda: _depth(site, path) == 0, seconds):
        raise MembershipRefused(
            f"{queue} still holds {_depth(site, path)} messages: the node does not fetch them [GD-4]"
        )


def _stop_steps(site: Site, code: str) -> Iterator[Step]:
    """Stop the processes of a local node; its database and its vhost stay."""
    if site.stack is None or code not in {node.code for node in site.stack.city}:
        return
    place = site.stack.node(code)
    for name in reversed(list(PROGRAMS)):
        program = place.program(name)
        yield Step(code, f"process {name} stopped", lambda program=program: program.pid is None, program.stop)  # type: ignore[misc]
