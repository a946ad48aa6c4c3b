"""JSON that cannot change, and the one place that decides what may stand in a document.

`freeze` walks a value once: it copies it into frozen containers and refuses what could not travel
(rule D4): numbers that are not finite, keys that are JavaScript's own, text that is no Unicode,
values that are too large or too deep. A frozen value is never walked twice: its containers remember
what they weigh, so a value put together from frozen parts is measured at the price of its top.

Frozen containers are dicts and lists to everybody who reads (``==``, ``json.dumps``, ``isinstance``).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, NamedTuple, Never, TypeAlias, TypeVar

from kaizen_widgets.errors import InvalidValueError

MAX_BYTES = 4 * 1024 * 1024
"""The most one element, or one property of it, may hold (characters of JSON, roughly bytes)."""
MAX_DEPTH = 64
"""How many lists and objects may stand in each other, the element itself included."""
NUMBER_SIZE = 8
"""What a number, a bool or null counts."""
FORBIDDEN_KEYS = frozenset({"__proto__", "constructor", "prototype"})
"""Names that mean something to a JavaScript object: never an id, never a key."""
MAX_SAFE_INTEGER = 2**53 - 1
"""The largest whole number the browser keeps exactly."""

K = TypeVar("K")
V = TypeVar("V")


class Weight(NamedTuple):
    """How much a value holds (characters of JSON, roughly) and how deep it is nested."""

    size: int
    depth: int


def _refuse(self: object, *_: object, **__: object) -> Never:
    raise TypeError(
        f"{type(self).__name__} cannot change in place; "
        "use the store's actions (store.update_node_data(id, ...)) or make a changed copy"
    )


class FrozenDict(dict[K, V]):
    """A dict that refuses to change."""

    __slots__ = ("_weight",)
    _weight: Weight
    __setitem__ = __delitem__ = __ior__ = _refuse  # type: ignore[assignment]
    clear = pop = popitem = setdefault = update = _refuse  # type: ignore[assignment]

    def __copy__(self) -> FrozenDict[K, V]:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> FrozenDict[K, V]:
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        return (_thaw_class, (type(self), dict(self)))

    def __or__(self, other: Mapping[Any, Any]) -> dict[Any, Any]:  # type: ignore[override]
        return dict(self) | dict(other)


class FrozenList(list[V]):
    """A list that refuses to change."""

    __slots__ = ("_weight",)
    _weight: Weight
    __setitem__ = __delitem__ = __iadd__ = __imul__ = _refuse  # type: ignore[assignment]
    append = clear = extend = insert = pop = remove = reverse = sort = _refuse  # type: ignore[assignment]

    def __copy__(self) -> FrozenList[V]:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> FrozenList[V]:
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        return (FrozenList, (list(self),))


def _thaw_class(kind: type[FrozenDict[Any, Any]], items: dict[Any, Any]) -> FrozenDict[Any, Any]:
    """Rebuild a frozen dict from a copy or pickle, without walking it again."""
    made = kind.__new__(kind)
    dict.update(made, items)
    return made


def freeze(value: Any, what: str = "The value") -> Any:
    """Return ``value`` as frozen JSON.

    Args:
        value: JSON: None, bool, int, finite float, str, list or tuple, mapping with string keys.
        what: How to name the value in an error ("Node 'a': data").

    Raises:
        InvalidValueError: It cannot stand in a document; the message says where and why.
    """
    frozen = _walk(value, (None, what), 0)
    check_weight(frozen, what)
    return frozen


def weigh(value: Any) -> Weight:
    """Return what a frozen value weighs; a container is measured once."""
    if isinstance(value, FrozenDict):
        keys, items = value.keys(), value.values()
    elif isinstance(value, FrozenList):
        keys, items = (), value
    else:
        return Weight(_size(value), 0)
    try:
        return value._weight
    except AttributeError:
        size, depth = 2 + sum(map(len, keys)), 0
    for item in items:
        size += _size(item)
        if isinstance(item, FrozenDict | FrozenList):
            depth = max(depth, item._weight.depth)
    value._weight = Weight(size, depth + 1)
    return value._weight


def _size(value: Any) -> int:
    if isinstance(value, str):
        return len(value)
    return weigh(value).size if isinstance(value, FrozenDict | FrozenList) else NUMBER_SIZE


def check_weight(value: Any, what: str) -> None:
    """Refuse a frozen value that is too large or too deep as a whole."""
    weight = weigh(value)
    if weight.size > MAX_BYTES:
        raise _too_large(what)
    if weight.depth > MAX_DEPTH:
        raise _too_deep(what)


def thaw(value: Any) -> Any:
    """Return a deep copy in plain dicts and lists, for callers who want to change it."""
    if isinstance(value, dict):
        return {key: thaw(item) for key, item in value.items()}
    if isinstance(value, list):
        return [thaw(item) for item in value]
    return value


_Where: TypeAlias = "tuple[Any, str | int]"
"""The container's place, or None, and the name in it: spelt out only for a refusal."""


