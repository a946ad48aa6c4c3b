"""Links an ipywidget that replaces a field's control: its `value` and the value of the field stay equal."""

from __future__ import annotations

from collections.abc import Callable
from threading import get_ident
from typing import Any, Final

import ipywidgets as ipw
from traitlets import TraitError

from kaizen_widgets.forms import Change, Form

MAX_COPIES: Final = 3
"""How often a value is copied to the widget if another thread changes the field at the same time."""


def link_widget(form: Form, name: str, widget: ipw.Widget) -> Callable[[], None]:
    """Link a widget with a field, and return a function that unlinks it.

    Initially the widget takes the field's value; if it cannot hold it (a slider cannot be empty), the field
    takes the widget's value. Each change of the widget counts as an edit and a blur, because ipywidgets
    have no blur event.

    Args:
        form: The form.
        name: The field.
        widget: A widget with a `value`.

    Raises:
        TypeError: The widget has no value.
    """
    if not isinstance(widget, ipw.Widget) or not widget.has_trait("value"):
        raise TypeError(
            f"The field {name!r} needs an ipywidget with a value, not {type(widget).__name__}."
        )
    copying: list[int] = []
    """The threads that copy to the widget; a change on any other thread was made by the user."""

    def copy_to_widget() -> bool:
        value = form.get_value(name)
        for _ in range(MAX_COPIES):
            copying.append(get_ident())
            try:
                widget.value = value  # pyright: ignore[reportAttributeAccessIssue]
            except (TraitError, TypeError, ValueError):
                return False  # the field is empty or half typed; the widget keeps its value
            finally:
                copying.remove(get_ident())
            written, value = value, form.get_value(name)
            if value == written:
                break
        return True

    def copy_to_form(change: Any) -> None:
        if get_ident() not in copying:
            with form.batch():
                form.set_value(name, change["new"], should_dirty=True)
                form.change(name, form.get_value(name))
                form.blur(name)

    def on_form_change(change: Change) -> None:
        if change.is_reset or any(
            written == name or not written or name.startswith(f"{written}.")
            for written in change.values
        ):
            copy_to_widget()

    if not copy_to_widget():
        form.set_value(name, widget.value)  # pyright: ignore[reportAttributeAccessIssue]
    widget.observe(copy_to_form, names="value")
    unsubscribe = form.subscribe(on_form_change)

    def unlink() -> None:
        unsubscribe()
        widget.unobserve(copy_to_form, names="value")

    return unlink
