"""The portal's application and its runner: `python -m services.portal.service` serves a node's only HTTP.

`create_app` is the table of contents: the API, the pages, health and metrics, and what holds for every request. Every
error ends here once: a problem document under /api, a page elsewhere, a line in the log, a count in the metrics.
"""

import json
import signal
import sys
import threading
import time
from collections.abc import Iterable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import click
import waitress
import yaml
from flask import Flask, Response, current_app, g, request
from flask.json.provider import DefaultJSONProvider
from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser
from waitress.task import ErrorTask, WSGITask
from werkzeug.exceptions import InternalServerError, default_exceptions

from lianxi.casework.errors import LianxiError, Retryable
from lianxi.runtime import logging as logs
from lianxi.runtime import tracing
from lianxi.runtime.certificate_door import CertificateDoor
from lianxi.runtime.health import HEALTH
from lianxi.runtime.memory import spare_what_stays
from lianxi.runtime.metrics import counter, exposition, from_nought, histogram, serve_metrics
from lianxi.runtime.settings import read
from services.portal import api, web
from services.portal.handlers import Ports
from services.portal.schemas.problems import CONTENT_TYPE, problem_for
from services.portal.settings import Settings
from services.portal.wiring import Parts, build

LARGEST_BODY = 1024 * 1024
LARGEST_READ = 64 * 1024 * 1024
"""What the server reads before it gives up: a body between the two is refused with a proper answer."""
MOST_WAITING = 200
"""Requests that may queue for a thread; beyond it an answer at once is kinder than one that comes too late."""
LONGEST_WAIT = 3.0
"""Seconds a request may have queued: what comes out of the queue later is sent away, so that the queue gets short."""
WAITED = "lianxi.waited"
PRUNE_SECONDS = 600.0
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
"""What is written down as a method; anybody can send other words."""
AREAS = {
    **dict.fromkeys(
        ("acts", "cases", "desk_work", "guided_visits", "service_of_documents", "sorting_desk", "workbench"), "cases"
    ),
    **dict.fromkeys(("access", "personal_data", "units"), "accounts"),
    "agencies": "agencies",
    "files": "files",
    "notices": "notices",
    "petitions": "petitions",
}
"""The part of the API by its blueprint; every other address is a page or belongs to the machinery."""
MACHINERY = frozenset({"link", "healthz", "metrics", "static", "api-docs", "unknown"})
CLASSES = ("2xx", "3xx", "4xx", "5xx")
SECONDS = histogram("portal_request_seconds", "Time a request took, by area", ("area",), buckets=(0.1, 0.5, 1.0, 5.0))
REQUESTS = counter("portal_requests_total", "Requests by area and class of status", ("area", "class"))
REFUSED = counter("portal_refused_total", "Requests refused, by status and reason.", ("status", "code"), most=10)
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; "
    "frame-ancestors 'none'; base-uri 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
AGENCY_PATHS = "/api/v1/agency/"
NOWHERE = "/api/v1/agency"
_log = logs.logger("services.portal")


class PlainJson(DefaultJSONProvider):
    """JSON with Chinese as it is and fields in their order."""

    ensure_ascii = False
    sort_keys = False


def create_app(ports: Ports, *, https: bool) -> Flask:
    """Build the application; `https` keeps cookies off plain connections."""
    app = Flask(
        __name__,
        template_folder=str(Path(__file__).parent / "templates"),
        static_folder=str(Path(__file__).parent / "static"),
    )
    app.json = PlainJson(app)
    app.config.update(MAX_CONTENT_LENGTH=LARGEST_BODY, SESSION_COOKIE_SECURE=https)
    app.jinja_options = {"trim_blocks": True, "lstrip_blocks": True}
    app.extensions.update(portal=ports, waiting_requests=lambda: 0)
    api.register(app)
    web.register(app)
    app.add_url_rule("/healthz", "healthz", _health)
    app.add_url_rule("/metrics", "metrics", _metrics)
    app.before_request(_begin)
    app.after_request(_finish)
    app.teardown_request(_leave)
    app.register_error_handler(Exception, _fail)
    areas = sorted({area_of(rule.endpoint) for rule in app.url_map.iter_rules()})
    from_nought(SECONDS, areas)
    from_nought(REQUESTS, areas, CLASSES)
    return app


