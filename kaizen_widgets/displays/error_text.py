"""Errors as ``Type: message``, bounded in size, whatever the error's own methods do."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any, Final

from kaizen_widgets.core.text import replace_lone_surrogates

MAX_ERROR: Final = 2_000
"""Characters of the longest text."""
_MAX_DEPTH: Final = 20
_SCALARS: Final = (str, int, float, bool, complex, type(None))
_BRACKETS: Final[dict[type, tuple[str, str]]] = {
    list: ("[", "]"), tuple: ("(", ")"), set: ("{", "}"), frozenset: ("frozenset({", "})"),
}  # fmt: skip


def format_error(error: BaseException) -> str:
    """Return an error as ``Type: message``, cut to 2,000 characters; never raises."""
    name = type(error).__name__
    try:
        message = _message(error)
    except BaseException:  # An error of the user's own, whose __str__ may even call exit().
        message = ""
    text = f"{name}: {message}" if message else name
    return replace_lone_surrogates(text if len(text) <= MAX_ERROR else f"{text[: MAX_ERROR - 1]}…")


def quick_format_error(error: BaseException) -> str | None:
    """Return the same as `format_error` if the error's message is plain text, else None."""
    is_built_in = type(error).__str__ in (BaseException.__str__, OSError.__str__, KeyError.__str__)
    if is_built_in and all(type(argument) in _SCALARS for argument in error.args):
        return format_error(error)
    return None


def _message(error: BaseException) -> str:
    if type(error).__str__ is not BaseException.__str__:
        return str(error)
    # What Python makes of the arguments, but of large ones only the beginning.
    match error.args:
        case []:
            return ""
        case [one] if type(one) in _BRACKETS or type(one) is dict:
            return _repr(one)
        case [one]:
            return str(one)
        case several:
            return _repr(several)


def _repr(value: Any) -> str:
    """Return the beginning of a container's repr.

    Printing a list of millions in C would hold Python's global lock, and with it every other thread.
    """
    taken: list[str] = []
    size = 0
    for piece in _pieces(value, 0):
        taken.append(piece)
        size += len(piece)
        if size > MAX_ERROR:
            break
    return "".join(taken)


def _pieces(value: Any, depth: int) -> Iterator[str]:
    kind = type(value)
    if depth > _MAX_DEPTH:
        yield "..."
    elif kind in (str, bytes):
        yield repr(value[: MAX_ERROR + 1])
    elif kind is int and value.bit_length() > 8 * MAX_ERROR:
        yield f"<int of {value.bit_length():,} bits>"  # Its decimal digits would take long.
    elif kind is dict:
        yield "{"
        for index, (key, item) in enumerate(_snapshot(value.items())):
            yield ", " if index else ""
            yield from _pieces(key, depth + 1)
            yield ": "
            yield from _pieces(item, depth + 1)
        yield "}"
    elif kind in _BRACKETS and value:
        opening, closing = _BRACKETS[kind]
        yield opening
        count = 0
        for count, item in enumerate(_snapshot(value), start=1):
            yield ", " if count > 1 else ""
            yield from _pieces(item, depth + 1)
        yield "," if count == 1 and kind is tuple else ""
        yield closing
    else:
        yield repr(value)


def _snapshot(items: Iterable[Any]) -> list[Any]:
    return list(islice(items, MAX_ERROR))
