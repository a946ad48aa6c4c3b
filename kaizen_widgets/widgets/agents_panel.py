"""AgentsPanel: the agents of the organization, to find, create, change, try, switch off and archive.

AgentsPanel(studio)
"""

from __future__ import annotations

from typing import Any, Final

import ipywidgets as ipw

from kaizen_widgets.widgets.agent_chat import AgentChat
from kaizen_widgets.widgets.agent_form import AgentForm
from kaizen_widgets.widgets.agent_parts import AgentPartsPanel
from kaizen_widgets.widgets.agent_versions import AgentVersionsPanel
from kaizen_widgets.widgets.data_grid import Column, RowAction
from kaizen_widgets.widgets.deploy_dialog import deploy_form
from kaizen_widgets.widgets.dialog import Dialog, DialogHost
from kaizen_widgets.widgets.form_dialog import form_dialog
from kaizen_widgets.widgets.resource_panel import ResourcePanel

STATUSES: Final = {
    "Active or off": None,
    "Active": "active",
    "Off": "draft",
    "Archived": "archived",
}
"""What the Show menu offers, and the status that the server filters by."""


ACTIVITY: Final = (
    Column("calls", "Calls, 24 h", "number", value=lambda agent: agent.activity.execution_count),
    Column("median", "Median", "seconds", value=lambda agent: _seconds(agent, "median")),
    Column("cost", "Cost, 24 h", "money", value=lambda agent: agent.activity.total_cost_usd),
    Column("last_call", "Last call", "date", value=lambda agent: agent.activity.last_executed_at),
)
"""Columns of what an agent did, as far as the server knows it."""


