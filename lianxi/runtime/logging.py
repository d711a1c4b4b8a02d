"""Logs: one JSON object per line on standard error, and nothing in them that names a person.

`logger(name)` gives a structlog logger; `configure()` is called once by each process. Every line passes a filter
that removes the value of any key known to carry personal data or secrets, and blots out citizen ids, phone numbers
and passwords in addresses wherever they stand in a text. The filter is a net, not a licence: code logs ids,
numbers and outcomes, never what people wrote.
"""

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any, cast

import structlog

from lianxi.runtime import tracing

SECRET_KEYS = frozenset(
    {
        "address",
        "authorization",
        "body",
        "citizen_id",
        "cookie",
        "email",
        "id_number",
        "key_ring",
        "mobile",
        "password",
        "payload",
        "person_name",
        "petitioner",
        "phone",
        "query_code",
        "request_text",
        "secret",
        "text",
        "token",
    }
)
_BLOTS = (
    (re.compile(r"(?<!\d)\d{6}[ -]?\d{8}[ -]?\d{3}[\dXx](?![\dA-Za-z])", re.ASCII), "[id number]"),
    (re.compile(r"(?<!\d)(?:(?:\+|00)?86[ -]?)?1[3-9]\d[ -]?\d{4}[ -]?\d{4}(?!\d)", re.ASCII), "[phone]"),
    (re.compile(r"(?<![\dA-Za-z.-])0\d{2,3}[ -]?[2-9]\d{6,7}(?![\dA-Za-z])", re.ASCII), "[phone]"),
    (re.compile(r"(://[^:/@\s]*):[^\s'\"]+@"), r"\1:[password]@"),  # to the last @: a password may hold one, or a slash
)

SHORTEST = 10
"""Characters of the shortest number that is blotted out; most values of a line are shorter."""

BATCH = "handled"
"""The canonical line of a batch of messages, which may belong to many traces."""


def redact(value: Any) -> Any:
    """Return `value` without anything that looks like a citizen id, a phone number or a password."""
    if isinstance(value, str):
        if len(value) < SHORTEST and "@" not in value:
            return value
        for pattern, replacement in _BLOTS:
            value = pattern.sub(replacement, value)
        return value
    if isinstance(value, dict):
        return {key: "[removed]" if str(key).lower() in SECRET_KEYS else redact(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [redact(item) for item in value]
    return value


def _redact_event(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    return cast("MutableMapping[str, Any]", redact(dict(event)))


def _add_trace(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Name the trace a line belongs to, or all of a batch; after redaction: some digits of an id look like a phone."""
    trace = tracing.current(str(event.get("case") or event.get("key") or ""))
    if trace is not None:
        event["trace_id"], event["span_id"] = trace.trace_id, trace.span_id
    elif event.get("event") == BATCH and (traces := tracing.shown()):
        event["traces"] = traces
    return event


def configure(*, level: str = "INFO", **fixed: str) -> None:
    """Set up logging for this process; `fixed` (node, service …) stands in every line."""

    def add_fixed(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        return {**fixed, **event}

    chain: list[Any] = [
        structlog.contextvars.merge_contextvars,
        add_fixed,  # not through context variables: a green thread has its own
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        _redact_event,
        _add_trace,
    ]
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=chain,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(ensure_ascii=False),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)
    for noisy in ("pika", "amqp", "kombu", "nameko", "werkzeug", "waitress", "alembic"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    # it warns of every request that has to queue, and how long each one queued is measured anyway
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)
    structlog.configure(
        processors=[*chain, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )


def logger(name: str) -> structlog.stdlib.BoundLogger:
    """Return the logger called `name`."""
    return structlog.stdlib.get_logger(name)
