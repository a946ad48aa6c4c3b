"""A modal dialog made of ipywidgets.

    name = ipw.Text(placeholder="Name")
    host.show(Dialog("New team", [name], answer="Create team", on_answer=lambda: create(name.value)))

It is shown above everything else of the page and has the focus until it is closed: by its answer, by Cancel
or by Escape. Enter in a text field gives the answer. Afterwards the focus returns to where it was.
"""

from __future__ import annotations

import asyncio
import html
import inspect
import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, ClassVar

import ipywidgets as ipw
from traitlets import Bool, Unicode

from kaizen_widgets.core.background import background
from kaizen_widgets.displays.markup import alert
from kaizen_widgets.errors import KaizenError
from kaizen_widgets.widgets.panel import AFTER_EDITS
from kaizen_widgets.widgets.python_owned import PythonOwned
from kaizen_widgets.widgets.shared_part import SharedPart

logger = logging.getLogger(__name__)


class DialogFocus(SharedPart):
    """The part of a dialog that handles focus and keys in the page."""

    part: ClassVar[str] = "dialog"
    title = Unicode().tag(sync=True)
    danger = Bool(False).tag(sync=True)

    def __repr__(self) -> str:
        return f"DialogFocus({self.title!r})"


class Dialog(PythonOwned, ipw.VBox):
    """A modal dialog; show it in a `DialogHost`.

    Args:
        title: What it is about, such as "New agent".
        children: Its content: ipywidgets, or a single text.
        answer: Label of the button that answers it; None if the content has a button of its own, as a
            form does.
        on_answer: Called when it is answered; may return an awaitable. The dialog closes afterwards, unless
            the result is False or an exception is raised, whose message it shows.
        danger: Whether the answer destroys something; then Cancel has the focus first.
        on_close: Called when the dialog is closed in any way.
        wide: Whether it is up to 760 pixels wide instead of 480.

    Attributes:
        answer_button: The button that answers it.
        cancel_button: The button that closes it.
        body: The box around the content.
    """

    def __init__(
        self,
        title: str,
        children: Sequence[ipw.Widget] | str = (),
        *,
        answer: str | None = "OK",
        on_answer: Callable[[], Any] | None = None,
        danger: bool = False,
        on_close: Callable[[], object] | None = None,
        wide: bool = False,
    ) -> None:
        self.title = title
        self._on_answer = on_answer
        self._on_close = [] if on_close is None else [on_close]
        self._is_busy = self._is_closed = False
        self._host: DialogHost | None = None
        if isinstance(children, str):
            children = [ipw.HTML(f"<p>{html.escape(children)}</p>")] if children else []
        self.heading = ipw.HTML(
            f"<h2>{html.escape(title)}</h2>", _dom_classes=("kaizen-dialog-title",)
        )
        self.body = ipw.VBox(list(children), _dom_classes=("kaizen-dialog-body",))
        self.status = ipw.HTML(_dom_classes=("kaizen-dialog-status",))
        self.cancel_button = ipw.Button(
            description="Cancel" if answer or on_answer else "Close",
            _dom_classes=("kaizen-dialog-cancel",),
        )
        self.answer_button = ipw.Button(
            description=answer or "",
            button_style="danger" if danger else "primary",
            _dom_classes=("kaizen-dialog-answer", AFTER_EDITS),
        )
        self.cancel_button.on_click(lambda _button: self.cancel())
        self.answer_button.on_click(lambda _button: self.give_answer())
        buttons = [self.cancel_button, self.answer_button] if answer else [self.cancel_button]
        self.actions = ipw.HBox(buttons, _dom_classes=("kaizen-dialog-actions",))
        self.focus_part = DialogFocus(title=title, danger=danger)
        self.focus_part.on_msg(self._receive)
        super().__init__(
            [self.heading, self.body, self.status, self.actions, self.focus_part],
            _dom_classes=("kaizen-dialog", "kaizen-panel", "kz", *(["kaizen-wide"] * wide)),
        )

    def give_answer(self) -> None:
        """Answer the dialog, like its button; does nothing while an earlier answer is being carried out."""
        if self._is_busy or self._is_closed:
            return
        self.status.value = ""
        self._is_busy = True
        try:
            result = self._on_answer() if self._on_answer is not None else None
        except Exception as error:
            self._failed(error)
            return
        if inspect.isawaitable(result):
            self._show_busy(True)
            background.start(self._follow(result))
        else:
            self._answered(result)

    def cancel(self) -> None:
        """Close the dialog without an answer."""
        if self._host is not None:
            self._host.dismiss(self)

    def on_dismiss(self, callback: Callable[[], object]) -> None:
        """Call a function when the dialog is closed in any way, like ``on_close``."""
        self._on_close.append(callback)

    def show_problem(self, text: str) -> None:
        """Show an error in the dialog, which stays open."""
        self.status.value = alert(text)

    def close(self) -> None:
        """Close the dialog and its widgets, the content included."""
        if not self._is_closed:
            self._is_closed = True
            parts = (self.heading, self.status, self.cancel_button, self.answer_button)
            for part in (*self.body.children, self.body, *parts, self.actions, self.focus_part):
                part.close()
        super().close()

    # ------------------------------------------------------------ internal

    async def _follow(self, work: Awaitable[Any]) -> None:
        try:
            result = await work
        except Exception as error:
            await asyncio.to_thread(self._failed, error)
        else:
            await asyncio.to_thread(self._answered, result)

    def _answered(self, result: Any) -> None:
        self._is_busy = False
        if result is False:
            self._show_busy(False)
        else:
            self.cancel()

    def _failed(self, error: Exception) -> None:
        self._is_busy = False
        if not isinstance(error, KaizenError | TimeoutError):
            logger.error("The answer of the dialog %r failed", self.title, exc_info=error)
        if not self._is_closed:
            self._show_busy(False)
            self.show_problem(str(error) or type(error).__name__)

    def _show_busy(self, busy: bool) -> None:
        # Not disabled, because that would take the focus away from it.
        if not self._is_closed:
            self.answer_button.icon = "spinner spin" if busy else ""

    def _receive(self, _widget: Any, content: Any, _buffers: Any) -> None:
        if content == {"kind": "cancel"}:
            self.cancel()

    def _closed_by(self) -> None:
        self._host = None
        for callback in self._on_close:
            callback()

    def __repr__(self) -> str:
        return f"Dialog({self.title!r})"


