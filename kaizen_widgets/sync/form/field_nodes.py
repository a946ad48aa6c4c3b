"""A field tree, described by `kaizen_widgets.forms.fields`, in the words of the form protocol."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any, get_args

from kaizen_widgets.forms.fields import FieldTree
from kaizen_widgets.forms.fields.form_fields import FormFields
from kaizen_widgets.sync.form.messages import (
    Branch,
    FieldKind,
    FieldNode,
    Option,
)

KINDS = frozenset(get_args(FieldKind))


def tree_of(
    description: Mapping[str, Any],
    *,
    choices: frozenset[str] = frozenset(),
    is_made: bool = False,
) -> tuple[FieldNode, dict[str, FieldNode]]:
    """Return the root and the definitions that recursive fields refer to.

    Args:
        description: What `FieldTree.describe` gave.
        choices: Names of top-level fields that are given options by the panel, and so become selects.
        is_made: Whether the form is of something there is already, whose frozen fields stay as they are.
    """
    root = node_of(description["root"], is_made)
    if choices:
        fields = tuple(
            field.model_copy(update={"kind": "select"})
            if field.name in choices and field.kind in ("text", "long_text", "number")
            else field
            for field in root.fields
        )
        root = root.model_copy(update={"fields": fields})
    definitions = description.get("definitions") or {}
    return root, {name: node_of(node, is_made) for name, node in definitions.items()}


@lru_cache(maxsize=64)
def tree_of_model(
    tree: FieldTree, choices: frozenset[str] = frozenset(), is_made: bool = False
) -> tuple[FieldNode, dict[str, FieldNode]]:
    """Return the same for a form that says nothing of its own about the model's fields: once a model."""
    return tree_of(FormFields(tree).describe(), choices=choices, is_made=is_made)


def node_of(node: Mapping[str, Any], is_made: bool = False) -> FieldNode:
    """Return one node, with all below."""
    hints: Mapping[str, Any] = node.get("hints") or {}
    limits: Mapping[str, Any] = node.get("constraints") or {}
    kind = node.get("kind", "ref" if "ref" in node else "text")
    deprecated = node.get("deprecated") or ""
    facts: dict[str, Any] = {
        "name": node.get("name") or "",
        "kind": kind if kind in KINDS else "unsupported",
        "label": node.get("label") or "",
        # A help that comes from a docstring has its marks for code.
        "help": (node.get("help") or "").replace("``", ""),
        "placeholder": node.get("placeholder") or "",
        "group": node.get("group") or "",
        "required": bool(node.get("required")),
        "nullable": bool(node.get("nullable")),
        "read_only": bool(
            node.get("readOnly")
            or (is_made and node.get("frozen"))
            or kind in ("computed", "opaque")
        ),
        "deprecated": deprecated if isinstance(deprecated, str) else "This is deprecated.",
        "ref": node.get("ref") or "",
        "options": tuple(
            Option(value=option["value"], label=str(option["label"]))
            for option in node.get("options") or ()
        ),
        "fields": tuple(node_of(field, is_made) for field in _shown(node)),
        "branches": tuple(
            Branch(
                tag=str(index),
                label=str(branch["label"]),
                node=_without(node_of(branch["node"], is_made), node.get("discriminator", "")),
            )
            for index, branch in enumerate(node.get("branches") or ())
        ),
        "min_items": limits.get("minItems") or 0,
        "max_items": limits.get("maxItems"),
        "whole": bool(limits.get("integer") or limits.get("path")),
        "aware": bool(limits.get("aware")),
        "rows": hints.get("rows"),
        "accept": _accept(hints.get("accept")),
        **_bounds(kind, limits, hints),
    }
    if node.get("note") and kind in ("computed", "opaque"):
        facts["help"] = node["note"] if kind == "opaque" else facts["help"]
    for part, role in (("item", "item"), ("key", "names")):
        if node.get(part):
            facts[role] = node_of(node[part], is_made)
    item = facts.get("item")
    if kind == "list" and item is not None and item.label in ("", "Item"):
        facts["item"] = item.model_copy(update={"label": _one_of(facts["label"])})
    if kind == "dict" and node.get("value"):
        facts["item"] = node_of(node["value"], is_made)
    return FieldNode(**facts)


def _one_of(label: str) -> str:
    """Return what one of several is called: a tool, of "Tools"."""
    for ending, singular in (("ies", "y"), ("sses", "ss"), ("s", "")):
        if len(label) > 3 and label.endswith(ending) and not label.endswith(("ss", "us", "is")):
            return label.removesuffix(ending) + singular
    return "Item"


def _without(node: FieldNode, name: str) -> FieldNode:
    """Leave out the field that says which branch it is, where the picker has said all of it."""
    fields = tuple(one for one in node.fields if one.name != name or len(one.options) > 1)
    return node.model_copy(update={"fields": fields}) if name else node


def _shown(node: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    fields = [field for field in node.get("fields") or () if not field.get("hidden")]
    for index, item in enumerate(node.get("items") or ()):
        fields.append({"label": f"Part {index + 1}", **item, "name": str(index)})
    return fields


def _bounds(
    kind: str, limits: Mapping[str, Any], hints: Mapping[str, Any]
) -> dict[str, str | None]:
    """Return where a number's steps end, and how long they are."""
    low, high = limits.get("min"), limits.get("max")
    # A whole number beyond an excluded end is known; a fraction is not, and its steps end nowhere.
    if limits.get("integer") and low is None and limits.get("exclusiveMin") is not None:
        low = limits["exclusiveMin"] + 1
    if limits.get("integer") and high is None and limits.get("exclusiveMax") is not None:
        high = limits["exclusiveMax"] - 1
    step = hints.get("step", limits.get("multipleOf"))
    if step is None and kind in ("slider", "number"):
        step = 1 if limits.get("integer") else _fine(low, high)
    return {"min": _text(low), "max": _text(high), "step": _text(step)}


def _fine(low: Any, high: Any) -> str:
    """Return a step that goes from one end to the other in about a hundred, as people count."""
    try:
        width = abs(Decimal(str(high)) - Decimal(str(low)))
        return f"{Decimal(1).scaleb((width / 20).adjusted()):f}" if width else "1"
    except (InvalidOperation, TypeError):
        return "1"


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    # Never in scientific notation, which steps cannot be added to.
    return f"{Decimal(str(value)):f}" if isinstance(value, int | float | Decimal) else str(value)


def _accept(value: Any) -> str:
    return ",".join(map(str, value)) if isinstance(value, list | tuple) else str(value or "")
