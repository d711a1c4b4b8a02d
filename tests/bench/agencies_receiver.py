"""The webhooks of all agencies in one process: takes what comes, notes when, and is dead for whom it was told to be.

Each agency has an address of its own on loopback, as it would have a machine of its own. `POST /NAME` is its webhook.
`POST /dead/NAME` lets that one take connections and requests and never answer, `POST /alive` ends this for all and
closes what was left open; `GET /told` gives `[[name, id of the event, seconds on the machine's clock], …]` since it
was last asked. Connections are kept, as most servers do.
"""

import asyncio
import json
import sys
import time

TAKEN = b"HTTP/1.1 204 No Content\r\n\r\n"
HEAD_END = b"\r\n\r\n"


def host_of(place: int) -> str:
    """Return the address of an agency, counted from 0."""
    return f"127.0.1.{place + 1}"


class Receiver:
    """What was told, and who is dead."""

    def __init__(self) -> None:
        self.told: list[tuple[str, str, float]] = []
        self.dead: set[str] = set()
        self.left_open: list[asyncio.Transport] = []

    def answer(self, path: str, identity: str) -> bytes | None:
        """Return what to answer to a request, nothing to leave it open."""
        if path == "/told":
            body = json.dumps(self.told).encode()
            self.told = []
            return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body
        if path == "/alive":
            self.dead.clear()
            for transport in self.left_open:
                transport.abort()
            self.left_open.clear()
        elif path.startswith("/dead/"):
            self.dead.add(path.removeprefix("/dead/"))
        elif path[1:] in self.dead:
            return None
        else:
            self.told.append((path[1:], identity, time.monotonic()))
        return TAKEN


class Conversation(asyncio.Protocol):
    """One connection, with request after request."""

    def __init__(self, receiver: Receiver) -> None:
        self._receiver = receiver
        self._read = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the way back."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Answer every request that is whole."""
        self._read += data
        while HEAD_END in self._read:
            head, _, rest = self._read.partition(HEAD_END)
            lines = head.decode("latin-1").split("\r\n")
            fields = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines[1:])}
            length = int(fields.get("content-length", "0"))
            if len(rest) < length:
                return
            self._read = rest[length:]
            answer = self._receiver.answer(lines[0].split(" ")[1], fields.get("webhook-id", ""))
            if answer is None:
                self._receiver.left_open.append(self._transport)
            else:
                self._transport.write(answer)


async def main(port: int, agencies: int) -> None:
    """Serve until the process is ended."""
    receiver = Receiver()
    hosts = ["127.0.0.1", *(host_of(place) for place in range(agencies))]
    server = await asyncio.get_running_loop().create_server(lambda: Conversation(receiver), hosts, port)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), int(sys.argv[2])))
