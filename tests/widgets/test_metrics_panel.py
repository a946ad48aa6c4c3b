"""Metrics as figures, over time and by failure, for every state of the server."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from kaizen_widgets.api import Api, MetricPoint, MetricSummary, studio_defaults
from kaizen_widgets.errors import InvalidInputError
from kaizen_widgets.query import QueryClient
from kaizen_widgets.testing import MockServer, Reply
from kaizen_widgets.transport import Tokens, Transport
from kaizen_widgets.widgets import MetricsPanel
from kaizen_widgets.widgets.metric_views import metric_cards, metric_plot
from kaizen_widgets.widgets.metrics_panel import REFRESH

pytestmark = pytest.mark.usefixtures("comms")

NOW = {
    "total_executions": 2840,
    "avg_latency_ms": 1240.4,
    "total_tokens": 1_200_000,
    "total_cost_usd": 0.94,
    "error_rate": 0.6,
    "failure_count": 17,
}
BEFORE = {**NOW, "total_executions": 2536, "avg_latency_ms": 1160}


@pytest.fixture
def server(loop) -> MockServer:
    server = MockServer(loop.clock)
    now = loop.clock.now()

    def summary(call):
        is_now = now - timedelta(minutes=5) < _time(call.query["end_date"])
        return NOW if is_now else BEFORE

    points = [
        {"timestamp": (now - timedelta(hours=hours)).isoformat(), "value": 1000 + hours, "count": 3}
        for hours in range(24, -1, -1)
    ]
    failure = {
        "id": "e1",
        "agent_id": "a1",
        "status": "failure",
        "error_message": "<b>Rate limit</b>",
        "created_at": (now - timedelta(hours=2)).isoformat(),
    }
    failures = {"executions": [failure, {**failure, "id": "e2"}], "count": 2}
    server.answer("GET", "/metrics/summary", summary)
    server.answer("GET", "/metrics/timeseries", {"data": points})
    server.answer(
        "GET",
        "/metrics/executions",
        lambda call: failures if call.query.get("status") == "failure" else {"executions": []},
    )
    server.answer("GET", "/agents", {"records": [{"id": "a1", "name": "Billing"}], "total": 1})
    deployment = {"id": "d1", "agent_id": "a1", "gateway_id": "g"}
    server.answer("GET", "/deployments", {"deployments": [deployment]})
    return server


@pytest.fixture
def api(loop, server):
    transport = Transport(
        "https://k.example.com",
        clock=loop.clock,
        transport=server,
        tokens=Tokens("access-1", "refresh-1"),
        jitter=lambda: 0.0,
    )
    api = Api(
        transport, QueryClient(loop=loop, clock=loop.clock, default_options=studio_defaults())
    )
    yield api
    api.query_client.clear()


@pytest.fixture
def open_panel(api, loop):
    panels = []

    def make(**options):
        panels.append(MetricsPanel(api, **options))
        loop.advance(1)
        return panels[-1]

    yield make
    for panel in panels:
        panel.close()


def _time(text):
    return datetime.fromisoformat(text)


def test_figures_have_units_and_are_compared_with_the_time_before(open_panel):
    cards = open_panel().cards.value
    for text in ("2,840", "1.24 s", "0.6 %", "17 calls", "$0.94", "$0.33 per 1,000"):
        assert text in cards
    assert "12 % up on the day before" in cards
    assert "80 ms slower" in cards


def test_median_and_slow_calls_are_shown_where_the_server_knows_them(open_panel, server, loop):
    times = {"median_latency_ms": 1240, "p95_latency_ms": 3700}
    server.answer("GET", "/metrics/summary", {**NOW, **times})
    moment = (loop.clock.now() - timedelta(hours=2)).isoformat()
    quiet = (loop.clock.now() - timedelta(hours=1)).isoformat()
    points = [
        {"timestamp": moment, "value": 1500, "count": 3, **times},
        {"timestamp": quiet, "value": 0, "count": 0, "median_latency_ms": None},
    ]
    server.answer("GET", "/metrics/timeseries", {"data": points})
    panel = open_panel()
    for text in ("Median time", "1.24 s", "95th percentile", "3.70 s"):
        assert text in panel.cards.value
    assert "Average time" not in panel.cards.value
    assert "median 1.24 s" in panel.plot.value
    assert "95th 3.70 s" in panel.plot.value
    assert "stroke-dasharray" in panel.plot.value


def test_plot_and_failures_follow_the_figures(open_panel):
    panel = open_panel()
    assert panel.plot.value.count('class="kz-slot"') == 25
    assert "3 calls" in panel.plot.value
    assert "&lt;b&gt;Rate limit" in panel.failures.value
    assert "<b>Rate" not in panel.failures.value
    assert "Billing" in panel.failures.value
    assert ">2</td>" in panel.failures.value


def test_range_and_scope_are_asked_of_the_server(open_panel, server, loop):
    panel = open_panel()
    assert [name for name, _ in panel.scope.options] == [
        "All agents",
        "Billing",
        "Billing, deployment d1",
    ]
    server.calls.clear()
    panel.range_buttons.value = "7d"
    panel.scope.value = "agent:a1"
    loop.advance(1)
    summaries = server.asked("GET", "/metrics/summary")
    last = summaries[-1].query
    assert last["agent_id"] == "a1"
    assert _time(last["end_date"]) - _time(last["start_date"]) == timedelta(days=7)
    assert server.asked("GET", "/metrics/executions")[-1].query["agent_id"] == "a1"


def test_metric_can_be_chosen(open_panel, server, loop):
    panel = open_panel()
    panel.metric.value = "cost"
    loop.advance(1)
    assert server.asked("GET", "/metrics/timeseries")[-1].query["metric"] == "cost"
    assert "Cost" in panel.plot.value


def test_figures_are_fetched_again_every_minute_while_open(open_panel, server, loop):
    panel = open_panel()
    before = len(server.asked("GET", "/metrics/summary"))
    loop.advance(REFRESH + 1)
    assert len(server.asked("GET", "/metrics/summary")) == before + 2
    panel.close()
    loop.advance(10 * REFRESH)
    assert len(server.asked("GET", "/metrics/summary")) == before + 2


def test_time_without_calls_says_what_to_do(open_panel, server):
    server.answer("GET", "/metrics/summary", {"total_executions": 0})
    panel = open_panel()
    assert "No calls in this time" in panel.plot.value
    assert "–" in panel.cards.value


def test_error_is_shown_with_a_retry_and_later_errors_keep_the_figures(open_panel, server, loop):
    good = NOW
    server.answer("GET", "/metrics/summary", Reply(503))
    panel = open_panel()
    loop.advance(60)
    assert panel.state.kind == "error"
    server.answer("GET", "/metrics/summary", good)
    panel.retry_button.click()
    loop.advance(1)
    assert "2,840" in panel.cards.value
    server.answer("GET", "/metrics/summary", Reply(503))
    panel.refresh_button.click()
    loop.advance(30)
    assert panel.state.kind == "error"
    assert "2,840" in panel.cards.value
    assert panel.body.layout.display != "none"


@pytest.mark.parametrize(
    "answer", [{"total_executions": "many"}, [1], None, Reply(200, text="<html>")]
)
def test_nonsense_is_an_error_not_a_crash(open_panel, server, loop, answer):
    server.answer("GET", "/metrics/summary", answer)
    server.answer("GET", "/metrics/timeseries", answer)
    server.answer("GET", "/agents", answer)
    panel = open_panel()
    loop.advance(60)
    assert panel.state.kind == "error"


def test_forbidden_metrics_say_so(open_panel, server, loop):
    server.answer(
        "GET", "/metrics/summary", Reply(403, {"error": {"message": "Permission denied"}})
    )
    panel = open_panel()
    loop.advance(10)
    assert panel.state.kind == "no permission"


def test_long_and_arabic_names_fit_the_picker_and_the_table(open_panel, server, loop):
    names = ["x" * 5000, "فوترة", ""]
    rows = [{"id": f"a{n}", "name": name} for n, name in enumerate(names)]
    server.answer("GET", "/agents", {"records": rows, "total": 3})
    panel = open_panel()
    labels = [name for name, _ in panel.scope.options]
    assert max(map(len, labels)) < 90
    assert "فوترة" in labels


def test_scope_that_the_server_does_not_list_stays(open_panel):
    assert open_panel(agent="gone").scope.value == "agent:gone"


def test_wrong_arguments_are_refused(api):
    wrong: list[dict[str, Any]] = [
        {"range": "2h"},
        {"shown": "speed"},
        {"agent": "a", "deployment": "d"},
    ]
    for options in wrong:
        with pytest.raises(InvalidInputError):
            MetricsPanel(api, **options)


def test_hours_without_calls_interrupt_the_time_to_answer(loop):
    now = loop.clock.now()
    points = [
        MetricPoint(timestamp=now - timedelta(hours=2), value=900, count=1),
        MetricPoint(timestamp=now - timedelta(hours=1), value=0, count=0),
        MetricPoint(timestamp=now, value=800, count=1),
    ]
    assert metric_plot(points, "latency").count('class="kz-slot"') == 3
    assert "from 800 ms to 900 ms" in metric_plot(points, "latency")
    assert "from 0 to 1" in metric_plot(points, "calls")


def test_first_calls_are_not_compared_with_nothing():
    cards = metric_cards(MetricSummary(**NOW), MetricSummary(total_executions=0), "the day before")
    assert "none in the day before" in cards
    assert "slower" not in cards
