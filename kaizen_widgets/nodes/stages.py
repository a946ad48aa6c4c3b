"""The stages kind: an assembly line. Items go through all stages, and each stage works on another item."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from typing import Annotated, Any

from pydantic import Field

from kaizen_widgets.core.text import quoted
from kaizen_widgets.graph import Node
from kaizen_widgets.nodes.functions import Functions
from kaizen_widgets.nodes.item_list import items_of
from kaizen_widgets.nodes.kind import Kind, Task, TimedConfig
from kaizen_widgets.nodes.look import Look, Port

_END: Any = object()


class StagesConfig(TimedConfig):
    """Config of a stages node."""

    stages: list[Annotated[str, Field(min_length=1)]] = Field(default_factory=list)
    """Names of the agents that work, in the order in which an item comes to them."""
    items: str = ""
    """Field of the value that holds the list of items; empty for the value itself."""
    buffer: int = Field(default=10, ge=1, le=1000)
    """Number of items that may wait before a stage; an earlier stage pauses when they are so many."""


class StagesKind(Kind):
    """Passes on the list of what the last stage made of each item, in the order of the items.

    Each stage works on one item at a time and keeps their order, while the other stages work on the items
    before and after it. When a stage fails, the stages stop and the node fails.
    """

    look = Look(
        type="stages",
        title="Stages",
        description="Sends the items of a list through several agents, like an assembly line.",
        icon="stages",
        color="#0891b2",
        outputs=(Port("output", type="list"),),
        defaults={"stages": []},
    )
    Config = StagesConfig

    def check(self, node: Node, config: StagesConfig, functions: Functions) -> Iterable[str]:
        """Refuse a node without stages, and stages without functions."""
        if not config.stages:
            yield "has no stages: name the agents that work, in their order"
        for stage in config.stages:
            if problem := functions.problem_of(stage):
                yield f"has the stage {quoted(stage)}, which {problem}"

    def worker_names(self, config: StagesConfig) -> Iterable[str]:
        """Return the stages."""
        return config.stages

    async def run(self, task: Task) -> list[Any]:
        """Send the items through the stages."""
        config: StagesConfig = task.config
        items = await task.in_thread(items_of, task, config.items, "sends through its stages")
        names = config.stages
        functions = [task.functions.get_for([name], name, task.node_id) for name in names]
        queues: list[asyncio.Queue[Any]] = [asyncio.Queue(config.buffer) for _ in functions]
        last: asyncio.Queue[Any] = asyncio.Queue()
        jobs = [asyncio.create_task(_feed(items, queues[0]))]
        for function, inbox, outbox in zip(functions, queues, [*queues[1:], last], strict=True):
            jobs.append(asyncio.create_task(_work(task, function, inbox, outbox)))
        results: list[Any] = []
        jobs.append(asyncio.create_task(_collect_items(task, last, len(items), results)))
        try:
            done, _ = await asyncio.wait(jobs, return_when=asyncio.FIRST_EXCEPTION)
            for job in jobs:
                if job in done:
                    job.result()  # Raises what a stage raised.
        finally:
            for job in jobs:
                job.cancel()
            await asyncio.gather(*jobs, return_exceptions=True)
        return results


async def _feed(items: list[Any], outbox: asyncio.Queue[Any]) -> None:
    for item in [*items, _END]:
        await outbox.put(item)


async def _work(
    task: Task,
    function: Callable[..., Any],
    inbox: asyncio.Queue[Any],
    outbox: asyncio.Queue[Any],
) -> None:
    while (item := await inbox.get()) is not _END:
        await outbox.put(await task.call(function, item))
    await outbox.put(_END)


async def _collect_items(
    task: Task, inbox: asyncio.Queue[Any], count: int, results: list[Any]
) -> None:
    while (item := await inbox.get()) is not _END:
        results.append(item)
        task.ctx.progress(len(results) / count)
