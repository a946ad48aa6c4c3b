"""Answers dialogs in tests whose server and client run in virtual time."""

from __future__ import annotations

import threading
from typing import Any

from kaizen_widgets.testing import VirtualLoop
from kaizen_widgets.widgets.dialog import Dialog


def answered(loop: VirtualLoop, dialog: Dialog | None) -> None:
    """Answer a dialog and wait until that is carried out, which the thread of the dialogs does."""
    assert dialog is not None
    ended = threading.Event()
    succeeded, failed = dialog._answered, dialog._failed

    def now_answered(result: Any) -> None:
        succeeded(result)
        ended.set()

    def now_failed(error: Exception) -> None:
        failed(error)
        ended.set()

    dialog._answered, dialog._failed = now_answered, now_failed  # type: ignore[method-assign]
    try:
        dialog.give_answer()
        for _ in range(3000):
            loop.advance(1)
            if ended.wait(0.02):
                return
    finally:
        dialog._answered, dialog._failed = succeeded, failed  # type: ignore[method-assign]
    raise AssertionError(f"{dialog} was not answered")
