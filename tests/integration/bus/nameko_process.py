"""Runs the probe as the product runs its services under nameko: `python nameko_process.py AMQP_URI`."""

import sys

from lianxi.bus.entrypoint import nameko_service
from lianxi.runtime import run  # its first statement patches the standard library
from tests.suites.bus_probe import Probe

run.service_class = lambda _name: nameko_service(Probe)
run.run(["probe"], sys.argv[1], 0)
