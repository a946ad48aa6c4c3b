"""The notifications of a UI store, announced by screen readers and dismissed by a button.

The live region is in the page before it has any content: screen readers announce what is added to a
live region, not one that appears together with its text.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from traitlets import List

from kaizen_widgets.stores import UIStore
from kaizen_widgets.widgets.shared_part import SharedPart


class Notifications(SharedPart):
    """Show the notifications of a `UIStore`.

    Args:
        ui: UI store whose notifications are shown, such as ``studio.ui``.
    """

    part: ClassVar[str] = "notifications"
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
