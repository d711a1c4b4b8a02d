"""The webhooks of all agencies in one process: takes what comes, notes when, and is dead for whom it was told to be.

`POST /NAME` is the webhook of an agency. `POST /dead/NAME` lets that one take connections and never answer, `POST
/alive` ends this for all; `GET /told` gives `[[name, id of the event, seconds on the machine's clock], …]` since it
was last asked.
"""

import asyncio
import json
import sys
import time
from collections.abc import Callable

TAKEN = b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n"


class Receiver:
    """What was told, and who is dead."""

    def __init__(self) -> None:
        self.told: list[tuple[str, str, float]] = []
        self.dead: set[str] = set()

    def answer(self, path: str, identity: str) -> bytes | None:
        """Return what to answer to a request, nothing to leave it open."""
        if path == "/told":
            body = json.dumps(self.told).encode()
            self.told = []
            return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\nConnection: close\r\n\r\n" % len(body) + body
        if path == "/alive":
            self.dead.clear()
        elif path.startswith("/dead/"):
            self.dead.add(path.removeprefix("/dead/"))
        elif path[1:] in self.dead:
            return None
        else:
            self.told.append((path[1:], identity, time.monotonic()))
        return TAKEN


class Conversation(asyncio.Protocol):
    """One connection, one request."""

    def __init__(self, receiver: Receiver) -> None:
        self._receiver = receiver
        self._read = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the way back."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Answer once the request is whole."""
        self._read += data
        head, found, body = self._read.partition(b"\r\n\r\n")
        if not found:
            return
        lines = head.decode("latin-1").split("\r\n")
        fields = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines[1:])}
        if len(body) < int(fields.get("content-length", "0")):
            return
        answer = self._receiver.answer(lines[0].split(" ")[1], fields.get("webhook-id", ""))
        if answer is not None:
            self._transport.write(answer)
            self._transport.close()


async def main(port: int, ready: Callable[[], None]) -> None:
    """Serve until the process is ended."""
    receiver = Receiver()
    server = await asyncio.get_running_loop().create_server(lambda: Conversation(receiver), "127.0.0.1", port)
    ready()
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), lambda: print("ready", flush=True)))  # noqa: T201
