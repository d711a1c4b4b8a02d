"""What the commands for agencies need of a node: its services, its broker, the accounts of its portal.

The broker is asked before anything is changed, so that a command that cannot end is refused at its beginning with
nothing done. What a command has made when a later step fails is taken back, in the opposite order.
"""

import importlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, urlsplit

import click
import requests

from lianxi.casework.errors import Refused
from lianxi.ops import agency_queue
from lianxi.ops.asking import ask
from lianxi.ops.local.management import ManagementRefused
from lianxi.ops.local.management import name as in_path
from lianxi.ops.whereabouts import environment_of
from lianxi.runtime.settings import SettingMissing, read

ADMINISTRATOR = "administrator"
Place = dict[str, Any]
"""The options `--node` and `--state` of a command."""


@dataclass(frozen=True)
class AgencyBroker:
    """The broker of a node: its management API, the node's vhost, and where agencies reach it."""

    api: agency_queue.Api
    vhost: str
    origin: str
    outside: bool
    """Whether the operator said that agencies reach it there; else it is where the node itself does."""

    def address(self, name: str, password: str) -> str:
        """Return the address an agency logs in at."""
        scheme, _, host = self.origin.partition("://")
        return f"{scheme}://{agency_queue.user_of(name)}:{password}@{host}/{in_path(self.vhost)}"


def broker_of(place: Place) -> AgencyBroker:
    """Return the broker of a node after it has answered; with one that does not, or refuses, nothing can be done."""
    environment = environment_of(place["node"], place["state"])
    try:
        uri = urlsplit(read("AMQP_URI", secret=True, environment=environment))
        code = place["node"] or environment["LIANXI_NODE"]
        api = agency_queue.local_api(code, place["state"], environment) or agency_queue.api_of(environment)
    except (SettingMissing, OSError) as error:
        raise click.UsageError(f"{error}（deploy/settings.md）") from error
    vhost = unquote(uri.path[1:])
    _let_in(api, vhost, _probe(api, vhost))
    given = read("AGENCY_BROKER", "", environment=environment)
    if given:
        return AgencyBroker(api, vhost, _origin(given), outside=True)
    return AgencyBroker(api, vhost, f"{uri.scheme}://{uri.hostname}:{uri.port or 5672}", outside=False)


def _origin(given: str) -> str:
    """Return an address of a broker, or refuse one that is more or less than that."""
    place = urlsplit(given)
    if place.scheme not in {"amqps", "amqp"} or not place.hostname or place.username or place.path.strip("/"):
        raise click.UsageError("LIANXI_AGENCY_BROKER 应形如 amqps://broker.example.org:5671。")
    return f"{place.scheme}://{place.netloc}"


def _probe(api: agency_queue.Api, vhost: str) -> str:
    """Return who we are there; refuse silence, a user who may not make others, a vhost that is not there."""
    try:
        found = api.get("whoami")
        api.get(f"vhosts/{in_path(vhost)}")
    except requests.RequestException as error:
        raise click.ClickException(
            f"消息代理的管理接口没有应答（{type(error).__name__}），没有做任何更改。请检查 LIANXI_MANAGEMENT_URL。"
        ) from error
    except ManagementRefused as refused:
        raise click.ClickException(
            f"消息代理的管理接口拒绝了请求（{refused.status}），没有做任何更改。"
            "请检查 LIANXI_MANAGEMENT_USER 和 LIANXI_MANAGEMENT_PASSWORD。"
        ) from refused
    tags = found["tags"]
    if ADMINISTRATOR not in (tags.split(",") if isinstance(tags, str) else tags):
        raise click.ClickException("LIANXI_MANAGEMENT_USER 不是消息代理的管理员，没有做任何更改。")
    return str(found["name"])


def _let_in(api: agency_queue.Api, vhost: str, user: str) -> None:
    """Give the administrator, who may give rights to anybody, those in the vhost without which it can make no queue."""
    path = f"permissions/{in_path(vhost)}/{in_path(user)}"
    try:
        api.get(path)
    except ManagementRefused as refused:
        if refused.status != requests.codes.not_found:
            raise
        api.put(path, {"configure": ".*", "write": ".*", "read": ".*"})


def check_units(place: Place, units: list[str]) -> None:
    """Refuse a unit that no directory of this node names."""
    for node in sorted({unit.partition(".")[0] for unit in units}):
        told = ask("agency", place["node"], place["state"], ("routing", "units"), {"node": node})
        known = {str(row["code"]) for row in told["rows"]}
        unknown = [unit for unit in units if unit.partition(".")[0] == node and unit not in known]
        if unknown:
            source = f"lianxi units show --node {node}" if known else "deploy/xining/topology.yaml"
            raise click.ClickException(f"units 中不认识：{'、'.join(unknown)}。可用的值见 {source}。")


@contextmanager
def accounts_of(place: Place) -> Iterator[Any]:
    """Give the accounts of agencies at the node's portal."""
    environment: Mapping[str, str] = environment_of(place["node"], place["state"])
    make: Callable[[Mapping[str, str]], Any] = importlib.import_module("services.portal.wiring").AgencyAccounts
    with closing(make(environment)) as accounts:
        yield accounts


def said(act: Callable[..., Any], *given: Any) -> Any:
    """Do something at the portal; a refusal ends the command with its reason."""
    try:
        return act(*given)
    except Refused as refused:
        raise click.ClickException(str(refused.as_problem()["detail"])) from refused


@contextmanager
def taken_back_on_failure() -> Iterator[Callable[..., None]]:
    """Give a function that notes how to take a step back; if what follows fails, the steps are taken back."""
    with ExitStack() as steps:

        def note(what: str, act: Callable[..., Any], *given: Any) -> None:
            steps.callback(_take_back, what, act, *given)

        yield note
        steps.pop_all()


def _take_back(what: str, act: Callable[..., Any], *given: Any) -> None:
    """Take a step back; where that fails, too, say what is left."""
    try:
        act(*given)
    except (click.ClickException, ManagementRefused, requests.RequestException, Refused) as error:
        reason = error.message if isinstance(error, click.ClickException) else type(error).__name__
        click.echo(f"{what}：未能撤回（{reason}）；故障排除后请再次执行同一命令。", err=True)
