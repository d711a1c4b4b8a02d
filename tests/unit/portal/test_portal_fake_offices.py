"""The fake of the other services does not lie: it passes the suite of the real ones."""

import pytest

from services.portal.domain.answers import Answered
from tests.suites.portal_calls import GUARD, PortalCallsBehaviour
from tests.unit.portal.offices import FakeOffices, problem


class TestFakeOffices(PortalCallsBehaviour):
    @pytest.fixture
    def done(self):
        return []

    @pytest.fixture
    def calls(self, done):
        def act(body):
            done.append(body)
            return {"seq": len(done)}

        return FakeOffices(
            {
                "routing.case": lambda body: {"asked": body},
                "routing.act": act,
                "routing.refuse": Answered(GUARD),
                "routing.fail": Answered(problem("broken", 500, "KeyError: 马秀兰")),
            }
        )

    @pytest.fixture
    def effects(self, done):
        return lambda: len(done)
