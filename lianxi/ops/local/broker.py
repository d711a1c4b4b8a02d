"""A private RabbitMQ in a directory of its own: up in seconds on free ports, found again by the next command.

The broker has its own Erlang cookie, its own node name and its own epmd on its own port, so neither a broker that
the machine runs already nor a second private one is in its way. It may be killed at any moment: the next `start`
finds the record of a dead process, keeps the data and the ports, and brings it up again. RabbitMQ 3.10 cannot always
read the queue index that a kill left behind, and then hangs for good: a broker that has its definitions in a file is
then started empty, which a node knows how to make good (`lianxi.bus.recovery`).
"""

import hashlib
import os
import secrets
import signal
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from shutil import rmtree

from lianxi.ops.local.management import Management, name
from lianxi.ops.local.processes import (
    Record,
    StartFailed,
    answers,
    find_program,
    free_ports,
    is_free,
    locked,
    secret_file,
    spawn,
    tail,
    wait_for,
)

FULL = ("rabbitmq_management", "rabbitmq_shovel", "rabbitmq_shovel_management")
LIGHT = ("rabbitmq_shovel",)
ADMIN = "admin"
# Without +sbwt none a scheduler spins before it sleeps, on cores that services and database need: a link applied a
# fifth fewer events.
FULL_ARGUMENTS = "+S 2:2 +A 4 +SDio 2 +SDcpu 2:2 +sbwt none +sbwtdcpu none +sbwtdio none"
DAMAGED = "{rabbit_queue_index,"
"""What the log of a start says when RabbitMQ 3.10 broke down over its own queue index, after which it just hangs."""
LIGHT_ARGUMENTS = "+S 1:1 +A 1 +SDio 1 +SDcpu 1:1"


@dataclass(frozen=True)
class BrokerPorts:
    """The four ports of a private broker, kept as long as its directory."""

    amqp: int
    management: int
    distribution: int
    epmd: int

    @classmethod
    def kept_in(cls, path: Path) -> "BrokerPorts":
        """Return the ports noted in `path`, or choose and note free ones."""
        if not path.exists():
            path.write_text(" ".join(map(str, free_ports(4))), encoding="ascii")
        return cls(*map(int, path.read_text(encoding="ascii").split()))

    @property
    def free(self) -> bool:
        """Whether a broker could listen on all of them."""
        return all(map(is_free, (self.amqp, self.management, self.distribution)))


