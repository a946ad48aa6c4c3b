"""Handlers of core schemas that wrap others: functions, strict and lax, JSON and Python, chains."""

from __future__ import annotations

from functools import partial
from typing import Final

from kaizen_widgets.forms.fields.instance_node import InstanceNode
from kaizen_widgets.forms.fields.leaf_nodes import EncodedLeaf, JsonTextLeaf, LeafNode, OpaqueLeaf
from kaizen_widgets.forms.fields.object_nodes import ObjectNode, bare
from kaizen_widgets.forms.fields.schema_leaves import encoder_of, leaf_by_json_schema
from kaizen_widgets.forms.fields.tree_builder import Handler, Schema, TreeBuilder
from kaizen_widgets.forms.fields.type_node import TypeNode, resolved


def _function_after(build: TreeBuilder, schema: Schema) -> TypeNode:
    encoder = encoder_of(schema)
    inner = build.node(schema["schema"])
    if encoder is not None and isinstance(inner, LeafNode):
        return EncodedLeaf(encoder, inner)
    return inner


def _function_plain(build: TreeBuilder, schema: Schema) -> TypeNode:
    input_schema = schema.get("json_schema_input_schema")
    if input_schema and input_schema["type"] != "any":
        return build.node(input_schema)
    return leaf_by_json_schema(schema)


def _lax_or_strict(build: TreeBuilder, schema: Schema) -> TypeNode:
    return _json_side(build, schema, "strict_schema")


def _json_or_python(build: TreeBuilder, schema: Schema) -> TypeNode:
    node = _json_side(build, schema, "json_schema")
    python = schema["python_schema"]
    if python["type"] != "is-instance" or not isinstance(bare(node), ObjectNode):
        return node
    field = build.field(schema["json_schema"])
    return InstanceNode(
        python["cls"], field, partial(build.validator, schema["json_schema"], build.config)
    )


def _json_side(build: TreeBuilder, schema: Schema, key: str) -> TypeNode:
    """Return the type of the JSON side of a schema, which is what drafts look like."""
    node = build.field({"type": "nullable", "schema": schema[key]}).node
    return leaf_by_json_schema(schema) if isinstance(resolved(node), OpaqueLeaf) else node


def _chain(build: TreeBuilder, schema: Schema) -> TypeNode:
    nodes = [build.node(step) for step in schema["steps"]]
    return next((node for node in nodes if not isinstance(resolved(node), OpaqueLeaf)), nodes[0])


def _json(build: TreeBuilder, schema: Schema) -> TypeNode:
    return JsonTextLeaf("json", python=str)


FUNCTION_HANDLERS: Final[dict[str, Handler]] = {
    "function-after": _function_after,
    "function-plain": _function_plain,
    "lax-or-strict": _lax_or_strict,
    "json-or-python": _json_or_python,
    "chain": _chain,
    "json": _json,
}
