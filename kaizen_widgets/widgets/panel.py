"""The base class of panels: a VBox that prevents key presses from triggering JupyterLab's shortcuts.

JupyterLab's shortcuts also apply inside a panel: an arrow key in a list moves to another cell, ``d d`` on a
button deletes the cell with the panel. Key presses in a panel are therefore not passed on, except those with
Ctrl, Alt or Cmd, Escape, and Shift+Enter.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import anywidget
import ipywidgets as ipw

from kaizen_widgets.widgets.python_owned import PythonOwned
from kaizen_widgets.widgets.theme import THEME_CSS

AFTER_EDITS = "kaizen-after-edits"
"""The CSS class of buttons whose clicks are handled after earlier edits (`js/src/pending_edits.ts`)."""


class KeyGuard(PythonOwned, anywidget.AnyWidget):
    """An invisible widget that handles the keys and styles of all panels on the page."""

    _css = THEME_CSS
    _esm = """
const isForNotebook = (event) =>
  event.ctrlKey || event.metaKey || event.altKey || event.key === "Escape" ||
  (event.shiftKey && event.key === "Enter");
const guarded = new WeakSet();

function guard(event) {
  const panel = event.target.closest?.(".kaizen-panel");
  if (!panel || guarded.has(panel)) return;
  guarded.add(panel);
  // While bubbling, so that the controls inside the panel have handled the key already.
  panel.addEventListener("keydown", (event) => {
    if (!isForNotebook(event)) event.stopPropagation();
  });
}

function render({ el }) {
  el.style.display = "none";
  document.addEventListener("focusin", guard);
}
export default { render };
"""

    def __repr__(self) -> str:
        return "KeyGuard()"


class Panel(PythonOwned, ipw.VBox):
    """A VBox of ipywidgets whose key presses do not reach JupyterLab.

    Args:
        children: Its widgets.
        **options: Options of a VBox.
    """

    def __init__(self, children: Sequence[ipw.Widget] = (), **options: Any) -> None:
        super().__init__([*children, KeyGuard()], **options)
        self.add_class("kaizen-panel")
