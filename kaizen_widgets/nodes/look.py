"""How nodes of one kind are drawn, and where edges may end on them. Values only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Handle:
    """One place on a node where edges end."""

    id: str
    label: str = ""


INPUT = (Handle("input"),)
OUTPUT = (Handle("output"),)


@dataclass(frozen=True, kw_only=True)
class Look:
    """What the canvas and the palette show of a kind.

    Args:
        type: The kind's name, which is the node's ``type``.
        title: What to call it ("Agent").
        description: One short sentence for the palette.
        icon: The name of one of the canvas's icons; another name gives the generic one.
        color: ``#rrggbb``.
        inputs: Where edges enter; empty for a kind that only begins pipelines.
        outputs: Where edges leave; empty for a kind that only ends them.
        outputs_from: Names a list of ``{"name": ...}`` in the node's data; each gives one more
            output, drawn before ``outputs``.
        defaults: The config of a new node, JSON.
    """

    type: str
    title: str
    description: str
    icon: str = "generic"
    color: str = "#6b7280"
    inputs: tuple[Handle, ...] = INPUT
    outputs: tuple[Handle, ...] = OUTPUT
    outputs_from: tuple[str, ...] = ()
    defaults: Mapping[str, Any] = field(default_factory=dict)
