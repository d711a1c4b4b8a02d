"""Metrics are made once, and one port shows them with the health of the process."""

import pytest
import requests
from structlog.testing import capture_logs

from lianxi.runtime import metrics
from lianxi.runtime.health import Health


@pytest.fixture
def page():
    """A metrics port with a health of its own."""
    health = Health()
    server = metrics.serve_metrics(0, health=health)
    yield health, f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_a_metric_is_made_once():
    first = metrics.counter("test_made_once_total", "x", ("outcome",))

    assert metrics.counter("test_made_once_total", "x", ("outcome",)) is first
    with pytest.raises(TypeError, match="not a Gauge"):
        metrics.gauge("test_made_once_total", "x")


def test_the_port_shows_the_metrics(page):
    _, url = page
    metrics.counter("test_shown_total", "x", ("outcome",)).labels("good").inc()
    metrics.gauge("test_depth", "x").set(3)
    metrics.histogram("test_wait_seconds", "x").observe(0.2)

    text = requests.get(f"{url}/metrics", timeout=5).text

    assert 'test_shown_total{outcome="good"} 1.0' in text
    assert "test_depth 3.0" in text
    assert "test_wait_seconds_count 1.0" in text
    assert "process_resident_memory_bytes" in text


def test_a_process_is_ready_when_every_check_passes(page):
    health, url = page
    health.add("database", lambda: None)
    assert requests.get(f"{url}/ready", timeout=5).json() == {"ready": True, "checks": {"database": "ok"}}

    health.add("broker", lambda: "not connected")
    answer = requests.get(f"{url}/ready", timeout=5)

    assert answer.status_code == 503
    assert answer.json()["checks"] == {"database": "ok", "broker": "not connected"}
    assert requests.get(f"{url}/health", timeout=5).status_code == 200


def test_a_check_that_breaks_says_what_broke_and_nothing_more(page):
    health, url = page

    def check():
        raise ConnectionError("somebody's data")

    health.add("database", check)

    assert requests.get(f"{url}/ready", timeout=5).json()["checks"] == {"database": "ConnectionError"}


@pytest.mark.parametrize(
    ("said", "answer"), [(None, "ok"), (True, "ok"), ("", "ok"), (False, "failed"), ("too full", "too full")]
)
def test_a_check_may_answer_in_words_or_with_yes_and_no(said, answer):
    health = Health()
    health.add("disk", lambda: said)

    assert health.report() == (answer == "ok", {"disk": answer})


def test_other_addresses_are_not_found(page):
    _, url = page

    assert requests.get(f"{url}/secrets", timeout=5).status_code == 404


def fail(error):
    raise error


@pytest.mark.parametrize(
    ("error", "told"), [(BrokenPipeError(), []), (ConnectionResetError(), []), (KeyError(), ["KeyError"])]
)
def test_whoever_hangs_up_is_no_news_and_what_breaks_is_one_line(error, told, capfd):
    server = metrics.serve_metrics(0)
    try:
        with capture_logs() as lines:
            try:
                fail(error)
            except Exception:  # noqa: BLE001  (as the server does)
                server.handle_error(None, ("127.0.0.1", 1))
    finally:
        server.shutdown()
        server.server_close()

    assert [line["error"] for line in lines] == told
    assert capfd.readouterr().err == ""


def test_words_that_are_known_are_shown_before_anything_happened():
    made = metrics.counter("test_from_nought_total", "x", ("way", "outcome"))

    metrics.from_nought(made, ("mail",), ("sent", "failed"))

    shown = metrics.exposition().decode()
    assert 'test_from_nought_total{outcome="failed",way="mail"} 0.0' in shown
    assert 'test_from_nought_total{outcome="sent",way="mail"} 0.0' in shown


def test_a_counter_of_few_series_is_there_before_its_first_event():
    metrics.counter("test_few_total", "x", ("peer", "reason"), most=3)

    assert 'test_few_total{peer="other",reason="other"} 0.0' in metrics.exposition().decode()
