"""The petitioner acts on the own case, with the query code: words go to intake first, so that they are never lost.

Then routing is asked to do what they mean. A case that another node holds gets the act as a directive: the answer says
that it is on its way. While custody is on its way routing keeps the wish and carries it out afterwards: the answer says
that it waits.
"""

from datetime import datetime, timedelta
from typing import Any

from lianxi.casework.errors import Invalid
from lianxi.casework.identifiers import QueryCode
from services.portal.domain.answers import Answer
from services.portal.domain.petitioning import WISHES, actor, command_of
from services.portal.handlers import Ports
from services.portal.handlers.asking import Attempt, ask, once

ACCEPTED = 202
ON_ITS_WAY = frozenset({"sent", "waiting"})
TICKET = "portal.track"
TICKET_LASTS = timedelta(hours=4)


def petition_for(name: str, given: dict[str, Any], key: str | None, ports: Ports) -> Answer:
    """Do what a petitioner asks for; `given` holds the query code and the words."""
    wish = WISHES[name]
    code = QueryCode.parse(given["query_code"])
    if name == "withdrawal" and not given.get("free_will"):
        raise Invalid("free_will", "T42", "撤回应当出于自愿，请勾选确认。")

    def run(attempt: Attempt) -> Answer:
        words = {"query_code": str(code), "kind": name, "text": given.get("text") or ""}
        kept = ask(ports, "intake.bring", words, command_id=f"{attempt.command_id}-words")
        command = {
            **command_of(wish, {**given, "text": kept["text"]}),
            "case_no": kept["number"],
            "actor": actor(ports.node),
        }
        body = {"command_type": wish.command, "command": command, "actor": actor(ports.node)}
        answer = {"number": str(kept["number"]), "kind": name}
        done = ask(ports, "routing.act", body, command_id=attempt.command_id)
        status = str(done.get("status") or "done")
        return Answer(ACCEPTED if status in ON_ITS_WAY else 200, {**answer, "status": status})

    return once(ports, None, key, (f"POST /track/{name}", given), run)


def ticket_for(query_code: str, ports: Ports) -> str:
    """Return what stands in the forms of a progress page instead of the query code, which no page repeats."""
    code = QueryCode.parse(query_code)
    return ports.secrets.seal(f"{code}|{ports.clock.now().isoformat()}", TICKET)


def code_of(ticket: str, ports: Ports) -> str:
    """Return the query code a ticket stands for; after some hours the petitioner gives it again."""
    try:
        code, _, given_at = ports.secrets.open(ticket, TICKET).partition("|")
        age = ports.clock.now() - datetime.fromisoformat(given_at)
    except Exception:  # noqa: BLE001  a ticket that is not ours fails to open in more than one way
        raise Invalid("query_code", "ticket", "页面内容有误，请重新查询。") from None
    if age > TICKET_LASTS:
        raise Invalid("query_code", "ticket", "页面已过期，请重新输入查询码。")
    return code


def save_draft(given: dict[str, Any], person: Any, ports: Ports) -> dict[str, Any]:
    """Keep a petition that is not finished; return the code under which it is found again."""
    body: dict[str, Any] = {"content": given["content"]}
    if given.get("draft_code"):
        body["code"] = given["draft_code"]
    if person is not None:
        body["actor"] = person.actor()
    saved = ask(ports, "intake.save_draft", body, command_id=ports.new_id())
    return {"draft_code": saved["code"], "saved_at": saved["saved_at"]}


def open_draft(draft_code: str, ports: Ports) -> dict[str, Any]:
    """Return a draft to whoever has its code."""
    found = ask(ports, "intake.draft", {"code": str(QueryCode.parse(draft_code, "draft_code"))})
    return {"content": found["content"], "saved_at": found["saved_at"]}
