"""From pydantic's core schema to a field tree: one method a kind of schema.

The core schema, not the JSON Schema: only it tells an aware datetime from a naive one, a strict number from
a lax one, and what stands behind a validator. JSON Schema is asked last, for types of which the core schema
says no more than "call this function".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from pydantic_core import SchemaValidator

from kaizen_widgets.errors import FormError
from kaizen_widgets.forms.fields.arrays import Pairs, Places, Rows
from kaizen_widgets.forms.fields.build_leaves import LEAVES, by_json_schema, is_secret, secret
from kaizen_widgets.forms.fields.hints import NO_HINT, Hint, hint_in
from kaizen_widgets.forms.fields.leaves import Encoded, JsonText, Leaf, Opaque
from kaizen_widgets.forms.fields.nodes import Later, Node, Slot, resolved
from kaizen_widgets.forms.fields.objects import Group, Root
from kaizen_widgets.forms.fields.unions import Branch, TaggedUnion, Union
from kaizen_widgets.forms.paths import Path

Schema = Mapping[str, Any]

_CONTAINERS = {"list": list, "set": set, "frozenset": frozenset, "tuple": tuple}
_FUNCTIONS = ("function-before", "function-wrap")


class Builder:
    """Builds one tree. Types that are defined by name are built once, so recursion ends."""

    def __init__(self) -> None:
        self._schemas: dict[str, Schema] = {}
        self._made: dict[str, Node] = {}
        self._configs: list[Schema] = []
        self._where: list[str] = []

    # ---------------------------------------------------------------- places

    def slot(self, schema: Schema, name: str = "", hint: Hint = NO_HINT, label: str = "") -> Slot:
        """Return the place a schema describes: default, nullable, hints, and the type within."""
        slot = Slot(Leaf(), name)
        exposing = False
        inner = schema
        while True:
            hint = hint.over(hint_in(inner))
            kind = inner["type"]
            if kind == "default":
                self._read_default(slot, inner)
            elif kind == "nullable":
                slot.nullable = True
            elif kind == "definitions":
                self._define(inner["definitions"])
            elif kind in _FUNCTIONS:
                exposing = slot.is_changing = True
            elif kind not in ("function-after", "custom-error") or self._ends_at(inner):
                slot.nullable = slot.nullable or self._is_nullable_by_name(inner)
                break
            slot.is_changing = slot.is_changing or kind == "function-after"
            inner = inner["schema"]
        slot.is_changing = slot.is_changing or inner["type"] == "function-plain"
        slot.node = self.node(inner)
        if exposing and not isinstance(resolved(slot.node), Leaf):
            slot.node.is_exposed = True
        if isinstance(resolved(slot.node), Opaque):
            self._keep_or_refuse(slot)
        slot.hint = hint.over(slot.node.hint)
        slot.label = slot.hint.label or label or titled(name) or slot.node.title or ""
        slot.checker = partial(self._validator, schema, self._config)
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

    def _read_default(self, slot: Slot, schema: Schema) -> None:
        slot.required = False
        if "default_factory" in schema:
            if schema.get("default_factory_takes_data"):
                slot.is_derived = True
            else:
                slot.factory = schema["default_factory"]
        elif "default" in schema:
            slot.default = schema["default"]
        else:
            slot.required = True

    def _keep_or_refuse(self, slot: Slot) -> None:
        node = resolved(slot.node)
        if slot.required and not slot.nullable and isinstance(node, Opaque):
            where = ".".join(self._where) or "the value itself"
            raise FormError(
                f"A form cannot show {where}: {node.why}; give the field a default, or a form to a "
                "model without it.",
                errors={where: node.why},
            )

    # ----------------------------------------------------------------- types

    def node(self, schema: Schema) -> Node:
        """Return the type a schema describes."""
        ref = schema.get("schema_ref") if schema["type"] == "definition-ref" else schema.get("ref")
        if ref is None:
            return self._make(schema)
        known = self._made.get(ref)
        if known is None:
            later = self._made[ref] = Later()
            schema = self._schemas[ref] if schema["type"] == "definition-ref" else schema
            self._schemas.setdefault(ref, schema)
            later.target = self._made[ref] = self._make(schema)
            return later.target
        return known

    def _make(self, schema: Schema) -> Node:
        kind = schema["type"]
        if kind in _FUNCTIONS or kind in ("default", "nullable", "custom-error", "definitions"):
            # Such a wrapper within a named definition; its facts belong to each place it stands at.
            inner = self.slot(schema)
            return inner.node
        if is_secret(schema):
            return secret(schema)
        leaf = LEAVES.get(kind)
        if leaf is not None:
            return leaf({**schema, "strict": self._is_strict(schema)})
        make = getattr(self, "_" + kind.replace("-", "_"), None)
        if make is None:
            return by_json_schema(schema)
        return make(schema)

    @property
    def _config(self) -> Schema:
        return self._configs[-1] if self._configs else {}

    def _is_strict(self, schema: Schema) -> bool:
        strict = schema.get("strict")
        return bool(self._config.get("strict") if strict is None else strict)

    def _validator(self, schema: Schema, config: Schema) -> SchemaValidator:
        whole = {
            "type": "definitions",
            "schema": schema,
            "definitions": list(self._schemas.values()),
        }
        return SchemaValidator(whole, config or None)  # pyright: ignore[reportArgumentType]

    def _define(self, definitions: list[Any]) -> None:
        for one in definitions:
            self._schemas.setdefault(one["ref"], one)

    # --------------------------------------------------------------- objects

    def _model(self, schema: Schema) -> Node:
        self._configs.append(schema.get("config") or {})
        try:
            inner = schema["schema"]
            if schema.get("root_model"):
                node: Node = Root(schema["cls"], self.slot(inner))
            else:
                exposing = False
                while inner["type"] not in ("model-fields", "dataclass-args"):
                    exposing = exposing or inner["type"] in _FUNCTIONS
                    inner = inner["schema"]
                node = Group(schema["cls"], self._extra(inner))
                self._fill(node, inner)
                node.is_exposed = exposing
            node.title = (schema.get("config") or {}).get("title") or schema["cls"].__name__
            node.hint = Hint(help=_own_doc(schema["cls"])).over(hint_in(schema))
            return node
        finally:
            self._configs.pop()

    _dataclass = _model

    def _typed_dict(self, schema: Schema) -> Node:
        self._configs.append(schema.get("config") or {})
        try:
            cls = schema.get("cls")
            node = Group(None, self._extra(schema))
            self._fill(node, schema)
            node.title = (schema.get("config") or {}).get("title") or getattr(cls, "__name__", None)
            node.hint = hint_in(schema)
            return node
        finally:
            self._configs.pop()

    def _named_tuple(self, schema: Schema) -> Node:
        node = Group(schema["cls"])
        self._fill(node, schema)
        node.title = schema["cls"].__name__
        return node

    def _call(self, schema: Schema) -> Node:
        """Named tuples, as pydantic wrote them before 2.14."""
        arguments, cls = schema["arguments_schema"], schema["function"]
        if not (isinstance(cls, type) and issubclass(cls, tuple)):
            return by_json_schema(schema)
        fields = [
            {"name": one["name"], "schema": one["schema"]} for one in arguments["arguments_schema"]
        ]
        return self._named_tuple({"cls": cls, "fields": fields})

    def _fill(self, node: Group, schema: Schema) -> None:
        fields = schema["fields"]
        named = fields.items() if isinstance(fields, Mapping) else [(f["name"], f) for f in fields]
        slots: dict[str, Slot] = {}
        for name, field in named:
            if field.get("init") is False:
                continue  # not an input of the dataclass
            self._where.append(name)
            slot = self.slot(field["schema"], name, hint_in(field))
            self._where.pop()
            if field.get("required") is False and slot.required:  # a typed dict may do without it
                slot.required, slot.is_derived = False, True
            slot.aliases = self._aliases(name, field)
            slot.frozen = bool(field.get("frozen"))
            slot.excluded = field.get("serialization_exclude") is True
            slots[name] = slot
        computed = {}
        for field in schema.get("computed_fields", ()):
            name = field["property_name"]
            hint = hint_in(field)
            computed[name] = Slot(Leaf(), name, hint.label or titled(name), hint)
        node.fill(slots, computed)

    def _aliases(self, name: str, field: Schema) -> tuple[Path, ...]:
        alias = field.get("validation_alias")
        config = self._config
        by_name = config.get("validate_by_name") or config.get("populate_by_name")
        if alias is None or (by_name and config.get("validate_by_alias") is False):
            return ((name,),)
        if isinstance(alias, str):
            return ((alias,),)
        paths = alias if isinstance(alias[0], list | tuple) else [alias]
        return tuple(tuple(path) for path in paths)

    def _extra(self, schema: Schema) -> Any:
        said = schema.get("extra_behavior") or self._config.get("extra_fields_behavior")
        return said or "ignore"

    # ---------------------------------------------------------------- arrays

    def _list(self, schema: Schema) -> Node:
        kind = schema["type"]
        constraints = {
            name: schema[key]
            for name, key in (("minItems", "min_length"), ("maxItems", "max_length"))
            if schema.get(key) is not None
        }
        strict = self._is_strict(schema) and kind in _CONTAINERS and kind != "list"
        self._where.append("*")
        item = self.slot(schema.get("items_schema") or {"type": "any"})
        self._where.pop()
        return Rows(
            item,
            constraints,
            is_set=kind in ("set", "frozenset"),
            container=_CONTAINERS[kind] if strict else None,
        )

    _set = _frozenset = _deque = _generator = _list

    def _tuple(self, schema: Schema) -> Node:
        items, variadic = list(schema["items_schema"]), schema.get("variadic_item_index")
        if variadic == 0 and len(items) == 1:
            return self._list({**schema, "items_schema": items[0]})
        slots = []
        for index, item in enumerate(items):
            self._where.append(str(index))
            slots.append(self.slot(item))
            self._where.pop()
        strict = self._is_strict(schema)
        if variadic is None:
            return Places(slots, None, [], is_strict=strict)
        return Places(slots[:variadic], slots[variadic], slots[variadic + 1 :], is_strict=strict)

    def _dict(self, schema: Schema) -> Node:
        self._where.append("*")
        key = self.slot(schema.get("keys_schema") or {"type": "any"}, label="Key")
        value = self.slot(schema.get("values_schema") or {"type": "any"}, label="Value")
        self._where.pop()
        bounds = (("minItems", "min_length"), ("maxItems", "max_length"))
        return Pairs(key, value, {n: schema[k] for n, k in bounds if schema.get(k) is not None})

    _frozendict = _frozen_dict = _ordered_dict = _dict

    def _counter(self, schema: Schema) -> Node:
        return self._dict({"values_schema": {"type": "int"}, **schema})

    # ---------------------------------------------------------------- unions

    def _union(self, schema: Schema) -> Node:
        branches = []
        for choice in schema["choices"]:
            one, label = choice if isinstance(choice, tuple) else (choice, "")
            if one["type"] == "missing-sentinel":
                continue
            branches.append(self._branch(one, label))
        showable = [b for b in branches if not isinstance(b.node, Opaque)]
        if not showable:
            return branches[0].node if branches else Opaque("it can only be missing")
        if len(branches) == 1:
            return branches[0].node
        return Union(branches, is_ordered=schema.get("mode") == "left_to_right")

    def _tagged_union(self, schema: Schema) -> Node:
        branches: dict[Any, Branch] = {}
        for tag, choice in schema["choices"].items():
            while isinstance(choice, str):  # another tag of the same branch
                choice = schema["choices"][choice]
            key = choice.get("schema_ref") or choice.get("ref") or id(choice)
            if callable(schema["discriminator"]):
                key = (key, tag)  # its tags are the author's names for the branches
            if key not in branches:
                label = tag if callable(schema["discriminator"]) and isinstance(tag, str) else ""
                branches[key] = self._branch(choice, titled(label))
            branches[key].tags.append(tag)
        return TaggedUnion(list(branches.values()), schema["discriminator"])

    def _branch(self, schema: Schema, label: str) -> Branch:
        slot = self.slot({"type": "nullable", "schema": schema}, label=label)  # never refuse one
        slot.nullable = schema["type"] in ("nullable", "none")
        slot.label = slot.label or type_name(slot.node)
        return Branch(slot, partial(self._validator, schema, self._config))

    # -------------------------------------------------------------- wrappers

    def _function_after(self, schema: Schema) -> Node:
        encoder = _encoder(schema)
        inner = self.node(schema["schema"])
        if encoder is not None and isinstance(inner, Leaf):
            return Encoded(encoder, inner)
        return inner

    def _function_plain(self, schema: Schema) -> Node:
        said = schema.get("json_schema_input_schema")
        return self.node(said) if said and said["type"] != "any" else by_json_schema(schema)

    def _lax_or_strict(self, schema: Schema) -> Node:
        return self._faces(schema, "strict_schema")

    def _json_or_python(self, schema: Schema) -> Node:
        return self._faces(schema, "json_schema")

    def _faces(self, schema: Schema, face: str) -> Node:
        """Take the face that speaks of JSON: it says what a draft looks like."""
        node = self.slot({"type": "nullable", "schema": schema[face]}).node
        return by_json_schema(schema) if isinstance(resolved(node), Opaque) else node

    def _chain(self, schema: Schema) -> Node:
        nodes = [self.node(step) for step in schema["steps"]]
        return next((node for node in nodes if not isinstance(resolved(node), Opaque)), nodes[0])

    def _json(self, schema: Schema) -> Node:
        return JsonText("json", python=str)


def titled(name: str) -> str:
    """Return a name as a label: `system_prompt` reads "System Prompt"."""
    return name.replace("_", " ").strip().title()


def type_name(node: Node) -> str:
    """Return what to call a type among others."""
    node = resolved(node)
    if node.title:
        return node.title
    if isinstance(node, Rows):
        return f"List of {type_name(node.item.node).lower()}"
    if isinstance(node, Leaf):
        return getattr(node, "name", None) or titled(node.control)
    return titled(node.kind)


def _own_doc(cls: type) -> str | None:
    """Return a model's own docstring; a dataclass without one has its signature there."""
    doc = cls.__doc__
    if not doc or doc.startswith(f"{cls.__name__}("):
        return None
    import inspect

    return inspect.cleandoc(doc)


def _encoder(schema: Schema) -> Callable[[Any], Any] | None:
    """Return how a value of an encoded type (`Base64Str`, ...) is written as input."""
    if schema["type"] != "function-after":
        return None
    owner = getattr(schema["function"]["function"], "__self__", None)
    for name in ("encode_str", "encode"):
        if hasattr(owner, "encoder") and hasattr(owner, name):
            return getattr(owner, name)
    return None
