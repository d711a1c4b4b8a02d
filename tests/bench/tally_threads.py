"""Runs the tally on pika and plain threads: `python tally_threads.py AMQP_URI`."""

import signal
import sys
import threading

from lianxi.bus.threads import ThreadsRunner
from tests.bench.tally import Tally

stop = threading.Event()
for number in (signal.SIGTERM, signal.SIGINT):
    signal.signal(number, lambda _number, _frame: stop.set())
runner = ThreadsRunner(sys.argv[1], [Tally])
runner.start()
stop.wait()
runner.stop()
