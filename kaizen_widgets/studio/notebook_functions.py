"""Registers functions of the notebook: those that nodes call, node kinds, and tools of agents."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from kaizen_widgets.errors import RunError
from kaizen_widgets.nodes import Functions, Registry
from kaizen_widgets.nodes import node as node_kind

F = TypeVar("F", bound=Callable[..., Any])


class NotebookFunctions:
    """The decorators of `Studio`, which documents them.

    Args:
        functions: Where functions and tools are registered.
        kinds: Where node kinds are registered.
        on_tool: Called after a tool is registered.
    """

    def __init__(
        self, functions: Functions, kinds: Registry, on_tool: Callable[[], object]
    ) -> None:
        self._functions = functions
        self._kinds = kinds
        self._on_tool = on_tool

    def agent(self, name: Any) -> Any:
        """Register the function that nodes and agents with a name call."""
        if callable(name):
            self._functions.register(getattr(name, "__name__", ""), name)
            return name
        if not isinstance(name, str):
            raise RunError(
                f'Give the name of a node, as in @studio.agent("Billing"), or a function, not {name!r:.80}.'
            )

        def register(function: F) -> F:
            self._functions.register(name, function)
            return function

        return register

    def node(self, function: Callable[..., Any] | None, look: dict[str, Any]) -> Any:
        """Register a node kind made of a typed function."""

        def register(made: F) -> F:
            self._kinds.register(node_kind(made, **look))
            return made

        return register if function is None else register(function)

    def tool(
        self, function: Callable[..., Any] | None, name: str, *, requires_approval: bool = False
    ) -> Any:
        """Register a function that the models of agents may call."""

        def register(made: F) -> F:
            named = name or getattr(made, "__name__", "")
            if not callable(made) or not named:
                raise RunError(f"@studio.tool is put on a function, not on {made!r:.80}.")
            models = self._functions.models
            models.tools[named] = made
            if requires_approval:
                models.approval_tools.add(named)
            else:
                models.approval_tools.discard(named)
            self._on_tool()
            return made

        return register if function is None else register(function)

    def __repr__(self) -> str:
        return f"NotebookFunctions({len(self._functions)} functions)"
