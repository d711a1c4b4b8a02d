"""A real HTTP gateway for text messages in the test process, which can fail in every way a gateway does."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from services.notify.domain.gateways import read_gateways

DESCRIBED = {
    "headers": {"Authorization": "Bearer ${secret}"},
    "secret_file": "secret",
    "body": {"mobile": "${to}", "content": "${text}", "requestId": "${id}"},
    "timeout": 0.4,
    "taken": {"field": "code", "is": "0"},
    "nobody": {"field": "code", "is": "2001"},
    "refused": {"field": "code", "is": "3001"},
    "number": "data.messageId",
    "knows_ids": True,
    "receipts": {
        "kind": "hmac",
        "secret_file": "secret",
        "list": "reports",
        "number": "messageId",
        "arrived": {"field": "status", "is": "DELIVRD"},
        "lost": {"field": "status", "is": ["UNDELIV", "EXPIRED"]},
    },
}
SECRET = "only for tests"


class SmsGateway:
    """Takes messages, each id once; `behave(…)` queues what it does instead, each for one request.

    Numbers answer with that status; "silent", "hang up", "half", "garbage", "taken, then silent", "nobody", "refuse".
    A gateway that `knows_status` denies what it did not take when it is asked; any other says that all is under way.
    """

    knows_status = False
    hangs = False
    """Whether every request, also a question, hears nothing; what is sent to it is taken if `takes_all_the_same`."""
    takes_all_the_same = False

    def __init__(self):
        self.messages = {}
        self.requests = []
        self.retry_after = None
        self._ways = []
        self._asked_ways = []
        self.asked = []
        self.status_of = {}
        self._released = threading.Event()
        gateway = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                gateway.answer(self)

            def do_GET(self):
                gateway.tell(self)

            def log_message(self, *_arguments):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05})
        self._thread.start()
        self.port = self._server.server_port

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}/send"

    def behave(self, *ways):
        self._ways += ways

    def behave_when_asked(self, *ways):
        """Queue what it does instead of saying what became of a message, each for one question."""
        self._asked_ways += ways

    def tell(self, request):
        """Say what became of a message, as `status_of` has it; one that is not there is under way."""
        number = request.path.removeprefix("/status/")
        self.asked.append((number, request.headers.get("Authorization")))
        way = self._asked_ways.pop(0) if self._asked_ways else 200
        if self.hangs:
            self._released.wait(20)
            way = "hang up"
        elif self.knows_status and number not in self.messages:
            way = 404
        if way == "hang up":
            request.close_connection = True
            request.connection.close()
            return
        text = b"<html>" if way == "garbage" else json.dumps({"status": self.status_of.get(number, "ACCEPTD")}).encode()
        request.send_response(way if isinstance(way, int) else 200)
        request.send_header("Content-Length", str(len(text)))
        request.end_headers()
        request.wfile.write(text)

    def answer(self, request):
        asked = json.loads(request.rfile.read(int(request.headers["Content-Length"])))
        self.requests.append((dict(request.headers), asked))
        way = self._ways.pop(0) if self._ways else "take"
        if self.hangs:
            way = "taken, then silent" if self.takes_all_the_same else "silent"
        if way in {"take", "taken, then silent"}:
            self.messages.setdefault(asked["requestId"], asked)
        if way in {"silent", "taken, then silent"}:
            self._released.wait(20)
        if way in {"silent", "taken, then silent", "hang up"}:
            request.close_connection = True
            request.connection.close()
            return
        self._say(request, way, asked)

    def _say(self, request, way, asked):
        codes = {"take": "0", "nobody": "2001", "refuse": "3001"}
        text = json.dumps({"code": codes.get(way, "9"), "data": {"messageId": f"m-{asked['requestId']}"}}).encode()
        if way in {"garbage", "half"}:
            text = b"<html>\xff\xfe gateway"
        request.send_response(way if isinstance(way, int) else 200)
        if self.retry_after is not None and way in {429, 503}:
            request.send_header("Retry-After", self.retry_after)
        request.send_header("Content-Length", str(len(text) + (40 if way == "half" else 0)))
        request.end_headers()
        request.wfile.write(text)
        request.close_connection = way == "half"

    def stop(self):
        self._released.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)


def described(*gateways, **changed):
    """The description of these gateways (name, address), as the file would give it."""
    sections = {name: {**DESCRIBED, **changed, "url": url} for name, url in gateways}
    return read_gateways({"gateways": sections}, lambda _name: SECRET)
