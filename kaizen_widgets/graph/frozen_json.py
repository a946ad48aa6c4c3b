"""Immutable JSON, and the rules for what a document may hold.

`freeze` copies a value into frozen containers and refuses what could not reach the browser (rule D4): numbers
that are not finite, JavaScript's own property names as keys, text that is not Unicode, values that are too
large or nested too deeply. Frozen containers remember their size, so a value built from frozen parts is
neither copied nor measured again.

Frozen containers can be read like dicts and lists (``==``, ``json.dumps``, ``isinstance``).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, Never, TypeAlias, TypeVar

from kaizen_widgets.errors import InvalidValueError

MAX_BYTES = 4 * 1024 * 1024
"""The most one element, or one property of it, may hold (characters of JSON, roughly bytes)."""
MAX_DEPTH = 64
"""How deep lists and objects may be nested, the element itself included."""
NUMBER_SIZE = 8
"""The size counted for a number, a bool or null."""
FORBIDDEN_KEYS = frozenset({"__proto__", "constructor", "prototype"})
"""Property names of every JavaScript object: never an id, never a key."""
MAX_SAFE_INTEGER = 2**53 - 1
"""The largest whole number the browser represents exactly."""

K = TypeVar("K")
V = TypeVar("V")


class JsonSize(NamedTuple):
    """How much a value holds (characters of JSON, roughly) and how deep it is nested."""

    size: int
    depth: int


def _refuse(self: object, *_: object, **__: object) -> Never:
    raise TypeError(
        f"{type(self).__name__} cannot change in place; "
        "use the store's actions (store.update_node_data(id, ...)) or copy.deepcopy() for a plain copy"
    )


class FrozenDict(dict[K, V]):
    """A dict that cannot change; `copy.deepcopy` gives a plain dict that can."""

    __slots__ = ("_size",)
    _size: JsonSize
    __setitem__ = __delitem__ = __ior__ = _refuse  # type: ignore[assignment]
    clear = pop = popitem = setdefault = update = _refuse  # type: ignore[assignment]

    def __copy__(self) -> FrozenDict[K, V]:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> dict[K, V]:
        return thaw(self)

    def __reduce__(self) -> tuple[Any, ...]:
        return (_rebuild_dict, (type(self), dict(self)))

    def __or__(self, other: Mapping[Any, Any]) -> dict[Any, Any]:  # type: ignore[override]
        return dict(self) | dict(other)


class FrozenList(list[V]):
    """A list that cannot change; `copy.deepcopy` gives a plain list that can."""

    __slots__ = ("_size",)
    _size: JsonSize
    __setitem__ = __delitem__ = __iadd__ = __imul__ = _refuse  # type: ignore[assignment]
    append = clear = extend = insert = pop = remove = reverse = sort = _refuse  # type: ignore[assignment]

    def __copy__(self) -> FrozenList[V]:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> list[V]:
        return thaw(self)

    def __reduce__(self) -> tuple[Any, ...]:
        return (FrozenList, (list(self),))


def _rebuild_dict(kind: type[FrozenDict[Any, Any]], items: dict[Any, Any]) -> FrozenDict[Any, Any]:
    """Rebuild a frozen dict from a pickle without checking it again."""
    made = kind.__new__(kind)
    dict.update(made, items)
    return made


def freeze(value: Any, what: str = "The value") -> Any:
    """Return ``value`` as frozen JSON.

    Args:
        value: JSON: None, bool, int, finite float, str, list or tuple, mapping with string keys. Scalars of
            numpy and of libraries like it count as the Python number they hold.
        what: Name of the value in error messages ("Node 'a': data").

    Raises:
        InvalidValueError: A document cannot hold it; the message says where the problem is and why.
    """
    frozen = _freeze(value, (None, what), 0)
    check_size(frozen, what)
    return frozen


def freeze_any_json(value: Any, what: str = "The value") -> Any:
    """Return ``value`` as frozen JSON without the rules for what may reach the browser.

    Any number, any key and any depth is accepted: for what stays in Python, such as the rest of a file.

    Raises:
        InvalidValueError: It is not JSON.
    """
    match value:
        case Mapping():
            for key in value:
                if not isinstance(key, str):
                    raise InvalidValueError(
                        f"{what} has a {type(key).__name__} as a key, which is not text."
                    )
            return FrozenDict({key: freeze_any_json(item, what) for key, item in value.items()})
        case list() | tuple():
            return FrozenList([freeze_any_json(item, what) for item in value])
        case None | bool() | int() | float() | str():
            return value
        case _:
            raise _not_json(what, value)


def size_of(value: Any) -> JsonSize:
    """Return the size of a frozen value; a container is measured once."""
    if isinstance(value, FrozenDict):
        keys, items = value.keys(), value.values()
    elif isinstance(value, FrozenList):
        keys, items = (), value
    else:
        return JsonSize(_characters(value), 0)
    try:
        return value._size
    except AttributeError:
        size, depth = 2 + sum(map(len, keys)), 0
    for item in items:
        size += _characters(item)
        if isinstance(item, FrozenDict | FrozenList):
            depth = max(depth, item._size.depth)
    value._size = JsonSize(size, depth + 1)
    return value._size


def _characters(value: Any) -> int:
    if isinstance(value, str):
        return len(value)
    return size_of(value).size if isinstance(value, FrozenDict | FrozenList) else NUMBER_SIZE


def check_size(value: Any, what: str) -> None:
    """Refuse a frozen value that is too large or nested too deeply as a whole."""
    size = size_of(value)
    if size.size > MAX_BYTES:
        raise _too_large(what)
    if size.depth > MAX_DEPTH:
        raise _too_deep(what)


def thaw(value: Any) -> Any:
    """Return a deep copy in plain dicts and lists, for callers who want to change it."""
    if isinstance(value, dict):
        return {key: thaw(item) for key, item in value.items()}
    if isinstance(value, list):
        return [thaw(item) for item in value]
    return value


def same_json(one: Any, other: Any) -> bool:
    """Whether two JSON values are the same; unlike ``==``, True is not 1."""
    if one is other:
        return True
    if isinstance(one, bool) or isinstance(other, bool):
        return False
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same_json(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same_json, one, other))
    return one == other


_Place: TypeAlias = "tuple[Any, str | int]"
"""The place of the container (or None), and the name in it; turned into text only for an error."""


def _place_text(place: str | _Place) -> str:
    """Return a place as error messages show it: ``Node 'a'.data.tools[3]``, at most four levels."""
    if isinstance(place, str):
        return place
    parts: list[str | int] = []
    container: Any = place
    while container is not None:
        container, part = container
        parts.append(part)
    what, *inside = parts[::-1]
    shown = inside[:4]
    return f"{what}" + "".join(
        f"[{part}]" if isinstance(part, int) else f".{_shorten(part)}" for part in shown
    )


def _freeze(value: Any, place: _Place, depth: int) -> Any:
    """Return the frozen value; stops at the first part that a document cannot hold."""
    match value:
        case FrozenDict() | FrozenList() | None | bool():
            return value
        case str():
            if len(value) > MAX_BYTES:
                raise _too_large(_place_text(place))
            check_text(value, place)
            # Not str(value): that would be "Color.RED" for a member of an enum of texts.
            return str.__str__(value)
        case int():
            if abs(value) > MAX_SAFE_INTEGER:
                raise InvalidValueError(
                    f"{_place_text(place)} is a whole number beyond 2**53: the browser would round it.",
                    hint="Send it as text.",
                )
            return int(value)
        case float():
            if not math.isfinite(value):
                raise InvalidValueError(f"{_place_text(place)} is {value}, not a finite number.")
            return float(value)
        case dict() | Mapping():
            return _freeze_mapping(value, place, depth)
        case list() | tuple():
            return _freeze_list(value, place, depth)
        case _:
            number = _scalar_of(value)
            if number is None:
                raise _not_json(_place_text(place), value)
            return _freeze(number, place, depth)


def _scalar_of(value: Any) -> bool | int | float | None:
    """Return the Python number a scalar of numpy, or of a library like it, holds; None when it is none."""
    item: Callable[[], Any] | None = getattr(value, "item", None)
    if item is None or not hasattr(value, "dtype") or getattr(value, "shape", None) != ():
        return None
    number = item()
    return number if isinstance(number, bool | int | float) else None


def _freeze_mapping(value: Mapping[Any, Any], place: _Place, depth: int) -> FrozenDict[str, Any]:
    if depth >= MAX_DEPTH:
        raise _too_deep(_place_text(place))
    made: dict[str, Any] = {}
    size = 0
    for key, item in value.items():
        check_key(key, place)
        made[key] = frozen = _freeze(item, (place, key), depth + 1)
        size += _characters(frozen) + len(key)
        if size > MAX_BYTES:
            raise _too_large(_place_text(place))
    return FrozenDict(made)


def _freeze_list(value: list[Any] | tuple[Any, ...], place: _Place, depth: int) -> FrozenList[Any]:
    if depth >= MAX_DEPTH:
        raise _too_deep(_place_text(place))
    made: list[Any] = []
    size = 0
    for index, item in enumerate(value):
        frozen = _freeze(item, (place, index), depth + 1)
        made.append(frozen)
        size += _characters(frozen)
        if size > MAX_BYTES:
            raise _too_large(_place_text(place))
    return FrozenList(made)


def _too_large(what: str) -> InvalidValueError:
    return InvalidValueError(
        f"{what} holds more than {MAX_BYTES / 1e6:.1f} MB, the most an element may hold.",
        hint="Keep large data in a variable and put its name or path here.",
    )


def _too_deep(what: str) -> InvalidValueError:
    return InvalidValueError(f"{what} is nested more than {MAX_DEPTH} deep.")


def _not_json(what: str, value: Any) -> InvalidValueError:
    hint = "Use numbers, text, lists and dicts."
    if hasattr(value, "tolist"):
        hint = "Use .tolist() to make a list of it."
    return InvalidValueError(f"{what} is a {type(value).__name__}, which is not JSON.", hint=hint)


def check_key(key: Any, place: str | _Place) -> None:
    """Refuse a mapping key or path part that a document cannot hold."""
    if not isinstance(key, str):
        raise InvalidValueError(
            f"{_place_text(place)} has a {type(key).__name__} as a key, which is not text."
        )
    if len(key) > MAX_BYTES:
        raise _too_large(_place_text(place))
    if key in FORBIDDEN_KEYS:
        raise InvalidValueError(
            f"{_place_text(place)} has the key {key!r}, which JavaScript reserves for itself."
        )
    check_text(key, place)


def check_text(text: str, place: str | _Place) -> None:
    """Refuse text with half a surrogate pair: it cannot be written as UTF-8."""
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError:
            raise InvalidValueError(
                f"{_place_text(place)} holds half a Unicode surrogate pair."
            ) from None


def check_id(value: Any, what: str) -> str:
    """Return ``value`` if it may be an element's id (rule D4).

    Any text of 1 to 1,024 characters without control characters: other tools' edge ids look like JSON.
    """
    if not isinstance(value, str):
        raise InvalidValueError(f"{what} must be text, not {type(value).__name__}.")
    if not value or len(value) > 1024:
        raise InvalidValueError(f"{what} must have 1 to 1,024 characters, not {len(value):,}.")
    if value in FORBIDDEN_KEYS:
        raise InvalidValueError(
            f"{what} may not be {value!r}, which JavaScript reserves for itself."
        )
    if any(ord(character) < 32 or 127 <= ord(character) < 160 for character in value):
        raise InvalidValueError(f"{what} has a control character in it: {value[:40]!r}.")
    check_text(value, what)
    return value


def _shorten(key: str) -> str:
    """Return a key as error messages show it: at most 40 characters, printable."""
    shown = key if len(key) <= 40 else f"{key[:37]}..."
    return shown if shown.isprintable() else repr(shown)
