"""Keep the original objects of untouched fields.

A form edits drafts: texts, numbers, dicts and lists. A value rebuilt from its draft can lose what the draft
does not contain: its subclass, private attributes, digits, a time zone; and a validator that hashes a
password would hash the hash. So a form remembers the value each draft was made from (`Original`), and hands a
field whose draft is unchanged to pydantic as `Held`, which the validators made by `keeping_validator`
understand.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, is_dataclass, replace
from functools import lru_cache
from typing import Any, Final

from pydantic import BaseModel, TypeAdapter
from pydantic_core import SchemaValidator, core_schema

from kaizen_widgets.forms.paths import MISSING, Path

SKIP: Final = object()
"""Marks input that is taken as it is, without validation."""

_POSITIONS: Final = ("items_schema", "keys_schema", "values_schema")
"""Keys of a core schema under which the schema of a row, key or value is."""
_WRAPPED: Final = (
    "schema",
    "lax_schema",
    "strict_schema",
    "json_schema",
    "python_schema",
    "arguments_schema",
    "extras_schema",
)

_taken_as_is: ContextVar[frozenset[int] | set[int]] = ContextVar("taken_as_is", default=frozenset())


@dataclass(slots=True, eq=False)
class Original:
    """The value a draft was made from, with those of the drafts below.

    Attributes:
        value: The value.
        draft: What it was encoded to.
        is_validated: Whether it comes from a validated instance, not from input.
        is_valid: Whether it was found valid in this form, so that it need not be validated again.
        branch: The branch of a union it is in.
        has_branches: Whether it is a value of a union, or has one below.
        parts: By the path below this one.
    """

    value: Any
    draft: Any = MISSING
    is_validated: bool = False
    is_valid: bool = False
    branch: int | None = None
    has_branches: bool = False
    parts: dict[Path, Original] = field(default_factory=dict)
    _as_is: Held | None = None

    @property
    def as_is(self) -> Held:
        """Input that keeps the value without validation."""
        if self._as_is is None:
            self._as_is = Held(self.value, SKIP)
        return self._as_is

    def is_untouched(self, draft: Any, pins: Mapping[Path, int], path: Path) -> bool:
        """Whether a draft is the one the value was encoded to, in the same branches of unions.

        Args:
            draft: The draft now; if an edit was taken back, it is the same again.
            pins: The chosen branches of unions, by path.
            path: The path of the draft.
        """
        if draft is not self.draft:
            if not is_same_draft(draft, self.draft):
                return False
            self.draft = draft  # the next comparison is one of identity
        return not self.has_branches or self._is_in_branches(pins, path)

    def _is_in_branches(self, pins: Mapping[Path, int], path: Path) -> bool:
        return (self.branch is None or pins.get(path, self.branch) == self.branch) and all(
            part._is_in_branches(pins, (*path, *key))
            for key, part in self.parts.items()
            if part.has_branches
        )

    def add(self, key: Path, part: Original) -> None:
        """Add the original of a part."""
        self.parts[key] = part
        self.has_branches = self.has_branches or part.has_branches

    def at(self, path: Path) -> Original | None:
        """Return the original at a path below, if there is one."""
        if not path:
            return self
        for key, part in self.parts.items():
            if path[: len(key)] == key:
                return part.at(path[len(key) :])
        return None

    def replaced(self, keys: Sequence[Path], original: Original | None) -> Original:
        """Return a copy with another original, or none, below it.

        Args:
            keys: The keys of ``parts`` that lead there.
            original: The original of a value that was set there.
        """
        if not keys:
            return original or Original(MISSING)
        first = keys[0]
        parts = {key: part for key, part in self.parts.items() if key[: len(first)] != first}
        part = self.parts.get(first) or Original(MISSING)
        part = part.replaced(keys[1:], original)
        if part.parts or part.value is not MISSING:
            parts[first] = part
        has_branches = self.has_branches or part.has_branches
        return replace(self, parts=parts, has_branches=has_branches)

    def with_parts(self, keys: Sequence[Path], parts: Mapping[Path, Original]) -> Original:
        """Return a copy with more parts below it.

        Args:
            keys: The keys of ``parts`` that lead to where they are added.
            parts: The parts by the path below that.
        """
        if keys:
            part = self.parts.get(keys[0]) or Original(MISSING)
            parts = {keys[0]: part.with_parts(keys[1:], parts)}
        has_branches = self.has_branches or any(part.has_branches for part in parts.values())
        return replace(self, parts={**self.parts, **parts}, has_branches=has_branches)

    @property
    def has_instances(self) -> bool:
        """Whether it, or a part of it, comes from a validated instance."""
        return self.is_validated or any(part.has_instances for part in self.parts.values())

    def with_rows_moved(self, keys: Sequence[Path], new_index: Mapping[int, int]) -> Original:
        """Return a copy in which the rows of a list below it were moved.

        Args:
            keys: The keys of ``parts`` that lead to the list.
            new_index: The index of each row after the move; rows that are not in it were removed.
        """
        if keys:
            part = self.parts.get(keys[0])
            if part is None:
                return self
            moved = part.with_rows_moved(keys[1:], new_index)
            return replace(self, parts={**self.parts, keys[0]: moved})
        parts: dict[Path, Original] = {}
        for key, part in self.parts.items():
            index = key[0]
            if not isinstance(index, int):
                parts[key] = part
            elif index in new_index:
                parts[(new_index[index], *key[1:])] = part
        return replace(self, parts=parts)


@dataclass(frozen=True, slots=True, eq=False)
class Held:
    """Input for a field that has an original value.

    Attributes:
        value: The original value.
        given: What pydantic validates, or `SKIP`.
        untouched: The original whose value is the result, if ``given`` is valid.
        touched: Names of an object's fields that were edited.
        cls: The class of the object, by the model; the value may be of a subclass.
    """

    value: Any
    given: Any
    untouched: Original | None = None
    touched: frozenset[str] = frozenset()
    cls: type | None = None


def plain_input(given: Any, as_is: set[int]) -> Any:
    """Return input without `Held`, for an author's function that reads it raw.

    Args:
        given: The input.
        as_is: Collects the identities of values that must not be validated again.
    """
    if isinstance(given, Held):
        if given.given is SKIP:
            if not isinstance(given.value, str | int | float | None) or (
                isinstance(given.value, str) and len(given.value) > 1
            ):
                as_is.add(id(given.value))  # the interpreter shares small values
            return given.value
        if given.untouched is not None and not isinstance(given.given, dict | list):
            return given.value
        return plain_input(given.given, as_is)
    if isinstance(given, dict):
        return {key: plain_input(item, as_is) for key, item in given.items()}
    if isinstance(given, list):
        return [plain_input(item, as_is) for item in given]
    return given


@contextmanager
def taking_as_is(identities: set[int]) -> Iterator[None]:
    """Let validators accept the objects with these identities without validation."""
    token = _taken_as_is.set(identities)
    try:
        yield
    finally:
        _taken_as_is.reset(token)


def keeping_validator(
    schema: Mapping[str, Any], config: Mapping[str, Any] | None = None
) -> SchemaValidator:
    """Compile a validator that understands `Held` at every field, row and key."""
    wrapped: Any = _position(schema)
    try:
        # A class's own compiled validator would not know `Held`.
        return SchemaValidator(wrapped, config or None, _use_prebuilt=False)  # pyright: ignore[reportArgumentType]
    except TypeError:  # pydantic-core before 2.33 has no such option
        return SchemaValidator(wrapped, config or None)  # pyright: ignore[reportArgumentType]


def is_same_draft(one: Any, other: Any) -> bool:
    """Return whether two drafts are the same: equal types and order of dicts; NaN equals itself."""
    if one is other:
        return True
    if type(one) is not type(other):
        return False
    if isinstance(one, dict):
        return list(one) == list(other) and all(is_same_draft(one[key], other[key]) for key in one)
    if isinstance(one, list | tuple):
        return len(one) == len(other) and all(map(is_same_draft, one, other))
    if isinstance(one, float) and math.isnan(one):
        return math.isnan(other)
    try:
        return bool(one == other)
    except Exception:  # an array's == is no yes or no
        return False


def _position(schema: Mapping[str, Any]) -> Any:
    if schema["type"] == "default":
        # pydantic finds a default only around all other schemas.
        return {**schema, "schema": _position(schema["schema"])}
    return core_schema.no_info_wrap_validator_function(_take, _keeping(schema))


def _keeping(schema: Any) -> Any:
    """Return a core schema in which every position of a value takes `Held`."""
    made = dict(schema)
    for key in _POSITIONS:
        inner = schema.get(key)
        if isinstance(inner, Mapping):
            made[key] = _position(inner)
        elif isinstance(inner, list):
            made[key] = [_position(item) for item in inner]
    for key in _WRAPPED:
        inner = schema.get(key)
        if isinstance(inner, Mapping):
            made[key] = _position(inner) if schema.get("root_model") else _keeping(inner)
        elif key == "arguments_schema" and isinstance(inner, list):
            made[key] = [{**item, "schema": _position(item["schema"])} for item in inner]
    fields = schema.get("fields")
    if isinstance(fields, Mapping):
        made["fields"] = {name: _field(item) for name, item in fields.items()}
    elif isinstance(fields, list):
        # Of a dataclass there are names as well.
        made["fields"] = [_field(item) if isinstance(item, Mapping) else item for item in fields]
    for key in ("definitions", "steps"):
        if isinstance(schema.get(key), list):
            made[key] = [_keeping(item) for item in schema[key]]
    choices = schema.get("choices")
    if isinstance(choices, list):
        made["choices"] = [
            (_keeping(item[0]), *item[1:]) if isinstance(item, tuple) else _keeping(item)
            for item in choices
        ]
    elif isinstance(choices, Mapping):
        made["choices"] = {
            tag: _keeping(item) if isinstance(item, Mapping) else item
            for tag, item in choices.items()
        }
    return made


def _field(schema: Mapping[str, Any]) -> dict[str, Any]:
    return {**schema, "schema": _position(schema["schema"])}


def _take(value: Any, handler: Callable[[Any], Any]) -> Any:
    """Validate input, or return the original value in place of it."""
    if type(value) is not Held:
        return value if id(value) in _taken_as_is.get() else handler(value)
    if value.given is SKIP:
        return value.value
    if value.untouched is not None:
        handler(value.given)
        value.untouched.is_valid = True
        return value.value
    original = value.value
    if value.cls not in (None, type(original)) and isinstance(value.given, dict):
        made = handler(_of_subclass(value))
    else:
        made = handler(value.given)
    return _restored(made, original, value.touched)


def _of_subclass(held: Held) -> Any:
    """Return an edited instance of a subclass: fields the model does not know stay as they are."""
    original = held.value
    own = {
        name: Held(getattr(original, name), SKIP)
        for name in getattr(type(original), "__pydantic_fields__", {})
        if name not in getattr(held.cls, "__pydantic_fields__", {}) and hasattr(original, name)
    }
    validator = _validator_of(type(original))
    if validator is None:
        return held.given
    return validator.validate_python({**held.given, **own}, by_alias=True, by_name=True)


@lru_cache(maxsize=256)
def _validator_of(cls: type) -> SchemaValidator | None:
    schema = getattr(cls, "__pydantic_core_schema__", None)
    if schema is None and is_dataclass(cls):
        schema = TypeAdapter(cls).core_schema
    return keeping_validator(schema) if isinstance(schema, Mapping) else None


def _restored(made: Any, original: Any, touched: frozenset[str]) -> Any:
    """Copy to a new value what only its original has: private attributes, set fields, a length."""
    if isinstance(original, deque):
        return deque(made, original.maxlen) if isinstance(made, deque) else made
    if isinstance(made, BaseModel) and type(made) is type(original):
        if original.__pydantic_private__ is not None:
            private = {**(made.__pydantic_private__ or {}), **original.__pydantic_private__}
            object.__setattr__(made, "__pydantic_private__", private)
        if not touched and not made.model_fields_set - original.model_fields_set:
            return made
        object.__setattr__(made, "__pydantic_fields_set__", {*original.model_fields_set, *touched})
    return made
