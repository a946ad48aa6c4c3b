"""Labels of fields, and names of types."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from kaizen_widgets.forms.fields.container_nodes import DictNode, ListNode
from kaizen_widgets.forms.fields.leaf_nodes import ChoiceLeaf, LeafNode
from kaizen_widgets.forms.fields.object_nodes import bare
from kaizen_widgets.forms.fields.type_node import TypeNode

_TYPES: Final = {int: "Whole number", float: "Number", Decimal: "Decimal number", str: "Text"}
_CONTROLS: Final = {"checkbox": "Yes or no", "password": "Secret", "json": "JSON", "file": "Bytes"}


def titled(name: str) -> str:
    """Return a name as a label: `system_prompt` becomes "System Prompt"."""
    return name.replace("_", " ").strip().title()


def type_name(node: TypeNode) -> str:
    """Return the name of a type among the branches of a union."""
    node = bare(node)
    if node.title:
        return node.title
    match node:
        case ListNode():
            return f"List of {type_name(node.item.node).lower()}"
        case DictNode():
            return f"{type_name(node.value.node)} by key"
        case ChoiceLeaf() if len(node.options) == 1:
            return node.options[0].label
        case LeafNode():
            by_type = _TYPES.get(node.python) if node.python else None
            words = node.constraints.get("format") or node.control
            return by_type or _CONTROLS.get(node.control) or titled(str(words).replace("-", " "))
        case _:
            return titled(node.kind)
