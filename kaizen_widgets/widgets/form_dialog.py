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
    dialog = Dialog(title, [form], answer=answer, on_answer=lambda: submit_form(form), wide=wide)
    fit_in(form, dialog)
    return dialog


def fit_in(form: FormPanel, dialog: Dialog) -> None:
    """Leave out a form's heading and buttons, which the dialog has, and close the dialog with its success."""
    form.children = (form.area, form.status)
    on_success = form.on_success

    def succeeded(result: object) -> None:
        if on_success is not None:
            on_success(result)
        # Enter in a field submits the form without the dialog's answer.
        dialog.cancel()

    form.on_success = succeeded


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
