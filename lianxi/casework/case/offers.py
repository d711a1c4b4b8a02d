"""What may be offered to somebody in a case: the rows of the table that fit, less what is refused whatever is typed."""

from types import SimpleNamespace

from lianxi.casework.case.guards import GUARDS, Given
from lianxi.casework.case.state import Case
from lianxi.casework.messages.facts import Actor
from lianxi.casework.transitions import Step, Transition, steps_from

ABOUT_THE_ASKER = frozenset(
    {
        "after_objection_limit",
        "assistance_missing",
        "assisting_unit",
        "at_final_reviewing_node",
        "at_reviewing_node",
        "call_back_here",
        "decided_by_assigner",
        "decided_by_conference",
        "decided_by_sender",
        "decided_by_superior",
        "extended_once",
        "filed_directly",
        "first_objection",
        "is_an_accusation",
        "late_objection_filed",
        "no_report_pending",
        "not_a_visit",
        "not_an_accusation",
        "not_assigned_from_above",
        "not_designated",
        "not_yet_a_duty",
        "not_yet_a_new_matter",
        "own_unit",
        "own_unit_or_department",
        "own_unit_or_window",
        "report_in_check",
        "report_returned",
        "report_wanted",
        "rt6_only",
        "signer_not_handler",
        "signer_not_of_earlier_instances",
        "within_objection_limit",
    }
)
"""Guards that ask about case, day and asker only, never about what is filled in."""


def offered(case: Case, actor: Actor, given: Given) -> tuple[tuple[Transition, Step], ...]:
    """The steps that this person could take now if the form is filled in well; the other guards decide then."""
    asker = SimpleNamespace(actor=actor, paper={})
    return tuple(
        (row, step)
        for row, step in steps_from(case.state, actor.role)
        if all(GUARDS[name](case, asker, given) is None for name in step.guards if name in ABOUT_THE_ASKER)
    )