def _said(where: str | _Where) -> str:
    """Return a place for a sentence: ``Node 'a'.data.tools[3]``, the innermost left out."""
    if isinstance(where, str):
        return where
    parts: list[str | int] = []
    around: Any = where
    while around is not None:
        around, part = around
        parts.append(part)
    what, *inside = parts[::-1]
    shown = inside[:4]
    return f"{what}" + "".join(
        f"[{part}]" if isinstance(part, int) else f".{brief(part)}" for part in shown
    )


def _walk(value: Any, where: _Where, depth: int) -> Any:
    """Return the frozen value; stops at the first thing that cannot stand in a document."""
    match value:
        case FrozenDict() | FrozenList() | None | bool():
            return value
        case str():
            if len(value) > MAX_BYTES:
                raise _too_large(_said(where))
            check_text(value, where)
            # Not str(value): that would be "Color.RED" for a member of an enum of texts.
            return str.__str__(value)
        case int():
            if abs(value) > MAX_SAFE_INTEGER:
                raise InvalidValueError(
                    f"{_said(where)} is a whole number beyond 2**53: the browser would round it.",
                    hint="Send it as text.",
                )
            return int(value)
        case float():
            if not math.isfinite(value):
                raise InvalidValueError(f"{_said(where)} is {value}, not a finite number.")
            return float(value)
        case dict() | Mapping():
            return _walk_mapping(value, where, depth)
        case list() | tuple():
            return _walk_list(value, where, depth)
        case _:
            raise InvalidValueError(
                f"{_said(where)} is a {type(value).__name__}, which is not JSON.",
                hint="Use numbers, text, lists and dicts.",
            )


def _walk_mapping(value: Mapping[Any, Any], where: _Where, depth: int) -> FrozenDict[str, Any]:
    if depth >= MAX_DEPTH:
        raise _too_deep(_said(where))
    made: dict[str, Any] = {}
    size = 0
    for key, item in value.items():
        check_key(key, where)
        made[key] = frozen = _walk(item, (where, key), depth + 1)
        size += _size(frozen) + len(key)
        if size > MAX_BYTES:
            raise _too_large(_said(where))
    return FrozenDict(made)


def _walk_list(value: list[Any] | tuple[Any, ...], where: _Where, depth: int) -> FrozenList[Any]:
    if depth >= MAX_DEPTH:
        raise _too_deep(_said(where))
    made: list[Any] = []
    size = 0
    for index, item in enumerate(value):
        frozen = _walk(item, (where, index), depth + 1)
        made.append(frozen)
        size += _size(frozen)
        if size > MAX_BYTES:
            raise _too_large(_said(where))
    return FrozenList(made)


def _too_large(what: str) -> InvalidValueError:
    return InvalidValueError(
        f"{what} holds more than {MAX_BYTES / 1e6:.1f} MB, the most an element may hold.",
        hint="Keep large data in a variable and put its name or path here.",
    )


def _too_deep(what: str) -> InvalidValueError:
    return InvalidValueError(f"{what} is nested more than {MAX_DEPTH} deep.")


def check_key(key: Any, where: str | _Where) -> None:
    """Refuse a mapping key or path part that cannot travel."""
    if not isinstance(key, str):
        raise InvalidValueError(
            f"{_said(where)} has a {type(key).__name__} as a key, which is not text."
        )
    if len(key) > MAX_BYTES:
        raise _too_large(_said(where))
    if key in FORBIDDEN_KEYS:
        raise InvalidValueError(
            f"{_said(where)} has the key {key!r}, which JavaScript keeps for itself."
        )
    check_text(key, where)


def check_text(text: str, where: str | _Where) -> None:
    """Refuse text with half a surrogate pair: no UTF-8, no message, no file could carry it."""
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError:
            raise InvalidValueError(
                f"{_said(where)} holds half a Unicode surrogate pair."
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
        raise InvalidValueError(f"{what} may not be {value!r}, which JavaScript keeps for itself.")
    if any(ord(character) < 32 or 127 <= ord(character) < 160 for character in value):
        raise InvalidValueError(f"{what} has a control character in it: {value[:40]!r}.")
    check_text(value, what)
    return value


def brief(text: str) -> str:
    """Return text short enough for an error."""
    """Return a key as it may stand in a sentence."""
    shown = text if len(text) <= 40 else f"{text[:37]}..."
    return shown if shown.isprintable() else repr(shown)
