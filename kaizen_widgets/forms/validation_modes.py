"""The validation modes: which user events validate a field.

Source: React Hook Form's `mode` and `reValidateMode` (MIT). The form is tested against recorded traces of
the original; no code was copied.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, TypeAlias, get_args

from kaizen_widgets.errors import FormError

Mode: TypeAlias = Literal["onSubmit", "onBlur", "onChange", "onTouched", "all"]
ReValidateMode: TypeAlias = Literal["onChange", "onBlur", "onSubmit"]
FieldEvent: TypeAlias = Literal["change", "blur"]


@dataclass(frozen=True, slots=True)
class ValidationModes:
    """Which events validate a field before the first submit, and after it."""

    before_submit: Mode = "onSubmit"
    after_submit: ReValidateMode = "onChange"

    def validates(self, event: FieldEvent, *, is_touched: bool, is_submitted: bool) -> bool:
        """Return whether an event of a field validates it."""
        if self.before_submit == "all":
            return True
        mode = self.after_submit if is_submitted else self.before_submit
        if mode == "onTouched":
            return event == "blur" or is_touched
        return mode == {"change": "onChange", "blur": "onBlur"}[event]

    def updates_is_valid(self, event: FieldEvent) -> bool:
        """Return whether an event that does not validate its field still updates ``is_valid``.

        A blur changes no value, but in mode ``onBlur`` it is the moment at which the form validates.
        """
        return event == "change" or self.before_submit == "onBlur"

    def validates_rows(self, *, is_submitted: bool) -> bool:
        """Return whether adding, moving or removing rows validates their list."""
        if is_submitted and self.after_submit == "onSubmit":
            return False
        if self.before_submit == "onSubmit":
            return is_submitted
        return self.before_submit != "onBlur" or (is_submitted and self.after_submit == "onChange")


def check_choice(option: str, value: Any, choices: Any) -> Any:
    """Return the value of a form option.

    Args:
        option: The name of the option.
        value: Its value.
        choices: A `Literal` of the allowed values.

    Raises:
        FormError: The value is not one of the choices.
    """
    names = get_args(choices)
    if value not in names:
        raise FormError(f"A form has no {option} {value!r}; there are: {', '.join(names)}.")
    return value
