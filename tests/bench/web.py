"""A small client of a node's portal: one kept connection, an API token, nothing else, so it costs little itself."""

import importlib
import json
import secrets
import time
from collections.abc import Mapping
from contextlib import closing
from http.client import HTTPConnection, HTTPException
from typing import Any
from urllib.parse import urlsplit

from lianxi.ops.local.stack import LocalNode
from tests.bench.ground import NotFinished

LIMITS = {f"LIANXI_PORTAL_LIMIT_{name}": "1000000" for name in ("ACCOUNT", "ADDRESS", "FILING", "TRACKING", "SIGN_IN")}
"""Settings of a stack under load: one machine plays the whole city."""

TIMEOUT = 30.0
OK = 200
UNAVAILABLE = 503
TRIES = 20
PAUSE = 1.0
"""Seconds between two tries."""


class Client:
    """Speaks to one portal as one account, or as nobody; used by one thread."""

    def __init__(self, url: str, token: str = "") -> None:
        place = urlsplit(url)
        self._connection = HTTPConnection(place.hostname or "", place.port, timeout=TIMEOUT)
        self._headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})

    def ask(self, method: str, path: str, body: Mapping[str, Any] | None = None, *, key: str = "") -> tuple[int, Any]:
        """Send a request; return status and answer. A connection that the server has closed is opened again.

        A request with an idempotency key is repeated while the portal says that it got no answer in time.
        """
        content = None if body is None else json.dumps(body).encode()
        headers = {"Idempotency-Key": key} if key else {}
        for _ in range(TRIES):
            try:
                answer = self._send(method, path, content, headers)
            except (HTTPException, ConnectionError):
                self._connection.close()
                answer = self._send(method, path, content, headers)
            if not key or answer[0] != UNAVAILABLE:
                break
            time.sleep(PAUSE)
        return answer

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def _send(self, method: str, path: str, content: bytes | None, headers: Mapping[str, str]) -> tuple[int, Any]:
        self._connection.request(method, f"/api/v1{path}", content, {**self._headers, **headers})
        answer = self._connection.getresponse()
        text = answer.read()
        return answer.status, json.loads(text) if text else None


def done(answer: tuple[int, Any]) -> Any:
    """Return the content of an answer that is a success; raises NotFinished for any other."""
    status, content = answer
    if status // 100 != OK // 100:
        raise NotFinished(f"answered with {status}: {content.get('code')} {content.get('detail')}")
    return content


def tokens(node: LocalNode, people: Mapping[str, str]) -> dict[str, str]:
    """Make an account for each role (with its unit, or "") and return an API token for each."""
    desk = importlib.import_module("services.portal.wiring").AccountDesk(node.environment)
    made = {}
    with closing(desk):
        for role, unit in people.items():
            login = f"bench-{role.replace('_', '-')}"
            desk.add(login, secrets.token_urlsafe(16), role, unit)
            made[role] = desk.issue_token(login, "bench", ["read", "file", "act"], 1)["token"]
    return made
