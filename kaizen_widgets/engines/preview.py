"""Show values and errors as short text, for badges and panels.

A value can be anything: a list of millions, an object whose ``__repr__`` raises, calls ``exit()`` or takes a
minute. What this module does itself is bounded in size; code of others runs only in `preview` and
`format_error`, which the scheduler calls off the event loop and with a time limit.
"""

from __future__ import annotations

import dataclasses
from collections import OrderedDict, deque
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Any

from pydantic import BaseModel

from kaizen_widgets.core.text import replace_lone_surrogates

MAX_PREVIEW = 2000
"""Longest preview, in characters."""
MAX_DEPTH = 20
"""Containers inside each other that are shown; deeper ones read ``...``."""


def preview(value: Any) -> str:
    """Return a value as text: text unchanged, anything else as its repr, cut to 2,000 characters.

    Never raises, whatever the value's own ``__repr__`` does.
    """
    return _preview(value, _foreign_repr)


def quick_preview(value: Any) -> str | None:
    """Return the same as `preview` if no code of others is needed for it, else None."""
    try:
        return _preview(value, _refuse)
    except _ForeignCodeError:
        return None


def format_error(error: BaseException) -> str:
    """Return an error as ``Type: message``, cut to 2,000 characters; never raises."""
    name = type(error).__name__
    try:
        message = _message(error)
    except BaseException:  # An error of the user's own, whose __str__ may even call exit().
        message = ""
    return truncate(f"{name}: {message}" if message else name)


def _message(error: BaseException) -> str:
    if type(error).__str__ is not BaseException.__str__:
        return str(error)
    # What Python makes of the arguments, but of large ones only the beginning.
    match error.args:
        case []:
            return ""
        case [one] if type(one) in _CONTAINERS:
            return preview(one)
        case [one]:
            return str(one)
        case several:
            return preview(several)


def quick_format_error(error: BaseException) -> str | None:
    """Return the same as `format_error` if the error's message is plain text, else None."""
    is_built_in = type(error).__str__ in (BaseException.__str__, OSError.__str__, KeyError.__str__)
    if is_built_in and all(type(argument) in _SCALARS for argument in error.args):
        return format_error(error)
    return None


def truncate(text: str) -> str:
    """Return at most 2,000 characters that can be sent to a browser, with an ellipsis for the rest."""
    cut = text if len(text) <= MAX_PREVIEW else f"{text[: MAX_PREVIEW - 1]}…"
    return replace_lone_surrogates(cut)


class _ForeignCodeError(Exception):
    """A value whose repr is code of others."""


_SCALARS = (str, int, float, bool, complex, type(None))
_BRACKETS: dict[Any, tuple[str, str]] = {
    list.__repr__: ("[", "]"),
    tuple.__repr__: ("(", ")"),
    set.__repr__: ("{", "}"),
    frozenset.__repr__: ("frozenset({", "})"),
    deque.__repr__: ("deque([", "])"),
}
_DICTS = (dict.__repr__, OrderedDict.__repr__)
_CONTAINERS = (list, tuple, dict, set, frozenset)


def _preview(value: Any, foreign_repr: Callable[[Any], str]) -> str:
    if type(value) is str:
        return truncate(value[: MAX_PREVIEW + 1])
    return truncate(_take(_pieces(value, foreign_repr, 0), MAX_PREVIEW + 1))


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


def _pieces(value: Any, foreign_repr: Callable[[Any], str], depth: int) -> Iterator[str]:
    """Yield a value's repr piece by piece, so that a huge one is never built completely.

    Printing a list of millions in C would hold Python's global lock, and with it every other thread.
    """
    kind = type(value)
    if depth > MAX_DEPTH:
        yield "..."
    elif kind in (str, bytes, bytearray):
        yield repr(value[: MAX_PREVIEW + 1])
    elif kind is int and value.bit_length() > 8 * MAX_PREVIEW:
        yield f"<int of {value.bit_length():,} bits>"  # Its decimal digits would take long.
    elif kind in _SCALARS or issubclass(kind, type):
        yield repr(value) if kind in _SCALARS else foreign_repr(value)
    elif kind.__repr__ in _DICTS:
        opening, closing = (
            ("{", "}") if kind.__repr__ is dict.__repr__ else (f"{kind.__name__}({{", "})")
        )
        items = ((key, item) for key, item in dict.items(value))
        yield opening
        for index, (key, item) in enumerate(_snapshot(items)):
            yield ", " if index else ""
            yield from _pieces(key, foreign_repr, depth + 1)
            yield ": "
            yield from _pieces(item, foreign_repr, depth + 1)
        yield closing
    elif kind.__repr__ in _BRACKETS:
        yield from _sequence(value, foreign_repr, depth)
    elif (fields := _fields(value)) is not None:
        yield f"{kind.__qualname__}("
        for index, (name, item) in enumerate(fields):
            yield f"{', ' if index else ''}{name}="
            yield from _pieces(item, foreign_repr, depth + 1)
        yield ")"
    else:
        yield foreign_repr(value)


def _sequence(value: Any, foreign_repr: Callable[[Any], str], depth: int) -> Iterator[str]:
    kind = type(value)
    opening, closing = _BRACKETS[kind.__repr__]
    if not value and kind.__repr__ in (set.__repr__, frozenset.__repr__):
        opening, closing = f"{kind.__name__}(", ")"
    yield opening
    count = 0
    for count, item in enumerate(_snapshot(value), start=1):
        yield ", " if count > 1 else ""
        yield from _pieces(item, foreign_repr, depth + 1)
    if count == 1 and kind.__repr__ is tuple.__repr__:
        yield ","
    yield closing


def _snapshot(items: Iterable[Any]) -> list[Any]:
    """Return as many items as a preview can show; the container may change while it is shown."""
    return list(islice(items, MAX_PREVIEW))


def _fields(value: Any) -> Iterable[tuple[str, Any]] | None:
    """Return the fields of a dataclass or pydantic model that has the repr these make themselves."""
    kind = type(value)
    if dataclasses.is_dataclass(kind) and hasattr(kind.__repr__, "__wrapped__"):
        names = [field.name for field in dataclasses.fields(kind) if field.repr]
        return [(name, getattr(value, name)) for name in names if hasattr(value, name)]
    if issubclass(kind, BaseModel) and kind.__repr_args__ is BaseModel.__repr_args__:
        return [(name, item) for name, item in value.__repr_args__() if name is not None]
    return None


def _foreign_repr(value: Any) -> str:
    try:
        return repr(value)
    except BaseException as error:  # Code of others, which may even call exit().
        return f"<{type(value).__name__}: its repr raised {type(error).__name__}>"


def _refuse(value: Any) -> str:
    raise _ForeignCodeError
