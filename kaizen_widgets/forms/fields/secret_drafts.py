"""What is typed into a field for a secret becomes one at once: no `repr` of a form's values tells it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kaizen_widgets.forms.fields.container_nodes import DictNode, ListNode, TupleNode
from kaizen_widgets.forms.fields.leaf_nodes import SecretLeaf
from kaizen_widgets.forms.fields.object_nodes import ObjectNode, bare
from kaizen_widgets.forms.fields.type_node import (
    DecodeContext,
    EncodeContext,
    Field,
    every_field,
)
from kaizen_widgets.forms.fields.union_nodes import UnionNode
from kaizen_widgets.forms.paths import Path


def has_secrets(root: Field) -> bool:
    """Whether a tree has fields for secrets."""
    return any(isinstance(slot.node, SecretLeaf) for slot in every_field(root))


def hidden(slot: Field, draft: Any, path: Path, pins: Mapping[Path, int]) -> Any:
    """Return a draft with its secrets hidden, and all else as it was typed."""
    match node := bare(slot.node):
        case SecretLeaf() if draft is not None:
            return node.show(draft, EncodeContext(), path)
        case ObjectNode() if isinstance(draft, dict):
            return {
                name: hidden(node.fields[name], item, (*path, name), pins)
                if name in node.fields
                else item
                for name, item in draft.items()
            }
        case ListNode() | TupleNode() | DictNode() if isinstance(draft, list):
            parts = [(node.child(index, draft), item) for index, item in enumerate(draft)]
            return [
                item if part is None else hidden(part, item, (*path, index), pins)
                for index, (part, item) in enumerate(parts)
            ]
        case UnionNode():
            index = node.choice(draft, DecodeContext(pins), path)
            return draft if index is None else hidden(node.branches[index].slot, draft, path, pins)
        case _:
            return draft
