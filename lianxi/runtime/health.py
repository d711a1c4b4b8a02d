"""Whether a process is fit for work: named checks that anyone can add and one answer made of all of them.

*Alive* means that the process answers; *ready* means that every check passes, for example that the database
and the broker can be reached. A check is a function that returns nothing (or True) when all is well, and raises, or
returns a reason (or False), when it is not.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

Check = Callable[[], str | bool | None]


@dataclass
class Health:
    """The checks of one process."""

    checks: dict[str, Check] = field(default_factory=dict)

    def add(self, name: str, check: Check) -> None:
        """Make readiness depend on `check`."""
        self.checks[name] = check

    def report(self) -> tuple[bool, dict[str, str]]:
        """Run every check; return whether all passed, and one word or reason for each."""
        answers: dict[str, str] = {}
        ready = True
        for name, check in list(self.checks.items()):
            try:
                said = check()
            except Exception as failure:  # noqa: BLE001  (whatever a check raises is its answer)
                said = type(failure).__name__
            well = said is None or said is True or said == ""
            answers[name] = "ok" if well else str(said or "failed")
            ready = ready and well
        return ready, answers


HEALTH = Health()
"""The checks of this process; what connects to something adds its own."""
