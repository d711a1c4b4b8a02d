"""One trace id from the first request to the last message; what is no proper traceparent is never an error."""

import pytest

from lianxi.runtime import tracing

GIVEN = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
TRACE = GIVEN[3:35]


def test_a_request_is_a_new_step_of_the_trace_it_brings():
    with tracing.working(GIVEN) as here:
        assert (here.trace_id, here.flags) == (TRACE, "01")
        assert here.span_id not in GIVEN
        assert tracing.passed_on("any case") == here.header
    assert tracing.passed_on() == ""


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "nonsense",
        GIVEN.upper(),
        GIVEN[:-1],
        f"{GIVEN}-more",
        f"{GIVEN}\r\nX-Injected: 1",
        GIVEN.replace("00-4bf", "ff-4bf"),
        GIVEN.replace(TRACE, "0" * 32),
        GIVEN.replace("00f067aa0ba902b7", "0" * 16),
        GIVEN.replace("4bf", "４bf"),
        f"01-{TRACE}-00f067aa0ba902b7-01-{'x' * 300}",
        42,
    ],
)
def test_what_is_no_proper_traceparent_is_replaced(header):
    with tracing.working(header) as here:
        assert here.trace_id != TRACE
        assert tracing.continued(here.header) is not None


def test_a_later_version_is_read_as_far_as_it_is_known():
    assert tracing.continued(f"01-{TRACE}-00f067aa0ba902b7-00-something-new").header.startswith(f"00-{TRACE}-")


def test_each_case_of_a_batch_keeps_its_own_trace():
    other = tracing.begun().header
    with tracing.batch():
        tracing.hear("first", GIVEN)
        assert tracing.current().trace_id == TRACE
        tracing.hear("second", other)
        tracing.hear("second", "nonsense")
        tracing.hear("third", GIVEN)

        assert tracing.passed_on("first") == tracing.passed_on("third")
        assert [tracing.passed_on(each)[3:35] for each in ("first", "second")] == [TRACE, other[3:35]]
        assert (tracing.current(), tracing.passed_on("nobody knows")) == (None, "")
        assert [each.partition("-")[0] for each in tracing.shown()] == [TRACE, other[3:35]]


def test_a_message_that_a_timer_takes_up_goes_on_in_its_own_trace():
    with tracing.working() as timer:
        tracing.hear("a case", GIVEN)

        assert tracing.passed_on("a case")[3:35] == TRACE
        assert tracing.passed_on("another") == timer.header
        assert tracing.current() is timer
