"""The synthesizer kind: combines several values into one.

It combines the values its edges bring, in their order; when a single edge brings a list, the items of the
list.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Literal, assert_never

from kaizen_widgets.core.text import quoted
from kaizen_widgets.errors import RunError
from kaizen_widgets.nodes.kind import Kind, KindConfig, Task
from kaizen_widgets.nodes.look import Look
from kaizen_widgets.nodes.numbers import is_number, is_same_value
from kaizen_widgets.nodes.port_types import PortType
from kaizen_widgets.nodes.values import describe_type, text_of, value_fields


class SynthesizerConfig(KindConfig):
    """Config of a synthesizer node."""

    aggregation: Literal["concat", "merge", "vote", "average", "collect"] = "concat"
    """How to combine: texts (or lists) one after the other, all dicts in one, the most frequent
    value (the first of equally frequent ones), the mean of numbers, or all in one dict: the fields
    of dicts, and other values by the name of the node they come from."""
    separator: str = "\n\n"
    """Text put between texts."""
    needs: Literal["all", "any"] = "all"
    """Whether it is skipped when a node before it failed, or works with the values that arrived."""

    @property
    def waits_for(self) -> Literal["all", "any"]:
        """Whether it is skipped when a node before it failed."""
        return self.needs


class SynthesizerKind(Kind):
    """Combines what arrives."""

    look = Look(
        type="synthesizer",
        title="Synthesizer",
        description="Combines several values into one.",
        icon="synthesizer",
        color="#10b981",
        defaults={"aggregation": "concat"},
    )
    Config = SynthesizerConfig

    def output_type(self, config: SynthesizerConfig, output: str) -> PortType | None:
        """A mean is a number."""
        return "number" if config.aggregation == "average" else None

    async def run(self, task: Task) -> Any:
        """Combine the values."""
        if _is_quick(task):
            return _combine(task)
        return await task.in_thread(_combine, task)


_QUICK_VALUES = 50
_QUICK_TEXT = 10_000


def _is_quick(task: Task) -> bool:
    """Return whether a few short texts and numbers arrived, which a thread would only make slower."""
    values = list(task.run_inputs.values()) if task.is_start else [one.value for one in task.inputs]
    return len(values) <= _QUICK_VALUES and all(
        len(value) <= _QUICK_TEXT if type(value) is str else type(value) in (int, float, bool)
        for value in values
    )


def _combine(task: Task) -> Any:
    config: SynthesizerConfig = task.config
    values = _values(task)
    match config.aggregation:
        case "concat":
            return _concat(values, config.separator)
        case "merge":
            return _merge(task, values)
        case "vote":
            return _vote(task, values)
        case "average":
            return _average(task, values)
        case "collect":
            return _collect(task)
        case _:
            assert_never(config.aggregation)


def _values(task: Task) -> Sequence[Any]:
    if _is_one_list(task):
        return task.inputs[0].value
    if task.is_start:
        return list(task.run_inputs.values())
    return [item.value for item in task.inputs]


def _is_one_list(task: Task) -> bool:
    return len(task.inputs) == 1 and isinstance(task.inputs[0].value, list | tuple)


def _source(task: Task, index: int) -> str:
    """Return where a value comes from, for messages."""
    if _is_one_list(task):
        return f"item {index} of {quoted(task.inputs[0].label)}"
    if task.is_start:
        return f"the run's input {quoted(list(task.run_inputs)[index])}"
    return quoted(task.inputs[index].label)


_JOINED_AT_ONCE = 10_000


def _concat(values: Sequence[Any], separator: str) -> Any:
    if values and all(isinstance(value, list | tuple) for value in values):
        return [item for value in values for item in value]
    # In parts: joining millions of texts in one step would block all other threads.
    return separator.join(
        separator.join(map(text_of, values[start : start + _JOINED_AT_ONCE]))
        for start in range(0, len(values), _JOINED_AT_ONCE)
    )


def _merge(task: Task, values: Sequence[Any]) -> dict[str, Any]:
    merged: dict[str, Any] = {}
    for index, value in enumerate(values):
        fields = value_fields(value)
        if not fields and not isinstance(value, Mapping):
            raise RunError(
                f"{quoted(task.label)} merges dicts, and {_source(task, index)} gave "
                f"{describe_type(value)}.",
                node_id=task.node_id,
            )
        merged |= fields
    return merged


def _collect(task: Task) -> dict[str, Any]:
    if task.is_start:
        return dict(task.run_inputs)
    found: dict[str, Any] = {}
    for item in task.inputs:
        fields = value_fields(item.value)
        is_dict = fields or isinstance(item.value, Mapping)
        found |= fields if is_dict else {item.label: item.value}
    return found


def _vote(task: Task, values: Sequence[Any]) -> Any:
    if not values:
        raise RunError(f"{quoted(task.label)} has nothing to vote on.", node_id=task.node_id)
    # By equality, not by hash: dicts, lists and arrays can be counted too. max keeps the first.
    return max(values, key=lambda one: sum(is_same_value(one, value) for value in values))


def _average(task: Task, values: Sequence[Any]) -> Any:
    for index, value in enumerate(values):
        if not is_number(value):
            raise RunError(
                f"{quoted(task.label)} averages numbers, and {_source(task, index)} gave "
                f"{describe_type(value)}.",
                node_id=task.node_id,
            )
    if not values:
        raise RunError(f"{quoted(task.label)} has nothing to average.", node_id=task.node_id)
    if all(isinstance(value, Decimal) for value in values):
        return sum(values) / len(values)
    # Kinds of numbers that do not mix, such as Decimal and float, are averaged as floats.
    return sum(float(value) for value in values) / len(values)
