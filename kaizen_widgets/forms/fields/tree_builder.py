"""From pydantic's core schema to a field tree.

The core schema, not the JSON Schema: only it tells an aware datetime from a naive one, a strict number from
a lax one, and what stands behind a validator. JSON Schema is asked last, for types of which the core schema
says no more than "call this function".
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache, partial
from typing import Any, Final

from pydantic_core import SchemaValidator

from kaizen_widgets.errors import FormError
from kaizen_widgets.forms.fields.hint import NO_HINT, Hint, hint_in
from kaizen_widgets.forms.fields.instance_node import InstanceNode
from kaizen_widgets.forms.fields.labels import titled
from kaizen_widgets.forms.fields.leaf_nodes import (
    EncodedLeaf,
    JsonTextLeaf,
    LeafNode,
    OpaqueLeaf,
)
from kaizen_widgets.forms.fields.object_nodes import ObjectNode, bare
from kaizen_widgets.forms.fields.schema_containers import SHAPES
from kaizen_widgets.forms.fields.schema_leaves import (
    LEAVES,
    by_json_schema,
    give_format,
    is_secret,
    secret,
)
from kaizen_widgets.forms.fields.schema_objects import EXPOSING, OBJECTS
from kaizen_widgets.forms.fields.type_node import (
    ABSENT,
    Field,
    ForwardRef,
    TypeNode,
    resolved,
)

Schema = Mapping[str, Any]

_THROUGH: Final = (*EXPOSING, "default", "nullable", "custom-error", "definitions")
"""What stands around a type and says something of its place."""


class TreeBuilder:
    """Builds one tree. Types that are defined by name are built once, so recursion ends."""

    def __init__(self) -> None:
        self._schemas: dict[str, Schema] = {}
        self._made: dict[str, TypeNode] = {}
        self.configs: list[Schema] = []
        self.where: list[str] = []

    # ---------------------------------------------------------------- places

    def slot(self, schema: Schema, name: str = "", hint: Hint = NO_HINT, label: str = "") -> Field:
        """Return the place a schema describes: default, nullable, hints, and the type within."""
        slot = Field(LeafNode(), name)
        exposing, formatted = False, None
        inner = schema
        while True:
            hint = hint.over(hint_in(inner))
            kind = inner["type"]
            formatted = formatted or (inner if inner.get("metadata") else None)
            if kind == "default":
                self._read_default(slot, inner)
            elif kind == "nullable":
                slot.nullable = True
            elif kind == "definitions":
                self._define(inner["definitions"])
            elif kind in EXPOSING:
                exposing = slot.is_changing = True
            elif kind not in ("function-after", "custom-error") or self._ends_at(inner):
                slot.nullable = slot.nullable or self._is_nullable_by_name(inner)
                break
            slot.is_changing = slot.is_changing or kind == "function-after"
            inner = inner["schema"]
        slot.is_changing = slot.is_changing or inner["type"] in ("function-plain", "union")
        slot.node = self.node(inner)
        node = resolved(slot.node)
        if not isinstance(node, LeafNode):
            slot.node.is_exposed = slot.node.is_exposed or exposing
        elif node.is_words and formatted is not None:
            give_format(node, formatted)
        if isinstance(node, OpaqueLeaf):
            self._keep_or_refuse(slot)
        slot.hint = hint.over(slot.node.hint)
        slot.label = slot.hint.label or label or titled(name) or slot.node.title or ""
        slot.checker = cache(partial(self.validator, schema, self.config))
        return slot

    def _ends_at(self, schema: Schema) -> bool:
        return is_secret(schema) or _encoder(schema) is not None

    def _is_nullable_by_name(self, schema: Schema) -> bool:
        """Whether a type defined by name (``type Maybe = int | None``) lets None stand."""
        if schema["type"] != "definition-ref":
            return False
        schema = self._schemas[schema["schema_ref"]]
        while schema["type"] in ("function-before", "function-after", "function-wrap", "default"):
            schema = schema["schema"]
        return schema["type"] == "nullable"

    def _read_default(self, slot: Field, schema: Schema) -> None:
        slot.required = False
        if "default_factory" in schema:
            if schema.get("default_factory_takes_data"):
                slot.is_derived = True
            else:
                slot.factory = schema["default_factory"]
        elif "default" in schema and schema["default"] is ABSENT:
            slot.is_derived = True
        elif "default" in schema:
            slot.default = schema["default"]
        else:
            slot.required = True

    def _keep_or_refuse(self, slot: Field) -> None:
        node = resolved(slot.node)
        if slot.required and not slot.nullable and isinstance(node, OpaqueLeaf):
            where = ".".join(self.where) or "the value itself"
            raise FormError(
                f"A form cannot show {where}: {node.why}; give the field a default, or a form to a "
                "model without it.",
                errors={where: node.why},
            )

    # ----------------------------------------------------------------- types

    @contextmanager
    def within(self, part: str) -> Iterator[None]:
        """Go into a part of the model, for errors to name."""
        self.where.append(part)
        try:
            yield
        finally:
            self.where.pop()

    @contextmanager
    def configured(self, schema: Schema) -> Iterator[None]:
        """Go into a model, whose configuration counts for what is in it."""
        self.configs.append(schema.get("config") or {})
        try:
            yield
        finally:
            self.configs.pop()

    def node(self, schema: Schema) -> TypeNode:
        """Return the type a schema describes."""
        ref = schema.get("schema_ref") if schema["type"] == "definition-ref" else schema.get("ref")
        if ref is None:
            return self._make(schema)
        known = self._made.get(ref)
        if known is None:
            later = self._made[ref] = ForwardRef()
            schema = self._schemas[ref] if schema["type"] == "definition-ref" else schema
            self._schemas.setdefault(ref, schema)
            later.target = self._made[ref] = self._make(schema)
            return later.target
        return known

    def _make(self, schema: Schema) -> TypeNode:
        kind = schema["type"]
        if kind in _THROUGH:
            # Such a wrapper within a named definition; its facts belong to each place it stands at.
            inner = self.slot(schema)
            return inner.node
        if is_secret(schema):
            return secret(schema)
        leaf = LEAVES.get(kind)
        if leaf is not None:
            return leaf({**schema, "strict": self.is_strict(schema)})
        make = OBJECTS.get(kind) or SHAPES.get(kind) or _WRAPPERS.get(kind)
        return by_json_schema(schema) if make is None else make(self, schema)

    @property
    def config(self) -> Schema:
        """The configuration of the model that is being gone through."""
        return self.configs[-1] if self.configs else {}

    def is_strict(self, schema: Schema) -> bool:
        """Whether a type takes nothing but itself, by its own word or its model's."""
        strict = schema.get("strict")
        return bool(self.config.get("strict") if strict is None else strict)

    def validator(self, schema: Schema, config: Schema) -> SchemaValidator:
        """Compile a part of the model by itself."""
        whole = {
            "type": "definitions",
            "schema": schema,
            "definitions": list(self._schemas.values()),
        }
        return SchemaValidator(whole, config or None)  # pyright: ignore[reportArgumentType]

    def _define(self, definitions: list[Any]) -> None:
        for one in definitions:
            self._schemas.setdefault(one["ref"], one)


