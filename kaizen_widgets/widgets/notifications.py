"""The notifications of a UI store, announced by screen readers and dismissed by a button.

The live region is in the page before it has any content: screen readers announce what is added to a
live region, not one that appears together with its text.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import anywidget
from traitlets import List

from kaizen_widgets.stores import UIStore
from kaizen_widgets.widgets.markup import ACCENT, BAD, GOOD, WARN
from kaizen_widgets.widgets.python_owned import PythonOwned
from kaizen_widgets.widgets.theme import THEME_CSS


class Notifications(PythonOwned, anywidget.AnyWidget):
    """Show the notifications of a `UIStore`.

    Args:
        ui: UI store whose notifications are shown, such as ``studio.ui``.
    """

    _css = f"""{THEME_CSS}
.kaizen-notifications {{ display: flex; flex-direction: column; gap: 6px; font-size: 13px; }}
.kaizen-notifications:not(:empty) {{ padding: 6px 0; }}
.kaizen-notification {{
  display: flex; align-items: flex-start; gap: 8px; padding: 8px 10px; border-radius: 6px;
  border: 1px solid var(--jp-border-color2, #dfe2e7); border-left: 4px solid {ACCENT};
  background: var(--jp-layout-color1, #fff); color: var(--jp-ui-font-color1, #23262d);
}}
.kaizen-notification[data-type="success"] {{ border-left-color: {GOOD}; }}
.kaizen-notification[data-type="warning"] {{ border-left-color: {WARN}; }}
.kaizen-notification[data-type="error"] {{ border-left-color: {BAD}; }}
.kaizen-notification p {{ margin: 0; flex: 1; overflow-wrap: anywhere; }}
.kaizen-notification button {{
  border: 0; background: none; color: inherit; cursor: pointer; font: inherit; line-height: 1;
  padding: 4px 6px; border-radius: 4px;
}}
.kaizen-notification button:focus-visible {{ outline: 2px solid {ACCENT}; }}
"""
    _esm = """
const WORDS = { success: "Done: ", warning: "Warning: ", error: "Error: ", info: "" };

function draw(model, { id, type, title, message }) {
  const item = document.createElement("div");
  item.className = "kaizen-notification";
  item.dataset.type = type;
  item.dataset.id = id;
  const text = document.createElement("p");
  const head = document.createElement("strong");
  head.textContent = WORDS[type] + title;
  text.append(head, message ? ` ${message}` : "");
  const close = document.createElement("button");
  close.type = "button";
  close.textContent = "✕";
  close.setAttribute("aria-label", `Dismiss: ${title}`);
  close.addEventListener("click", () => {
    // Move the focus, which would be lost with the button.
    const next = item.nextElementSibling ?? item.previousElementSibling;
    next?.querySelector("button").focus();
    model.send({ kind: "dismiss", id });
  });
  item.append(text, close);
  return item;
}

function render({ model, el }) {
  el.classList.add("kaizen-panel");
  const region = document.createElement("div");
  region.className = "kaizen-notifications";
  region.setAttribute("role", "status");
  region.setAttribute("aria-live", "polite");
  region.setAttribute("aria-relevant", "additions");
  region.setAttribute("aria-label", "Notifications");
  el.append(region);
  const refresh = () => {
    const shown = model.get("_shown");
    const ids = new Set(shown.map(({ id }) => id));
    const existing = new Map([...region.children].map((item) => [item.dataset.id, item]));
    for (const [id, item] of existing) if (!ids.has(id)) item.remove();
    // Existing items stay in place, so that only new ones are announced.
    for (const item of shown) if (!existing.has(item.id)) region.append(draw(model, item));
  };
  refresh();
  model.on("change:_shown", refresh);
  return () => model.off("change:_shown", refresh);
}
export default { render };
"""

    _shown = List().tag(sync=True)

    def __init__(self, ui: UIStore) -> None:
        self._ui = ui
        super().__init__(_shown=_view_state(ui.notifications))
        self._unsubscribe = ui.subscribe(lambda state: state["notifications"], self._follow)
        self.on_msg(self._receive)

    def close(self) -> None:
        """Close the views and stop listening."""
        self._unsubscribe()
        super().close()

    def _follow(self, notifications: Any, _previous: Any) -> None:
        self._shown = _view_state(notifications)

    def _receive(self, _widget: Any, content: Any, _buffers: Any) -> None:
        match content:
            case {"kind": "dismiss", "id": str(identity)}:
                self._ui.remove_notification(identity)
            case _:
                pass  # Unknown messages are ignored.

    def __repr__(self) -> str:
        return f"Notifications({len(self._shown)})"


def _view_state(notifications: Any) -> list[Mapping[str, str]]:
    """Return the fields that a view shows; the store removes a notification when it expires."""
    return [
        {key: str(each[key]) for key in ("id", "type", "title", "message")}
        for each in notifications
    ]