def _health() -> tuple[dict[str, Any], int]:
    ready, checks = HEALTH.report()
    return {"alive": True, "ready": ready, "checks": checks}, 200 if ready else 503


def _metrics() -> Response:
    return Response(exposition(), mimetype="text/plain; version=0.0.4")


def _begin() -> None:
    g.started, g.trace = time.perf_counter(), ExitStack()
    g.trace.enter_context(tracing.working(request.headers.get(tracing.HEADER)))
    waited = request.environ.get(WAITED, 0.0)
    if waited > LONGEST_WAIT or current_app.extensions["waiting_requests"]() > MOST_WAITING:
        raise Retryable("系统繁忙，请稍后重试。", code="overloaded", details={"retry_after": 2})


def _leave(_error: BaseException | None) -> None:
    if "trace" in g:
        g.trace.close()


def _finish(response: Response) -> Response:
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    if request.endpoint != "static":
        response.headers.setdefault("Cache-Control", "no-store")
    operation = request.endpoint or "unknown"
    seconds = time.perf_counter() - g.get("started", time.perf_counter())
    method = request.method if request.method in METHODS else "other"
    area = area_of(operation)
    SECONDS.labels(area).observe(seconds)
    REQUESTS.labels(area, f"{response.status_code // 100}xx").inc()
    person = g.get("person")
    _log.info(
        "answered",
        operation=operation,
        method=method,
        status=response.status_code,
        seconds=round(seconds, 4),
        account=person.account_id if person else None,
        code=g.get("code"),
    )
    return response


def area_of(operation: str) -> str:
    """Return the area of an endpoint, one of few words: the log has the operation itself."""
    blueprint = operation.partition(".")[0]
    return AREAS.get(blueprint) or ("machinery" if blueprint in MACHINERY else "pages")


def _fail(error: Exception) -> Response:
    problem, headers = problem_for(error)
    g.code = problem["code"]
    REFUSED.labels(str(problem["status"]), problem["code"]).inc()
    if problem["code"] == "broken":
        _log.error("failed", error=type(error).__name__, where=_where(error))
    if request.path.startswith("/api/"):
        response = Response(current_app.json.dumps(problem), problem["status"], mimetype=CONTENT_TYPE)
    else:
        response = web.error_page(problem)
    response.headers.update(headers)
    return response


def _where(error: Exception) -> list[str]:
    """Return the frames of an error without its text, which may quote what somebody wrote."""
    frames, trace = [], error.__traceback__
    while trace is not None:
        frames.append(f"{Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}")
        trace = trace.tb_next
    return frames[-8:]


class Unreadable(ErrorTask):  # type: ignore[misc]  # untyped
    """Answers what is no proper HTTP, which the application never sees, in the same form as every other error."""

    def execute(self) -> None:
        """Write a problem document and close the connection."""
        error = default_exceptions.get(self.request.error.code, InternalServerError)()
        problem, _ = problem_for(error)
        REFUSED.labels(str(problem["status"]), problem["code"]).inc()
        body = json.dumps(problem, ensure_ascii=False).encode()
        self.status = f"{error.code} {error.name}"
        self.response_headers.append(("Content-Type", CONTENT_TYPE))
        self.set_close_on_finish()
        self.content_length = len(body)
        self.write(body)


class Request(HTTPRequestParser):  # type: ignore[misc]  # untyped
    """A request that knows when the last of it came in."""

    arrived = 0.0

    def received(self, data: bytes) -> int:
        """Take a part of the request; return how much of it was used."""
        self.arrived = time.monotonic()
        used: int = super().received(data)
        return used


class Task(WSGITask):  # type: ignore[misc]  # untyped
    """A request on its way to the application, which is told how long it has queued for a thread."""

    def get_environment(self) -> dict[str, Any]:
        """Return the environment of the request."""
        environment: dict[str, Any] = super().get_environment()
        environment[WAITED] = time.monotonic() - self.request.arrived
        return environment