def _function_after(build: TreeBuilder, schema: Schema) -> TypeNode:
    encoder = _encoder(schema)
    inner = build.node(schema["schema"])
    if encoder is not None and isinstance(inner, LeafNode):
        return EncodedLeaf(encoder, inner)
    return inner


def _function_plain(build: TreeBuilder, schema: Schema) -> TypeNode:
    said = schema.get("json_schema_input_schema")
    return build.node(said) if said and said["type"] != "any" else by_json_schema(schema)


def _lax_or_strict(build: TreeBuilder, schema: Schema) -> TypeNode:
    return _faces(build, schema, "strict_schema")


def _json_or_python(build: TreeBuilder, schema: Schema) -> TypeNode:
    node = _faces(build, schema, "json_schema")
    python = schema["python_schema"]
    if python["type"] != "is-instance" or not isinstance(bare(node), ObjectNode):
        return node
    slot = build.slot(schema["json_schema"])
    return InstanceNode(
        python["cls"], slot, partial(build.validator, schema["json_schema"], build.config)
    )


def _faces(build: TreeBuilder, schema: Schema, face: str) -> TypeNode:
    """Take the face that speaks of JSON: it says what a draft looks like."""
    node = build.slot({"type": "nullable", "schema": schema[face]}).node
    return by_json_schema(schema) if isinstance(resolved(node), OpaqueLeaf) else node


def _chain(build: TreeBuilder, schema: Schema) -> TypeNode:
    nodes = [build.node(step) for step in schema["steps"]]
    return next((node for node in nodes if not isinstance(resolved(node), OpaqueLeaf)), nodes[0])


def _json(build: TreeBuilder, schema: Schema) -> TypeNode:
    return JsonTextLeaf("json", python=str)


def _encoder(schema: Schema) -> Callable[[Any], Any] | None:
    """Return how a value of an encoded type (`Base64Str`, ...) is written as input."""
    if schema["type"] != "function-after":
        return None
    owner = getattr(schema["function"]["function"], "__self__", None)
    for name in ("encode_str", "encode"):
        if hasattr(owner, "encoder") and hasattr(owner, name):
            return getattr(owner, name)
    return None


_WRAPPERS: Final[dict[str, Callable[[TreeBuilder, Schema], TypeNode]]] = {
    "function-after": _function_after,
    "function-plain": _function_plain,
    "lax-or-strict": _lax_or_strict,
    "json-or-python": _json_or_python,
    "chain": _chain,
    "json": _json,
}
