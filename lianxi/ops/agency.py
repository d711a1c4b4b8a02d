"""`lianxi agency`: agencies outside that hear of cases by AMQP or webhook, and answer through the portal.

`add` registers an agency with what it may hear of, makes its user and queue on the broker, a key for its webhook and a
token for the portal; secrets are printed once. The registry lies with the notify service, which writes every change
into a book with the account that ran the command. The broker is asked first whether it will do its part, the registry
is written last, and what was made in between is taken back when it does not come to that; so a command that failed can
be given again as it was. Status 0: done; 1: refused or not answered; 2: wrong use of the command.
"""

import getpass
import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from lianxi.ops import agency_queue
from lianxi.ops.agency_node import (
    AgencyBroker,
    Place,
    accounts_of,
    broker_of,
    check_units,
    said,
    taken_back_on_failure,
)
from lianxi.ops.asking import NoAnswer, ask_notify
from lianxi.ops.certificates import fingerprint_and_end
from lianxi.ops.whereabouts import node_option, state_option
from lianxi.runtime.clock import SystemClock

TOKEN_DAYS = 365
STATES = {"active": "正常", "paused": "已暂停", "removed": "已移除"}

DEATHS = {"delivery_limit": "多次投递未确认", "maxlen": "队列已满", "rejected": "被拒绝"}

name_argument = click.argument("name")
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
INTERNAL = "这是节点自己使用的地址，外部机关可能连不上；对外地址由 LIANXI_AGENCY_BROKER 指定。"


@click.group()
def command() -> None:
    """Register agencies outside, show how far they were told, pause, resume, test and remove them."""


@command.command()
@name_argument
@click.option("--unit", "units", multiple=True, help="Code of a unit it is: 630104.housing. May be given again.")
@click.option("--event", "events", multiple=True, help="Kind of event it may hear of; default: every kind.")
@click.option("--division", "divisions", multiple=True, help="Division whose cases it may hear of.")
@click.option("--category", "categories", multiple=True, help="Category that narrows the divisions.")
@click.option("--field", "fields", multiple=True, required=True, help="Field it may see: document.number.")
@click.option("--sealed", is_flag=True, help="It is competent for accusations its units handle.")
@click.option("--amqp", is_flag=True, help="Give it a queue on the broker.")
@click.option("--mode", type=click.Choice(("structured", "binary")), default="structured", show_default=True)
@click.option("--queue-megabytes", type=click.IntRange(1, 10_000), default=64, show_default=True)
@click.option("--webhook", default="", help="Address events are sent to: https://…")
@click.option(
    "--scheme", type=click.Choice(("v1", "v1a")), default="v1", show_default=True, help="Shared key, ed25519."
)
@node_option
@state_option
@json_option
def add(name: str, queue_megabytes: int, node: str | None, state: Path | None, as_json: bool, **grant: Any) -> None:
    """Register an agency; its secrets are printed this once."""
    place = {"node": node, "state": state}
    granted = {key: list(value) if isinstance(value, tuple) else value for key, value in grant.items()}
    body = {"grant": {"name": name, **granted}, "by": getpass.getuser()}
    broker = broker_of(place) if granted["amqp"] else None
    check_units(place, granted["units"])
    _ask(place, "check_agency", body)
    with accounts_of(place) as accounts, taken_back_on_failure() as take_back:
        secrets = {"webhook_key": ""}
        if broker:
            take_back("消息代理上的队列和用户", agency_queue.remove, broker.api, broker.vhost, name)
            agency_queue.make(broker.api, broker.vhost, name, queue_megabytes)
            secrets["amqp"] = _login(broker, name)
        take_back("接口令牌", accounts.close_agency, name)
        secrets["token"] = said(accounts.agency_token, name, granted["units"], TOKEN_DAYS)
        made = _registered(place, body)
    secrets["webhook_key"] = made.pop("key")
    _print_made(made, secrets, broker, as_json=as_json)


def _registered(place: Place, body: dict[str, Any]) -> dict[str, Any]:
    """Register; without an answer it may have been done, so it is taken back as far as that goes."""
    try:
        return _ask(place, "add_agency", body)
    except NoAnswer:
        _forget(place, body["grant"]["name"])
        raise


