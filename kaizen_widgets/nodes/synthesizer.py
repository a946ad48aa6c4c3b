"""The synthesizer kind: makes one value of several.

It works on what its edges bring, in their order; when one edge brings a list, on the list's items.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, assert_never

from kaizen_widgets.errors import RunError
from kaizen_widgets.nodes.agent import quoted
from kaizen_widgets.nodes.kind import Kind, KindConfig
from kaizen_widgets.nodes.look import Look
from kaizen_widgets.nodes.values import fields, kind_of, text_of
from kaizen_widgets.nodes.work import Task

Part = tuple[str, Any]
"""Where a value comes from, in words, and the value."""


class SynthesizerConfig(KindConfig):
    """Config of a synthesizer node."""

    aggregation: Literal["concat", "merge", "vote", "average"] = "concat"
    """What to make: the texts (or lists) one after the other, one dict of all, the most frequent
    value (the first of equals), or the mean of numbers."""
    separator: str = "\n\n"
    """What stands between texts."""
    needs: Literal["all", "any"] = "all"
    """Whether it is skipped when a node before it failed, or works with what arrived."""

    @property
    def waits_for(self) -> Literal["all", "any"]:
        """Whether it is skipped when a node before it failed."""
        return self.needs


class SynthesizerKind(Kind):
    """Combines what arrives."""

    look = Look(
        type="synthesizer",
        title="Synthesizer",
        description="Makes one value of several.",
        icon="synthesizer",
        color="#10b981",
        defaults={"aggregation": "concat"},
    )
    Config = SynthesizerConfig

    async def run(self, task: Task) -> Any:
        """Combine the values."""
        config: SynthesizerConfig = task.config
        parts = _parts(task)
        match config.aggregation:
            case "concat":
                return _concat([value for _, value in parts], config.separator)
            case "merge":
                return _merge(task, parts)
            case "vote":
                return _vote(task, [value for _, value in parts])
            case "average":
                return _average(task, parts)
            case _:
                assert_never(config.aggregation)


def _parts(task: Task) -> list[Part]:
    if len(task.inputs) == 1 and isinstance(task.inputs[0].value, list | tuple):
        label = quoted(task.inputs[0].label)
        return [
            (f"item {index} of {label}", item) for index, item in enumerate(task.inputs[0].value)
        ]
    if task.is_start:
        return [(f"the run's input {quoted(name)}", item) for name, item in task.run_inputs.items()]
    return [(quoted(item.label), item.value) for item in task.inputs]


def _concat(values: Sequence[Any], separator: str) -> Any:
    if values and all(isinstance(value, list | tuple) for value in values):
        return [item for value in values for item in value]
    return separator.join(text_of(value) for value in values)


def _merge(task: Task, parts: list[Part]) -> dict[str, Any]:
    merged: dict[str, Any] = {}
    for source, value in parts:
        named = fields(value)
        if not named and not isinstance(value, Mapping):
            raise RunError(
                f"{quoted(task.label)} merges dicts, and {source} gave {kind_of(value)}.",
                node_id=task.node_id,
            )
        merged |= named
    return merged


def _vote(task: Task, values: Sequence[Any]) -> Any:
    if not values:
        raise RunError(f"{quoted(task.label)} has nothing to vote on.", node_id=task.node_id)
    # By equality, not by hash: dicts and lists may stand for election too. max keeps the first.
    return max(values, key=lambda candidate: sum(1 for value in values if value == candidate))


def _average(task: Task, parts: list[Part]) -> float:
    for source, value in parts:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise RunError(
                f"{quoted(task.label)} averages numbers, and {source} gave {kind_of(value)}.",
                node_id=task.node_id,
            )
    if not parts:
        raise RunError(f"{quoted(task.label)} has nothing to average.", node_id=task.node_id)
    return sum(value for _, value in parts) / len(parts)
