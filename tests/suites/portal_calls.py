"""How the portal's way to the other services behaves: written once for the fake of the unit tests and the real one.

A subclass gives `calls` and `effects` (how often the act "count" took effect). The service on the other end is called
`routing` and knows `case` (answers what it was asked), `act` (takes effect), `refuse` and `fail`.
"""

import pytest

from services.portal.domain.answers import Answered
from tests.unit.portal.offices import problem

GUARD = {
    **problem("guard-refused", 409, "当前不能办理。", rule="own_unit", transition="T21", guard="own_unit"),
    "title": "当前不能办理此步骤",
}


class PortalCallsBehaviour:
    def test_an_answer_comes_back_as_it_was_given(self, calls):
        body = {"case_no": "63010400020260302W00012", "note": "供暖 <b>&amp;"}

        assert calls.call("routing", "case", body, command_id=None) == {"asked": body}

    def test_a_repeated_command_has_one_effect_and_the_same_answer(self, calls, effects):
        answers = [calls.call("routing", "act", {"x": 1}, command_id="c-1") for _ in range(3)]

        assert answers == [{"seq": 1}] * 3
        assert effects() == 1

    def test_another_command_is_another_effect(self, calls, effects):
        calls.call("routing", "act", {"x": 1}, command_id="c-1")
        calls.call("routing", "act", {"x": 1}, command_id="c-2")

        assert effects() == 2

    def test_a_refusal_is_passed_on_word_for_word(self, calls):
        with pytest.raises(Answered) as refusal:
            calls.call("routing", "refuse", {}, command_id="c-3")

        assert refusal.value.as_problem() == GUARD

    def test_a_fault_is_told_without_its_text(self, calls):
        with pytest.raises(Answered) as fault:
            calls.call("routing", "fail", {}, command_id=None)

        told = fault.value.as_problem()
        assert told["status"] == 500
        assert "马秀兰" not in str(told)