def _forget(place: Place, name: str) -> None:
    """Take a registration back of which nobody knows whether it came to be."""
    try:
        _change(place, name, "remove")
    except NoAnswer:
        click.echo(f"不知道登记是否完成：请用 lianxi agency show {name} 查看，已登记的先移除。", err=True)
    except click.ClickException:
        return  # it never was registered


@command.command()
@click.argument("name", default="")
@node_option
@state_option
@json_option
def show(name: str, as_json: bool, **place: Any) -> None:
    """List the agencies, or show one with everything that was changed about it."""
    found = _ask(place, "agencies", {"name": name})
    if as_json:
        click.echo(json.dumps(found, ensure_ascii=False))
        return
    for row in found["rows"]:
        ways = [way for way, on in (("AMQP", row["amqp"]), ("Webhook", row["webhook"])) if on]
        waiting = f"  {row['reason']}，下次 {row['next_attempt_at']}" if row["next_attempt_at"] else ""
        cursors = f"最新 {row['last_cursor']}，AMQP {row['amqp_cursor']}，Webhook {row['webhook_cursor']}"
        click.echo(f"{row['name']}  {STATES[row['state']]}  {'+'.join(ways)}  {cursors}{waiting}")
        if name:
            _print_grant(row)
    for line in found.get("book", ()):
        click.echo(f"    {line['at']}  {line['action']}  {line['by']}  {line['details']}".rstrip())


@command.command()
@name_argument
@node_option
@state_option
@json_option
def rotate(name: str, as_json: bool, **place: Any) -> None:
    """Give an agency new secrets; the old webhook key signs for a day more, password and tokens end at once."""
    broker = _broker_of_agency(place, name)
    with accounts_of(place) as accounts:
        made = _change(place, name, "rotate")
        secrets = {"webhook_key": made.pop("key")}
        if broker:
            secrets["amqp"] = _login(broker, name)
        secrets["token"] = said(accounts.agency_token, name, made["units"], TOKEN_DAYS)
    _print_made(made, secrets, broker, as_json=as_json)


@command.command()
@name_argument
@node_option
@state_option
def remove(name: str, **place: Any) -> None:
    """Remove an agency with its queue, user and tokens; what it was told stays in the book."""
    broker = _broker_of_agency(place, name)
    with accounts_of(place) as accounts:
        _change(place, name, "pause")  # nothing more is put into a queue that is about to go
        said(accounts.close_agency, name)
        if broker:
            agency_queue.remove(broker.api, broker.vhost, name)
        _change(place, name, "remove")  # last: until it is done the command can be given again
    click.echo(f"{name}：已移除")


@command.command()
@name_argument
@click.option("--after", type=click.IntRange(0), required=True, help="Cursor behind which everything is sent again.")
@node_option
@state_option
def resend(name: str, after: int, **place: Any) -> None:
    """Send everything behind a cursor once more, by all ways of the agency."""
    _change(place, name, "resend", after=after)
    click.echo(f"{name}：从游标 {after} 之后重新投递")


def _simple(action: str, summary: str, said: str) -> None:
    """Add a command that changes an agency and needs no more than its name."""

    @command.command(action, help=summary)
    @name_argument
    @node_option
    @state_option
    def simple(name: str, **place: Any) -> None:
        _change(place, name, action)
        click.echo(f"{name}：{said}")


@command.command()
@name_argument
@click.option("--queue-megabytes", type=click.IntRange(1, 10_000), default=64, show_default=True)
@node_option
@state_option
def queue(name: str, queue_megabytes: int, **place: Any) -> None:
    """Bring the queue of an agency to what this version makes: a missing one, a classic one, another bound."""
    row = _ask(place, "agencies", {"name": name})["rows"][0]
    if not row["amqp"]:
        raise click.ClickException(f"{name} 没有登记 AMQP 队列。")
    broker = broker_of(place)
    kind = agency_queue.kind_of(broker.api, broker.vhost, name)
    if kind == "classic":
        _change(place, name, "pause")
        after = agency_queue.replace(broker.api, broker.vhost, name, queue_megabytes, published=row["amqp_cursor"])
        _change(place, name, "refill", after=after)
        if row["state"] == "active":
            _change(place, name, "resume")
        click.echo(f"{name}：已改为仲裁队列，从游标 {after} 之后重新放入，重复的由游标识别")
        return
    agency_queue.make(broker.api, broker.vhost, name, queue_megabytes)
    advice = "" if kind else f"；原先没有队列，请该机关从自己的游标补取，或 lianxi agency resend {name} --after 游标"
    click.echo(f"{name}：仲裁队列，上限 {queue_megabytes} MB{advice}")


