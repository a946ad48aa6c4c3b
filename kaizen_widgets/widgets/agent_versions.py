"""AgentVersionsPanel: the versions of an agent, what differs from the agent of today, and the way back."""

from __future__ import annotations

from typing import Any, Final

import ipywidgets as ipw

from kaizen_widgets.api.agent_models import AgentVersion
from kaizen_widgets.displays.markup import hint
from kaizen_widgets.widgets.data_grid import Column, DataGrid, RowAction
from kaizen_widgets.widgets.dialog import Dialog, DialogHost
from kaizen_widgets.widgets.panel_access import PanelAccess
from kaizen_widgets.widgets.panel_frame import PanelFrame
from kaizen_widgets.widgets.version_differences import differences_html, field_differences

COMPARED: Final = (
    "name", "description", "agent_type", "system_prompt", "model_id", "temperature", "max_tokens",
)  # fmt: skip
"""Fields of an agent that a version holds."""


class AgentVersionsPanel(PanelFrame):
    """The versions of an agent, newest first.

    Args:
        resources: A `Studio`, an `Api`, or anything else with its resources as attributes.
        agent: The agent, or anything with its ``id`` and ``name``.
        dialogs: Where dialogs appear; by default in the panel itself.
    """

    def __init__(self, resources: Any, agent: Any, *, dialogs: DialogHost | None = None) -> None:
        self.agent = agent
        self.agents = resources.agents
        self.difference = ipw.HTML()
        self._detail = self.agents.detail(agent.id)
        self.access = PanelAccess(resources)  # Before the table, whose buttons ask it.
        gate = self.gate("agents:update")
        self.grid = DataGrid(
            columns=[
                Column(
                    "version_number", "Version", "title", value=lambda v: f"v{v.version_number}"
                ),
                Column("changelog", "What changed", "text"),
                Column("created_at", "Kept", "date"),
                Column("id", "Id", "id", is_hidden=True),
            ],
            empty="No versions yet: keep one before you change the agent.",
            toolbar=[RowAction("keep", "Keep this version", "add", **gate)],
            actions=[RowAction("back", "Go back to it", "undo", is_visible=True, **gate)],
        )
        super().__init__(
            resources,
            self.agents.versions(agent.id),
            body=[self.grid, self.difference],
            noun="versions",
            permission="agents:read",
            on_data=self._show,
            dialogs=dialogs,
        )
        self.grid.on_action(self._act)
        self.grid.observe(lambda _change: self._draw_difference(), names="selected")
        self._stop_watching = self._detail.subscribe(lambda _result: self._draw_difference())

    def _access_changed(self) -> None:
        self.grid.draw_again()
        super()._access_changed()

    def is_empty(self, data: Any) -> bool:
        """Return False, because the table says that there are no versions."""
        return False

    def keep(self) -> Dialog:
        """Ask what changed, and keep the agent as it is as a version; return the dialog."""
        text = ipw.Textarea(
            placeholder="What changed (optional)",
            description="What changed",
            _dom_classes=("kaizen-unlabeled",),
        )
        dialog: Dialog | None = None

        def start() -> Any:
            return self.agents.create_version(self.agent.id, text.value.strip())

        answer = self.answer(lambda: dialog, start, "The agent is kept as a version.")
        dialog = self.dialogs.show(
            Dialog("Keep this version", [text], answer="Keep", on_answer=answer)
        )
        return dialog

    def go_back(self, version: AgentVersion) -> Dialog:
        """Ask, and return the agent to a version; the agent of today is kept as a version first."""
        number = version.version_number

        async def start() -> None:
            before = f"Before going back to version {number}"
            await self.agents.create_version(self.agent.id, before)
            await self.agents.roll_back(self.agent.id, version.id)

        async def run() -> None:
            await start()
            self.say(f"The agent is as it was in version {number}.")

        return self.dialogs.confirm(
            f"Go back to version {number}?",
            "Prompt, model and settings become those of this version. The agent of today is kept as a "
            "version first, so you can return to it.",
            "Go back",
            run,
            danger=False,
        )

    def close(self) -> None:
        """Close the panel and stop observing."""
        if self._is_open:
            self._stop_watching()
            self.grid.close()
        super().close()

    # ------------------------------------------------------------ internal

    def _show(self, versions: list[AgentVersion]) -> None:
        self.grid.records = versions
        self._draw_difference()

    def _draw_difference(self) -> None:
        version = next(iter(self.grid.selected_records), None)
        agent = self._detail.data
        if version is None or agent is None:
            text = "Select a version to compare it with the agent of today."
            self.difference.value = hint(text) if self.grid.records else ""
            return
        today = {name: getattr(agent, name, None) for name in COMPARED}
        then = {name: value for name, value in version.config_snapshot.items() if name in COMPARED}
        found = field_differences(then, today)
        self.difference.value = differences_html(
            found, f"Version {version.version_number}", "Today"
        )

    def _act(self, name: str, record: Any) -> None:
        refused = self.access.reason("agents:update")
        if refused:
            self.say(refused, problem=True)
        elif name == "keep":
            self.keep()
        elif name == "back":
            self.go_back(record)
