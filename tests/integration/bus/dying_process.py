"""A service that dies of a bug beside one that will not stop: `python dying_process.py AMQP_URI SERVICES`."""

import importlib
import sys

run = importlib.import_module("lianxi.runtime.run")  # its first statement patches the standard library
eventlet = importlib.import_module("eventlet")
Entrypoint = importlib.import_module("nameko.extensions").Entrypoint


class Bug(Entrypoint):
    """Ends its thread with an error once the service runs, which kills the container."""

    def start(self):
        self.container.spawn_managed_thread(self.fail)

    def fail(self):
        eventlet.sleep(0.1)
        raise ZeroDivisionError("a bug")


class Deaf(Entrypoint):
    """Never finishes what it is at."""

    def stop(self):
        eventlet.event.Event().wait()


class Dying:
    """Dies soon after its start."""

    name = "dying"

    @Bug.decorator()
    def fall(self):
        """Never called."""


class Stuck:
    """Does not stop."""

    name = "stuck"

    @Deaf.decorator()
    def hang(self):
        """Never called."""


run.GRACE = 1.0
run.service_class = {"dying": Dying, "stuck": Stuck}.__getitem__
run.run(sys.argv[2].split(","), sys.argv[1], 0)
