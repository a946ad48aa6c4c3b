"""A form in a dialog: the dialog's answer submits it, and closes the dialog if that succeeded."""

from __future__ import annotations

from kaizen_widgets.errors import KaizenError
from kaizen_widgets.widgets.dialog import Dialog
from kaizen_widgets.widgets.form_panel import FormPanel


def form_dialog(title: str, form: FormPanel, *, answer: str, wide: bool = False) -> Dialog:
    """Return a dialog around a form; the form shows its errors, and the dialog stays open with them.

    Args:
        title: What it is about, such as "New agent".
        form: The form; its heading and buttons are not shown.
        answer: Label of the button that submits it.
        wide: Whether the dialog is wide.
    """
    without_buttons(form)
    return Dialog(title, [form], answer=answer, on_answer=lambda: submit_form(form), wide=wide)


def without_buttons(form: FormPanel) -> FormPanel:
    """Return a form without its heading and buttons, which the dialog has."""
    form.children = (form.area, form.status)
    return form


async def submit_form(form: FormPanel) -> bool:
    """Submit a form; return whether that succeeded. The form shows its errors."""
    submission = form.submit()
    if submission is None:
        return False  # An earlier submit is still running.
    try:
        await submission
    except KaizenError:
        return False
    # A form may have been reset after it succeeded; an invalid one was not submitted, and has errors.
    return not form.form.errors
