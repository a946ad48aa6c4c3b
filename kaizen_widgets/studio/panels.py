"""The panels of a studio, each built when it is asked for first."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Generic, TypeVar, cast

import ipywidgets as ipw

from kaizen_widgets.widgets import (
    AgentsPanel,
    DeploymentsPanel,
    EvaluationPanel,
    GatewaysPanel,
    MetricsPanel,
    PipelinesPanel,
    PoliciesPanel,
    QueryDevtools,
    RunPanel,
    StoreDevtools,
    TeamPanel,
    UserPanel,
    VersionsPanel,
)

if TYPE_CHECKING:
    from kaizen_widgets.studio.studio import Studio

P = TypeVar("P", bound=ipw.Widget)


class PanelAttribute(Generic[P]):
    """A panel as an attribute of a studio, built when it is read first.

    Args:
        panel: Its class.
        name: Its name in `StudioPanels`.
    """

    def __init__(self, panel: type[P], name: str) -> None:
        self._name = name
        self.__doc__ = (panel.__doc__ or "").partition("\n")[0]

    def __get__(self, studio: Studio, owner: type | None = None) -> P:
        if studio is None:  # Read from the class, as documentation tools do.
            return self  # type: ignore[return-value]
        return cast("P", studio.panels.get(self._name))

    def __repr__(self) -> str:
        return f"PanelAttribute({self._name!r})"


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
        dialogs = studio.dialogs
        self._makers: dict[str, tuple[str, Callable[[], ipw.Widget]]] = {
            "run": ("Run", self._run_panel),
            "evaluation": ("Evaluate", lambda: EvaluationPanel(evaluations=studio.evaluations)),
            "agents": ("Agents", lambda: AgentsPanel(studio, dialogs=dialogs)),
            "pipelines": ("Pipelines", lambda: PipelinesPanel(studio, dialogs=dialogs)),
            "deployments": ("Deployments", lambda: DeploymentsPanel(studio, dialogs=dialogs)),
            "gateways": ("Gateways", lambda: GatewaysPanel(studio, dialogs=dialogs)),
            "metrics": ("Metrics", lambda: MetricsPanel(studio, dialogs=dialogs)),
            "team": ("Team", lambda: TeamPanel(studio, dialogs=dialogs)),
            "policies": ("Policies", lambda: PoliciesPanel(studio, dialogs=dialogs)),
            "user": ("User", lambda: UserPanel(studio, dialogs=dialogs)),
            "versions": ("Versions", lambda: VersionsPanel(studio, dialogs=dialogs)),
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

    def _run_panel(self) -> RunPanel:
        studio = self._studio
        # The app's header has the inputs, Run and Cancel.
        return RunPanel(
            studio.execution,
            start=None,
            cancel=studio.cancel,
            run=lambda: studio.last_run,
            canvas_store=studio.store,
            history=lambda: studio.runs,
            rerun=lambda run, node_id: run.rerun(node_id),
        )

    def __repr__(self) -> str:
        return f"StudioPanels({', '.join(self._built) or 'none built'})"
