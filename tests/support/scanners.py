"""Two virus scanners: Debian's clamd, and a server that speaks its INSTREAM and can fail at it in every way."""

import hashlib
import shutil
import socket
import socketserver
import subprocess
import threading

from lianxi.ops.local.processes import free_ports
from tests.support.waiting import eventually

EICAR_LIKE = b"LIANXI-TEST-SIGNATURE"


class _Conversation(socketserver.BaseRequestHandler):
    def handle(self):
        server = self.server
        server.asked += 1
        if server.mood == "closes":
            return
        if server.mood == "garbage":
            self.request.sendall(b"\xff\xfe what?\0")
            return
        if server.mood == "silent":
            server.released.wait(30)
            return
        content = self._content()
        if content is not None:
            found = b"stream: Lianxi.Test FOUND\0" if EICAR_LIKE in content else b"stream: OK\0"
            self.request.sendall(
                {"error": b"stream: out of memory ERROR\0", "half": b"stream: O"}.get(server.mood, found)
            )

    def _content(self):
        """Read the stream as clamd does; None when it was refused for its size."""
        assert self._exactly(10) == b"zINSTREAM\0"
        content = bytearray()
        while length := int.from_bytes(self._exactly(4), "big"):
            content += self._exactly(length)
            if len(content) > self.server.largest:
                self.request.sendall(b"INSTREAM size limit exceeded. ERROR\0")
                self.request.shutdown(socket.SHUT_WR)
                return None
        return bytes(content)

    def _exactly(self, length):
        got = bytearray()
        while len(got) < length:
            part = self.request.recv(length - len(got))
            if not part:
                raise ConnectionError
            got += part
        return bytes(got)


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True

    def handle_error(self, request, client_address):
        """A client that goes away is no news."""


class FakeClamd:
    """Listens on a loopback port; `mood` is how it answers from now on, `asked` how often it was asked."""

    def __init__(self):
        self._server = _Server(("127.0.0.1", 0), _Conversation)
        self._server.mood, self._server.largest, self._server.asked = "well", 25 * 1024 * 1024, 0
        self._server.released = threading.Event()
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        self.address = f"127.0.0.1:{self._server.server_address[1]}"

    def becomes(self, mood, *, largest=25 * 1024 * 1024):
        self._server.mood, self._server.largest = mood, largest

    @property
    def asked(self):
        return self._server.asked

    def close(self):
        self._server.released.set()
        self._server.shutdown()
        self._server.server_close()


CLAMD = ("clamd", "/usr/sbin/clamd")
_CONFIGURATION = """\
Foreground yes
DatabaseDirectory {folder}/signatures
LogFile {folder}/clamd.log
LocalSocket {folder}/clamd.ctl
TCPAddr 127.0.0.1
TCPSocket {port}
StreamMaxLength {largest}
"""


class RealClamd:
    """Debian's clamd with two signatures of our own: `EICAR_LIKE` anywhere in a file, and the hash of `HARMLESS`."""

    HARMLESS = b"a harmless text that only this test takes for a virus"
    LARGEST = 2 * 1024 * 1024

    def __init__(self, folder):
        found = next(filter(None, map(shutil.which, CLAMD)), None)
        assert found, "clamd is missing: deploy/setup.sh installs it"
        # AppArmor lets the program at its own place read nothing but the machine's configuration
        program = shutil.copy(found, folder / "clamd")
        self._command = [program, "--config-file", str(folder / "clamd.conf")]
        self._folder = folder
        self.socket, (port,) = str(folder / "clamd.ctl"), free_ports(1)
        self.address = f"127.0.0.1:{port}"
        signatures = folder / "signatures"
        signatures.mkdir()
        (signatures / "lianxi.ndb").write_text(f"Lianxi.Test:0:*:{EICAR_LIKE.hex()}\n")
        digest = hashlib.md5(self.HARMLESS, usedforsecurity=False).hexdigest()
        (signatures / "lianxi.hdb").write_text(f"{digest}:{len(self.HARMLESS)}:Lianxi.Hash\n")
        configuration = _CONFIGURATION.format(folder=folder, port=port, largest=self.LARGEST)
        (folder / "clamd.conf").write_text(configuration)
        self._process = None

    def start(self):
        with (self._folder / "output.log").open("ab") as output:
            self._process = subprocess.Popen(self._command, stdout=output, stderr=output)
        eventually(self._answers)

    def stop(self):
        self._process.terminate()
        self._process.wait(30)

    def _answers(self):
        with socket.socket(socket.AF_UNIX) as asked:
            asked.connect(self.socket)
            asked.sendall(b"zPING\0")
            return asked.recv(5) == b"PONG\0"
