"""The reactor kind: agents react to events, and what they answer is further events."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from pydantic import Field

from kaizen_widgets.core.text import quoted
from kaizen_widgets.errors import RunError
from kaizen_widgets.graph import Node
from kaizen_widgets.nodes.functions import Functions
from kaizen_widgets.nodes.kind import Kind, KindConfig, Task, TimedConfig
from kaizen_widgets.nodes.look import Look, Port
from kaizen_widgets.nodes.template_fields import Condition
from kaizen_widgets.nodes.templates import holds
from kaizen_widgets.nodes.values import value_fields

ReactorEvent = Mapping[str, Any]


class Reaction(KindConfig):
    """An agent and the events it reacts to."""

    agent: str = Field(min_length=1)
    """Name of the agent, as its function is registered."""
    when: Condition = Field(min_length=1)
    """Condition of the event: "topic == 'order' and amount > 100"."""


class ReactorConfig(TimedConfig):
    """Config of a reactor node."""

    reactions: list[Reaction] = Field(default_factory=list)
    """The agents, and the events each of them reacts to."""
    until: Condition | None = None
    """Condition of an event that ends the reactions: "topic == 'decision'"; empty to go on until all
    is quiet."""
    max_events: int = Field(default=100, ge=1, le=10_000)
    """Number of events after which the reactions end in any case."""
    max_workers: int = Field(default=3, ge=1, le=100)
    """Number of agents that may react to an event at the same time."""


class ReactorKind(Kind):
    """Handles events one after the other until none is left, and passes on what happened.

    An event is a dict with a ``topic``. The first is what arrived, with the topic ``start`` if it has none.
    All agents whose condition is true of an event react to it at the same time; what they return is further
    events, in the order of the agents: a dict (its topic is the agent's name if it has none), a list of them,
    or another value, as ``text`` or ``value``; nothing for None. The output is ``events`` (those handled, in
    order), ``stopped`` (``quiet``: none was left; ``until``; or ``limit``) and ``waiting`` (how many were
    left).
    """

    look = Look(
        type="reactor",
        title="Reactor",
        description="Lets agents react to events until all is quiet.",
        icon="reactor",
        color="#c026d3",
        outputs=(Port("output", type="dict"),),
        defaults={"reactions": []},
    )
    Config = ReactorConfig

    def check(self, node: Node, config: ReactorConfig, functions: Functions) -> Iterable[str]:
        """Refuse a node without reactions, and agents without functions."""
        if not config.reactions:
            yield "has no reactions: name agents and the events they react to"
        for name in dict.fromkeys(reaction.agent for reaction in config.reactions):
            if problem := functions.problem_of(name):
                yield f"has the agent {quoted(name)}, which {problem}"

    def worker_names(self, config: ReactorConfig) -> Iterable[str]:
        """Return the agents."""
        return dict.fromkeys(reaction.agent for reaction in config.reactions)

    async def run(self, task: Task) -> dict[str, Any]:
        """Handle the events."""
        config: ReactorConfig = task.config
        waiting = deque([await task.in_thread(_event, task.value, "start")])
        handled: list[ReactorEvent] = []
        stopped = "quiet"
        while waiting:
            if len(handled) >= config.max_events:
                stopped = "limit"
                task.ctx.log(
                    f"Stopped after {len(handled)} events; {len(waiting)} were not handled."
                )
                break
            event = waiting.popleft()
            handled.append(event)
            is_end, agents = await task.in_thread(_who_reacts, task, event)
            if is_end:
                stopped = "until"
                break
            for name, answer in await _react(task, agents, event):
                for one in answer if isinstance(answer, list | tuple) else [answer]:
                    # More than may be handled need not be kept.
                    if one is not None and len(waiting) <= config.max_events:
                        waiting.append(await task.in_thread(_event, one, name))
        return {"events": handled, "stopped": stopped, "waiting": len(waiting)}


async def _react(
    task: Task, agents: list[tuple[str, Callable[..., Any]]], event: ReactorEvent
) -> list[tuple[str, Any]]:
    """Return what the agents answer, in their order; all finish before one's error is raised."""
    free = asyncio.Semaphore(task.config.max_workers)

    async def answer(function: Callable[..., Any]) -> Any:
        async with free:
            return await task.call(function, event)

    answers = await asyncio.gather(
        *(answer(function) for _, function in agents), return_exceptions=True
    )
    for one in answers:
        if isinstance(one, BaseException):
            raise one
    return [(name, one) for (name, _), one in zip(agents, answers, strict=True)]


def _who_reacts(
    task: Task, event: ReactorEvent
) -> tuple[bool, list[tuple[str, Callable[..., Any]]]]:
    """Return whether an event ends the reactions, and the agents that react to it."""
    config: ReactorConfig = task.config
    agents: list[tuple[str, Callable[..., Any]]] = []
    name = "until"
    try:
        if config.until is not None and holds(config.until, event):
            return True, []
        for reaction in config.reactions:
            name = reaction.agent
            if holds(reaction.when, event):
                agents.append((name, task.functions.get_for([name], name, task.node_id)))
    except RunError as error:
        raise RunError(
            f"{quoted(task.label)}, {quoted(name)}: {error}", node_id=task.node_id
        ) from error.__cause__
    return False, agents


def _event(value: Any, topic: str) -> dict[str, Any]:
    """Return a value as an event."""
    if isinstance(value, str):
        return {"topic": topic, "text": value}
    fields = value_fields(value)
    if fields or isinstance(value, Mapping):
        return {"topic": topic, **fields}
    return {"topic": topic, "value": value}
