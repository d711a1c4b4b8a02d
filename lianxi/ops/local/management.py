"""A small client of RabbitMQ's management API: just what provisioning and the tests ask of it."""

import json
from typing import Any
from urllib.parse import quote

import requests

TIMEOUT = 20.0


class ManagementRefused(Exception):  # noqa: N818  reads as what happened
    """The broker answered a management request with an error."""

    branch = "refused"

    def __init__(self, method: str, path: str, status: int, text: str) -> None:
        super().__init__(f"{method} {path}: {status} {text[:300]}")
        self.status = status


class Management:
    """The management API at one address, as one user."""

    def __init__(self, url: str, user: str, password: str) -> None:
        self.url = url
        self._credentials = (user, password)

    def request(self, method: str, path: str, body: Any = None) -> Any:
        """Send one request; return the decoded answer, or nothing when it is empty."""
        # A session per request: a kept connection to a broker that was killed fails the first request afterwards.
        answer = requests.request(
            method,
            f"{self.url}/api/{path}",
            auth=self._credentials,
            data=None if body is None else json.dumps(body),
            headers={"Content-Type": "application/json"},
            timeout=TIMEOUT,
        )
        if answer.status_code >= requests.codes.bad_request:
            raise ManagementRefused(method, path, answer.status_code, answer.text)
        return answer.json() if answer.content else None

    def get(self, path: str) -> Any:
        """Read."""
        return self.request("GET", path)

    def put(self, path: str, body: Any = None) -> Any:
        """Create or change."""
        return self.request("PUT", path, {} if body is None else body)

    def post(self, path: str, body: Any = None) -> Any:
        """Do something that is neither creating nor reading."""
        return self.request("POST", path, {} if body is None else body)

    def delete(self, path: str) -> None:
        """Delete; what does not exist is deleted already."""
        try:
            self.request("DELETE", path)
        except ManagementRefused as refused:
            if refused.status != requests.codes.not_found:
                raise

    def answers(self) -> bool:
        """Whether the API is up and lets this user in."""
        try:
            self.get("whoami")
        except (requests.RequestException, ManagementRefused):
            return False
        return True

    def create_vhost(self, vhost: str, *users: str) -> None:
        """Make a vhost in which `users` may do everything."""
        self.put(f"vhosts/{name(vhost)}")
        for user in users:
            self.put(
                f"permissions/{name(vhost)}/{name(user)}",
                {"configure": ".*", "write": ".*", "read": ".*"},
            )

    def delete_vhost(self, vhost: str) -> None:
        """Delete a vhost with everything in it."""
        self.delete(f"vhosts/{name(vhost)}")

    def import_definitions(self, definitions: dict[str, Any]) -> None:
        """Create or change everything `definitions` names; nothing is deleted by an import.

        Shovels come last: RabbitMQ 4 starts them before it makes the queues of the same import, and a shovel makes a
        source queue that is not there yet, without its bounds.
        """
        self.post("definitions", {**definitions, "parameters": []})
        if definitions.get("parameters"):
            self.post("definitions", {"parameters": definitions["parameters"]})

    def depth(self, vhost: str, queue: str) -> int:
        """Return how many messages a queue holds, as of the broker's last statistics."""
        return int(self.get(f"queues/{name(vhost)}/{name(queue)}").get("messages", 0))

    def shovel_states(self, vhost: str) -> dict[str, str]:
        """Return the state of every shovel of a vhost; *running* does not prove that messages move."""
        return {shovel["name"]: shovel["state"] for shovel in self.get(f"shovels/{name(vhost)}")}


def name(text: str) -> str:
    """Return a name as it stands in a path of the API."""
    return quote(text, safe="")
