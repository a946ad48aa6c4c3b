"""What a cell shows of resources and metrics."""

from __future__ import annotations

import pytest
from IPython.core.formatters import format_display_data

from kaizen_widgets.displays.plots import VEGA_LITE
from kaizen_widgets.errors import ForbiddenError


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("agents", "Agents: Billing, Technical, Summarizer, Translator"),
        ("pipelines", "Pipelines: Support triage"),
        ("teams", "Teams: none yet"),
        ("user", "CurrentUser: Local user"),
    ],
)
def test_a_resource_is_a_table_and_its_text_the_names(studio, name, text):
    data, _ = format_display_data(getattr(studio, name))
    assert data["text/plain"] == text
    assert (
        text.partition(": ")[2].partition(",")[0].replace("none yet", "Nothing here yet.")
        in (data["text/html"])
    )


@pytest.mark.parametrize("name", ["gateways", "deployments", "users", "policies"])
def test_every_resource_has_a_display(studio, name):
    data, _ = format_display_data(getattr(studio, name))
    assert set(data) == {"text/html", "text/plain"}
    assert " at 0x" not in data["text/plain"] + data["text/html"]


def test_a_resource_that_cannot_be_listed_says_why(studio):
    data, _ = format_display_data(studio.executions)
    assert data["text/plain"].startswith("Executions: ")
    assert "pipeline" in data["text/html"]


def test_metrics_are_figures_with_their_units_and_a_plot(studio):
    data, _ = format_display_data(studio.metrics)
    assert "calls in 24 hours" in data["text/plain"]
    assert "Average time" in data["text/html"]
    assert "<svg" in data["text/html"]


@pytest.mark.parametrize("metric", ["latency", "tokens", "errors", "cost"])
def test_a_metric_over_time_is_a_chart_of_version_5_with_a_picture(studio, metric):
    data, _ = format_display_data(studio.metrics.timeseries(metric=metric))
    assert set(data) == {VEGA_LITE, "image/svg+xml", "text/plain"}
    assert data[VEGA_LITE]["data"]["values"]


def test_a_forbidden_resource_says_so(studio, monkeypatch):
    async def refuse(filters):
        raise ForbiddenError("No <agents> for you.", status=403)

    monkeypatch.setattr(studio.agents.endpoints, "list", refuse)
    data, _ = format_display_data(studio.agents)
    assert "No &lt;agents&gt; for you." in data["text/html"]
    assert data["text/plain"] == "Agents: No <agents> for you."