class Channel(HTTPChannel):  # type: ignore[misc]  # untyped
    """A connection whose errors are ours."""

    parser_class = Request
    task_class = Task
    error_task_class = Unreadable


def server_for(app: Flask, settings: Settings) -> Any:
    """Return the server of an application: it listens, and answers once it runs."""
    server: Any = waitress.create_server(
        app,
        host=settings.host,
        port=settings.port,
        threads=settings.threads,
        ident=None,
        max_request_body_size=LARGEST_READ,
        max_request_header_size=64 * 1024,
        connection_limit=500,
        channel_timeout=60,
        trusted_proxy=settings.trusted_proxy or None,
        trusted_proxy_headers={"x-forwarded-for", "x-forwarded-proto"} if settings.trusted_proxy else set(),
        clear_untrusted_proxy_headers=True,
    )
    server.channel_class = Channel
    app.extensions["waiting_requests"] = lambda: len(server.task_dispatcher.queue)
    return server


def serve(parts: Parts) -> None:
    """Serve until a signal arrives; what is being answered is finished."""
    settings = parts.settings
    app = create_app(parts.ports, https=settings.https)
    parts.start()
    server = server_for(app, settings)
    stopped = threading.Event()
    threading.Thread(target=_tidy, args=(parts, stopped), name="tidy", daemon=True).start()
    if parts.ports.files is not None:
        threading.Thread(target=_carry, args=(parts, stopped), name="porter", daemon=True).start()
    if settings.metrics_port >= 0:
        serve_metrics(settings.metrics_port)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: sys.exit(0))
    door = agency_door(app, settings)
    spare_what_stays()
    _log.info("running", port=server.effective_port, agencies=door.port if door else None)
    server.run()
    if door:
        door.shutdown()
        door.server_close()
    stopped.set()
    parts.woken.set()
    parts.close()
    _log.info("stopped")


def agency_door(app: Flask, settings: Settings) -> CertificateDoor | None:
    """Open the door for agencies with a certificate, if this node has one: it leads to `/agency/…` only."""
    if not settings.agency_port:
        return None

    def within(environ: dict[str, Any], start: Any) -> Iterable[bytes]:
        if not environ["PATH_INFO"].startswith(AGENCY_PATHS):
            environ = {**environ, "PATH_INFO": NOWHERE}
        return app.wsgi_app(environ, start)

    door = CertificateDoor(within, (settings.host, settings.agency_port), settings.agency_tls)
    threading.Thread(target=door.serve_forever, name="agencies", daemon=True).start()
    return door


def _tidy(parts: Parts, stopped: threading.Event) -> None:
    """Forget old counts, sessions and answers every few minutes; a database that is away is tried again later."""
    while not stopped.wait(PRUNE_SECONDS):
        try:
            parts.prune()
        except Retryable:
            _log.warning("not tidied")


def _carry(parts: Parts, stopped: threading.Event) -> None:
    """Scan, fetch and bring files: at once when something came in, else every few seconds."""
    while not stopped.is_set():
        parts.woken.clear()
        busy = False
        try:
            busy = parts.carry()
        except LianxiError as error:
            _log.warning("files not carried", code=error.code)
        except Exception as error:  # noqa: BLE001  a file that breaks the porter must not keep it from the others
            _log.error("files not carried", error=type(error).__name__, where=_where(error))
        if not busy:
            parts.woken.wait(parts.settings.files.seconds)


def openapi_document() -> str:
    """Return the description of the API as it is committed in docs/openapi.yaml."""
    plain = json.loads(json.dumps(api.register(Flask(__name__)).spec.to_dict()))
    document: str = yaml.safe_dump(plain, allow_unicode=True, sort_keys=False, width=110)
    return document


@click.command()
@click.option("--openapi", is_flag=True, help="Print the OpenAPI document instead, for docs/openapi.yaml.")
def main(*, openapi: bool) -> None:
    """Serve the portal of the node the environment names."""
    if openapi:
        click.echo(openapi_document(), nl=False)
        return
    parts = build()
    logs.configure(level=read("LOG_LEVEL", "INFO"), node=parts.ports.node, process="portal")
    serve(parts)


if __name__ == "__main__":
    main()
