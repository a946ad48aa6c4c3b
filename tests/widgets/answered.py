"""Answers dialogs in tests whose server and client run in virtual time."""

from __future__ import annotations

import threading

from kaizen_widgets.testing import VirtualLoop
from kaizen_widgets.widgets.dialog import Dialog


def answered(loop: VirtualLoop, dialog: Dialog | None) -> None:
    """Answer a dialog and wait until that is carried out, which the thread of the dialogs does."""
    assert dialog is not None
    ended = threading.Event()
    show_busy, on_close = dialog._show_busy, dialog._on_close

    def now_busy(busy: bool) -> None:
        show_busy(busy)
        if not busy:
            ended.set()

    def closed() -> None:
        if on_close is not None:
            on_close()
        ended.set()

    dialog._show_busy, dialog._on_close = now_busy, closed  # type: ignore[method-assign]
    dialog.give_answer()
    for _ in range(600):
        loop.advance(1)
        if ended.wait(0.02):
            return
    raise AssertionError(f"{dialog} was not answered")
