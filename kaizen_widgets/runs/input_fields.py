"""The inputs a run can be given, as fields: those that the input nodes of a pipeline name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kaizen_widgets.graph import Graph
from kaizen_widgets.graph.frozen_json import thaw

MAX_FIELDS = 50


def input_fields(graph: Graph) -> list[dict[str, Any]]:
    """Return the fields of a run's inputs.

    Each is a mapping with ``name``, ``type`` (text, number, boolean or json), ``value`` (its default) and
    ``required`` (there is no default). An input node without defaults is asked for a text.
    """
    fields: dict[str, dict[str, Any]] = {}
    has_input = False
    for node in graph.nodes:
        if node.type != "input":
            continue
        has_input = True
        config = node.data.get("config")
        defaults = config.get("defaults") if isinstance(config, Mapping) else None
        if not isinstance(defaults, Mapping):
            continue
        for name, value in defaults.items():
            fields.setdefault(
                str(name),
                {"name": str(name), "type": _type(value), "value": thaw(value), "required": False},
            )
    if has_input and not fields:
        fields["text"] = {"name": "text", "type": "text", "value": "", "required": True}
    return list(fields.values())[:MAX_FIELDS]


def _type(value: Any) -> str:
    match value:
        case bool():
            return "boolean"
        case str():
            return "text"
        case int() | float():
            return "number"
        case _:
            return "json"
