"""What is handed to a node: its inputs, its config, and the means to call functions."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Protocol

from kaizen_widgets.nodes.arguments import bind
from kaizen_widgets.nodes.context import Context
from kaizen_widgets.nodes.values import Input, join, text_of

if TYPE_CHECKING:
    from kaizen_widgets.nodes.functions import Functions
    from kaizen_widgets.nodes.kind import Kind


@dataclass(frozen=True)
class Routed:
    """A value that leaves by some outputs only; edges at the others deliver nothing.

    Attributes:
        value: What to pass on.
        outputs: The ids of the outputs taken.
        route: What was chosen, for people.
    """

    value: Any
    outputs: frozenset[str]
    route: str


@dataclass(frozen=True, kw_only=True)
class Work:
    """One node's work in one run, as data: what an engine on another machine would need.

    Attributes:
        inputs: What arrived, in the order of the edges; nothing for a node without edges into it.
        run_inputs: What the run was started with.
        is_start: Whether no edge enters the node.
    """

    node_id: str
    label: str
    kind: Kind
    config: Any
    inputs: tuple[Input, ...]
    run_inputs: Mapping[str, Any]
    functions: Functions
    agent_id: str | None = None
    is_start: bool = False


class Execute(Protocol):
    """Calls a function, in a thread if it is a plain one, and waits for what it gives."""

    def __call__(
        self, function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any], /
    ) -> Awaitable[Any]:
        """Call ``function(*args, **kwargs)``."""
        ...


@dataclass(frozen=True, kw_only=True)
class Task(Work):
    """What a kind's `run` gets."""

    ctx: Context
    execute: Execute = field(repr=False)

    @cached_property
    def value(self) -> Any:
        """The value to work on: what arrived (`values.join`), or the run's inputs at a start."""
        return dict(self.run_inputs) if self.is_start else join(self.inputs)

    @property
    def text(self) -> str:
        """The value as text."""
        return text_of(self.value)

    @property
    def names(self) -> tuple[str | None, ...]:
        """What a function for this node may be registered under, first choice first."""
        return (self.label, self.agent_id, self.node_id)

    async def call(self, function: Callable[..., Any], value: Any) -> Any:
        """Call a function of the user's with the arguments its signature asks for.

        Raises:
            RunError: The value does not give all that it asks for.
        """
        args, kwargs = bind(function, value, self.ctx)
        return await self.execute(function, args, kwargs)
