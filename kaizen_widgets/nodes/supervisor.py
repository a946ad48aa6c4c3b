"""The supervisor kind: runs several agents on its input, a few at a time.

Without workers in its config it passes what arrives on to every node it is connected to.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from typing import Annotated, Any, Literal

from pydantic import Field

from kaizen_widgets.core.text import quoted
from kaizen_widgets.errors import RunError
from kaizen_widgets.graph import Node
from kaizen_widgets.nodes.functions import Functions, missing_function
from kaizen_widgets.nodes.item_list import items_of
from kaizen_widgets.nodes.kind import Kind, Task, TimedConfig
from kaizen_widgets.nodes.look import Look
from kaizen_widgets.nodes.numbers import is_number
from kaizen_widgets.nodes.port_types import PortType
from kaizen_widgets.nodes.values import describe_type, value_fields


class SupervisorConfig(TimedConfig):
    """Config of a supervisor node."""

    workers: list[Annotated[str, Field(min_length=1)]] = Field(default_factory=list)
    """Names of the agents that work, as their functions are registered."""
    max_workers: int = Field(default=3, ge=1, le=100)
    """Number of jobs that may be worked on at the same time."""
    selection_mode: Literal["all", "round_robin", "load_balanced", "priority"] = "all"
    """Whether every worker gets the whole value, or the items of a list are dealt out: in turn, to
    the worker with the least to do, or likewise with the items of the highest priority first."""
    items: str = ""
    """Field of the value that holds the list to deal out; empty for the value itself."""
    priority: str = "priority"
    """Field of an item that holds its priority, a number: higher ones come first, none counts as 0."""


class SupervisorKind(Kind):
    """Runs its workers and passes on the list of their results.

    ``all``: one result a worker, in the order of the workers. Otherwise one result an item, in the order
    of the items. When a worker fails the others finish, then the node fails.
    """

    look = Look(
        type="supervisor",
        title="Supervisor",
        description="Has several agents work on what arrives.",
        icon="supervisor",
        color="#8b5cf6",
        defaults={"workers": [], "max_workers": 3, "selection_mode": "all"},
    )
    Config = SupervisorConfig

    def check(self, node: Node, config: SupervisorConfig, functions: Functions) -> Iterable[str]:
        """Refuse workers without functions, and dealing out without workers."""
        for worker in config.workers:
            if problem := functions.problem_of(worker):
                yield f"has the worker {quoted(worker)}, which {problem}"
        if not config.workers and config.selection_mode != "all":
            yield 'has no workers to deal to: name some, or set its selection_mode to "all"'

    def worker_names(self, config: SupervisorConfig) -> Iterable[str]:
        """Return the workers."""
        return config.workers

    def output_type(self, config: SupervisorConfig, output: str) -> PortType | None:
        """A node with workers gives a list."""
        return "list" if config.workers else None

    async def run(self, task: Task) -> Any:
        """Run the workers and return their results in order."""
        config: SupervisorConfig = task.config
        if not config.workers:
            return task.value
        functions = [_function(task, worker) for worker in config.workers]
        if config.selection_mode == "all":
            values, order = [task.value] * len(functions), list(range(len(functions)))
        else:
            values = await task.in_thread(items_of, task, config.items, "deals out")
            order = await task.in_thread(_order, task, values)
        return await _deal(task, functions, values, order)


async def _deal(
    task: Task, functions: list[Callable[..., Any]], values: list[Any], order: list[int]
) -> list[Any]:
    """Have the workers work on the values, a few at a time, and return their results.

    Args:
        task: The supervisor's task.
        functions: The workers.
        values: The values, in the order of the results.
        order: Places of the values, in the order in which they are dealt out.
    """
    config: SupervisorConfig = task.config
    free = asyncio.Semaphore(config.max_workers)
    busy = [0] * len(functions)
    done = 0

    async def run_one(place: int) -> Any:
        nonlocal done
        async with free:
            worker = place % len(functions)
            if config.selection_mode in ("load_balanced", "priority"):
                worker = min(range(len(functions)), key=busy.__getitem__)
            busy[worker] += 1
            try:
                result = await task.call(functions[worker], values[place])
            finally:
                busy[worker] -= 1
        done += 1
        task.ctx.progress(done / len(values))
        return result

    # A semaphore lets its waiters in in their order, so the order of the tasks is that of the dealing.
    results = await asyncio.gather(*(run_one(place) for place in order), return_exceptions=True)
    for result in results:
        if isinstance(result, BaseException):
            raise result
    return [result for _, result in sorted(zip(order, results, strict=True), key=lambda p: p[0])]


def _order(task: Task, items: list[Any]) -> list[int]:
    """Return the places of the items in the order in which they are dealt out."""
    config: SupervisorConfig = task.config
    places = list(range(len(items)))
    if config.selection_mode != "priority":
        return places
    priorities = [value_fields(item).get(config.priority, 0) for item in items]
    for place, priority in enumerate(priorities):
        if not is_number(priority):
            raise RunError(
                f"{quoted(task.label)} deals out by priority, and that of item {place} is "
                f"{describe_type(priority)}.",
                node_id=task.node_id,
            )
    return sorted(places, key=lambda place: -priorities[place])


def _function(task: Task, worker: str) -> Callable[..., Any]:
    function = task.functions.find(worker)
    if function is None:
        raise RunError(
            f"The worker {quoted(worker)} {missing_function(worker)}.", node_id=task.node_id
        )
    return function
