"""Handlers of core schemas of lists, sets, tuples, dicts and unions."""

from __future__ import annotations

from functools import partial
from typing import Any, Final

from kaizen_widgets.forms.fields.container_nodes import DictNode, ListNode, TupleNode
from kaizen_widgets.forms.fields.labels import titled, type_name
from kaizen_widgets.forms.fields.leaf_nodes import OpaqueLeaf
from kaizen_widgets.forms.fields.tagged_union import TaggedUnion
from kaizen_widgets.forms.fields.tree_builder import Handler, Schema, TreeBuilder
from kaizen_widgets.forms.fields.type_node import Field, TypeNode
from kaizen_widgets.forms.fields.union_nodes import UnionBranch, UntaggedUnion

_CONTAINERS = {"set": set, "frozenset": frozenset, "tuple": tuple}
"""Containers that a strict model requires in place of a list."""


def _list(build: TreeBuilder, schema: Schema) -> TypeNode:
    kind = schema["type"]
    constraints = {
        name: schema[key]
        for name, key in (("minItems", "min_length"), ("maxItems", "max_length"))
        if schema.get(key) is not None
    }
    strict = build.is_strict(schema) and kind in _CONTAINERS and kind != "list"
    with build.within("*"):
        item = build.field(schema.get("items_schema") or {"type": "any"})
    return ListNode(
        item,
        constraints,
        is_set=kind in ("set", "frozenset"),
        container=_CONTAINERS[kind] if strict else None,
    )


def _tuple(build: TreeBuilder, schema: Schema) -> TypeNode:
    items, variadic = list(schema["items_schema"]), schema.get("variadic_item_index")
    if variadic == 0 and len(items) == 1:
        return _list(build, {**schema, "items_schema": items[0]})
    fields: list[Field] = []
    for index, item in enumerate(items):
        with build.within(str(index)):
            fields.append(build.field(item))
    strict = build.is_strict(schema)
    if variadic is None:
        return TupleNode(fields, None, [], is_strict=strict)
    return TupleNode(fields[:variadic], fields[variadic], fields[variadic + 1 :], is_strict=strict)


def _dict(build: TreeBuilder, schema: Schema) -> TypeNode:
    with build.within("*"):
        key = build.field(schema.get("keys_schema") or {"type": "any"}, label="Key")
        value = build.field(schema.get("values_schema") or {"type": "any"}, label="Value")
    bounds = (("minItems", "min_length"), ("maxItems", "max_length"))
    return DictNode(key, value, {n: schema[k] for n, k in bounds if schema.get(k) is not None})


def _counter(build: TreeBuilder, schema: Schema) -> TypeNode:
    return _dict(build, {"values_schema": {"type": "int"}, **schema})


def _union(build: TreeBuilder, schema: Schema) -> TypeNode:
    branches = []
    for choice in schema["choices"]:
        one, label = choice if isinstance(choice, tuple) else (choice, "")
        if one["type"] == "missing-sentinel":
            continue
        branches.append(_branch(build, one, label))
    showable = [b for b in branches if not isinstance(b.node, OpaqueLeaf)]
    if not showable:
        return branches[0].node if branches else OpaqueLeaf("it can only be missing")
    if len(branches) == 1:
        return branches[0].node
    return UntaggedUnion(branches, is_ordered=schema.get("mode") == "left_to_right")


def _tagged_union(build: TreeBuilder, schema: Schema) -> TypeNode:
    branches: dict[Any, UnionBranch] = {}
    for tag, choice in schema["choices"].items():
        while isinstance(choice, str):  # another tag of the same branch
            choice = schema["choices"][choice]
        key = choice.get("schema_ref") or choice.get("ref") or id(choice)
        if callable(schema["discriminator"]):
            key = (key, tag)  # the author's tags name the branches
        if key not in branches:
            label = tag if callable(schema["discriminator"]) and isinstance(tag, str) else ""
            branches[key] = _branch(build, choice, titled(label))
        branches[key].tags.append(tag)
    return TaggedUnion(list(branches.values()), schema["discriminator"])


def _branch(build: TreeBuilder, schema: Schema, label: str) -> UnionBranch:
    # Nullable, because no branch is refused: another one may be shown.
    field = build.field({"type": "nullable", "schema": schema}, label=label)
    field.nullable = schema["type"] in ("nullable", "none")
    field.label = field.label or type_name(field.node)
    return UnionBranch(field, partial(build.validator, schema, build.config))


CONTAINER_HANDLERS: Final[dict[str, Handler]] = {
    **dict.fromkeys(("list", "set", "frozenset", "deque", "generator"), _list),
    **dict.fromkeys(("dict", "frozendict", "ordered-dict"), _dict),
    "counter": _counter,
    "tuple": _tuple,
    "union": _union,
    "tagged-union": _tagged_union,
}
