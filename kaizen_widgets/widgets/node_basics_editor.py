"""Edits what every node has beside its config, in a small form: its name, and what it calls."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Final

from pydantic import BaseModel, Field

from kaizen_widgets.core.clock import Clock
from kaizen_widgets.displays.markup import alert
from kaizen_widgets.errors import KaizenError
from kaizen_widgets.forms import Change, Form
from kaizen_widgets.forms.fields.hint import Hint
from kaizen_widgets.graph import Node
from kaizen_widgets.stores import CanvasStore
from kaizen_widgets.sync.form.field_rules import FieldRules
from kaizen_widgets.widgets.field_area import FieldArea
from kaizen_widgets.widgets.node_calls import NodeCalls

NEW_AGENT: Final = "new-agent"
"""The choice that opens the form of a new agent."""


class NodeBasics(BaseModel):
    """The name of a node, and what it calls."""

    name: Annotated[
        str,
        Field(min_length=1),
        Hint(
            messages={"missing": "Name is required", "string_too_short": "Name is required"},
            placeholder="Name",
        ),
    ]
    calls: Annotated[str, Hint(placeholder="Choose what it calls")] = ""


class NodeBasicsEditor:
    """The form of a node's name and of what it calls, until another node is selected.

    A name is applied when its field is left or on Enter, a choice immediately.

    Args:
        store: The canvas store that holds the node.
        node: The node.
        calls: What nodes may call; None to edit the name only.
        clock: Time and timers.
        show_status: Called with the HTML of a status line.
        new_agent: Opens the form of a new agent, and calls its argument with the id of the new agent; None
            where no agent can be created.
    """

    def __init__(
        self,
        store: CanvasStore,
        node: Node,
        calls: NodeCalls | None,
        clock: Clock,
        show_status: Callable[[str], object],
        new_agent: Callable[[Callable[[str], object]], object] | None = None,
    ) -> None:
        self.node_id = node.id
        self._store = store
        self._calls = calls if calls is not None and _calls_something(calls, node) else None
        self._show_status = show_status
        self._new_agent = new_agent if self._calls and self._may_call_agents(node) else None
        self.form = Form(
            NodeBasics,
            default_values=self._values_of(node),
            mode="all",
            hints={"calls": {"hidden": self._calls is None, "help": self._help(node)}},
        )
        self._rules = FieldRules(
            self.form,
            lambda name: f"/{name}",
            options={} if self._calls is None else {"calls": lambda _values: self._options()},
            on_change=lambda: self.area.end.rules_changed(),
        )
        self.area = FieldArea(
            self.form,
            rules=self._rules,
            actions=self,
            description=self.form.tree.description(selects=frozenset({"calls"})),
            clock=clock,
            on_failure=lambda error: show_status(alert(str(error))),
        )
        self._unsubscribes = [self.form.subscribe(self._on_change)]
        if self._calls is not None:
            self._unsubscribes.append(self._calls.subscribe(self._show_node))

    def update(self, node: Node) -> None:
        """Show the node after a change by someone else, without replacing a name that is being typed."""
        name = self.form.get_value("name") if "name" in self.form.dirty_fields else None
        with self.form.batch():
            self.form.reset(self._values_of(node))
            if name is not None:
                self.form.set_value("name", name, should_dirty=True, should_validate=True)
        self._rules.refresh()

    def commit(self) -> bool:
        """Apply a valid new name; return whether there was one."""
        graph = self._store.graph
        name = self.form.get_value("name")
        if (
            "name" not in self.form.dirty_fields
            or not isinstance(name, str)
            or not name.strip()
            or not graph.has_node(self.node_id)
        ):
            return False
        try:
            self._store.update_node_data(self.node_id, {"label": name}, source=self)
        except KaizenError as error:
            self._show_status(alert(str(error)))
            return False
        self.form.reset_default_values({"name": name})
        return True

    # -------------------------------------- the `FormActions` of the field area

    def submit(self, client: str) -> None:
        """Apply the name, when Enter is pressed."""
        if not self.commit() and not self.form.trigger().wait():
            self.area.end.focus(None, client)

    def on_blur(self, _key: str) -> None:
        """Apply the name, when its field loses the focus."""
        self.commit()

    def reset(self) -> None:
        """Discard a name that was typed."""
        self.form.reset()

    def store_file(self, _name: str, _content: bytes) -> Any:
        """Raise, because there is no field for a file."""
        raise KaizenError("A node's name cannot be a file.")

    def close(self) -> None:
        """Apply the name, then close the form."""
        self.area.end.flush()
        self.commit()
        for unsubscribe in self._unsubscribes:
            unsubscribe()
        self._rules.close()
        self.area.close()

    # ------------------------------------------------------------ internal

    def _on_change(self, change: Change) -> None:
        if self._calls is None or change.is_reset or "calls" not in change.values:
            return
        choice = self.form.get_value("calls")
        if not isinstance(choice, str) or choice == self.form.default_values.get("calls"):
            return
        if choice == NEW_AGENT:
            self._show_node()
            if self._new_agent is not None:
                self._new_agent(lambda agent_id: self._choose(f"agent:{agent_id}"))
        elif choice:
            self._choose(choice)

    def _choose(self, choice: str) -> None:
        if self._calls is None or not self._store.graph.has_node(self.node_id):
            return
        try:
            self._calls.choose(self.node_id, choice)
        except KaizenError as error:
            self._show_status(alert(str(error)))
        self._show_node()

    def _show_node(self) -> None:
        if self._store.graph.has_node(self.node_id):
            self.update(self._store.graph.node(self.node_id))

    def _options(self) -> list[tuple[str, str]]:
        graph = self._store.graph
        if self._calls is None or not graph.has_node(self.node_id):
            return []
        options = self._calls.options(graph.node(self.node_id))
        return [*options, (NEW_AGENT, "New agent…")] if self._new_agent else options

    def _values_of(self, node: Node) -> dict[str, str]:
        return {
            "name": node.label,
            "calls": "" if self._calls is None else self._calls.of(node).choice,
        }

    def _may_call_agents(self, node: Node) -> bool:
        kind = self._calls.registry.get(node.type) if self._calls else None
        return kind is not None and kind.calls_agents

    def _help(self, node: Node) -> str:
        return "A function or an agent." if self._may_call_agents(node) else "A function of yours."


def _calls_something(calls: NodeCalls, node: Node) -> bool:
    kind = calls.registry.get(node.type)
    return kind is not None and kind.call_field is not None
