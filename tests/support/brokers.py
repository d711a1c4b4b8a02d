"""Brokers for tests: a fresh vhost on the broker all tests share, or a broker of one's own that may be killed."""

from dataclasses import dataclass

from lianxi.ops.local.broker import ADMIN, Broker
from lianxi.ops.local.management import Management


@dataclass
class Vhost:
    """A vhost that belongs to one test."""

    broker: Broker
    name: str
    own: bool

    @property
    def uri(self) -> str:
        """Its AMQP address, as administrator."""
        return self.broker.uri(self.name)

    @property
    def management(self) -> Management:
        """The management API; paths name the vhost: `queues/{vhost.name}/…`."""
        return self.broker.management

    @property
    def port(self) -> int:
        """The AMQP port, for a proxy in front of it."""
        return self.broker.ports.amqp

    def depth(self, queue: str) -> int:
        """How many messages wait in a queue."""
        return self.management.depth(self.name, queue)

    def start(self) -> None:
        self._mine().start()

    def stop(self) -> None:
        self._mine().stop()

    def kill(self) -> None:
        self._mine().kill()

    def restart(self) -> None:
        self._mine().restart()

    def wipe(self) -> None:
        """Lose the broker's disk; it comes back empty, with the vhost."""
        broker = self._mine()
        broker.kill()
        broker.wipe()
        broker.start()
        self.create()

    def create(self) -> None:
        self.management.create_vhost(self.name, ADMIN)

    def delete(self) -> None:
        self.management.delete_vhost(self.name)

    def _mine(self) -> Broker:
        assert self.own, "this broker serves other tests as well: take the fixture own_broker"
        return self.broker