class Broker:
    """RabbitMQ with its state in `directory`.

    `light` leaves the management API out and runs on one scheduler, for a township's small machine; such a broker
    is configured by the definitions file it loads at boot.
    """

    def __init__(
        self,
        directory: Path,
        *,
        light: bool = False,
        definitions: Path | None = None,
        configuration: Mapping[str, str] | None = None,
        plugins: Sequence[str] = (),
    ) -> None:
        self.directory = directory.resolve()
        self.light = light
        self.definitions = definitions
        self.configuration = dict(configuration or {})
        self.plugins = (*(LIGHT if light else FULL), *plugins)
        self._record = Record(self.directory / "broker.pid")
        self._epmd_record = Record(self.directory / "epmd.pid")

    @property
    def ports(self) -> BrokerPorts:
        """The ports of this broker."""
        self.directory.mkdir(parents=True, exist_ok=True)
        return BrokerPorts.kept_in(self.directory / "ports")

    @property
    def password(self) -> str:
        """The administrator's password, made on first use."""
        return secret_file(self.directory / "admin.password", lambda: secrets.token_urlsafe(24))

    @property
    def management(self) -> Management:
        """The management API as administrator."""
        return Management(f"http://127.0.0.1:{self.ports.management}", ADMIN, self.password)

    @property
    def pid(self) -> int | None:
        """The process id while the broker runs."""
        identity = self._record.read()
        return identity.pid if identity else None

    @property
    def log(self) -> Path:
        """What the broker wrote."""
        return self.directory / "log" / "broker.log"

    def uri(self, vhost: str = "/", user: str = ADMIN, password: str | None = None) -> str:
        """Return the AMQP address of a vhost."""
        secret = self.password if password is None else password
        return f"amqp://{name(user)}:{name(secret)}@127.0.0.1:{self.ports.amqp}/{name(vhost)}"

    @property
    def healthy(self) -> bool:
        """Whether it runs, accepts connections and, unless light, answers its administrator."""
        if self.pid is None or not answers(self.ports.amqp):
            return False
        return self.light or self.management.answers()

    def start(self, *, within: float = 60.0) -> None:
        """Bring the broker up, or find it up already; what a crash left behind is cleaned away first."""
        with locked(self.directory / "lock"):
            if self.healthy:
                return
            self._stop()
            self._choose_ports()
            self._configure()
            self._start_epmd()
            if self._start_broker(within):
                return
            # Without its definitions an empty broker would let nobody in; with them only its messages are gone.
            rmtree(self.directory / "mnesia", ignore_errors=True)
            self._configure()
            self._start_epmd()
            if not self._start_broker(within):
                raise StartFailed(f"the broker in {self.directory} finds damage in an empty directory")

    def stop(self) -> None:
        """Stop the broker and its epmd; what is in durable queues stays."""
        with locked(self.directory / "lock"):
            self._stop()

    def kill(self) -> None:
        """Kill the broker as a power cut would."""
        identity = self._record.read()
        if identity:
            identity.stop(signal.SIGKILL)

    def restart(self) -> None:
        """Stop in order and start again on the same ports."""
        self.stop()
        self.start()

    def wipe(self) -> None:
        """Destroy everything the broker knows, as the loss of its disk would; ports and password are kept."""
        with locked(self.directory / "lock"):
            self._stop()
            rmtree(self.directory / "mnesia", ignore_errors=True)

    def remove(self) -> None:
        """End the broker without ceremony and delete its directory."""
        if self.directory.exists():
            self.kill()
            self.stop()
            rmtree(self.directory, ignore_errors=True)

    def _stop(self) -> None:
        self._record.stop(signal.SIGTERM, within=30.0)
        self._epmd_record.stop(signal.SIGTERM, within=5.0)

    def _choose_ports(self) -> None:
        """Keep the ports of the last time unless somebody took one for good while the broker was down.

        Others know the ports, so they are given up late: what a kill left behind may need a while to let go of them.
        """
        if not wait_for(lambda: self.ports.free, within=30.0):
            (self.directory / "ports").unlink()

    @property
    def _name(self) -> str:
        return f"lianxi-{hashlib.sha256(str(self.directory).encode()).hexdigest()[:10]}@localhost"

    def _configure(self) -> None:
        for folder in ("home", "mnesia", "log", "config"):
            (self.directory / folder).mkdir(parents=True, exist_ok=True)
        cookie = self.directory / "home" / ".erlang.cookie"
        if not cookie.exists():
            cookie.write_text(secrets.token_hex(20), encoding="ascii")
            cookie.chmod(0o400)
        config = self.directory / "config"
        (config / "enabled_plugins").write_text(f"[{','.join(self.plugins)}].\n", encoding="ascii")
        (config / "env.conf").write_text("", encoding="ascii")
        file = config / "rabbitmq.conf"
        file.touch(mode=0o600)
        file.write_text(self._settings(), encoding="utf-8")

    def _settings(self) -> str:
        ports = self.ports
        lines = {
            "listeners.tcp.1": f"127.0.0.1:{ports.amqp}",
            "num_acceptors.tcp": "2",
            "vm_memory_high_watermark.absolute": "256MB" if self.light else "1GB",
            "disk_free_limit.absolute": "200MB",
            "max_message_size": "16777216",
            "consumer_timeout": "86400000",
            "collect_statistics_interval": "30000" if self.light else "1000",
            "cluster_name": self._name,
            "log.console": "false",
            "log.file": "broker.log",
            "log.file.level": "info",
        }
        if not self.light:
            lines |= {"management.tcp.ip": "127.0.0.1", "management.tcp.port": str(ports.management)}
        if self.definitions is not None:
            lines["load_definitions"] = str(self.definitions)
        else:
            lines |= {"default_user": ADMIN, "default_pass": self.password, "default_vhost": "/"}
        lines |= self.configuration
        return "".join(f"{key} = {value}\n" for key, value in lines.items())

    def _environment(self) -> dict[str, str]:
        folder = self.directory
        return {
            "PATH": os.environ.get("PATH", "/usr/bin:/bin"),
            "LANG": "C.UTF-8",
            "HOME": str(folder / "home"),
            "ERL_EPMD_PORT": str(self.ports.epmd),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "ERL_CRASH_DUMP_BYTES": "0",
            "RABBITMQ_NODENAME": self._name,
            "RABBITMQ_DIST_PORT": str(self.ports.distribution),
            "RABBITMQ_MNESIA_BASE": str(folder / "mnesia"),
            "RABBITMQ_LOG_BASE": str(folder / "log"),
            "RABBITMQ_PID_FILE": str(folder / "rabbitmq.pid"),
            "RABBITMQ_CONFIG_FILE": str(folder / "config" / "rabbitmq.conf"),
            "RABBITMQ_ADVANCED_CONFIG_FILE": str(folder / "config" / "advanced.config"),
            "RABBITMQ_CONF_ENV_FILE": str(folder / "config" / "env.conf"),
            "RABBITMQ_GENERATED_CONFIG_DIR": str(folder / "config" / "generated"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "config" / "enabled_plugins"),
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": LIGHT_ARGUMENTS if self.light else FULL_ARGUMENTS,
            # The start script then becomes the Erlang VM itself, so that the id it is stopped by is the broker's.
            "RUNNING_UNDER_SYSTEMD": "true",
        }

    def _start_epmd(self) -> None:
        program = find_program("epmd", package="erlang-base")
        port = self.ports.epmd
        command: list[str | Path] = [program, "-port", str(port), "-address", "127.0.0.1"]
        spawn(
            command, record=self._epmd_record, log=self.directory / "log" / "epmd.log", environment=self._environment()
        )
        if not wait_for(lambda: answers(port), within=10.0):
            raise StartFailed(f"epmd does not answer on port {port}")

    def _start_broker(self, within: float) -> bool:
        """Bring it up and return True; False if what a kill left of its queues is damaged and may be given up."""
        program = find_program("rabbitmq-server", "/usr/lib/rabbitmq/bin", package="rabbitmq-server")
        output, begin = self.directory / "log" / "start.log", self._log_size()
        identity = spawn([program], record=self._record, log=output, environment=self._environment())
        wait_for(lambda: self.healthy or not identity.alive or self._damaged(begin), within=within, every=0.1)
        if self.healthy:
            return True
        damaged = self._damaged(begin)
        self._stop()
        if damaged and self.definitions is not None:
            return False
        last = textwrap.indent(f"{tail(output)}\n{tail(self.log)}", "  ")
        raise StartFailed(f"the broker in {self.directory} did not come up within {within:.0f} s\n{last}")

    def _log_size(self) -> int:
        return self.log.stat().st_size if self.log.exists() else 0

    def _damaged(self, begin: int) -> bool:
        """Whether the log says since `begin` that the queue index cannot be read."""
        if self._log_size() <= begin:
            return False
        with self.log.open("rb") as log:
            log.seek(begin)
            return DAMAGED in log.read().decode("utf-8", "replace")
