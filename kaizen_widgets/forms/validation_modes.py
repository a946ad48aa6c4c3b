"""When a form judges what is typed: the modes, and which event each of them heeds.

Source: React Hook Form's `mode` and `reValidateMode` (MIT), whose recorded traces the form is held to;
not its code.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, TypeAlias, get_args

from kaizen_widgets.errors import FormError

Mode: TypeAlias = Literal["onSubmit", "onBlur", "onChange", "onTouched", "all"]
ReValidateMode: TypeAlias = Literal["onChange", "onBlur", "onSubmit"]
Event: TypeAlias = Literal["change", "blur"]


@dataclass(frozen=True, slots=True)
class Modes:
    """When events validate, before the first submit and after it."""

    before: Mode = "onSubmit"
    after: ReValidateMode = "onChange"

    def validates(self, event: Event, *, is_touched: bool, is_submitted: bool) -> bool:
        """Whether an event of a field validates it at once."""
        if self.before == "all":
            return True
        mode = self.after if is_submitted else self.before
        if mode == "onTouched":
            return event == "blur" or is_touched
        return mode == {"change": "onChange", "blur": "onBlur"}[event]

    def refreshes(self, event: Event) -> bool:
        """Whether an event that does not validate still refreshes ``is_valid``.

        A blur changes no value; but in mode ``onBlur`` it is the form's moment to judge.
        """
        return event == "change" or self.before == "onBlur"

    def validates_rows(self, *, is_submitted: bool) -> bool:
        """Whether adding, moving or removing rows validates their list."""
        if is_submitted and self.after == "onSubmit":
            return False
        if self.before == "onSubmit":
            return is_submitted
        return self.before != "onBlur" or (is_submitted and self.after == "onChange")


def checked(option: str, value: Any, choices: Any) -> Any:
    """Return the value of an option of the form.

    Raises:
        FormError: It is none of the choices.
    """
    names = get_args(choices)
    if value not in names:
        raise FormError(f"A form has no {option} {value!r}; there are: {', '.join(names)}.")
    return value
