"""A value as a short text for people, rather than its repr: ``text: There is a refund``, ``120 × 4``.

The same text stands on cards, in tables and in a run's summary. A value can be anything: a list of millions,
an object whose ``__repr__`` raises, calls ``exit()`` or takes a minute. What this module does itself is
bounded in size; code of others runs only in `sentence`, not in `quick_sentence`.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields as dataclass_fields
from dataclasses import is_dataclass
from datetime import datetime
from enum import Enum
from itertools import islice
from types import BuiltinFunctionType, FunctionType
from typing import Any, Final

from pydantic import BaseModel, SecretBytes, SecretStr

from kaizen_widgets.core.secret_names import is_secret_field
from kaizen_widgets.core.text import replace_lone_surrogates
from kaizen_widgets.displays.error_text import format_error, quick_format_error

MAX_SENTENCE: Final = 2_000
"""Characters of the longest text."""
MAX_PART: Final = 200
"""Characters of a text inside a record or list."""
HIDDEN: Final = "[hidden]"
CUT: Final = "…"
"""Marks what is left out."""
_MAX_DEPTH: Final = 4
_SAMPLE: Final = 20
_SEQUENCES: Final = (list, tuple, set, frozenset, deque)
_SCALARS: Final = (str, int, float, bool, complex, type(None))
_ARRAYS: Final = frozenset({"numpy", "pandas", "polars", "pyarrow", "scipy", "torch"})
"""Libraries whose ``shape`` is a plain attribute."""
_STANDARD: Final = frozenset({"datetime", "decimal", "fractions", "pathlib", "uuid"})
"""Modules of the standard library whose values read well as ``str``."""
_ADDRESS: Final = re.compile(r" at 0x[0-9a-fA-F]+")


def sentence(value: Any, limit: int = MAX_SENTENCE) -> str:
    """Return a value as text: text unchanged, a record as its fields, a table as its size.

    Never raises, whatever the value's own methods do, and never names an address in memory, so that the
    same value reads the same in every kernel. Fields whose names look like secrets are hidden.

    Args:
        value: Value to show.
        limit: Characters after which the text is cut off.
    """
    return _sentence(value, limit, is_quick=False)


def quick_sentence(value: Any, limit: int = MAX_SENTENCE) -> str | None:
    """Return the same as `sentence` if no code of others is needed for it, else None."""
    try:
        return _sentence(value, limit, is_quick=True)
    except _ForeignCodeError:
        return None


def safe_repr(value: Any, limit: int = MAX_SENTENCE) -> str:
    """Return the ``repr`` of any object, cut off; the name of its type where it raises."""
    try:
        text = repr(value)
    except BaseException:  # raised by the object's class, which may even call exit()
        return type(value).__name__
    return replace_lone_surrogates(_cut(text, limit))


class _ForeignCodeError(Exception):
    """A value that is described by code of others."""


def _sentence(value: Any, limit: int, *, is_quick: bool) -> str:
    if issubclass(type(value), str) and not issubclass(type(value), Enum):
        text = str.__getitem__(value, slice(limit + 1))
    else:
        text = _take(_pieces(value, 0, is_quick), limit + 1)
    return replace_lone_surrogates(_cut(text, limit))


def _cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else f"{text[: limit - 1]}{CUT}"


def _take(pieces: Iterator[str], limit: int) -> str:
    """Return the pieces joined, as many as are needed for ``limit`` characters."""
    taken: list[str] = []
    size = 0
    for piece in pieces:
        taken.append(piece)
        size += len(piece)
        if size >= limit:
            break
    return "".join(taken)


def _pieces(value: Any, depth: int, is_quick: bool) -> Iterator[str]:
    """Yield the text of a value piece by piece, so that that of a huge one is never built completely."""
    kind = type(value)  # Not isinstance, which asks the value for its class.
    if issubclass(kind, Enum):
        yield from _pieces(value._value_, depth, is_quick)
    elif issubclass(kind, str):
        yield " ".join(_cut(str.__getitem__(value, slice(MAX_PART + 1)), MAX_PART).split())
    elif kind is int and value.bit_length() > 8 * MAX_SENTENCE:
        yield f"int of {value.bit_length():,} bits"  # Its decimal digits would take long.
    elif kind in _SCALARS:
        yield repr(value)
    elif kind in (bytes, bytearray, memoryview):
        yield f"{len(value):,} bytes"
    elif issubclass(kind, SecretStr | SecretBytes):
        yield HIDDEN
    elif issubclass(kind, BaseException):
        yield _error(value, is_quick)
    elif kind is datetime:
        yield f"{value:%Y-%m-%d %H:%M}"
    elif kind.__module__ in _STANDARD or kind.__module__.startswith("pathlib."):
        yield str(value)
    elif (fields := _fields(value)) is not None:
        yield from _record(fields, depth, is_quick)
    elif issubclass(kind, _SEQUENCES):
        yield from _sequence(value, depth, is_quick)
    elif issubclass(kind, type | FunctionType | BuiltinFunctionType):
        yield value.__name__ if issubclass(kind, type) else f"{value.__name__}()"
    elif kind.__repr__ is object.__repr__:
        yield kind.__name__
    else:
        yield _described(value, is_quick)


def _fields(value: Any) -> Iterable[tuple[Any, Any]] | None:
    """Return the fields of a dict, named tuple, dataclass or pydantic model; None for anything else.

    A dataclass or model with a ``__repr__`` of its own is described by that.
    """
    kind = type(value)
    if issubclass(kind, dict):
        return _snapshot(dict.items(value))
    if issubclass(kind, tuple) and isinstance(getattr(kind, "_fields", None), tuple):
        return list(zip(kind._fields, tuple.__iter__(value), strict=False))  # type: ignore[attr-defined]
    if is_dataclass(kind) and hasattr(kind.__repr__, "__wrapped__"):
        names = [field.name for field in dataclass_fields(kind) if field.repr]
        return [(name, getattr(value, name)) for name in names if hasattr(value, name)]
    if issubclass(kind, BaseModel) and kind.__repr_args__ is BaseModel.__repr_args__:
        return [(name, item) for name, item in value.__repr_args__() if name is not None]
    return None


def _record(fields: Iterable[tuple[Any, Any]], depth: int, is_quick: bool) -> Iterator[str]:
    if depth > _MAX_DEPTH:
        yield CUT
        return
    is_framed = bool(depth)
    count = 0
    for count, (key, item) in enumerate(fields, start=1):
        yield ", " if count > 1 else "{" if is_framed else ""
        name = _take(_pieces(key, depth + 1, is_quick), MAX_PART)
        yield f"{name}: "
        if is_secret_field(name, item):
            yield HIDDEN
        else:
            yield from _pieces(item, depth + 1, is_quick)
    yield "{}" if not count else "}" if is_framed else ""


def _sequence(value: Any, depth: int, is_quick: bool) -> Iterator[str]:
    base = next(each for each in _SEQUENCES if issubclass(type(value), each))
    count = base.__len__(value)
    items = _snapshot(base.__iter__(value))
    if not items:
        yield "[]"
    elif all(type(item) in _SCALARS or issubclass(type(item), Enum) for item in items[:_SAMPLE]):
        yield "[" if depth else ""
        for index, item in enumerate(items):
            yield ", " if index else ""
            yield from _pieces(item, depth + 1, is_quick)
        yield "]" if depth else ""
    else:
        yield f"{count:,} {'item' if count == 1 else 'items'}"


def _snapshot(items: Iterable[Any]) -> list[Any]:
    """Return as many items as a text can show; the container may change while it is shown."""
    return list(islice(items, MAX_SENTENCE))


def _error(error: BaseException, is_quick: bool) -> str:
    text = quick_format_error(error) if is_quick else format_error(error)
    if text is None:
        raise _ForeignCodeError
    return text


def _described(value: Any, is_quick: bool) -> str:
    is_array = type(value).__module__.partition(".")[0] in _ARRAYS
    if is_quick and not is_array:
        raise _ForeignCodeError
    size = _size(value)
    if size is not None:
        return size
    if is_quick:
        raise _ForeignCodeError
    try:
        if isinstance(value, Mapping):
            items = _snapshot(value.items())
            return _take(_record(items, 0, False), MAX_SENTENCE)
        return _ADDRESS.sub("", repr(value)[: 2 * MAX_SENTENCE])
    except BaseException as error:  # Code of others, which may even call exit().
        return f"{type(value).__name__} (its repr raised {type(error).__name__})"


def _size(value: Any) -> str | None:
    """Return the size of a data frame or array, such as ``120 × 4``; None for anything else."""
    try:
        shape = getattr(value, "shape", None)
        if not isinstance(shape, tuple) or not all(type(size) is int for size in shape):
            return None
        match shape:
            case ():  # One number of numpy.
                return str(value)
            case (count,):
                return f"{count:,} {'value' if count == 1 else 'values'}"
            case _:
                return " × ".join(f"{size:,}" for size in shape)
    except BaseException:  # A property of others, which may even call exit().
        return None
