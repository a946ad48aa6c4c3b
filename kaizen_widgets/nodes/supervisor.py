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
from kaizen_widgets.nodes.kind import Kind, Task, TimedConfig
from kaizen_widgets.nodes.look import Look
from kaizen_widgets.nodes.values import describe_type, value_fields


class SupervisorConfig(TimedConfig):
    """Config of a supervisor node."""

    workers: list[Annotated[str, Field(min_length=1)]] = Field(default_factory=list)
    """Names of the agents that work, as their functions are registered."""
    max_workers: int = Field(default=3, ge=1, le=100)
    """Number of workers that may work at the same time."""
    selection_mode: Literal["all", "round_robin"] = "all"
    """Whether every worker gets the whole value, or the items of a list are dealt out in turn."""
    items: str = ""
    """Field of the value that holds the list to deal out; empty for the value itself."""


class SupervisorKind(Kind):
    """Runs its workers and passes on the list of their results.

    ``all``: one result a worker, in the order of the workers. ``round_robin``: one result an item,
    in the order of the items. When a worker fails the others finish, then the node fails.
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
            if functions.find(worker) is None:
                yield f"has the worker {quoted(worker)}, which {missing_function(worker)}"
        if not config.workers and config.selection_mode == "round_robin":
            yield 'has no workers to deal to: name some, or set its selection_mode to "all"'

    async def run(self, task: Task) -> Any:
        """Run the workers and return their results in order."""
        config: SupervisorConfig = task.config
        if not config.workers:
            return task.value
        functions = [_function(task, worker) for worker in config.workers]
        if config.selection_mode == "all":
            jobs = [(function, task.value) for function in functions]
        else:
            items = await task.in_thread(_items, task, config.items)
            jobs = [(functions[i % len(functions)], item) for i, item in enumerate(items)]
        return await _run_all(task, jobs, config.max_workers)


async def _run_all(task: Task, jobs: list[tuple[Callable[..., Any], Any]], limit: int) -> list[Any]:
    free = asyncio.Semaphore(limit)
    done = 0

    async def run_one(function: Callable[..., Any], value: Any) -> Any:
        nonlocal done
        async with free:
            result = await task.call(function, value)
        done += 1
        task.ctx.progress(done / len(jobs))
        return result

    results = await asyncio.gather(*(run_one(*job) for job in jobs), return_exceptions=True)
    for result in results:
        if isinstance(result, BaseException):
            raise result
    return results


def _function(task: Task, worker: str) -> Callable[..., Any]:
    function = task.functions.find(worker)
    if function is None:
        raise RunError(
            f"The worker {quoted(worker)} {missing_function(worker)}.", node_id=task.node_id
        )
    return function


def _items(task: Task, name: str) -> list[Any]:
    """Return the list to deal out.

    Raises:
        RunError: What arrived holds no such list.
    """
    value = task.value
    if name:
        fields = value_fields(value)
        if name not in fields:
            raise RunError(
                f"{quoted(task.label)} deals out {name!r}, and what arrived has no such field.",
                node_id=task.node_id,
            )
        value = fields[name]
    if not isinstance(value, list | tuple):
        raise RunError(
            f"{quoted(task.label)} deals out a list, and what arrived is {describe_type(value)}; "
            f'name the field that holds it in its config ("items").',
            node_id=task.node_id,
        )
    return list(value)
