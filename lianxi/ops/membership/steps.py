"""A plan as a row of steps, each of which can be repeated: what it would do, whether it is done, and how to do it."""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import click
import requests

from lianxi.bus.calls import CallFailed, CallRefused
from lianxi.ops.local.management import ManagementRefused
from lianxi.ops.local.processes import StartFailed

DONE, ALREADY, TO_DO = "done", "already", "to do"


class MembershipRefused(Exception):  # noqa: N818  reads as what happened
    """A node may not join, leave or move, or a step could not be done; the text says why and by which rule."""

    branch = "refused"


@dataclass(frozen=True)
class Step:
    """One step of a plan, at one node."""

    node: str
    title: str
    done: Callable[[], bool]
    do: Callable[[], object]


def carry_out(steps: Iterable[Step], *, dry_run: bool, as_json: bool) -> None:
    """Go through a plan in order: print each step, and do it unless it is done or this is a dry run."""
    for number, step in enumerate(steps, start=1):
        _print(number, step, _outcome(step, dry_run=dry_run), as_json=as_json)


def _outcome(step: Step, *, dry_run: bool) -> str:
    try:
        if step.done():
            return ALREADY
        if dry_run:
            return TO_DO
        step.do()
    except CallFailed as failure:
        detail = failure.problem.get("detail", failure)
        raise MembershipRefused(f"{step.node} {step.title}: {detail} (lianxi doctor says what is wrong)") from failure
    except CallRefused as refusal:
        raise MembershipRefused(f"{step.node} {step.title}: {explained(refusal)}") from refusal
    except (ManagementRefused, StartFailed, OSError, requests.RequestException) as error:
        raise MembershipRefused(f"{step.node} {step.title}: {error}") from error
    return DONE


def explained(refusal: CallRefused) -> str:
    """Return in one line why a service refused, with the rule."""
    rule = refusal.problem.get("rule")
    return f"{refusal.problem.get('detail', refusal)}" + (f" [{rule}]" if rule else "")


def _print(number: int, step: Step, outcome: str, *, as_json: bool) -> None:
    if as_json:
        row = {"step": number, "node": step.node, "title": step.title, "outcome": outcome}
        click.echo(json.dumps(row, ensure_ascii=False))
    else:
        click.echo(f"{number:>3}  {outcome:<8} {step.node:<10} {step.title}")
