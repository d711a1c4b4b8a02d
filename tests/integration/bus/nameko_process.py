"""Runs the probe as the product runs its services under nameko: `python nameko_process.py AMQP_URI`."""

import importlib
import sys

run = importlib.import_module("lianxi.runtime.run")  # its first statement patches the standard library
entrypoint = importlib.import_module("lianxi.bus.entrypoint")
probe = importlib.import_module("tests.suites.bus_probe")

run.service_class = lambda _name: entrypoint.nameko_service(probe.Probe)
run.run(["probe"], sys.argv[1], 0)
