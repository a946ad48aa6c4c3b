"""What an API or pydantic says is wrong, read as errors of a form's fields.

Nothing is lost: what is about no field of the form is said of the form itself. Texts of a server are
data: cut to a readable length, never run.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeAlias

from kaizen_widgets.errors import FormError, StatusError
from kaizen_widgets.forms.paths import parse
from kaizen_widgets.forms.resolver import FieldError

Place: TypeAlias = Callable[[tuple[Any, ...]], str | None]
"""Returns the name of the field that a ``loc`` is about, or None."""

ELSEWHERE = "root.server"
PARTS = ("body", "query", "path", "header", "cookie")
MAX_TEXT = 500
KIND = "server"

_Found: TypeAlias = tuple[tuple[Any, ...], str, str]


def read(problem: Any, place: Place) -> dict[str, FieldError]:
    """Return the errors by name.

    Several about one field become one, their sentences in a row.

    Raises:
        FormError: It is nothing that tells of errors.
    """
    said: dict[str, list[tuple[str, str]]] = {}
    for loc, kind, message in _entries(problem):
        name = _placed(loc, place)
        if name is None:
            name, message = ELSEWHERE, f"{'.'.join(map(str, loc))}: {message}" if loc else message
        said.setdefault(name, []).append((kind, message))
    return {
        name: FieldError(entries[0][0], " ".join(dict.fromkeys(text for _, text in entries)))
        for name, entries in said.items()
    }


def _placed(loc: tuple[Any, ...], place: Place) -> str | None:
    """Return where an entry belongs: at its place, else without the part of the request it was in."""
    if not loc:
        return None
    name = place(loc)
    if name is None and loc[0] in PARTS and len(loc) > 1:
        return place(loc[1:])
    return name or None


def _entries(problem: Any) -> Iterator[_Found]:
    if isinstance(problem, StatusError):
        if not problem.details:
            yield (), problem.code or KIND, _text(str(problem))
        for name, messages in problem.details.items():
            for message in messages:
                yield parse(name), KIND, _text(message)
    elif isinstance(problem, Exception) and callable(getattr(problem, "errors", None)):
        yield from _listed(problem.errors())  # pyright: ignore[reportAttributeAccessIssue]
    elif isinstance(problem, Mapping) and "detail" in problem:
        detail = problem["detail"]
        if isinstance(detail, str):
            yield (), KIND, _text(detail)
        else:
            yield from _listed(detail)
    elif isinstance(problem, Mapping):
        for name, said in problem.items():
            for each in said if isinstance(said, list) else [said]:
                kind = each.type if isinstance(each, FieldError) else KIND
                text = each.message if isinstance(each, FieldError) else each
                yield parse(str(name)), kind, _text(text)
    else:
        yield from _listed(problem)


def _listed(errors: Any) -> Iterator[_Found]:
    if not isinstance(errors, list):
        raise FormError(
            f"Errors come as a list, a mapping or an exception that has them, not {type(errors).__name__}."
        )
    for error in errors:
        if not isinstance(error, Mapping):
            yield (), KIND, _text(error)
            continue
        loc = error.get("loc", error.get("field", ()))
        path = tuple(loc) if isinstance(loc, list | tuple) else parse(str(loc))
        yield path, str(error.get("type") or KIND), _text(error.get("msg") or error.get("message"))


def _text(said: Any) -> str:
    text = " ".join(str(said or "is not valid").split()).removeprefix("Value error, ")
    return text if len(text) <= MAX_TEXT else f"{text[: MAX_TEXT - 1]}…"
