"""Runs services of one node in one process under nameko: `python -m lianxi.runtime.run --services intake,routing`.

The first statements patch the standard library for eventlet, before anything else can import a socket; that is
why this module is only ever started, never imported. Services and the adapter to nameko are found by name, because
the runtime lies below both. Metrics and health share one port, a signal stops the process within a second or two
when it is idle, and within `GRACE` seconds whatever it is doing.
"""

import warnings

warnings.filterwarnings("ignore", message=r"\s*Eventlet is deprecated")  # docs/decisions say how we leave it

import eventlet  # noqa: E402  (its warning comes with the import)

eventlet.monkey_patch()

import importlib  # noqa: E402  (everything below must see the patched standard library)
import os  # noqa: E402
import signal  # noqa: E402
from typing import Any  # noqa: E402

import click  # noqa: E402
import nameko  # noqa: E402
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


def run(names: list[str], amqp_uri: str, metrics_port: int) -> None:
    """Run the named services until a signal arrives."""
    log = logs.logger("lianxi.runtime.run")
    nameko.config.setup(nameko_config(amqp_uri))
    runner = ServiceRunner()
    for name in names:
        runner.add_service(service_class(name))
    stopped = eventlet.event.Event()

    def on_signal(number: int, _frame: object) -> None:
        for each in (signal.SIGTERM, signal.SIGINT):
            signal.signal(each, signal.SIG_IGN)
        eventlet.spawn_n(stopped.send, number)

    for each in (signal.SIGTERM, signal.SIGINT):
        signal.signal(each, on_signal)
    server = serve_metrics(metrics_port)
    runner.start()
    log.info("running", services=names, metrics_port=server.server_port)
    died = eventlet.spawn(runner.wait)
    died.link(lambda _thread: stopped.ready() or stopped.send(None))
    while not stopped.ready():
        eventlet.sleep(WAKE)
    number = stopped.wait()
    if number is None:
        died.wait()  # raises what ended the services
        return
    with eventlet.Timeout(GRACE, exception=False):
        runner.stop()
        log.info("stopped", services=names)
        return
    log.warning("killed", services=names, after_seconds=GRACE)
    os._exit(1)  # what did not finish in time is unacknowledged and will be delivered again


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