class DialogHost(PythonOwned, ipw.VBox):
    """The place of a page in which dialogs appear; it takes no room while there is none.

    A second dialog is shown in place of the first, which returns when the second is closed.
    """

    def __init__(self) -> None:
        super().__init__(_dom_classes=("kaizen-dialogs", "kz"))

    @property
    def dialog(self) -> Dialog | None:
        """The dialog that is shown."""
        return self.children[-1] if self.children else None

    def show(self, dialog: Dialog) -> Dialog:
        """Show a dialog; return it."""
        if dialog not in self.children:
            dialog._host = self
            self.children = (*self.children, dialog)
        return dialog

    def dismiss(self, dialog: Dialog | None = None) -> None:
        """Close a dialog without an answer; by default the one that is shown."""
        dialog = self.dialog if dialog is None else dialog
        if dialog is None or dialog not in self.children:
            return
        self.children = tuple(each for each in self.children if each is not dialog)
        dialog._closed_by()
        dialog.close()

    def confirm(
        self,
        title: str,
        text: str,
        answer: str,
        on_answer: Callable[[], Any],
        danger: bool = True,
    ) -> Dialog:
        """Ask before something is done; return the dialog.

        Args:
            title: The question, such as "Archive Translator?".
            text: What will happen, and whether it can be undone.
            answer: Label of the button that does it.
            on_answer: Does it; see `Dialog`.
            danger: Whether it destroys something.
        """
        return self.show(Dialog(title, text, answer=answer, on_answer=on_answer, danger=danger))

    def close(self) -> None:
        """Close the dialogs and the host."""
        while self.children:
            self.dismiss()
        super().close()

    def __repr__(self) -> str:
        return f"DialogHost({self.dialog!r})" if self.children else "DialogHost()"
