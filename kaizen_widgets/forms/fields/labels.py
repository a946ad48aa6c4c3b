"""What to call a field, and a type among others."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from kaizen_widgets.forms.fields.arrays import Items, Pairs
from kaizen_widgets.forms.fields.leaves import Choice, Leaf
from kaizen_widgets.forms.fields.nodes import Node
from kaizen_widgets.forms.fields.objects import bare

_TYPES: Final = {int: "Whole number", float: "Number", Decimal: "Decimal number", str: "Text"}
_CONTROLS: Final = {"checkbox": "Yes or no", "password": "Secret", "json": "JSON", "file": "Bytes"}


def titled(name: str) -> str:
    """Return a name as a label: `system_prompt` reads "System Prompt"."""
    return name.replace("_", " ").strip().title()


def type_name(node: Node) -> str:
    """Return what to call a type among others."""
    node = bare(node)
    if node.title:
        return node.title
    match node:
        case Items():
            return f"List of {type_name(node.item.node).lower()}"
        case Pairs():
            return f"{type_name(node.value.node)} by key"
        case Choice() if len(node.options) == 1:
            return node.options[0].label
        case Leaf():
            by_type = _TYPES.get(node.python) if node.python else None
            words = node.constraints.get("format") or node.control
            return by_type or _CONTROLS.get(node.control) or titled(str(words).replace("-", " "))
        case _:
            return titled(node.kind)
