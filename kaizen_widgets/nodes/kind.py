"""A node kind is one class with a look, a config and a run method.

A kind of your own takes ten lines::

    class Shout(Kind):
        look = Look(type="shout", title="Shout", description="Makes text louder.")

        class Config(KindConfig):
            marks: int = 1

        async def run(self, task: Task) -> str:
            return task.text.upper() + "!" * task.config.marks

    studio.kinds.register(Shout)

`Kind.run` is a coroutine: ``await task.call(function, value)`` calls a function, in a thread if it is a plain
one. A run that is cancelled cancels it. A kind keeps no state: one object serves all nodes of all runs.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Annotated, Any, ClassVar, Literal, Protocol

from pydantic import AliasGenerator, BaseModel, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_camel

from kaizen_widgets.graph import Node
from kaizen_widgets.nodes.arguments import bind
from kaizen_widgets.nodes.context import Context
from kaizen_widgets.nodes.functions import Functions
from kaizen_widgets.nodes.look import Look
from kaizen_widgets.nodes.port_types import PortType
from kaizen_widgets.nodes.values import Input, join_inputs, text_of


class KindConfig(BaseModel):
    """Base of the configs in ``node.data["config"]``: no unknown keys; snake_case or camelCase keys."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        alias_generator=AliasGenerator(validation_alias=to_camel),
        populate_by_name=True,
        loc_by_alias=False,
        use_attribute_docstrings=True,
    )

    @property
    def time_limit(self) -> float | None:
        """Time limit in seconds, or None; the node fails after that."""
        return None

    @property
    def waits_for(self) -> Literal["all", "any"]:
        """Whether all nodes before this one must complete, or one that passes on a value is enough."""
        return "all"


class TimedConfig(KindConfig):
    """Base of the configs of nodes that call functions."""

    timeout: Annotated[float, Field(gt=0, allow_inf_nan=False)] | None = None
    """Time limit in seconds; the node fails after that."""

    @property
    def time_limit(self) -> float | None:
        """Time limit in seconds, or None."""
        return self.timeout


class Kind:
    """Base of all node kinds."""

    look: ClassVar[Look]
    Config: ClassVar[type[KindConfig]] = KindConfig
    call_field: ClassVar[str | None] = None
    """Config field with the name of the function its nodes call; None for a kind that calls none."""
    calls_agents: ClassVar[bool] = False
    """Whether ``data.agentId`` may name an agent to call instead."""
    asks_person: ClassVar[bool] = False
    """Whether its nodes ask a person, so that their outputs are never taken from an earlier run."""
    touches_world: ClassVar[bool] = False
    """Whether its nodes change or read something outside, so that a re-run asks before they run again."""

    @property
    def name(self) -> str:
        """The ``type`` of its nodes."""
        return self.look.type

    def read_config(self, node: Node) -> tuple[Any, list[str]]:
        """Return the node's validated config and no problems, or None and what is wrong with it."""
        given = node.data.get("config")
        try:
            return self.Config.model_validate({} if given is None else given), []
        except ValidationError as error:
            return None, [_problem(detail) for detail in error.errors(include_url=False)]

    def check(self, node: Node, config: Any, functions: Functions) -> Iterable[str]:
        """Return why a node cannot run although its config is valid, as ends of sentences.

        Each is put after the node's name: ``"has no function"`` reads ``"Billing" has no function``.
        """
        return ()

    def summary(self, config: Any) -> str:
        """Return what the config makes of a node in a few words, such as "2 routes", or nothing.

        It is the second line of a card whose kind calls nothing; without it that is the kind's title.
        """
        return ""

    def call_names(self, node: Node, config: Any) -> tuple[str | None, ...]:
        """Return the names under which the function of a node may be registered, first choice first.

        Only the name in the config's `call_field`, if it is set; else the agent, the label and the id.
        """
        chosen = getattr(config, self.call_field, None) if self.call_field else None
        if chosen:
            return (chosen,)
        agent_id = agent_id_of_node(node) if self.calls_agents else None
        return (agent_id, node.label, node.id)

    def outputs(self, config: Any) -> frozenset[str] | None:
        """Return the ids of the outputs that edges must leave by; None if all leave by the same one."""
        return None

    def value_at(self, output: str, value: Any) -> Any:
        """Return what of a node's value leaves by one of its outputs: by default all of it."""
        return value

    def output_type(self, config: Any, output: str) -> PortType | None:
        """Return the type of an output if the config tells more than the look, else None."""
        return None

    def inputs(self, config: Any) -> frozenset[str] | None:
        """Return the ids of the inputs that edges must enter by; None if they may name any."""
        return None

    def check_inputs(self, arriving: Mapping[str, Sequence[PortType]]) -> Iterable[str]:
        """Return why a node cannot run with the edges that lead to it, as ends of sentences.

        Args:
            arriving: Types of the outputs whose edges lead to the node, by the id of the input they
                enter, which is empty for an edge that names none.
        """
        return ()

    def worker_names(self, config: Any) -> Iterable[str]:
        """Return the names of the functions or agents that a node calls as its workers."""
        return ()

    async def run(self, task: Task) -> Any:
        """Do the node's work and return the value it passes on."""
        raise TypeError(f"The node kind {self.name!r} has no run(self, task).")

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"


