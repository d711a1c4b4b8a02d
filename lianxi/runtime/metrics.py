"""Metrics of a process, and the small HTTP port that shows them together with its health.

`counter`, `gauge` and `histogram` return the metric of that name, made on first use, so that a module can be imported
twice (by a test, by both runners) without an error. Names carry base units; labels are bounded: a node, a clock, an
outcome, never a case number. A label whose words nobody can count beforehand (a reason, a rule, an agency) is bounded
by `most`: what comes beyond so many series is counted as `other`. A series that is born with its first event looks to
Prometheus as if nothing had happened: `increase` sees no step from nothing to one. So words that are known beforehand
are shown `from_nought`, and a counter with `most` shows its `other` from the start. `/metrics` speaks Prometheus,
`/health` says that the process answers, `/ready` says whether every check passes.
"""

import itertools
import json
import sys
import threading
from collections.abc import Collection, Iterable, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, disable_created_metrics, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.process_collector import ProcessCollector

from lianxi.runtime.health import HEALTH, Health
from lianxi.runtime.logging import logger
from lianxi.runtime.settings import read

disable_created_metrics()  # type: ignore[no-untyped-call]  # they would double the series of every counter
REGISTRY = CollectorRegistry()
ProcessCollector(registry=REGISTRY)

SECONDS = (0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
_made: dict[str, Counter | Gauge | Histogram] = {}
_lock = threading.Lock()
_log = logger("lianxi.runtime.metrics")
OTHER = "other"
"""The word of every label of a series that stands for all those beyond `most`."""


class FewCounter(Counter):
    """A counter of at most so many series: the last one is for everything that came when the others were given."""

    most = 0
    _choosing = threading.Lock()

    def labels(self, *labelvalues: Any, **labelkwargs: Any) -> Self:
        """Return the series of these words, or the one for all others."""
        given = labelvalues or tuple(labelkwargs[name] for name in self._labelnames)
        words = tuple(map(str, given))
        with self._choosing:
            if words not in self._metrics and len(self._metrics) >= self.most:
                words = (OTHER,) * len(words)
            return super().labels(*words)

    def at_most(self, series: int) -> None:
        """Allow so many series, and show the last one already."""
        self.most = series
        super().labels(*(OTHER,) * len(self._labelnames))


def counter(name: str, documentation: str, labels: Sequence[str] = (), *, most: int = 0) -> Counter:
    """Return the counter `name` (end it in `_total`), with at most so many series if `most` says so."""
    with _lock:
        metric = _made.get(name)
        if metric is None:
            metric = _made[name] = (FewCounter if most else Counter)(name, documentation, labels, registry=REGISTRY)
            if isinstance(metric, FewCounter):
                metric.at_most(most)
    if not isinstance(metric, Counter):
        raise TypeError(f"{name} is a {type(metric).__name__}, not a Counter")
    return metric


def gauge(name: str, documentation: str, labels: Sequence[str] = ()) -> Gauge:
    """Return the gauge `name`."""
    with _lock:
        metric = _made.get(name)
        if metric is None:
            metric = _made[name] = Gauge(name, documentation, labels, registry=REGISTRY)
    if not isinstance(metric, Gauge):
        raise TypeError(f"{name} is a {type(metric).__name__}, not a Gauge")
    return metric


def histogram(
    name: str, documentation: str, labels: Sequence[str] = (), *, buckets: Sequence[float] = SECONDS
) -> Histogram:
    """Return the histogram `name` (end it in its unit, `_seconds`)."""
    with _lock:
        metric = _made.get(name)
        if metric is None:
            metric = _made[name] = Histogram(name, documentation, labels, registry=REGISTRY, buckets=buckets)
    if not isinstance(metric, Histogram):
        raise TypeError(f"{name} is a {type(metric).__name__}, not a Histogram")
    return metric


def from_nought(metric: Counter | Histogram, *words: Iterable[str]) -> None:
    """Show a series for every combination of the words of each label, before anything has happened."""
    for labels in itertools.product(*words):
        metric.labels(*labels)


def exposition() -> bytes:
    """Return every metric of this process in the text format of Prometheus."""
    return generate_latest(REGISTRY)


def samples(names: Collection[str]) -> dict[str, list[float]]:
    """Return the values of gauges of this process, one per series; a gauge that is not made or not set has none."""
    with _lock:
        metrics = {name: metric for name, metric in _made.items() if name in names}
    return {
        name: [sample.value for family in metric.collect() for sample in family.samples]
        for name, metric in metrics.items()
    }


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = True
    health: Health

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ARG002  (signature of socketserver)
        """Say what went wrong in one line like everything else; a reader that hung up in the middle is no news."""
        error = sys.exception()
        if not isinstance(error, ConnectionError):
            _log.error("metrics-not-shown", error=type(error).__name__)


class _Page(BaseHTTPRequestHandler):
    server: _Server

    def do_GET(self) -> None:
        """Answer one of the three addresses."""
        if self.path == "/metrics":
            self._answer(200, CONTENT_TYPE_LATEST, exposition())
        elif self.path == "/health":
            self._answer(200, "application/json", b'{"alive": true}')
        elif self.path == "/ready":
            ready, answers = self.server.health.report()
            body = json.dumps({"ready": ready, "checks": answers}, ensure_ascii=False).encode()
            self._answer(200 if ready else 503, "application/json", body)
        else:
            self._answer(404, "text/plain", b"/metrics, /health or /ready\n")

    def _answer(self, status: int, content_type: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  (signature of http.server)
        """Stay silent: a scrape every few seconds is not news."""


def serve_metrics(port: int, *, host: str | None = None, health: Health = HEALTH) -> ThreadingHTTPServer:
    """Serve `/metrics`, `/health` and `/ready` on `port` from a background thread; return the server to close it.

    Port 0 takes a free one: `server.server_port` names it. Unless `host` or `LIANXI_METRICS_HOST` says otherwise,
    only this machine can look.
    """
    server = _Server((host or read("METRICS_HOST", "127.0.0.1"), port), _Page)
    server.health = health
    threading.Thread(target=server.serve_forever, name="metrics", daemon=True).start()
    return server
