"""The base class of panels: a VBox that prevents key presses from triggering JupyterLab's shortcuts.

JupyterLab's shortcuts also apply inside a panel: an arrow key in a list moves to another cell, ``d d`` on a
button deletes the cell with the panel. Key presses in a panel are therefore not passed on, except those with
Ctrl, Alt or Cmd, Escape, and Shift+Enter.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import ipywidgets as ipw

from kaizen_widgets.widgets.python_owned import PythonOwned
from kaizen_widgets.widgets.shared_part import SharedPart

AFTER_EDITS = "kaizen-after-edits"
"""The CSS class of buttons whose clicks are handled after earlier edits (`js/src/pending_edits.ts`)."""


class KeyGuard(SharedPart):
    """An invisible widget that handles the keys and styles of all panels on the page."""

    part: ClassVar[str] = "keys"

    def __repr__(self) -> str:
        return "KeyGuard()"


class Panel(PythonOwned, ipw.VBox):
    """A VBox of ipywidgets whose key presses do not reach JupyterLab, in the look of `js/src/tokens.css`.

    Buttons with the class ``kaizen-quiet`` have no frame; ``button_style`` may be "primary" or "danger".

    Args:
        children: Its widgets.
        **options: Options of a VBox.
    """

    def __init__(self, children: Sequence[ipw.Widget] = (), **options: Any) -> None:
        super().__init__([*children, KeyGuard()], **options)
        self.add_class("kaizen-panel")
        self.add_class("kz")
