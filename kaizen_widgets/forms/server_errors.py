"""Converts the errors of an API, or of pydantic, to errors of a form's fields.

No error is lost: one that concerns no field of the form is shown for the whole form. Texts from a server
are plain data, cut to a readable length.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeAlias

from kaizen_widgets.errors import FormError, StatusError
from kaizen_widgets.forms.paths import parse
from kaizen_widgets.forms.resolver import FieldError

Locate: TypeAlias = Callable[[tuple[Any, ...]], str | None]
"""Returns the name of the field that an error's ``loc`` is about, or None."""

FORM_ERROR = "root.server"
"""The name of errors that concern no field."""
REQUEST_PARTS = ("body", "query", "path", "header", "cookie")
MAX_TEXT = 500
DEFAULT_TYPE = "server"

_Entry: TypeAlias = tuple[tuple[Any, ...], str, str]
"""The location, error type and message of one error."""


def read_errors(problem: Any, locate: Locate) -> dict[str, FieldError]:
    """Return errors by field name; several errors of one field become one, with all their messages.

    Args:
        problem: The body of a response, an exception, or a mapping; see `Form.set_errors`.
        locate: Finds the field of an error.

    Raises:
        FormError: ``problem`` has none of the supported shapes.
    """
    found: dict[str, list[tuple[str, str]]] = {}
    for loc, error_type, message in _entries(problem):
        name = _field_of(loc, locate)
        if name is None:
            name = FORM_ERROR
            message = f"{'.'.join(map(str, loc))}: {message}" if loc else message
        found.setdefault(name, []).append((error_type, message))
    return {
        name: FieldError(entries[0][0], " ".join(dict.fromkeys(text for _, text in entries)))
        for name, entries in found.items()
    }


def _field_of(loc: tuple[Any, ...], locate: Locate) -> str | None:
    """Return the field of an error, ignoring the part of the request that FastAPI puts in front."""
    if not loc:
        return None
    name = locate(loc)
    if name is None and loc[0] in REQUEST_PARTS and len(loc) > 1:
        return locate(loc[1:])
    return name or None


def _entries(problem: Any) -> Iterator[_Entry]:
    if isinstance(problem, StatusError):
        if not problem.details:
            yield (), problem.code or DEFAULT_TYPE, _text(str(problem))
        for name, messages in problem.details.items():
            for message in messages:
                yield parse(name), DEFAULT_TYPE, _text(message)
    elif isinstance(problem, Exception) and callable(getattr(problem, "errors", None)):
        yield from _listed_entries(problem.errors())  # pyright: ignore[reportAttributeAccessIssue]
    elif isinstance(problem, Mapping) and "detail" in problem:
        detail = problem["detail"]
        if isinstance(detail, str):
            yield (), DEFAULT_TYPE, _text(detail)
        else:
            yield from _listed_entries(detail)
    elif isinstance(problem, Mapping):
        for name, errors in problem.items():
            for each in errors if isinstance(errors, list) else [errors]:
                error_type = each.type if isinstance(each, FieldError) else DEFAULT_TYPE
                text = each.message if isinstance(each, FieldError) else each
                yield parse(str(name)), error_type, _text(text)
    else:
        yield from _listed_entries(problem)


def _listed_entries(errors: Any) -> Iterator[_Entry]:
    if not isinstance(errors, list):
        raise FormError(
            "Errors must be a list, a mapping, or an exception that contains them, "
            f"not {type(errors).__name__}."
        )
    for error in errors:
        if not isinstance(error, Mapping):
            yield (), DEFAULT_TYPE, _text(error)
            continue
        loc = error.get("loc", error.get("field", ()))
        path = tuple(loc) if isinstance(loc, list | tuple) else parse(str(loc))
        message = _text(error.get("msg") or error.get("message"))
        yield path, str(error.get("type") or DEFAULT_TYPE), message


def _text(value: Any) -> str:
    text = " ".join(str(value or "is not valid").split()).removeprefix("Value error, ")
    return text if len(text) <= MAX_TEXT else f"{text[: MAX_TEXT - 1]}…"
