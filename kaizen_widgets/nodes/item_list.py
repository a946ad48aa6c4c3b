"""Read the list of items that a node works on one by one."""

from __future__ import annotations

from typing import Any

from kaizen_widgets.core.text import quoted
from kaizen_widgets.errors import RunError
from kaizen_widgets.nodes.kind import Task
from kaizen_widgets.nodes.values import describe_type, value_fields


def items_of(task: Task, name: str, does: str) -> list[Any]:
    """Return the list in what arrived; may run code of users, so call it off the event loop.

    Args:
        task: The node's task.
        name: Field that holds the list; empty for the value itself, or its only field.
        does: What the node does with it, for messages: "deals out".

    Raises:
        RunError: What arrived holds no such list.
    """
    value = task.value
    if name:
        fields = value_fields(value)
        if name not in fields:
            raise RunError(
                f"{quoted(task.label)} {does} {name!r}, and what arrived has no such field.",
                node_id=task.node_id,
            )
        value = fields[name]
    elif not isinstance(value, list | tuple):
        fields = value_fields(value)
        if len(fields) == 1:  # As a dict's only field is its text.
            [only] = fields.values()
            value = only if isinstance(only, list | tuple) else value
    if not isinstance(value, list | tuple):
        raise RunError(
            f"{quoted(task.label)} {does} a list, and what arrived is {describe_type(value)}; "
            f'name the field that holds it in its config ("items").',
            node_id=task.node_id,
        )
    return list(value)
