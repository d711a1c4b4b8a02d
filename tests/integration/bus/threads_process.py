"""Runs the probe on plain threads in a process of its own: `python threads_process.py AMQP_URI`."""

import signal
import sys
import threading

from lianxi.bus.threads import ThreadsRunner
from tests.suites.bus_probe import Probe

stop = threading.Event()
for number in (signal.SIGTERM, signal.SIGINT):
    signal.signal(number, lambda _number, _frame: stop.set())
runner = ThreadsRunner(sys.argv[1], [Probe])
runner.start()
stop.wait()
runner.stop()
