"""Show values to templates as plain data: text, numbers, lists, dicts, fields of objects.

None of it can be called. A value can be any Python object: a dict that holds functions, a numpy number
with methods that write files. What a template gets is made of exact built-in types and of the views below,
whose items and fields are plain data again. Views read only the items that a template uses: a large or lazy
value is never read completely.
"""

from __future__ import annotations

import datetime
import decimal
import fractions
import numbers
import operator
import types
import uuid
from collections.abc import Iterator, Mapping, Sequence, Set
from typing import Any

from kaizen_widgets.errors import RunError
from kaizen_widgets.nodes.values import printable

MISSING = object()
"""What `ObjectView.field` returns for a field that is not there."""
MAX_ARRAY = 1_000_000
"""Items of a numpy array, or of anything else with ``tolist``, that a template can read."""

_SCALARS = frozenset(
    {
        str,
        int,
        float,
        bool,
        bytes,
        complex,
        type(None),
        datetime.date,
        datetime.datetime,
        datetime.time,
        datetime.timedelta,
        decimal.Decimal,
        fractions.Fraction,
        uuid.UUID,
    }
)
"""Immutable types that are passed on as they are; subclasses are not, as they may do anything."""


def plain(value: Any) -> Any:
    """Return a value as plain data: an exact built-in type or a view."""
    kind = type(value)
    if kind in _SCALARS or isinstance(value, View):
        return value
    if issubclass(kind, str):
        return str.__getitem__(value, slice(None))  # An exact str, also of numpy's.
    if issubclass(kind, int):
        return int.__int__(value)
    if issubclass(kind, float):
        return float.__float__(value)
    if issubclass(kind, Mapping):
        return DictView(value)
    if issubclass(kind, Sequence) and not issubclass(kind, bytes | bytearray | memoryview):
        return ListView(value)
    if issubclass(kind, Set):
        return ListView(list(value))
    if issubclass(kind, numbers.Integral):
        return operator.index(value)
    if issubclass(kind, numbers.Real):
        return float(value)
    if hasattr(kind, "tolist") and hasattr(kind, "shape"):
        return _array(value)
    return ObjectView(value)


def _array(value: Any) -> Any:
    size = getattr(value, "size", 0)
    if size > MAX_ARRAY:
        raise RunError(f"An array of {size:,} items is too large for a template.")
    return plain(value.tolist())


class View:
    """Base of the views; two views of equal values are equal.

    Args:
        value: The value that is shown.
    """

    def __init__(self, value: Any) -> None:
        self._value = value

    def __str__(self) -> str:
        # The value's own text, which for a list or dict is made piece by piece and bounded.
        return str(printable(self._value))

    def __repr__(self) -> str:
        return str(self)


class DictView(View, Mapping[Any, Any]):
    """A mapping whose values are plain data."""

    def __getitem__(self, key: Any) -> Any:
        if isinstance(self._value, dict) and key not in self._value:
            raise KeyError(key)  # A defaultdict would add it.
        return plain(self._value[key])

    def __contains__(self, key: object) -> bool:
        return key in self._value

    def __iter__(self) -> Iterator[Any]:
        return map(plain, self._value)

    def __len__(self) -> int:
        return len(self._value)

    __hash__ = None  # type: ignore[assignment]


class ListView(View, Sequence[Any]):
    """A list, tuple or set whose items are plain data."""

    def __getitem__(self, index: Any) -> Any:
        found = self._value[index]
        return ListView(found) if isinstance(index, slice) else plain(found)

    def __iter__(self) -> Iterator[Any]:
        return map(plain, self._value)

    def __len__(self) -> int:
        return len(self._value)

    def __add__(self, other: Any) -> list[Any]:
        return [*self, *other]

    def __radd__(self, other: Any) -> list[Any]:
        return [*other, *self]

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, list | tuple | ListView):
            return NotImplemented
        return len(self) == len(other) and all(map(operator.eq, self, other))

    def __lt__(self, other: Any) -> bool:
        return list(self) < list(other)

    def __gt__(self, other: Any) -> bool:
        return list(self) > list(other)

    __hash__ = None  # type: ignore[assignment]


class ObjectView(View):
    """An object of which a template can read the public fields; functions, classes and modules have none."""

    def field(self, name: str) -> Any:
        """Return a field as plain data, or `MISSING`; methods are no fields."""
        if name.startswith("_") or isinstance(self._value, _CODE):
            return MISSING
        found = getattr(self._value, name, MISSING)
        return MISSING if found is MISSING or isinstance(found, _CODE) else plain(found)

    def __iter__(self) -> Iterator[Any]:
        return map(plain, self._value)

    def __len__(self) -> int:
        return len(self._value)

    def __bool__(self) -> bool:
        return bool(self._value)

    def __eq__(self, other: object) -> bool:
        return bool(self._value == _shown(other))

    def __hash__(self) -> int:
        return hash(self._value)

    def __lt__(self, other: Any) -> bool:
        return bool(self._value < _shown(other))

    def __le__(self, other: Any) -> bool:
        return bool(self._value <= _shown(other))

    def __gt__(self, other: Any) -> bool:
        return bool(self._value > _shown(other))

    def __ge__(self, other: Any) -> bool:
        return bool(self._value >= _shown(other))


def _shown(value: Any) -> Any:
    """Return the value that a view shows."""
    return value._value if isinstance(value, View) else value


_CODE = (
    type,
    types.ModuleType,
    types.FunctionType,
    types.BuiltinFunctionType,
    types.MethodType,
    types.MethodWrapperType,
)
