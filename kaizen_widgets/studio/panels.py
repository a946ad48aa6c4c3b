"""The panels of a studio, each built when it is asked for first."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

import ipywidgets as ipw

from kaizen_widgets.widgets.agents_panel import AgentsPanel
from kaizen_widgets.widgets.metrics_panel import MetricsPanel
from kaizen_widgets.widgets.policies_panel import PoliciesPanel
from kaizen_widgets.widgets.query_devtools import QueryDevtools
from kaizen_widgets.widgets.run_panel import RunPanel
from kaizen_widgets.widgets.store_devtools import StoreDevtools
from kaizen_widgets.widgets.team_panel import TeamPanel
from kaizen_widgets.widgets.versions_panel import VersionsPanel

if TYPE_CHECKING:
    from kaizen_widgets.studio.studio import Studio


class StudioPanels:
    """Builds the panels of a studio.

    Args:
        studio: The studio they show.

    Attributes:
        labels: The labels of the panels' tabs, by name, in their order.
    """

    def __init__(self, studio: Studio) -> None:
        self._studio = studio
        self._lock = threading.RLock()
        self._built: dict[str, ipw.Widget] = {}
        self._makers: dict[str, tuple[str, Callable[[], ipw.Widget]]] = {
            "run": (
                "Run",
                lambda: RunPanel(studio.execution, start=studio.run, cancel=studio.cancel),
            ),
            "agents": ("Agents", lambda: AgentsPanel(studio, dialogs=studio.dialogs)),
            "metrics": ("Metrics", lambda: MetricsPanel(studio, dialogs=studio.dialogs)),
            "team": ("Team", lambda: TeamPanel(studio, dialogs=studio.dialogs)),
            "policies": ("Policies", lambda: PoliciesPanel(studio, dialogs=studio.dialogs)),
            "versions": ("Versions", lambda: VersionsPanel(studio, dialogs=studio.dialogs)),
            "queries": ("Queries", lambda: QueryDevtools(studio.query_client)),
            "history": ("History", lambda: StoreDevtools(studio.store)),
        }
        self.labels = {name: label for name, (label, _make) in self._makers.items()}

    def get(self, name: str) -> ipw.Widget:
        """Return the panel with a name; the same one each time.

        Raises:
            KeyError: There is no such panel.
        """
        with self._lock:
            if name not in self._built:
                self._built[name] = self._makers[name][1]()
            return self._built[name]

    def close(self) -> None:
        """Close the panels that were built."""
        with self._lock:
            built, self._built = self._built, {}
        for panel in built.values():
            panel.close()

    def __repr__(self) -> str:
        return f"StudioPanels({', '.join(self._built) or 'none built'})"
