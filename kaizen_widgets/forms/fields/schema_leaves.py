"""Leaves for core schemas of types with one control."""

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
from kaizen_widgets.forms.fields.type_node import EncodeContext

Schema = Mapping[str, Any]

LONG: Final = 200
"""Texts that may be longer than this get several lines."""

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
    "color": ("color", None),
    "password": ("password", None),
}


_JSON_FUNCTIONS: Final = ("pydantic_js_functions", "pydantic_js_annotation_functions")
_PATHS: Final = ("path", "file-path", "directory-path")


def constraints(schema: Schema) -> dict[str, Any]:
    """Return the limits that a browser can use, as JSON."""
    limits: dict[str, Any] = {}
    for key, name in _CONSTRAINTS.items():
        value = schema.get(key)
        if value is None:
            continue
        if not isinstance(value, str | int | float):
            value = getattr(value, "pattern", None) or LeafNode().encode(value, EncodeContext(), ())
        limits[name] = value
    return limits


def _text(schema: Schema) -> LeafNode:
    kind = "long_text" if (schema.get("max_length") or 0) > LONG else "text"
    leaf = LeafNode(kind, constraints(schema), str, schema["strict"])
    leaf.is_folded = schema["folded"]
    return leaf


def _number(python: type, **more: Any) -> Callable[[Schema], LeafNode]:
    return lambda schema: NumberLeaf(
        "number", {**constraints(schema), **more}, python, schema["strict"]
    )


def _moment(kind: str, python: type) -> Callable[[Schema], LeafNode]:
    def make(schema: Schema) -> LeafNode:
        limits = constraints(schema)
        zone = schema.get("tz_constraint")
        if zone is not None:
            limits["aware"] = zone != "naive"
        if schema.get("now_op"):
            limits[schema["now_op"]] = True
        return LeafNode(kind, limits, python, schema["strict"])

    return make


def _typed(format: str, python: type | None = None) -> Callable[[Schema], LeafNode]:
    return lambda schema: LeafNode(
        "text", {**constraints(schema), "format": format}, python, schema["strict"]
    )


def choice(values: list[Any]) -> ChoiceLeaf:
    """Return a choice of these values; enum members are shown by their names."""
    taken: set[tuple[str, Any]] = set()
    keys: dict[int, Any] = {}
    # A value of JSON is its own key, that of an enum member if it is free; others get the keys that are left.
    for index in sorted(range(len(values)), key=lambda at: _rank(values[at])):
        keys[index] = _free_key(values[index], taken)
    options = [ChoiceOption(keys[at], value, _label(value)) for at, value in enumerate(values)]
    is_boolean = bool(options) and all(isinstance(option.key, bool) for option in options)
    return ChoiceLeaf("checkbox" if is_boolean else "select", options)


def _rank(value: Any) -> int:
    return 2 * (not _is_json(_plain(value))) + isinstance(value, Enum)


def _is_json(value: Any) -> bool:
    return value is None or isinstance(value, str | int | float)


def _free_key(value: Any, taken: set[tuple[str, Any]]) -> Any:
    """Return JSON for a value that no other option of a choice has: itself if possible, else a name."""
    plain = _plain(value)
    name = value.name if isinstance(value, Enum) else str(plain)
    key, count = plain if _is_json(plain) else name, 1
    while _json_identity(key) in taken:
        key = name if count == 1 else f"{name} ({count})"
        count += 1
    taken.add(_json_identity(key))
    return key


def _json_identity(key: Any) -> tuple[str, Any]:
    """Return a key that is equal for values that JSON cannot distinguish: 1 and 1.0, but not True."""
    if key is None or isinstance(key, bool | str):
        return type(key).__name__ if not isinstance(key, str) else "str", key
    return "number", float(key) if abs(key) < 2**53 else key


def _plain(value: Any) -> Any:
    """Return the value of an enum member, or the value itself; bytes as text."""
    plain = value.value if isinstance(value, Enum) else value
    return plain.decode("latin-1") if isinstance(plain, bytes) else plain


def _label(value: Any) -> str:
    return _words(value.name) if isinstance(value, Enum) else str(_plain(value))


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


def leaf_by_json_schema(schema: Schema) -> LeafNode:
    """Return a leaf for a type whose core schema is only a function call, chosen by its JSON Schema."""
    json_schema = _json_schema(schema)
    kind, python = _FORMATS.get(json_schema.get("format", ""), ("text", None))
    format = {"format": json_schema["format"]} if "format" in json_schema else {}
    match json_schema.get("type"):
        case "string":
            return LeafNode(kind, format, python)
        case "integer" | "number":
            return NumberLeaf(
                "number", {"integer": True} if json_schema["type"] == "integer" else {}
            )
        case "boolean":
            return BoolLeaf("checkbox", {}, bool)
        case _:
            return JsonLeaf("json")


def give_format(leaf: LeafNode, schema: Schema) -> None:
    """Set a text's format from its JSON Schema if only that has it: e-mail, path, ..."""
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
    except Exception:  # pydantic raises several kinds of error for a type without a JSON Schema
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
    """Return a secret; `SecretStr` and `SecretBytes` are input themselves, other secrets by their content."""
    text = str(schema)
    python = SecretStr if "SecretStr" in text else SecretBytes if "SecretBytes" in text else None
    return SecretLeaf("password", {}, python)


def encoder_of(schema: Schema) -> Callable[[Any], Any] | None:
    """Return the function that encodes a value of an encoded type (`Base64Str`, ...) as input."""
    if schema["type"] != "function-after":
        return None
    owner = getattr(schema["function"]["function"], "__self__", None)
    for name in ("encode_str", "encode"):
        if hasattr(owner, "encoder") and hasattr(owner, name):
            return getattr(owner, name)
    return None
