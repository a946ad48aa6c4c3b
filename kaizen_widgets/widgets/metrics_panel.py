"""MetricsPanel: calls, time, failures, cost and tokens of agents, as figures and over time.

    MetricsPanel(studio)
    MetricsPanel(studio, agent=agent.id, range="7d")

Everything comes from the query cache and is fetched again every minute while the panel is open.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final, cast

import ipywidgets as ipw

from kaizen_widgets.api import MetricSummary
from kaizen_widgets.api.mapping import parse_range
from kaizen_widgets.displays.markup import alert, hint, skeleton
from kaizen_widgets.errors import InvalidInputError
from kaizen_widgets.query import LiveQuery
from kaizen_widgets.widgets.dialog import DialogHost
from kaizen_widgets.widgets.metric_views import (
    METRICS_CSS,
    SPANS,
    TITLES,
    Shown,
    failure_table,
    failures_of,
    metric_cards,
    metric_plot,
)
from kaizen_widgets.widgets.panel_frame import PanelFrame

REFRESH = 60.0
"""Seconds between two fetches."""
MAX_CHOICES = 500
"""Agents and deployments that the picker offers."""
FAILURES = 200
"""Failed calls that are looked at."""
RANGES: Final = (("1 h", "1h"), ("24 h", "24h"), ("7 d", "7d"), ("30 d", "30d"))


class MetricsPanel(PanelFrame):
    """The metrics of an organization, or of one agent or deployment.

    Args:
        resources: A studio, or anything else with ``metrics``, ``agents`` and ``deployments``.
        agent: Id of the agent to show at first.
        deployment: Id of the deployment to show at first.
        range: Time range until now: ``1h``, ``24h``, ``7d`` or ``30d``.
        shown: What is plotted at first: ``latency``, ``calls``, ``errors``, ``tokens`` or ``cost``.
        dialogs: Where dialogs appear; by default in the panel itself.

    Attributes:
        scope: Select of everything, the agents and the deployments.
        range_buttons: The time ranges.
        metric: Select of what is plotted.
        cards: HTML widget with the figures.
        plot: HTML widget with the plot.
        failures: HTML widget with the last failures.

    Raises:
        InvalidInputError: There is no such range or metric, or both an agent and a deployment were given.
    """

    # A class attribute, because ipywidgets also closes and prints widgets whose `__init__` raised.
    _parts: Mapping[str, tuple[LiveQuery, Callable[[], None]]] = {}

    def __init__(
        self,
        resources: Any,
        *,
        agent: str = "",
        deployment: str = "",
        range: str = "24h",
        shown: Shown = "latency",
        dialogs: DialogHost | None = None,
    ) -> None:
        if agent and deployment:
            raise InvalidInputError("Give an agent or a deployment, not both.", status=422)
        if range not in SPANS or shown not in TITLES:
            raise InvalidInputError(
                f"range is one of {', '.join(SPANS)}, and shown one of {', '.join(TITLES)}.",
                status=422,
            )
        self._parts = {}
        self._is_choosing = False
        start = f"agent:{agent}" if agent else f"deployment:{deployment}" if deployment else ""
        options = [("All agents", "")] + ([(start.partition(":")[2][:8], start)] if start else [])
        self.scope = ipw.Dropdown(
            options=options,
            value=start,
            description="What the metrics are of",
            _dom_classes=("kaizen-unlabeled",),
            layout=ipw.Layout(width="auto", max_width="260px"),
        )
        self.range_buttons = ipw.ToggleButtons(
            options=RANGES,
            value=range,
            tooltips=["The last hour", "The last day", "The last week", "The last 30 days"],
            style={"button_width": "auto"},
            _dom_classes=("kaizen-segments",),
        )
        self.metric = ipw.Dropdown(
            options=[(title, name) for name, title in TITLES.items()],
            value=shown,
            description="What is plotted",
            _dom_classes=("kaizen-unlabeled",),
            layout=ipw.Layout(width="auto", max_width="200px", margin="8px 0 0 0"),
        )
        wide = ipw.Layout(width="100%", margin="0")
        self.cards = ipw.HTML(layout=wide)
        self.plot = ipw.HTML(
            layout=ipw.Layout(width="100%", margin="4px 0 8px 0", min_height="200px")
        )
        self.failures = ipw.HTML(layout=wide)
        for widget in (self.scope, self.range_buttons):
            widget.observe(lambda _change: self._choose(), "value")
        self.metric.observe(lambda _change: self._follow_points(), "value")
        super().__init__(
            resources,
            body=[self.cards, self.metric, self.plot, self.failures],
            noun="metrics",
            permission="metrics:read",
            title="Metrics",
            buttons=[self.scope, self.range_buttons],
            on_data=lambda _summary: None,
            dialogs=dialogs,
        )
        self.add_class("kaizen-metrics")
        self._follow("agents", resources.agents.list(), refresh=False)
        self._follow("deployments", resources.deployments.list(), refresh=False)
        self._choose()

    def close(self) -> None:
        """Close the panel and stop observing its queries."""
        parts, self._parts = self._parts, {}
        for _, unsubscribe in parts.values():
            unsubscribe()
        super().close()

    def refetch(self) -> None:
        """Fetch all figures again."""
        super().refetch()
        for query, _ in self._parts.values():
            query.observer.refetch(cancel_refetch=False)

    # ------------------------------------------------------------ queries

    @property
    def _of(self) -> dict[str, str]:
        """The filter of the chosen agent or deployment."""
        kind, _, id = (self.scope.value or "").partition(":")
        return {f"{kind}_id": id} if id else {}

    @property
    def _range(self) -> str:
        return str(self.range_buttons.value)

    @property
    def _shown_metric(self) -> Shown:
        return cast("Shown", self.metric.value)

    def _choose(self) -> None:
        if self._is_choosing:
            return
        metrics, of, range = self.resources.metrics, self._of, self._range
        self._follow("before", metrics.summary(range=range, previous=True, **of))
        for status in ("failure", "timeout"):
            self._follow(status, metrics.executions(status=status, limit=FAILURES, **of))
        self._follow_points()
        self.show_query(_refreshed(metrics.summary(range=range, **of)))

    def _follow_points(self) -> None:
        kind, _, id = (self.scope.value or "").partition(":")
        # Calls are counted by the points of every metric.
        metric = "latency" if self._shown_metric == "calls" else self._shown_metric
        query = self.resources.metrics.timeseries(
            id or None, self._range, metric=metric, of=kind or "deployment"
        )
        self._follow("points", query)
        self.refresh()

    def _follow(self, name: str, query: LiveQuery, *, refresh: bool = True) -> None:
        """Observe a query in place of the one with this name."""
        query = _refreshed(query) if refresh else query
        before = self._parts.get(name)
        followed = (query, query.subscribe(lambda _result: self.refresh()))
        self._parts = {**self._parts, name: followed}
        if before is not None:
            before[1]()

    def _data(self, name: str) -> Any:
        found = self._parts.get(name)
        return None if found is None or not found[0].result.has_data else found[0].result.data

    # ------------------------------------------------------------ drawing

    def is_empty(self, data: Any) -> bool:
        """Return False: without calls the figures are zero."""
        return False

    def _draw(self) -> None:
        super()._draw()
        if not self._is_open or self.query is None:
            return
        self._draw_choices()
        result = self.query.result
        now: MetricSummary | None = result.data if result.has_data else None
        if now is not None:
            span = SPANS[self._range]
            self._set(self.cards, METRICS_CSS + metric_cards(now, self._data("before"), span))
        self._draw_plot(now)
        self._draw_failures()

    def _draw_plot(self, now: MetricSummary | None) -> None:
        query = self._parts["points"][0]
        result = query.result
        if now is not None and not now.total_executions and not result.is_error:
            nothing = "No calls in this time. Try an agent, or choose a longer time."
            self._set(self.plot, hint(nothing))
        elif result.has_data:
            self._set(self.plot, metric_plot(result.data, self._shown_metric))
        elif result.is_error and not result.is_fetching:
            problem = str(result.error)[:400] or type(result.error).__name__
            self._set(self.plot, alert(f"The values over time could not be read: {problem}"))
        else:
            self._set(self.plot, skeleton(4))

    def _draw_failures(self) -> None:
        failed = [*(self._data("failure") or ()), *(self._data("timeout") or ())]
        now = self._client.environment.clock.now()
        since = now - parse_range(self._range)[0]
        names = {agent.id: agent.name for agent in self._data("agents") or ()}
        self._set(self.failures, failure_table(failures_of(failed, names, since), now))

    def _draw_choices(self) -> None:
        options = [("All agents", ""), *self._choices().items()]
        known = [value for _, value in options]
        chosen = self.scope.value or ""
        if chosen not in known:
            options.append((chosen.partition(":")[2][:8], chosen))
        if list(self.scope.options) != options:
            # Assigning options chooses the first one for a moment.
            self._is_choosing = True
            try:
                with self.scope.hold_sync():
                    self.scope.options = options
                    self.scope.value = chosen
            finally:
                self._is_choosing = False

    def _choices(self) -> Mapping[str, str]:
        """Return the agents and deployments by name; names that occur twice get an id."""
        agents = self._data("agents") or ()
        names = {agent.id: _short(agent.name) for agent in agents}
        found = [(names[agent.id], f"agent:{agent.id}") for agent in agents]
        for each in self._data("deployments") or ():
            agent = names.get(each.agent_id) or each.agent_id[:8]
            found.append((f"{agent}, deployment {each.id[:8]}", f"deployment:{each.id}"))
        made: dict[str, str] = {}
        for name, value in found[:MAX_CHOICES]:
            id = value.partition(":")[2]
            made[f"{name} · {id[:8]}" if name in made or not name else name] = value
        return made

    @staticmethod
    def _set(widget: ipw.HTML, markup: str) -> None:
        if widget.value != markup:
            widget.value = markup

    def __repr__(self) -> str:
        return f"MetricsPanel({self.noun})"


def _refreshed(query: LiveQuery) -> LiveQuery:
    """Return a query that is fetched again every minute while it is observed."""
    query.observer.set_options(replace(query.observer.options, refetch_interval=REFRESH))
    return query


def _short(name: str) -> str:
    return name if len(name) <= 60 else f"{name[:59]}…"
