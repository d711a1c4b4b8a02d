"""What may be written down about an error: its class, its place in the code, never what somebody wrote.

Errors of the project's own tree carry a message made for people and free of personal data; it is kept, unless it
repeats what the caller asked for. The text of any other error may quote the value that broke it, so only its class is
kept, and for the database the SQLSTATE and the name of the constraint.
"""

import traceback
from typing import Any

from lianxi.runtime.logging import redact

_OWN = ("lianxi.", "services.")


def describe(error: BaseException) -> dict[str, Any]:
    """Return class, code, message and place of `error`, fit for a table, a log and a screen."""
    described: dict[str, Any] = {"type": type(error).__name__, "at": place_of(error)}
    code = getattr(error, "code", None)
    if hasattr(error, "as_problem"):
        problem = error.as_problem()
        described |= {name: problem.get(name) for name in ("code", "rule", "field") if problem.get(name)}
        if "id" not in problem:  # what was not found is named in the caller's own words, which may be anything
            described["message"] = redact(str(problem.get("detail", "")))
    elif isinstance(code, str):
        described["code"] = code
    cause = getattr(error, "orig", None)
    sqlstate = getattr(cause, "pgcode", None)
    if sqlstate:
        described["sqlstate"] = sqlstate
        constraint = getattr(getattr(cause, "diag", None), "constraint_name", None)
        if constraint:
            described["constraint"] = constraint
    return described


def place_of(error: BaseException) -> str:
    """Return module, line and function of the deepest frame that is the project's own, else of the deepest."""
    frames = [(frame, line) for frame, line in traceback.walk_tb(error.__traceback__)]
    own = [each for each in frames if str(each[0].f_globals.get("__name__", "")).startswith(_OWN)]
    if not frames:
        return ""
    frame, line = (own or frames)[-1]
    return f"{frame.f_globals.get('__name__', '?')}:{line} {frame.f_code.co_name}"