@command.command()
@name_argument
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--revoke", is_flag=True, help="End it instead; it never comes back.")
@node_option
@state_option
def certificate(name: str, file: Path, *, revoke: bool, **place: Any) -> None:
    """Let an agency come under the certificate in FILE (`lianxi ca agency` makes it), or end it."""
    _ask(place, "agencies", {"name": name})
    fingerprint, ends = fingerprint_and_end(file)
    days = (ends - SystemClock().now()).days + 1
    if days < 1:
        raise click.ClickException(f"证书已于 {ends:%Y-%m-%d} 到期。")
    with accounts_of(place) as accounts:
        if not revoke:
            said(accounts.trust_certificate, name, fingerprint, days)
        elif not accounts.distrust_certificate(name, fingerprint):
            raise click.ClickException("此证书没有登记。")
    _change(place, name, "certificate-ended" if revoke else "certificate")
    click.echo(f"{name}：证书 {fingerprint[:16]} {'已撤销' if revoke else f'已登记，至 {ends:%Y-%m-%d}'}")


@command.command()
@click.option("--forget", is_flag=True, help="Empty the queue of dead letters after showing it.")
@node_option
@state_option
@json_option
def dead(*, forget: bool, as_json: bool, **place: Any) -> None:
    """Show the events agencies gave back again and again or had no room for; the node still keeps them."""
    broker = broker_of(place)
    for letter in agency_queue.dead_letters(broker.api, broker.vhost):
        line = f"{letter.agency}  游标 {letter.cursor}  {letter.type}  {DEATHS.get(letter.reason, letter.reason)}"
        click.echo(json.dumps(asdict(letter), ensure_ascii=False) if as_json else line)
    if forget:
        agency_queue.forget_dead_letters(broker.api, broker.vhost)


_simple("pause", "Stop telling an agency; its events are kept.", "已暂停，事件继续保存")
_simple("resume", "Tell an agency again, beginning with what it missed.", "已恢复，先补发暂停期间的事件")
_simple("test", "Send an agency an event that is about nothing.", "测试事件已加入投递")


def _change(place: Place, name: str, action: str, **more: Any) -> dict[str, Any]:
    return _ask(place, "change_agency", {"name": name, "action": action, "by": getpass.getuser(), **more})


def _ask(place: Place, method: str, body: dict[str, Any]) -> dict[str, Any]:
    return ask_notify("agency", place["node"], place["state"], method, body)


def _broker_of_agency(place: Place, name: str) -> AgencyBroker | None:
    """Return the broker if the agency is told by AMQP, after it has answered."""
    return broker_of(place) if _ask(place, "agencies", {"name": name})["rows"][0]["amqp"] else None


def _login(broker: AgencyBroker, name: str) -> str:
    """Make the user of an agency, or give it a new password; return the address it logs in at."""
    return broker.address(name, agency_queue.set_user(broker.api, broker.vhost, name))


def _print_made(made: dict[str, Any], secrets: dict[str, str], broker: AgencyBroker | None, *, as_json: bool) -> None:
    if broker and not broker.outside:
        click.echo(f"amqp：{INTERNAL}", err=True)
    if as_json:
        click.echo(json.dumps({**made, "secrets": secrets}, ensure_ascii=False))
        return
    click.echo(f"{made['name']}  {STATES[made['state']]}")
    _print_grant(made)
    for kind, secret in secrets.items():
        if secret:
            click.echo(f"    {kind} (shown this once): {secret}")


def _print_grant(row: Mapping[str, Any]) -> None:
    for field in ("units", "events", "divisions", "categories", "fields"):
        click.echo(f"    {field}: {', '.join(row[field]) or '-'}")
    if row["webhook"]:
        click.echo(f"    webhook: {row['webhook']} ({row['scheme']})")
