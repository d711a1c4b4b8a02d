"""A question is asked twice at most and has one effect; a repeated request gets its first answer."""

from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count

import pytest

from services.portal.domain.accounts import AccountRole, Principal
from services.portal.domain.answers import Answer, Answered, NoAnswer
from services.portal.domain.limits import Limits, RequestReused
from services.portal.handlers import Ports
from services.portal.handlers.asking import ask, once
from tests.unit.portal.offices import FakeOffices, problem, silence


@dataclass
class Kept:
    fingerprint: str
    command_id: str
    first_at: datetime
    status: int | None = None
    sealed_answer: str | None = None


class FakeBooks:
    """Remembers requests, nothing else."""

    def __init__(self):
        self.kept = {}
        self.repeated = self

    def begin(self, scope, key_digest, *, fingerprint, command_id, first_at):
        return self.kept.setdefault((scope, key_digest), Kept(fingerprint, command_id, first_at))

    def finish(self, scope, key_digest, *, status, sealed_answer):
        self.kept[scope, key_digest].status = status
        self.kept[scope, key_digest].sealed_answer = sealed_answer


class PlainSecrets:
    def seal(self, plain, context):
        return f"{context}|{plain}"

    def open(self, token, context):
        assert token.startswith(context)
        return token[len(context) + 1 :]

    def keyed_hash(self, value, purpose):
        return f"{purpose}/{value}"


class StandingClock:
    def now(self):
        return datetime(2026, 3, 2, tzinfo=UTC)

    def today(self):
        return self.now().date()


@pytest.fixture
def offices():
    return FakeOffices()


@pytest.fixture
def ports(offices):
    books, numbers = FakeBooks(), count(1)

    @contextmanager
    def open_books():
        yield books

    return Ports(
        node="630104",
        names={},
        calls=offices,
        open_books=open_books,
        clock=StandingClock(),
        passwords=None,
        secrets=PlainSecrets(),
        new_id=lambda: f"id-{next(numbers)}",
        limits=Limits(),
    )


PERSON = Principal(account_id="a1", login="li.na", role=AccountRole.CASE_OFFICER, node="630104", unit="630104.housing")
KEY = "0123456789abcdef"


class TestAsking:
    def test_a_question_without_an_answer_is_asked_once_more_with_the_same_id(self, ports, offices):
        offices.answers["routing.act"] = [silence(), {"seq": 2}]

        assert ask(ports, "routing.act", {"x": 1}, command_id="c1") == {"seq": 2}
        assert offices.asked == [("routing.act", {"x": 1}, "c1"), ("routing.act", {"x": 1}, "c1")]

    def test_two_silences_are_told(self, ports, offices):
        offices.answers["routing.act"] = [silence(), silence(), {"seq": 2}]

        with pytest.raises(NoAnswer) as told:
            ask(ports, "routing.act", {}, command_id="c1")

        assert told.value.as_problem()["status"] == 503
        assert told.value.details["retry_after"] > 0

    def test_a_broker_that_is_away_is_not_asked_again(self, ports, offices):
        offices.answers["routing.case"] = [silence(in_time=True), {"seq": 2}]

        with pytest.raises(NoAnswer):
            ask(ports, "routing.case", {})

        assert offices.times("routing.case") == 1

    def test_a_refusal_is_passed_on_as_it_is(self):
        stated = problem("guard-refused", 409, "异议应在5个工作日内提出。", rule="within_objection_limit")

        assert Answered(stated).as_problem() == stated

    def test_a_fault_of_a_service_is_not_shown(self):
        told = Answered(problem("broken", 500, "psycopg2.Error: password=x")).as_problem()

        assert told["status"] == 500
        assert "psycopg2" not in str(told)

    @pytest.mark.parametrize("status", [None, "409", 200, 999])
    def test_a_problem_without_a_sensible_status_is_a_fault(self, status):
        assert Answered({"status": status, "detail": "x"}).as_problem()["status"] == 500

    def test_a_service_that_is_not_there_says_when_to_come_back(self):
        assert Answered(problem("service-not-there", 503, "该服务尚未启动。")).as_problem()["retry_after"] > 0


class TestRepeatedRequests:
    def test_a_request_without_a_key_is_a_new_one_each_time(self, ports):
        ids = [once(ports, PERSON, None, ("x", {}), lambda a: Answer(200, {"id": a.command_id})) for _ in range(2)]

        assert ids[0].body != ids[1].body

    def test_a_repeat_gets_the_first_answer_without_being_carried_out(self, ports):
        runs = []

        def run(attempt):
            runs.append(attempt)
            return Answer(201, {"number": len(runs)})

        first = once(ports, PERSON, KEY, ("x", {"a": 1}), run)
        again = once(ports, PERSON, KEY, ("x", {"a": 1}), run)

        assert first == again == Answer(201, {"number": 1})
        assert len(runs) == 1

    def test_a_repeat_after_a_lost_answer_is_the_very_same_command(self, ports):
        attempts = []

        def fail(attempt):
            attempts.append(attempt)
            raise silence()

        for _ in range(2):
            with pytest.raises(NoAnswer):
                once(ports, PERSON, KEY, ("x", {}), fail)

        assert attempts[0] == attempts[1]

    def test_the_same_key_with_another_content_is_refused(self, ports):
        once(ports, PERSON, KEY, ("x", {"a": 1}), lambda _a: Answer(200, {}))

        with pytest.raises(RequestReused):
            once(ports, PERSON, KEY, ("x", {"a": 2}), lambda _a: Answer(200, {}))

    def test_keys_of_two_people_have_nothing_to_do_with_each_other(self, ports):
        mine = once(ports, PERSON, KEY, ("x", {}), lambda _a: Answer(200, {"whose": "mine"}))
        theirs = once(ports, None, KEY, ("x", {}), lambda _a: Answer(200, {"whose": "theirs"}))

        assert (mine.body, theirs.body) == ({"whose": "mine"}, {"whose": "theirs"})