@dataclass(frozen=True)
class Routed:
    """A value that leaves by some outputs only; edges at the other outputs deliver nothing.

    Attributes:
        value: The value to pass on.
        outputs: Ids of the outputs taken.
        route: Name of the choice, for people.
    """

    value: Any
    outputs: frozenset[str]
    route: str


@dataclass(frozen=True, kw_only=True)
class Work:
    """One node's work in one run, as data: what an engine on another machine would need.

    Attributes:
        inputs: Values that arrived, in the order of the edges; empty for a node without incoming edges.
        run_inputs: The inputs the run was started with.
        is_start: Whether the node has no incoming edges.
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


Arguments = tuple[tuple[Any, ...], dict[str, Any]]
"""Positional and named arguments of one call."""


class Execute(Protocol):
    """Calls a function, in a thread if it is a plain one, and waits for its result."""

    def __call__(
        self, function: Callable[..., Any], arguments: Callable[[], Arguments], /
    ) -> Awaitable[Any]:
        """Call ``function`` with what ``arguments()`` returns.

        Both run off the event loop, because finding the arguments may call user code as well.
        """
        ...


@dataclass(frozen=True, kw_only=True)
class Task(Work):
    """A node's work with the means to do it: the argument of `Kind.run`."""

    ctx: Context
    execute: Execute = field(repr=False)

    @cached_property
    def value(self) -> Any:
        """The value to work on: what arrived (see `join_inputs`), or the run's inputs at a start."""
        return dict(self.run_inputs) if self.is_start else join_inputs(self.inputs)

    @property
    def text(self) -> str:
        """The value as text."""
        return text_of(self.value)

    @property
    def names(self) -> tuple[str | None, ...]:
        """Names under which a function for this node may be registered, first choice first."""
        chosen = getattr(self.config, self.kind.call_field or "", None)
        return (chosen,) if chosen else (self.agent_id, self.label, self.node_id)

    async def call(self, function: Callable[..., Any], value: Any) -> Any:
        """Call a user's function with the arguments that its signature asks for.

        Raises:
            RunError: The value does not have all that it asks for.
        """
        return await self.execute(function, lambda: bind(function, value, self.ctx))

    async def in_thread(self, function: Callable[..., Any], *args: Any) -> Any:
        """Call a plain function with these arguments in a thread, because it may take long."""
        return await self.execute(function, lambda: (args, {}))


def agent_id_of_node(node: Node) -> str | None:
    """Return the id or name of the agent a node stands for, or None."""
    value = node.data.get("agentId")
    return value if isinstance(value, str) and value else None


def _problem(detail: Any) -> str:
    """Return one pydantic error as the end of a sentence; the wrong value itself is not repeated."""
    where = ".".join(map(str, detail["loc"]))
    if detail["type"] == "extra_forbidden":
        return f"has {where!r} in its config, which its kind does not know"
    message = detail["msg"].removeprefix("Value error, ").removeprefix("Assertion failed, ")
    message = message[:1].lower() + message[1:]
    return (
        f"has a wrong {where!r} in its config: {message}"
        if where
        else f"has a wrong config: {message}"
    )
