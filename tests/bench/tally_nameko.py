"""Runs the tally as the product runs its services under nameko: `python tally_nameko.py AMQP_URI`."""

import importlib
import sys

run = importlib.import_module("lianxi.runtime.run")  # its first statement patches the standard library
entrypoint = importlib.import_module("lianxi.bus.entrypoint")
tally = importlib.import_module("tests.bench.tally")

run.service_class = lambda _name: entrypoint.nameko_service(tally.Tally)
run.run(["tally"], sys.argv[1], 0)
