"""Builds a field tree from pydantic's core schema.

The core schema, not the JSON Schema: only it distinguishes an aware datetime from a naive one, a strict
number from a lax one, and the type behind a validator. The JSON Schema is the last resort, for types whose
core schema is only a function call.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache, partial
from typing import Any, Final, TypeAlias

from pydantic_core import SchemaValidator

from kaizen_widgets.errors import FormError
from kaizen_widgets.forms.fields.hint import NO_HINT, Hint, hint_in
from kaizen_widgets.forms.fields.labels import titled
from kaizen_widgets.forms.fields.leaf_nodes import LeafNode, OpaqueLeaf
from kaizen_widgets.forms.fields.originals import keeping_validator
from kaizen_widgets.forms.fields.schema_leaves import (
    LEAVES,
    encoder_of,
    give_format,
    is_secret,
    leaf_by_json_schema,
    secret,
)
from kaizen_widgets.forms.fields.type_node import ABSENT, Field, ForwardRef, TypeNode, resolved

Schema: TypeAlias = Mapping[str, Any]
Handler: TypeAlias = "Callable[[TreeBuilder, Schema], TypeNode]"
"""Builds the node of one kind of core schema; asks the builder for the nodes of the schemas inside."""

EXPOSING: Final = ("function-before", "function-wrap")
"""Kinds of schema that give raw input to a function of the model's author."""

_OUTER: Final = (*EXPOSING, "default", "nullable", "custom-error", "definitions")
"""Kinds of schema around a type that describe its position."""

_FOLDING: Final = ("strip_whitespace", "to_lower", "to_upper")


class TreeBuilder:
    """Builds one tree. Types that are defined by name are built once, so recursion ends.

    Args:
        handlers: By kind of core schema, for the kinds that have schemas inside.
    """

    def __init__(self, handlers: Mapping[str, Handler]) -> None:
        self._handlers = handlers
        self._schemas: dict[str, Schema] = {}
        self._nodes: dict[str, TypeNode] = {}
        self._configs: list[Schema] = []
        self._where: list[str] = []

    # ------------------------------------------------------------------ fields

    def field(self, schema: Schema, name: str = "", hint: Hint = NO_HINT, label: str = "") -> Field:
        """Return the position a schema describes: default, nullable, hints, and the type inside.

        Raises:
            FormError: It is required, and no form can show its type.
        """
        field = Field(LeafNode(), name)
        exposing, formatted = False, None
        inner = schema
        while True:
            hint = hint.over(hint_in(inner))
            kind = inner["type"]
            formatted = formatted or (inner if inner.get("metadata") else None)
            if kind == "default":
                self._read_default(field, inner)
            elif kind == "nullable":
                field.nullable = True
            elif kind == "definitions":
                self._define(inner["definitions"])
            elif kind in EXPOSING:
                exposing = field.is_changing = True
            elif kind not in ("function-after", "custom-error") or self._ends_at(inner):
                field.nullable = field.nullable or self._is_nullable_by_name(inner)
                break
            field.is_changing = field.is_changing or kind == "function-after"
            inner = inner["schema"]
        field.is_changing = field.is_changing or inner["type"] in ("function-plain", "union")
        field.node = self.node(inner)
        node = resolved(field.node)
        if not isinstance(node, LeafNode):
            field.node.is_exposed = field.node.is_exposed or exposing
        elif node.is_line and formatted is not None:
            give_format(node, formatted)
        if isinstance(node, OpaqueLeaf):
            self._refuse_if_required(field)
        field.hint = hint.over(field.node.hint)
        field.label = field.hint.label or label or titled(name) or field.node.title or ""
        field.checker = cache(partial(self.validator, schema, self.config))
        return field

    def _ends_at(self, schema: Schema) -> bool:
        return is_secret(schema) or encoder_of(schema) is not None

    def _is_nullable_by_name(self, schema: Schema) -> bool:
        """Whether a type defined by name (``type Maybe = int | None``) allows None."""
        if schema["type"] != "definition-ref":
            return False
        schema = self._schemas[schema["schema_ref"]]
        while schema["type"] in ("function-before", "function-after", "function-wrap", "default"):
            schema = schema["schema"]
        return schema["type"] == "nullable"

    def _read_default(self, field: Field, schema: Schema) -> None:
        field.required = False
        if "default_factory" in schema:
            if schema.get("default_factory_takes_data"):
                field.is_derived = True
            else:
                field.factory = schema["default_factory"]
        elif "default" in schema and schema["default"] is ABSENT:
            field.is_derived = True
        elif "default" in schema:
            field.default = schema["default"]
        else:
            field.required = True

    def _refuse_if_required(self, field: Field) -> None:
        node = resolved(field.node)
        if field.required and not field.nullable and isinstance(node, OpaqueLeaf):
            where = ".".join(self._where) or "the value itself"
            raise FormError(
                f"A form cannot show {where}: {node.why}. Give the field a default, or make the form of "
                "a model without it.",
                errors={where: node.why},
            )

    # ------------------------------------------------------------------- types

    @contextmanager
    def within(self, part: str) -> Iterator[None]:
        """Build a part of the model; errors name it."""
        self._where.append(part)
        try:
            yield
        finally:
            self._where.pop()

    @contextmanager
    def configured(self, schema: Schema) -> Iterator[None]:
        """Build a model, whose configuration applies to everything in it."""
        self._configs.append(schema.get("config") or {})
        try:
            yield
        finally:
            self._configs.pop()

    def node(self, schema: Schema) -> TypeNode:
        """Return the type a schema describes."""
        ref = schema.get("schema_ref") if schema["type"] == "definition-ref" else schema.get("ref")
        if ref is None:
            return self._build(schema)
        known = self._nodes.get(ref)
        if known is None:
            forward = self._nodes[ref] = ForwardRef()
            schema = self._schemas[ref] if schema["type"] == "definition-ref" else schema
            self._schemas.setdefault(ref, schema)
            forward.target = self._nodes[ref] = self._build(schema)
            return forward.target
        return known

    def _build(self, schema: Schema) -> TypeNode:
        kind = schema["type"]
        if kind in _OUTER:
            # A wrapper inside a named definition: it applies to every position of the type.
            return self.field(schema).node
        if is_secret(schema):
            return secret(schema)
        leaf = LEAVES.get(kind)
        if leaf is not None:
            return leaf({**schema, "strict": self.is_strict(schema), "folded": self._folds(schema)})
        handler = self._handlers.get(kind)
        return leaf_by_json_schema(schema) if handler is None else handler(self, schema)

    @property
    def config(self) -> Schema:
        """The configuration of the model that is being built."""
        return self._configs[-1] if self._configs else {}

    def is_strict(self, schema: Schema) -> bool:
        """Return whether a type is strict, by its own or its model's configuration."""
        strict = schema.get("strict")
        return bool(self.config.get("strict") if strict is None else strict)

    def _folds(self, schema: Schema) -> bool:
        """Whether pydantic strips a text or changes its case, because the type or its model says so."""
        return any(schema.get(key, self.config.get(f"str_{key}")) for key in _FOLDING)

    def validator(self, schema: Schema, config: Schema) -> SchemaValidator:
        """Compile the validator of a part of the model."""
        core_schema = {
            "type": "definitions",
            "schema": schema,
            "definitions": list(self._schemas.values()),
        }
        return keeping_validator(core_schema, config)

    def _define(self, definitions: list[Any]) -> None:
        for definition in definitions:
            self._schemas.setdefault(definition["ref"], definition)
