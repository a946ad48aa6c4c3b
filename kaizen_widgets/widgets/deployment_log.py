"""DeploymentLogPanel: the events of a deployment, followed while they come."""

from __future__ import annotations

import html
from typing import Any, Final

import ipywidgets as ipw

from kaizen_widgets.api.deployments import DeploymentLog
from kaizen_widgets.displays.markup import BAD, MONO, MUTED, hint
from kaizen_widgets.widgets.dialog import DialogHost
from kaizen_widgets.widgets.panel_frame import PanelFrame

FOLLOW_EVERY: Final = 2.0
"""Seconds between two fetches while the log is followed."""
MAX_LINES: Final = 500
"""Newest lines that are shown."""


class DeploymentLogPanel(PanelFrame):
    """The log of a deployment, oldest line first.

    Args:
        resources: A `Studio`, an `Api`, or anything else with its resources as attributes.
        deployment: The deployment, or anything with its ``id``.
        dialogs: Where dialogs appear; by default in the panel itself.

    Attributes:
        follow: The switch; while it is on, the log is fetched every `FOLLOW_EVERY` seconds.
    """

    def __init__(
        self, resources: Any, deployment: Any, *, dialogs: DialogHost | None = None
    ) -> None:
        self.deployment = deployment
        self.follow = ipw.Checkbox(value=True, description="Follow", indent=False)
        self.follow.layout.width = "auto"
        self.lines = ipw.HTML()
        self.lines.layout.max_height = "260px"
        self.lines.layout.overflow = "auto"
        super().__init__(
            resources,
            body=[self.lines],
            noun="log lines",
            permission="deployments:read",
            footer=[self.follow],
            on_data=self._show,
            dialogs=dialogs,
        )
        self.follow.observe(lambda _change: self._choose(), names="value")
        self._choose()

    def is_empty(self, data: Any) -> bool:
        """Return False, because the panel itself says that there are no lines."""
        return False

    def _choose(self) -> None:
        every = FOLLOW_EVERY if self.follow.value else None
        self.show_query(self.resources.deployments.logs(self.deployment.id, every=every))

    def _show(self, log: list[DeploymentLog]) -> None:
        left_out = len(log) - MAX_LINES
        head = hint(f"{left_out:,} earlier lines are left out.") if left_out > 0 else ""
        rows = "".join(map(_line, log[-MAX_LINES:])) or hint("No lines yet.")
        self.lines.value = f'{head}<div role="log" style="{MONO}">{rows}</div>'


def _line(line: DeploymentLog) -> str:
    at = line.created_at
    here = None if at is None else at.astimezone()
    time = (
        "" if here is None else f'<span title="{here:%Y-%m-%d %H:%M:%S %Z}">{here:%H:%M:%S}</span>'
    )
    color = f"color: {BAD}; " if line.event_type in ("failed", "error") else ""
    text = line.message or line.event_type
    return (
        f'<div dir="auto" style="{color}overflow-wrap: anywhere"><span style="color: {MUTED}">{time}</span>  '
        f"{html.escape(text[:4000])}</div>"
    )
