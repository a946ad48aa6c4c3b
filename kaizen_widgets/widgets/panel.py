"""What every panel is: a VBox in which keys do what the control under them does, and nothing else.

JupyterLab's keys act on whatever has the focus: arrows in a list move to another cell, ``d d`` on a
button deletes the one the panel is in. Keys pressed in a panel end there, but those with Ctrl, Alt or
Cmd, Escape, and Shift+Enter, which stay the notebook's.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import anywidget
import ipywidgets as ipw

from kaizen_widgets.widgets.theme import THEME_CSS

AFTER_EDITS = "kaizen-after-edits"
"""The class of buttons whose press comes after what was typed before it (`js/src/pending_edits.ts`)."""


class KeyGuard(anywidget.AnyWidget):
    """Draws nothing; looks after the keys and the colours of every panel of the page."""

    _css = THEME_CSS
    _esm = """
const NOTEBOOKS = (event) =>
  event.ctrlKey || event.metaKey || event.altKey || event.key === "Escape" ||
  (event.shiftKey && event.key === "Enter");
const guarded = new WeakSet();

function guard(event) {
  const panel = event.target.closest?.(".kaizen-panel");
  if (!panel || guarded.has(panel)) return;
  guarded.add(panel);
  // On the panel and while bubbling: what is inside has had the key already.
  panel.addEventListener("keydown", (event) => {
    if (!NOTEBOOKS(event)) event.stopPropagation();
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


class Panel(ipw.VBox):
    """A VBox of ipywidgets that keeps its keys.

    Args:
        children: What is in it.
        **options: As of a VBox.
    """

    def __init__(self, children: Sequence[ipw.Widget] = (), **options: Any) -> None:
        super().__init__([*children, KeyGuard()], **options)
        self.add_class("kaizen-panel")
