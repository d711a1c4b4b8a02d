"""The people of one node as the demonstration plays them: each signs in at the portal and acts over HTTP.

Nothing here goes around the front door: what a person of the story does is a request that any client could send.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import requests

PATIENCE = 30.0
PAUSE = 0.1
TIMEOUT = 30.0


class StoryBroken(Exception):  # noqa: N818  reads as what happened
    """A check of the story did not hold."""


@dataclass
class Person:
    """An account of the demonstration: its login, its password, and the session it has open."""

    login: str
    password: str
    role: str
    unit: str = ""
    session: requests.Session | None = None


@dataclass
class Office:
    """One node: its portal and its people, by role."""

    code: str
    name: str
    url: str
    people: dict[str, Person] = field(default_factory=dict)

    def ask(self, role: str, method: str, path: str, **more: Any) -> Any:
        """Send a request as the person in a role; sign in first, and again when the session has run out.

        Raises StoryBroken for an answer that is not a success, with the problem the server named.
        """
        answer = self.try_ask(role, method, path, **more)
        if not answer.ok:
            raise StoryBroken(f"{self.name} {role} {method} {path}: {answer.status_code} {_problem(answer)}")
        return answer.json() if answer.content else None

    def try_ask(self, role: str, method: str, path: str, **more: Any) -> requests.Response:
        """Send a request and return the answer whatever it is."""
        person = self.people[role]
        for _ in range(2):
            session = person.session or self._sign_in(person)
            answer = session.request(method, f"{self.url}/api/v1{path}", timeout=TIMEOUT, **more)
            if answer.status_code != requests.codes.unauthorized:
                return answer
            person.session = None
        return answer

    def act(self, role: str, case_no: str, act: str, **body: Any) -> dict[str, Any]:
        """Carry out an act on a case as the person in a role."""
        answer: dict[str, Any] = self.ask(role, "POST", f"/cases/{case_no}/acts/{act}", json=body)
        return answer

    def case(self, case_no: str, role: str = "dispatcher") -> dict[str, Any]:
        """Read the case page."""
        page: dict[str, Any] = self.ask(role, "GET", f"/cases/{case_no}")
        return page

    def knows(self, case_no: str) -> bool:
        """Whether the case is known at this node."""
        return self.try_ask("department_leader", "GET", f"/cases/{case_no}").ok

    def until(self, case_no: str, state: str, holder: str | None = None) -> dict[str, Any]:
        """Wait until the case page shows a state (and holder) at this node."""

        def arrived() -> dict[str, Any] | None:
            answer = self.try_ask("dispatcher", "GET", f"/cases/{case_no}")
            page: dict[str, Any] = answer.json() if answer.ok else {}
            fits = page.get("state") == state and holder in {None, page.get("holder")}
            return page if fits else None

        page: dict[str, Any] = wait_for(arrived, f"{case_no} 在{self.name}应为 {state} {holder or ''}")
        return page

    def _sign_in(self, person: Person) -> requests.Session:
        session = requests.Session()
        body = {"login": person.login, "password": person.password}
        answer = session.post(f"{self.url}/api/v1/sessions", json=body, timeout=TIMEOUT)
        if not answer.ok:
            raise StoryBroken(f"{person.login} 不能登录：{answer.status_code} {_problem(answer)}")
        session.headers["X-CSRF-Token"] = answer.json()["csrf_token"]
        person.session = session
        return session


def _problem(answer: requests.Response) -> str:
    try:
        problem = answer.json()
    except ValueError:
        return answer.text[:200]
    fields = "；".join(f"{error.get('field')} {error.get('message')}" for error in problem.get("errors", ()))
    return f"{problem.get('code')} {problem.get('detail')} {fields}".strip()


def wait_for(fact: Callable[[], Any], what: str, within: float = PATIENCE) -> Any:
    """Return the first true value of `fact`; StoryBroken when it does not come in time."""
    deadline = time.monotonic() + within
    while time.monotonic() < deadline:
        found = fact()
        if found:
            return found
        time.sleep(PAUSE)
    raise StoryBroken(f"等了{within:.0f}秒没有等到：{what}")
