"""From core schemas of types with one control to leaves: one function a kind of schema."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from typing import Any, Final
from uuid import UUID

from pydantic import SecretBytes, SecretStr
from pydantic.json_schema import GenerateJsonSchema

from kaizen_widgets.forms.fields.leaf_nodes import (
    BoolLeaf,
    BytesLeaf,
    ChoiceLeaf,
    ChoiceOption,
    JsonLeaf,
    LeafNode,
    NumberLeaf,
    OpaqueLeaf,
    SecretLeaf,
)

Schema = Mapping[str, Any]

LONG: Final = 200
"""A text that may be longer than this gets several lines."""

_CONSTRAINTS: Final = {
    "ge": "min",
    "le": "max",
    "gt": "exclusiveMin",
    "lt": "exclusiveMax",
    "multiple_of": "multipleOf",
    "min_length": "minLength",
    "max_length": "maxLength",
    "pattern": "pattern",
    "max_digits": "maxDigits",
    "decimal_places": "decimalPlaces",
}
_FORMATS: Final = {
    "date": ("date", date),
    "time": ("time", time),
    "date-time": ("datetime", datetime),
    "duration": ("duration", timedelta),
    "color": ("colour", None),
    "password": ("password", None),
}


_JSON_FUNCTIONS: Final = ("pydantic_js_functions", "pydantic_js_annotation_functions")
_PATHS: Final = ("path", "file-path", "directory-path")


def constraints(schema: Schema) -> dict[str, Any]:
    """Return what the browser can check by itself, in JSON."""
    said: dict[str, Any] = {}
    for key, name in _CONSTRAINTS.items():
        value = schema.get(key)
        if value is None:
            continue
        if not isinstance(value, str | int | float):
            value = getattr(value, "pattern", None) or LeafNode().show(value, None, ())  # pyright: ignore[reportArgumentType]
        said[name] = value
    return said


def _text(schema: Schema) -> LeafNode:
    kind = "long_text" if (schema.get("max_length") or 0) > LONG else "text"
    return LeafNode(kind, constraints(schema), str, schema["strict"])


def _number(python: type, **more: Any) -> Callable[[Schema], LeafNode]:
    return lambda schema: NumberLeaf(
        "number", {**constraints(schema), **more}, python, schema["strict"]
    )


def _moment(kind: str, python: type) -> Callable[[Schema], LeafNode]:
    def make(schema: Schema) -> LeafNode:
        said = constraints(schema)
        zone = schema.get("tz_constraint")
        if zone is not None:
            said["aware"] = zone != "naive"
        if schema.get("now_op"):
            said[schema["now_op"]] = True
        return LeafNode(kind, said, python, schema["strict"])

    return make


def _typed(format: str, python: type | None = None) -> Callable[[Schema], LeafNode]:
    return lambda schema: LeafNode(
        "text", {**constraints(schema), "format": format}, python, schema["strict"]
    )


def choice(values: list[Any]) -> ChoiceLeaf:
    """Return one of these values; enum members are called by their names."""
    options = [_option(value) for value in values]
    keys = [option.key for option in options]
    kind = "checkbox" if keys and all(isinstance(key, bool) for key in keys) else "select"
    return ChoiceLeaf(kind, options)


def _option(value: Any) -> ChoiceOption:
    inner = value.value if isinstance(value, Enum) else value
    if isinstance(inner, bytes):
        inner = inner.decode("latin-1")
    is_scalar = inner is None or isinstance(inner, str | int | float)
    if isinstance(value, Enum):
        return ChoiceOption(inner if is_scalar else value.name, value, _words(value.name))
    return ChoiceOption(
        inner if is_scalar else str(inner), value, "None" if inner is None else str(inner)
    )


def _words(name: str) -> str:
    return name.replace("_", " ").strip().capitalize() if name.isupper() else name.replace("_", " ")


def _opaque(why: str) -> Callable[[Schema], LeafNode]:
    return lambda schema: OpaqueLeaf(
        why.format(cls=getattr(schema.get("cls"), "__name__", "object"))
    )


LEAVES: Final[dict[str, Callable[[Schema], LeafNode]]] = {
    "any": lambda schema: JsonLeaf("json"),
    "none": lambda schema: choice([None]),
    "bool": lambda schema: BoolLeaf("checkbox", {}, bool, schema["strict"]),
    "int": _number(int, integer=True),
    "float": _number(float),
    "decimal": _number(Decimal),
    "fraction": _typed("fraction"),
    "complex": _typed("complex", complex),
    "str": _text,
    "bytes": lambda schema: BytesLeaf("file", constraints(schema), bytes, schema["strict"]),
    "date": _moment("date", date),
    "time": _moment("time", time),
    "datetime": _moment("datetime", datetime),
    "timedelta": _moment("duration", timedelta),
    "literal": lambda schema: choice(list(schema["expected"])),
    "enum": lambda schema: choice(list(schema["members"])),
    "uuid": _typed("uuid", UUID),
    "url": _typed("uri"),
    "multi-host-url": _typed("uri"),
    "callable": _opaque("a function cannot be typed"),
    "is-instance": _opaque("an object of class {cls} cannot be typed"),
    "is-subclass": _opaque("a class cannot be typed"),
    "ellipsis": _opaque("an ellipsis cannot be typed"),
}


def by_json_schema(schema: Schema) -> LeafNode:
    """Return what JSON Schema says of a type of which the core schema says only "call this"."""
    said = _json_schema(schema)
    kind, python = _FORMATS.get(said.get("format", ""), ("text", None))
    format = {"format": said["format"]} if "format" in said else {}
    match said.get("type"):
        case "string":
            return LeafNode(kind, format, python)
        case "integer" | "number":
            return NumberLeaf("number", {"integer": True} if said["type"] == "integer" else {})
        case "boolean":
            return BoolLeaf("checkbox", {}, bool)
        case _:
            return JsonLeaf("json")


def give_format(leaf: LeafNode, schema: Schema) -> None:
    """Let a text say what it is a text of, where only the JSON Schema of its type does: e-mail, path, ..."""
    metadata = schema.get("metadata") or {}
    if "format" in leaf.constraints or not any(key in metadata for key in _JSON_FUNCTIONS):
        return
    format = _json_schema(schema).get("format")
    if format:
        leaf.constraints["format"] = format
    if format in _PATHS:
        leaf.control = "file"
        leaf.constraints["path"] = True


def _json_schema(schema: Schema) -> dict[str, Any]:
    try:
        return GenerateJsonSchema().generate(schema)  # pyright: ignore[reportArgumentType]
    except Exception:  # pydantic raises what it likes for what has no JSON Schema
        return {}


def is_secret(schema: Schema) -> bool:
    """Whether a schema is that of `SecretStr`, `SecretBytes` or `Secret[...]`."""
    function = (schema.get("serialization") or {}).get("function")
    if schema["type"] == "json-or-python" and schema.get("strict_schema") is None:
        face = schema["python_schema"]
        function = function or (face.get("serialization") or {}).get("function")
    elif schema["type"] == "lax-or-strict":
        return is_secret(schema["lax_schema"])
    return getattr(function, "__module__", "") == "pydantic.types" and getattr(
        function, "__name__", ""
    ).startswith("_serialize_secret")


def secret(schema: Schema) -> SecretLeaf:
    """Return a secret; `SecretStr` and `SecretBytes` are input as they are, others by what is in them."""
    text = str(schema)
    python = SecretStr if "SecretStr" in text else SecretBytes if "SecretBytes" in text else None
    return SecretLeaf("password", {}, python)
