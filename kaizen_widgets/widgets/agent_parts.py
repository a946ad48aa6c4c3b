"""AgentPartsPanel: the contexts and tools of an agent, to add, change, switch off and remove."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from kaizen_widgets.forms.fields.hint import Hint
from kaizen_widgets.widgets.data_grid import Column, DataGrid, RowAction
from kaizen_widgets.widgets.dialog import Dialog, DialogHost
from kaizen_widgets.widgets.form_dialog import form_dialog
from kaizen_widgets.widgets.form_panel import FormPanel
from kaizen_widgets.widgets.panel_access import PanelAccess
from kaizen_widgets.widgets.panel_frame import PanelFrame

PartName = Annotated[str, Field(min_length=1, max_length=100)]


class ContextInput(BaseModel):
    """A context as it is filled in by a user."""

    model_config = ConfigDict(title="Context")

    name: PartName
    content_type: Annotated[
        Literal["text", "file", "url"],
        Hint(label="Type", options={"text": "Text", "file": "File", "url": "URL"}),
    ] = "text"
    content: Annotated[
        str,
        Field(min_length=1, description="What the agent is given to know."),
        Hint(widget="long_text", more={"rows": 6}),
    ]


class ToolInput(BaseModel):
    """A tool as it is filled in by a user."""

    model_config = ConfigDict(title="Tool")

    name: PartName
    tool_type: Annotated[
        Literal["function", "mcp", "api"],
        Hint(label="Type", options={"function": "Function", "mcp": "MCP", "api": "API"}),
    ] = "function"
    description: Annotated[
        str,
        Field(min_length=1, max_length=500, description="When the model should use it."),
        Hint(widget="long_text", more={"rows": 3}),
    ]


class AgentPartsPanel(PanelFrame):
    """The contexts and tools of an agent.

    Args:
        resources: A `Studio`, an `Api`, or anything else with its resources as attributes.
        agent: The agent, or anything with its ``id`` and ``name``.
        dialogs: Where dialogs appear; by default in the panel itself.
    """

    def __init__(self, resources: Any, agent: Any, *, dialogs: DialogHost | None = None) -> None:
        self.agent = agent
        self.agents = resources.agents
        # Before the tables, whose buttons and switches ask it.
        self.access = PanelAccess(resources)
        gate = self.gate("agents:update")
        actions = [
            RowAction("edit", "Edit", "edit", **gate),
            RowAction("remove", "Remove", "delete", is_danger=True, **gate),
        ]
        self.contexts = DataGrid(
            columns=[
                Column("name", "Name", "title"),
                Column("content_type", "Type", "text"),
                Column("content", "Content", "text"),
                Column("is_active", "Used", "switch", **gate),
            ],
            title="Contexts",
            empty="No contexts: texts, files or pages the agent is given to know.",
            toolbar=[RowAction("add", "Add a context", "add", **gate)],
            actions=actions,
            is_searchable=False,
        )
        self.tools = DataGrid(
            columns=[
                Column("name", "Name", "title", second="description"),
                Column("tool_type", "Type", "text"),
                Column("is_enabled", "Used", "switch", **gate),
            ],
            title="Tools",
            empty="No tools: functions the agent may call.",
            toolbar=[RowAction("add", "Add a tool", "add", **gate)],
            actions=actions,
            is_searchable=False,
        )
        super().__init__(
            resources,
            self.agents.detail(agent.id),
            body=[self.contexts, self.tools],
            noun="contexts and tools",
            permission="agents:read",
            on_data=self._show,
            dialogs=dialogs,
        )
        self.contexts.on_action(lambda name, record: self._act("context", name, record))
        self.tools.on_action(lambda name, record: self._act("tool", name, record))

    def close(self) -> None:
        """Close the panel and its tables, and stop observing the agent."""
        if self._is_open:
            self.contexts.close()
            self.tools.close()
        super().close()

    # ------------------------------------------------------------ internal

    def _show(self, agent: Any) -> None:
        self.contexts.records = agent.contexts
        self.tools.records = agent.tools

    def _access_changed(self) -> None:
        for grid in (self.contexts, self.tools):
            grid.draw_again()
        super()._access_changed()

    def _act(self, noun: str, action: str, record: Any) -> None:
        refused = self.access.reason("agents:update")
        if refused:
            self.say(refused, problem=True)
        elif action == "add":
            self._edit(noun, None)
        elif action == "edit":
            self._edit(noun, record)
        elif action == "remove":
            self._remove(noun, record)
        elif action in ("is_active", "is_enabled"):
            self._switch(noun, action, record)

    def _edit(self, noun: str, record: Any) -> Dialog:
        model = ContextInput if noun == "context" else ToolInput
        agents, id = self.agents, self.agent.id

        async def save(value: BaseModel) -> None:
            fields = value.model_dump()
            if record is None:
                add = agents.add_context if noun == "context" else agents.add_tool
                await add(id, **fields)
            else:
                update = agents.update_context if noun == "context" else agents.update_tool
                await update(id, record.id, **fields)
            self.say(f"The {noun} {_short(fields['name'])} is saved.")

        values = (
            None if record is None else {name: getattr(record, name) for name in model.model_fields}
        )
        form = FormPanel(model, save, title="", default_values=values)
        title = f"Add a {noun}" if record is None else f"Edit {_short(record.name)}"
        return self.dialogs.show(
            form_dialog(title, form, answer="Add" if record is None else "Save")
        )

    def _remove(self, noun: str, record: Any) -> None:
        remove = self.agents.remove_context if noun == "context" else self.agents.remove_tool
        name = _short(record.name)
        dialog: Dialog | None = None
        answer = self.answer(
            lambda: dialog,
            lambda: remove(self.agent.id, record.id),
            f"The {noun} {name} is removed.",
        )
        dialog = self.dialogs.confirm(
            f"Remove {name}?",
            "The agent can no longer use it. This cannot be undone.",
            "Remove",
            answer,
        )

    def _switch(self, noun: str, field: str, record: Any) -> None:
        wanted = not getattr(record, field)
        update = self.agents.update_context if noun == "context" else self.agents.update_tool
        what = f"Turn {'on' if wanted else 'off'} {_short(record.name)}"
        self.perform(what, lambda: update(self.agent.id, record.id, **{field: wanted}))


def _short(name: str) -> str:
    return name if len(name) <= 60 else f"{name[:59]}…"
