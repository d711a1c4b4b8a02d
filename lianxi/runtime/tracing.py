"""Which request a piece of work belongs to, as W3C Trace Context writes it: `traceparent: 00-<trace>-<span>-<flags>`.

A trace begins where something comes from outside, or where a timer begins; whatever follows from it, in whatever
process of whatever node, carries its id, and every log line shows it (`trace_id`, `span_id`). Nothing is collected
anywhere: the ids are for whoever searches the logs of several nodes for one petition. `working` opens the scope of a
request, a call or a timer; `batch` that of a batch of messages, each with a trace of its own: `hear` notes what a
message about a case brought, `passed_on` gives what the next message about it takes along. What is no proper
traceparent is ignored or replaced, never an error. `tracestate` is not carried: nobody here writes one.
"""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field

HEADER = "traceparent"
SAMPLED = "01"
_FORM = re.compile(r"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?", re.ASCII)
_LONGEST = 256
_OURS, _FORBIDDEN = "00", "ff"


@dataclass(frozen=True, slots=True)
class Trace:
    """One step of a trace: this step's own id is `span_id`."""

    trace_id: str
    span_id: str
    flags: str = SAMPLED

    @property
    def header(self) -> str:
        """Return what a message or a request takes along."""
        return f"{_OURS}-{self.trace_id}-{self.span_id}-{self.flags}"


def begun() -> Trace:
    """Return the first step of a new trace."""
    return Trace(os.urandom(16).hex(), _span())


def continued(header: object) -> Trace | None:
    """Return a new step of the trace in `header`, None if that is no proper traceparent."""
    if not isinstance(header, str) or len(header) > _LONGEST:
        return None
    found = _FORM.fullmatch(header)
    if found is None or found[1] == _FORBIDDEN or (found[1] == _OURS and found[5]):
        return None
    if not found[2].strip("0") or not found[3].strip("0"):
        return None
    return Trace(found[2], _span(), found[4])


def _span() -> str:
    return os.urandom(8).hex()


@dataclass(slots=True)
class _Scope:
    """What is being worked on: by itself, and what messages within it were about."""

    own: Trace | None = None
    by_subject: dict[str, Trace] = field(default_factory=dict)
    by_id: dict[str, Trace] = field(default_factory=dict)


_scope: ContextVar[_Scope | None] = ContextVar("trace", default=None)


@contextmanager
def working(header: object = None) -> Iterator[Trace]:
    """Work within the trace of `header`, or within a new one."""
    own = continued(header) or begun()
    token = _scope.set(_Scope(own))
    try:
        yield own
    finally:
        _scope.reset(token)


@contextmanager
def batch() -> Iterator[None]:
    """Work on messages that each bring a trace, or none."""
    token = _scope.set(_Scope())
    try:
        yield
    finally:
        _scope.reset(token)


def hear(subject: str, header: str) -> None:
    """Note the trace that a message about `subject` brought; a later one about the same takes its place."""
    scope = _scope.get()
    if scope is None or not header:
        return
    known = scope.by_id.get(header[3:35])
    trace = known or continued(header)
    if trace is not None:
        scope.by_id[trace.trace_id] = trace
        scope.by_subject[subject] = trace


def current(subject: str = "") -> Trace | None:
    """Return the trace of this work, or of what it heard about `subject`; None where there is none or are several."""
    scope = _scope.get()
    if scope is None:
        return None
    if subject in scope.by_subject:
        return scope.by_subject[subject]
    if scope.own is None and len(scope.by_id) == 1:
        return next(iter(scope.by_id.values()))
    return scope.own


def passed_on(subject: str = "") -> str:
    """Return the traceparent for a message or call that follows from this work, "" where it belongs to no trace."""
    trace = current(subject)
    return trace.header if trace else ""


def shown() -> list[str]:
    """Return the steps of a batch with several traces, as `<trace>-<span>`; of any other work nothing."""
    scope = _scope.get()
    if scope is None or current() is not None:
        return []
    return [f"{trace.trace_id}-{trace.span_id}" for trace in scope.by_id.values()]
