"""Runs services of one node in one process under nameko: `python -m lianxi.runtime.run --services intake,routing`.

The first statements patch the standard library for eventlet, before anything else can import a socket; that is
why this module is only ever started, never imported. Services and the adapter to nameko are found by name, because
the runtime lies below both. Where a server lies is asked anew for every connection. Metrics and health share one port,
a signal stops the process within a second or two when it is idle, and within `GRACE` seconds whatever it is doing. A
service that dies takes the process with it, with a status other than zero, so that whoever supervises it starts it
again.
"""

import warnings

warnings.filterwarnings("ignore", message=r"\s*Eventlet is deprecated")  # docs/decisions say how we leave it

import eventlet  # noqa: E402  (its warning comes with the import)

eventlet.monkey_patch()

import importlib  # noqa: E402  (everything below must see the patched standard library)
import os  # noqa: E402
import signal  # noqa: E402
import sys  # noqa: E402
from contextlib import suppress  # noqa: E402
from typing import Any  # noqa: E402

import click  # noqa: E402
import nameko  # noqa: E402
from dns.resolver import NoResolverConfiguration  # noqa: E402
from eventlet.support import greendns  # noqa: E402
from nameko.runners import ServiceRunner  # noqa: E402

from lianxi.runtime import logging as logs  # noqa: E402
from lianxi.runtime.metrics import serve_metrics  # noqa: E402
from lianxi.runtime.settings import read, read_int  # noqa: E402

GRACE = 15.0
WAKE = 0.2
"""An idle hub sleeps in epoll and would not notice a signal; a tick this often wakes it."""


def service_class(name: str) -> type:
    """Return the nameko form of the class `Service` of the service called `name`."""
    service = importlib.import_module(f"services.{name}.service").Service
    adapt = importlib.import_module("lianxi.bus.entrypoint").nameko_service
    adapted: type = adapt(service)
    return adapted


def nameko_config(amqp_uri: str) -> dict[str, Any]:
    """Return what nameko is told: nothing but JSON is accepted, and one batch per queue is in flight."""
    return {
        "AMQP_URI": amqp_uri,
        "ACCEPT": ["json"],
        "serializer": "json",
        "max_workers": 32,
        "prefetch_count": 32,
        "HEARTBEAT": 10,
    }


def look_names_up_each_time() -> None:
    """Let eventlet's resolver keep no address.

    It would keep one for as long as the name server says, ten minutes in containers; a broker that came back at another
    address could not be reached for so long, though every other process had found it.
    """
    with suppress(NoResolverConfiguration):  # a machine without name servers has its hosts file
        greendns.resolver._resolver.cache = None  # noqa: SLF001  (there is no public way)


def run(names: list[str], amqp_uri: str, metrics_port: int) -> None:
    """Run the named services until a signal arrives, or one of them dies."""
    log = logs.logger("lianxi.runtime.run")
    look_names_up_each_time()
    nameko.config.setup(nameko_config(amqp_uri))
    runner = ServiceRunner()
    for name in names:
        runner.add_service(service_class(name))
    told = _signals()
    server = serve_metrics(metrics_port)
    runner.start()
    importlib.import_module("lianxi.bus.telemetry").tell_regularly(amqp_uri, "+".join(names))
    log.info("running", services=names, metrics_port=server.server_port)
    died = _deaths(runner)
    while not (told.ready() or died.ready()):
        eventlet.sleep(WAKE)
    with eventlet.Timeout(GRACE, exception=False):
        runner.stop()
        log.info("stopped", services=names)
        sys.exit(1 if died.ready() else 0)
    log.warning("killed", services=names, after_seconds=GRACE)
    os._exit(1)  # what did not finish in time is unacknowledged and will be delivered again


def _signals() -> Any:
    """Return an event that a signal to end sets off."""
    told = eventlet.event.Event()

    def on_signal(number: int, _frame: object) -> None:
        for each in (signal.SIGTERM, signal.SIGINT):
            signal.signal(each, signal.SIG_IGN)
        eventlet.spawn_n(told.send, number)

    for each in (signal.SIGTERM, signal.SIGINT):
        signal.signal(each, on_signal)
    return told


def _deaths(runner: Any) -> Any:
    """Return an event that the end of a service sets off, whatever it died of and whether or not the others stop."""
    died = eventlet.event.Event()

    def on_end(ended: Any, name: str) -> None:
        try:
            ended.wait()
        except Exception as error:  # noqa: BLE001  (a service may die of anything)
            logs.logger("lianxi.runtime.run").critical("service died", service=name, error=type(error).__name__)
            if not died.ready():
                died.send(name)

    for name, container in runner.service_map.items():
        eventlet.spawn(container.wait).link(on_end, name)
    return died


@click.command()
@click.option("--services", required=True, help="Names, separated by commas: intake,routing,supervision,notify.")
@click.option(
    "--metrics-port", type=int, default=None, help="Port of /metrics, /health and /ready; 0 takes a free one."
)
def main(services: str, metrics_port: int | None) -> None:
    """Run services of one node until a signal arrives."""
    names = [name.strip() for name in services.split(",") if name.strip()]
    logs.configure(level=read("LOG_LEVEL", "INFO"), node=read("NODE"), process="+".join(names))
    port = read_int("METRICS_PORT", 0) if metrics_port is None else metrics_port
    run(names, read("AMQP_URI", secret=True), port)


if __name__ == "__main__":
    main()
