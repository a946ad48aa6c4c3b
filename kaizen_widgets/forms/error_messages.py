"""The form's own words for errors: by field, then by the error's type."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeAlias

from kaizen_widgets.errors import FormError
from kaizen_widgets.forms.paths import pattern
from kaizen_widgets.forms.resolver import FieldError, Resolved

ANY = "*"

MessageOverrides: TypeAlias = "Mapping[str, str | Mapping[str, str]]"


class ErrorMessages:
    """MessageOverrides: a field's name to a sentence, or to sentences by error type.

    Rows are named with `*` for their index (`items.*.name`); the field `*` is every field, the type `*`
    every type. The nearest match counts: field and type, field, every field and type.

    Examples:
        >>> ErrorMessages({"name": {"missing": "Name is required"}, "age": "Give an age"})  # doctest: +SKIP

    Raises:
        FormError: An override is neither a sentence nor a mapping of them.
    """

    def __init__(self, overrides: MessageOverrides) -> None:
        self._overrides: dict[str, Mapping[str, str]] = {}
        for name, said in overrides.items():
            by_type = {ANY: said} if isinstance(said, str) else said
            if not isinstance(by_type, Mapping) or not all(
                isinstance(sentence, str) for sentence in by_type.values()
            ):
                raise FormError(
                    f"The messages of {name!r} must be a sentence, or error types to sentences."
                )
            self._overrides[name] = dict(by_type)

    def __bool__(self) -> bool:
        return bool(self._overrides)

    def of(self, answer: Resolved) -> Resolved:
        """Return the answer in the form's words."""
        return replace(
            answer,
            errors={name: self._reworded(name, error) for name, error in answer.errors.items()},
        )

    def find(self, name: str, kinds: Sequence[str]) -> str | None:
        """Return the sentence for the first of these error types that has one at this field; or None."""
        for key in (name, pattern(name), ANY):
            by_type = self._overrides.get(key, {})
            for kind in (*kinds, ANY):
                if kind in by_type:
                    return by_type[kind]
        return None

    def _reworded(self, name: str, error: FieldError) -> FieldError:
        said = self.find(name, (error.type,))
        types: Any = error.types and {
            kind: self.find(name, (kind,)) or message for kind, message in error.types.items()
        }
        if said is None and types == error.types:
            return error
        return FieldError(error.type, said or error.message, types)
