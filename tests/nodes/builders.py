"""Runs one node of a kind, without a run around it."""

from __future__ import annotations

import asyncio
from typing import Any

from kaizen_widgets.graph import Node
from kaizen_widgets.nodes import Context, Functions, Input, Kind, Task, default_registry


async def execute(function: Any, arguments: Any) -> Any:
    args, kwargs = arguments()
    result = function(*args, **kwargs)
    return await result if asyncio.iscoroutine(result) else result


def task(
    kind: Kind,
    *values: Any,
    config: dict[str, Any] | None = None,
    label: str = "Node",
    labels: tuple[str, ...] = (),
    run_inputs: dict[str, Any] | None = None,
    said: list[Any] | None = None,
    **functions: Any,
) -> Task:
    read, problems = kind.read_config(Node("n", data={"config": config or {}}))
    assert not problems, problems
    names = labels or tuple(f"from {index}" for index in range(len(values)))
    heard = [] if said is None else said
    return Task(
        node_id="n",
        label=label,
        kind=kind,
        config=read,
        inputs=tuple(
            Input(f"id-{index}", name, value)
            for index, (name, value) in enumerate(zip(names, values, strict=True))
        ),
        run_inputs=run_inputs or {},
        functions=Functions(functions),
        is_start=not values,
        ctx=Context("n", label, lambda kind, data: heard.append((kind, data))),
        execute=execute,
    )


def run(name: str, *values: Any, **facts: Any) -> Any:
    """Run a node of a built-in kind on some inputs and return what it gives."""
    kind = default_registry().get(name)
    assert kind is not None
    return asyncio.run(kind.run(task(kind, *values, **facts)))


def problems(name: str, config: Any = None, label: str = "Node", **functions: Any) -> list[str]:
    """Return what a built-in kind has against a node."""
    kind = default_registry().get(name)
    assert kind is not None
    node = Node("n", type=name, data={"label": label, "config": config or {}})
    read, wrong = kind.read_config(node)
    return wrong or list(kind.check(node, read, Functions(functions)))
