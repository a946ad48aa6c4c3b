"""A form's own messages for errors, by field and error type."""

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
    """Messages by field name: one sentence, or sentences by error type.

    Rows are named with `*` for their index (`items.*.name`); the field `*` is every field, the type `*`
    every type. The most specific match is used: first by field name, then by pattern, then `*`.

    Args:
        overrides: The messages.

    Examples:
        >>> messages = ErrorMessages({"name": {"missing": "Name is required"}, "age": "Give an age"})
        >>> messages.find("name", ["missing"]), messages.find("age", ["int_parsing"])
        ('Name is required', 'Give an age')

    Raises:
        FormError: An override is neither a sentence nor a mapping of error types to sentences.
    """

    def __init__(self, overrides: MessageOverrides) -> None:
        self._overrides: dict[str, Mapping[str, str]] = {}
        for name, messages in overrides.items():
            by_type = {ANY: messages} if isinstance(messages, str) else messages
            if not isinstance(by_type, Mapping) or not all(
                isinstance(sentence, str) for sentence in by_type.values()
            ):
                raise FormError(
                    f"The messages of {name!r} must be a sentence, or error types to sentences."
                )
            self._overrides[name] = dict(by_type)

    def __bool__(self) -> bool:
        return bool(self._overrides)

    def apply(self, resolved: Resolved) -> Resolved:
        """Return a resolver's result with these messages in its errors."""
        return replace(
            resolved,
            errors={name: self._reworded(name, error) for name, error in resolved.errors.items()},
        )

    def find(self, name: str, types: Sequence[str]) -> str | None:
        """Return the message of a field for the first of these error types that has one, or None."""
        for key in (name, pattern(name), ANY):
            by_type = self._overrides.get(key, {})
            for error_type in (*types, ANY):
                if error_type in by_type:
                    return by_type[error_type]
        return None

    def _reworded(self, name: str, error: FieldError) -> FieldError:
        message = self.find(name, (error.type,))
        types: Any = error.types and {
            error_type: self.find(name, (error_type,)) or text
            for error_type, text in error.types.items()
        }
        if message is None and types == error.types:
            return error
        return FieldError(error.type, message or error.message, types)