class AgentsPanel(ResourcePanel):
    """The agents of the organization.

    Args:
        resources: A `Studio`, an `Api`, or anything else with its resources as attributes.
        dialogs: Where dialogs appear; by default in the panel itself.

    Attributes:
        grid: The table; its ``selected``, ``search`` and ``sort`` are traits.
        show: The menu that chooses which agents are listed.

    Raises:
        TypeError: ``resources`` has no query client.
    """

    def __init__(self, resources: Any, *, dialogs: DialogHost | None = None) -> None:
        self.agents: Any = getattr(resources, "agents", None)
        self.show = ipw.Dropdown(
            options=list(STATUSES), description="Show", layout=ipw.Layout(width="180px"),
            style={"description_width": "auto"},
        )  # fmt: skip
        update, delete = "agents:update", "agents:delete"
        archived = "It is archived: bring it back first."
        super().__init__(
            resources,
            self.agents,
            columns=[
                Column("name", "Name", "title", second="description"),
                Column("model", "Model", "text", value=lambda agent: agent.model),
                Column(
                    "is_active",
                    "Active",
                    "switch",
                    value=lambda agent: agent.is_active,
                    **self.gate(update, _is_used, archived),
                ),
                *ACTIVITY,
                Column("updated_at", "Changed", "date"),
                Column("failures", "Failed, 24 h", "number", value=_failures, is_hidden=True),
                Column("slow", "95th percentile", "seconds", value=_slow, is_hidden=True),
                Column("agent_type", "Type", "text", is_hidden=True),
                Column("temperature", "Temperature", "number", is_hidden=True),
                Column("created_at", "Created", "date", is_hidden=True),
                Column("id", "Id", "id", is_hidden=True),
            ],
            noun="agents",
            permission="agents:read",
            title="Agents",
            empty="No agents yet. An agent is a model with a prompt; create one with New agent.",
            actions=[
                RowAction("try", "Try it", "play", **self.gate("agents:read", _is_used, archived)),
                RowAction("edit", "Edit", "edit", **self.gate(update, _is_used, archived)),
                RowAction("versions", "Versions", "history"),
                RowAction("parts", "Contexts and tools"),
                RowAction(
                    "deploy", "Deploy…", **self.gate("deployments:create", _is_used, archived)
                ),
                RowAction(
                    "archive",
                    "Archive",
                    is_danger=True,
                    **self.gate(delete, _is_used, "It is archived already."),
                ),
                RowAction(
                    "restore",
                    "Bring back",
                    **self.gate(update, lambda agent: not _is_used(agent), "It is not archived."),
                ),
            ],
            toolbar=lambda: [RowAction("new", "New agent", "add", **self.gate("agents:create"))],
            handlers={
                "new": lambda _record: self.new_agent(),
                "try": self.try_agent,
                "edit": self.edit_agent,
                "versions": self.show_versions,
                "parts": self.show_parts,
                "deploy": self.deploy,
                "archive": self.archive,
                "restore": self.restore,
                "is_active": self.toggle,
            },
            filters={"include": "activity"},
            select=self._chosen,
            optional_columns={each.name: _has_activity for each in ACTIVITY},
            footer=[self.show],
            dialogs=dialogs,
        )
        self.show.observe(lambda _change: self._filter(), names="value")
        self.grid.on_open(self.edit_agent)

    # ------------------------------------------------------------- actions

    def new_agent(self) -> Dialog:
        """Show the form of a new agent in a dialog; return the dialog."""
        form = AgentForm(
            agents=self.agents, title="", on_success=lambda agent: self._saved(agent, "is created")
        )
        return self.dialogs.show(form_dialog("New agent", form, answer="Create agent"))

    def edit_agent(self, agent: Any) -> Dialog | None:
        """Show the form of an agent in a dialog; return the dialog, or None if that is not allowed."""
        refused = self.access.reason("agents:update")
        if refused or not _is_used(agent):
            self.say(
                refused or "An archived agent cannot be changed: bring it back first.", problem=True
            )
            return None
        return self.show_form(
            f"Edit {_short(agent.name)}",
            # Not what the cache has: a change that somebody else made would be taken back.
            lambda: self.agents.detail(agent.id).refetch(),
            lambda detail: AgentForm(
                detail,
                agents=self.agents,
                title="",
                on_success=lambda saved: self._saved(saved, "is saved"),
            ),
            "Save agent",
        )

    def toggle(self, agent: Any) -> None:
        """Switch an agent on or off; shown immediately, and taken back if the server refuses."""
        refused = self.access.reason("agents:update")
        if refused or not _is_used(agent):
            self.say(
                refused or "An archived agent cannot be used: bring it back first.", problem=True
            )
            self.show_rows()
            return
        wanted = not agent.is_active
        what = f"Turn {'on' if wanted else 'off'} {_short(agent.name)}"
        self.perform(what, lambda: self.agents.set_active(agent.id, wanted))

    def archive(self, agent: Any) -> Dialog:
        """Ask, and archive an agent; return the dialog."""
        name = _short(agent.name)
        dialog: Dialog | None = None
        answer = self.answer(
            lambda: dialog,
            lambda: self.agents.delete(agent.id),
            f"{name} is archived. To bring it back, choose Show: Archived.",
        )
        dialog = self.dialogs.confirm(
            f"Archive {name}?",
            "Pipelines that call it can no longer do so. It can be brought back from the archive.",
            "Archive",
            answer,
        )
        return dialog

    def restore(self, agent: Any) -> None:
        """Bring an archived agent back, switched off."""
        name = _short(agent.name)
        self.perform(
            f"Bring back {name}",
            lambda: self.agents.update(agent.id, status="draft"),
            f"{name} is back, and off.",
        )

    def try_agent(self, agent: Any) -> AgentChat:
        """Show a conversation with an agent below the table; return it."""
        chat = AgentChat(self.agents, agent)
        self.show_detail(f"Try {agent.name}", chat)
        return chat

    def show_versions(self, agent: Any) -> AgentVersionsPanel:
        """Show the versions of an agent below the table; return them."""
        versions = AgentVersionsPanel(self.resources, agent, dialogs=self.dialogs)
        self.show_detail(f"Versions of {agent.name}", versions)
        return versions

    def show_parts(self, agent: Any) -> AgentPartsPanel:
        """Show the contexts and tools of an agent below the table; return them."""
        parts = AgentPartsPanel(self.resources, agent, dialogs=self.dialogs)
        self.show_detail(f"Contexts and tools of {agent.name}", parts)
        return parts

    def deploy(self, agent: Any) -> Dialog:
        """Show a dialog that deploys an agent to a gateway; return the dialog."""
        gateways = self.resources.gateways
        return self.show_form(
            f"Deploy {_short(agent.name)}",
            lambda: gateways.list(),
            lambda found: deploy_form(
                self.resources,
                agents=[agent],
                gateways=found,
                on_success=lambda _made: self.say(f"{_short(agent.name)} is deployed."),
            ),
            "Deploy",
        )

    # ------------------------------------------------------------ internal

    def _filter(self) -> None:
        self.set_filters(status=STATUSES[str(self.show.value)], include="activity")

    def _chosen(self, rows: list[Any]) -> list[Any]:
        """Return those with the chosen status, as servers may ignore the filter; else those in use."""
        status = self.filters.get("status")
        return [row for row in rows if (_is_used(row) if status is None else row.status == status)]

    def _saved(self, agent: Any, what: str) -> None:
        self.say(f"{_short(agent.name)} {what}.")


def _is_used(agent: Any) -> bool:
    return agent.status != "archived"


def _has_activity(agent: Any) -> bool:
    return agent.activity is not None


def _failures(agent: Any) -> Any:
    return agent.activity.failure_count


def _slow(agent: Any) -> float | None:
    return _seconds(agent, "p95")


def _seconds(agent: Any, which: str) -> float | None:
    milliseconds = getattr(agent.activity, f"{which}_latency_ms")
    return None if milliseconds is None else milliseconds / 1000


def _short(name: str) -> str:
    return name if len(name) <= 60 else f"{name[:59]}…"
