"""The portal of a node as an agency uses it: events from a cursor on, replay, and answers to cases."""

import json
import ssl
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping
from typing import Any

PAGE = 200
TIMEOUT = 30.0


class PortalRefused(Exception):  # noqa: N818  reads as what happened
    """The portal refused; `problem` is its problem document, `status` 0 if it did not answer at all."""

    def __init__(self, status: int, problem: Mapping[str, Any]) -> None:
        said = (str(part) for part in (status or "", problem.get("code", ""), problem.get("detail", "")) if part)
        super().__init__(" ".join(said))
        self.status = status
        self.problem = problem


class Portal:
    """The portal at an address, with the token of an agency, or with its certificate in an SSL context."""

    def __init__(
        self, address: str, token: str = "", *, context: ssl.SSLContext | None = None, timeout: float = TIMEOUT
    ) -> None:
        if not address.startswith(("https://", "http://")):
            raise ValueError("the address of a portal begins with https://")
        self._address = address.rstrip("/") + "/api/v1/agency"
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._context = context
        self._timeout = timeout

    def events(self, after: int) -> Iterator[dict[str, Any]]:
        """Return every event behind a cursor up to now, in order."""
        while True:
            page = self._ask("GET", f"/events?after={after}&limit={PAGE}")
            yield from page["rows"]
            if not page["rows"]:
                return
            after = page["next"]

    def replay(self, after: int) -> dict[str, Any]:
        """Have everything behind a cursor put into the queue once more."""
        return self._ask("POST", "/events/replay", {"after": after})

    def case(self, case_no: str) -> dict[str, Any]:
        """Return where a case stands and which acts are open."""
        return self._ask("GET", f"/cases/{urllib.parse.quote(case_no)}")

    def act(self, case_no: str, act: str, fields: Mapping[str, Any], key: str) -> dict[str, Any]:
        """Answer a case: `accept-case`, `object-to-transfer`, `extend-handling`, `submit-opinion` and others.

        `key` is yours, at least 16 characters: repeat a request under it until it is answered, it has one effect.
        """
        path = f"/cases/{urllib.parse.quote(case_no)}/acts/{urllib.parse.quote(act)}"
        return self._ask("POST", path, dict(fields), {"Idempotency-Key": key})

    def _ask(
        self, method: str, path: str, body: dict[str, Any] | None = None, headers: Mapping[str, str] | None = None
    ) -> dict[str, Any]:
        request = urllib.request.Request(  # noqa: S310  the scheme was looked at
            self._address + path,
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={
                **self._headers,
                **({"Content-Type": "application/json"} if body is not None else {}),
                **(headers or {}),
            },
        )
        try:
            with urllib.request.urlopen(request, timeout=self._timeout, context=self._context) as answer:  # noqa: S310
                found: dict[str, Any] = json.load(answer)
        except urllib.error.HTTPError as error:
            with error:
                raise PortalRefused(error.code, _problem(error.read())) from None
        except OSError as error:
            raise PortalRefused(0, {"detail": f"no answer from {self._address}: {_why(error)}"}) from error
        return found


def _why(error: OSError) -> str:
    reason = getattr(error, "reason", error)
    return str(reason) or type(reason).__name__


def _problem(body: bytes) -> Mapping[str, Any]:
    try:
        found = json.loads(body)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
