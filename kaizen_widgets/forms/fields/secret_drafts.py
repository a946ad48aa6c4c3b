"""Turns what is typed into a field for a secret into a secret, so that no `repr` of a form shows it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kaizen_widgets.forms.fields.container_nodes import DictNode, ListNode, TupleNode
from kaizen_widgets.forms.fields.leaf_nodes import SecretLeaf
from kaizen_widgets.forms.fields.object_nodes import ObjectNode, bare
from kaizen_widgets.forms.fields.type_node import DecodeContext, EncodeContext, Field, every_field
from kaizen_widgets.forms.fields.union_nodes import UnionNode
from kaizen_widgets.forms.paths import Path


def has_secrets(root: Field) -> bool:
    """Whether a tree has fields for secrets."""
    return any(isinstance(field.node, SecretLeaf) for field in every_field(root))


def with_secrets_hidden(field: Field, draft: Any, path: Path, pins: Mapping[Path, int]) -> Any:
    """Return a draft with its secrets hidden, and everything else as it was typed.

    Args:
        field: The position of the draft.
        draft: The draft.
        path: The path of the draft.
        pins: The chosen branches of unions, by path.
    """
    match node := bare(field.node):
        case SecretLeaf() if draft is not None:
            return node.encode(draft, EncodeContext(), path)
        case ObjectNode() if isinstance(draft, dict):
            return {
                name: with_secrets_hidden(node.fields[name], item, (*path, name), pins)
                if name in node.fields
                else item
                for name, item in draft.items()
            }
        case ListNode() | TupleNode() | DictNode() if isinstance(draft, list):
            parts = [(node.child(index, draft), item) for index, item in enumerate(draft)]
            return [
                item if part is None else with_secrets_hidden(part, item, (*path, index), pins)
                for index, (part, item) in enumerate(parts)
            ]
        case UnionNode():
            index = node.choice(draft, DecodeContext(pins), path)
            if index is None:
                return draft
            return with_secrets_hidden(node.branches[index].field, draft, path, pins)
        case _:
            return draft
