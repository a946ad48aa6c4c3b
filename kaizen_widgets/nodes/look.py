"""How nodes of one kind are drawn, and where edges may end on them; values only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from kaizen_widgets.nodes.port_types import PortType


@dataclass(frozen=True)
class Port:
    """A place on a node where edges start or end; React Flow calls it a handle.

    Args:
        id: What edges name as their ``sourceHandle`` or ``targetHandle``.
        label: Name shown, if a side of the node has several.
        type: Type of the values that pass; see `port_types`.
    """

    id: str
    label: str = ""
    type: PortType = "any"


INPUT = (Port("input"),)
OUTPUT = (Port("output"),)


@dataclass(frozen=True, kw_only=True)
class Look:
    """What the canvas and the palette show of a kind.

    Args:
        type: Name of the kind, which is its nodes' ``type``.
        title: Name shown ("Agent").
        description: One short sentence for the palette.
        icon: Name of one of the canvas's icons; any other name gives the generic one.
        color: ``#rrggbb``.
        inputs: Ports where edges enter; empty for a kind that only begins pipelines.
        outputs: Ports where edges leave; empty for a kind that only ends them.
        outputs_from: Path of a list of ``{"name": ...}`` in the node's data; each item gives one more
            output, drawn before ``outputs``.
        inputs_from: The same for inputs; where the list has any, they take the place of ``inputs``.
        defaults: Config of a new node, as JSON.
    """

    type: str
    title: str
    description: str
    icon: str = "generic"
    color: str = "#6b7280"
    inputs: tuple[Port, ...] = INPUT
    outputs: tuple[Port, ...] = OUTPUT
    outputs_from: tuple[str, ...] = ()
    inputs_from: tuple[str, ...] = ()
    defaults: Mapping[str, Any] = field(default_factory=dict)
