"""Handlers of core schemas with named fields: models, dataclasses, typed dicts, named tuples."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any, Final

from kaizen_widgets.forms.fields.hint import NO_HINT, Hint, hint_in
from kaizen_widgets.forms.fields.labels import titled
from kaizen_widgets.forms.fields.leaf_nodes import LeafNode
from kaizen_widgets.forms.fields.object_nodes import ObjectNode, RootModelNode
from kaizen_widgets.forms.fields.schema_leaves import leaf_by_json_schema
from kaizen_widgets.forms.fields.tree_builder import EXPOSING, Handler, Schema, TreeBuilder
from kaizen_widgets.forms.fields.type_node import Field, TypeNode
from kaizen_widgets.forms.paths import Path


def _model(build: TreeBuilder, schema: Schema) -> TypeNode:
    with build.configured(schema):
        inner = schema["schema"]
        if schema.get("root_model"):
            node: TypeNode = RootModelNode(schema["cls"], build.field(inner))
        else:
            exposing = False
            while inner["type"] not in ("model-fields", "dataclass-args"):
                exposing = exposing or inner["type"] in EXPOSING
                inner = inner["schema"]
            node = ObjectNode(schema["cls"], _extra(build, inner))
            _fill(build, node, inner)
            node.is_exposed = exposing
        node.title = (schema.get("config") or {}).get("title") or schema["cls"].__name__
        node.hint = Hint(help=_own_doc(schema["cls"])).over(hint_in(schema))
        return node


def _typed_dict(build: TreeBuilder, schema: Schema) -> TypeNode:
    with build.configured(schema):
        cls = schema.get("cls")
        node = ObjectNode(None, _extra(build, schema))
        _fill(build, node, schema)
        node.title = (schema.get("config") or {}).get("title") or getattr(cls, "__name__", None)
        node.hint = hint_in(schema)
        return node


def _named_tuple(build: TreeBuilder, schema: Schema) -> TypeNode:
    node = ObjectNode(schema["cls"])
    _fill(build, node, schema)
    node.title = schema["cls"].__name__
    return node


def _call(build: TreeBuilder, schema: Schema) -> TypeNode:
    """Return a named tuple, whose schema was a call before pydantic 2.14."""
    arguments, cls = schema["arguments_schema"], schema["function"]
    if not (isinstance(cls, type) and issubclass(cls, tuple)):
        return leaf_by_json_schema(schema)
    fields = [
        {"name": argument["name"], "schema": argument["schema"]}
        for argument in arguments["arguments_schema"]
    ]
    return _named_tuple(build, {"cls": cls, "fields": fields})


def _fill(build: TreeBuilder, node: ObjectNode, schema: Schema) -> None:
    declared = schema["fields"]
    named = (
        declared.items()
        if isinstance(declared, Mapping)
        else [(info["name"], info) for info in declared]
    )
    fields: dict[str, Field] = {}
    for name, info in named:
        if info.get("init") is False:
            continue  # not an input of the dataclass
        with build.within(name):
            field = build.field(info["schema"], name, hint_in(info))
        if info.get("required") is False and field.required:  # a typed dict may leave it out
            field.required, field.is_derived = False, True
        field.aliases = _aliases(build, name, info)
        field.hint = _deprecation(node.cls, name).over(field.hint)
        field.frozen = bool(info.get("frozen"))
        field.excluded = info.get("serialization_exclude") is True
        fields[name] = field
    computed = {}
    for info in schema.get("computed_fields", ()):
        name = info["property_name"]
        hint = hint_in(info)
        computed[name] = Field(LeafNode(), name, hint.label or titled(name), hint)
    node.fill(fields, computed)


def _aliases(build: TreeBuilder, name: str, field: Schema) -> tuple[Path, ...]:
    alias = field.get("validation_alias")
    config = build.config
    by_name = config.get("validate_by_name") or config.get("populate_by_name")
    if alias is None or (by_name and config.get("validate_by_alias") is False):
        return ((name,),)
    if isinstance(alias, str):
        return ((alias,),)
    paths = alias if isinstance(alias[0], list | tuple) else [alias]
    return tuple(tuple(path) for path in paths)


def _extra(build: TreeBuilder, schema: Schema) -> Any:
    behavior = schema.get("extra_behavior") or build.config.get("extra_fields_behavior")
    return behavior or "ignore"


def _deprecation(cls: type | None, name: str) -> Hint:
    """Return a field's deprecation message; the schema contains only a flag."""
    info = getattr(cls, "__pydantic_fields__", {}).get(name)
    message = getattr(info, "deprecated", None)
    return Hint(deprecated=message) if isinstance(message, str) else NO_HINT


def _own_doc(cls: type) -> str | None:
    """Return the first paragraph of a model's own docstring, in one line."""
    doc = cls.__doc__
    if not doc or doc.startswith(
        f"{cls.__name__}("
    ):  # the signature, which a dataclass without a docstring has
        return None
    return " ".join(inspect.cleandoc(doc).partition("\n\n")[0].split())


OBJECT_HANDLERS: Final[dict[str, Handler]] = {
    "model": _model,
    "dataclass": _model,
    "typed-dict": _typed_dict,
    "named-tuple": _named_tuple,
    "call": _call,
}
