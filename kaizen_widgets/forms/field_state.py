"""The state of one field of a form."""

from __future__ import annotations

from dataclasses import dataclass

from kaizen_widgets.forms.resolver import FieldError


@dataclass(frozen=True, slots=True)
class FieldState:
    """The state of one field, including everything below it.

    Attributes:
        invalid: Whether it shows an error.
        is_dirty: Whether it, or a field below it, differs from its default.
        is_touched: Whether the user left it, or a field below it.
        is_validating: Whether a validation of it is under way.
        error: Its own error, or None.
    """

    invalid: bool
    is_dirty: bool
    is_touched: bool
    is_validating: bool
    error: FieldError | None
