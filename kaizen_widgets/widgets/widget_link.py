"""A user's own ipywidget in place of a field: its `value` and the field's are kept the same."""

from __future__ import annotations

from collections.abc import Callable
from threading import get_ident
from typing import Any, Final

import ipywidgets as ipw
from traitlets import TraitError

from kaizen_widgets.forms import Change, Form

RETRIES: Final = 3
"""How often a value is moved again, if another thread wrote the field meanwhile."""


def link(form: Form, name: str, widget: ipw.Widget) -> Callable[[], None]:
    """Keep a widget and a field the same, and return what ends it.

    The form's value wins at first; where the widget cannot hold it (a slider cannot be empty), the
    widget's does. Every change by hand counts as one that is finished: ipywidgets do not tell of a blur.

    Raises:
        TypeError: The widget has no value.
    """
    if not isinstance(widget, ipw.Widget) or not widget.has_trait("value"):
        raise TypeError(
            f"The field {name!r} needs an ipywidget with a value, not {type(widget).__name__}."
        )
    moving: list[int] = []
    """The threads that move the form's value to the widget; on any other, somebody's hand moved it."""

    def to_widget() -> bool:
        value = form.get_value(name)
        for _ in range(RETRIES):
            moving.append(get_ident())
            try:
                widget.value = value  # pyright: ignore[reportAttributeAccessIssue]
            except (TraitError, TypeError, ValueError):
                return False  # half-typed elsewhere, or empty: the widget stays what it was
            finally:
                moving.remove(get_ident())
            written, value = value, form.get_value(name)
            if value == written:
                break
        return True

    def to_form(change: Any) -> None:
        if get_ident() not in moving:
            with form.batch():
                form.set_value(name, change["new"], should_dirty=True)
                form.change(name, form.get_value(name))
                form.blur(name)

    def on_form(change: Change) -> None:
        if change.is_reset or any(
            written == name or not written or name.startswith(f"{written}.")
            for written in change.values
        ):
            to_widget()

    if not to_widget():
        form.set_value(name, widget.value)  # pyright: ignore[reportAttributeAccessIssue]
    widget.observe(to_form, names="value")
    end = form.subscribe(on_form)

    def unlink() -> None:
        end()
        widget.unobserve(to_form, names="value")

    return unlink
