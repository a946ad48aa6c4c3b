"""The state of the studio's screen: sidebar, theme, the open dialog, notifications.

The theme is the user's choice; a widget decides what ``system`` means. Notifications expire on the clock the
store was given; when there are too many, the oldest are removed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal, TypeAlias, get_args

from traitlets import Any as AnyTrait
from traitlets import Bool, Enum, Tuple, Unicode

from kaizen_widgets.core.clock import (
    Clock,
    NewId,
    Timer,
    random_id,
)
from kaizen_widgets.errors import StoreError
from kaizen_widgets.stores.middleware import State
from kaizen_widgets.stores.persistence import Persistence, Storage, persist
from kaizen_widgets.stores.store import Store

PERSISTED_AS = "kaizen-ui"
DEFAULT_DURATION = 5.0
"""Seconds a notification stays."""
MAX_NOTIFICATIONS = 50

Theme: TypeAlias = Literal["light", "dark", "system"]
Kind: TypeAlias = Literal["info", "success", "warning", "error"]


class UIStore(Store):
    """The state of the screen.

    Args:
        clock: Timers for notifications; without one they stay until removed.
        new_id: Returns a fresh id for a notification.

    Attributes:
        sidebar_open: Whether the sidebar is shown.
        sidebar_collapsed: Whether it is narrow; persisted.
        theme: ``light``, ``dark`` or ``system``; persisted.
        active_modal: The name of the open dialog, or None.
        modal_data: Data of that dialog.
        notifications: Mappings with ``id``, ``type``, ``title``, ``message`` and ``duration`` in seconds
            (0: until removed).
    """

    name: ClassVar[str] = "ui"

    sidebar_open = Bool(True)
    sidebar_collapsed = Bool(False)
    theme = Enum(get_args(Theme), default_value="system")
    active_modal = Unicode(None, allow_none=True)
    modal_data = AnyTrait(allow_none=True)
    notifications = Tuple()

    def __init__(self, *, clock: Clock | None = None, new_id: NewId = random_id) -> None:
        super().__init__()
        self._clock = clock
        self._new_id = new_id
        self._timers: dict[str, Timer] = {}

    def toggle_sidebar(self) -> None:
        """Show or hide the sidebar."""
        self.set(lambda state: {"sidebar_open": not state["sidebar_open"]}, action="ui/sidebar")

    def set_sidebar_collapsed(self, collapsed: bool) -> None:
        """Make the sidebar narrow, or wide."""
        self.set({"sidebar_collapsed": collapsed}, action="ui/collapse")

    def set_theme(self, theme: Theme) -> None:
        """Choose the colors."""
        self.set({"theme": theme}, action="ui/theme")

    def open_modal(self, name: str, data: Any = None) -> None:
        """Open a dialog, replacing an open one."""
        self.set({"active_modal": name, "modal_data": data}, action="ui/open")

    def close_modal(self) -> None:
        """Close the dialog and drop its data."""
        self.set({"active_modal": None, "modal_data": None}, action="ui/close")

    def add_notification(
        self,
        title: str,
        message: str = "",
        *,
        type: Kind = "info",
        duration: float = DEFAULT_DURATION,
    ) -> str:
        """Show a notification; return its id.

        Args:
            title: Headline, such as "Saved".
            message: Details.
            type: ``info``, ``success``, ``warning`` or ``error``.
            duration: Seconds until it is removed; 0: it stays until it is dismissed.

        Raises:
            StoreError: There is no such type, or the duration is negative.
        """
        if type not in get_args(Kind):
            kinds = ", ".join(get_args(Kind))
            raise StoreError(f"A notification's type is one of {kinds}, not {type!r}.", store="ui")
        if not duration >= 0:
            raise StoreError(f"A notification lasts 0 seconds or more, not {duration}.", store="ui")
        identity = self._new_id()
        shown: Mapping[str, Any] = {
            "id": identity,
            "type": type,
            "title": title,
            "message": message,
            "duration": duration,
        }
        self.set(
            lambda state: {"notifications": (*state["notifications"], shown)[-MAX_NOTIFICATIONS:]},
            action="ui/notify",
        )
        if self._clock is not None and duration:
            self._timers[identity] = self._clock.call_later(
                duration, lambda: self.remove_notification(identity)
            )
        return identity

    def remove_notification(self, id: str) -> None:
        """Remove a notification; does nothing if there is none with that id."""
        timer = self._timers.pop(id, None)
        if timer is not None:
            timer.cancel()

        def without(state: State) -> State:
            left = tuple(shown for shown in state["notifications"] if shown["id"] != id)
            return {"notifications": left} if left != state["notifications"] else {}

        self.set(without, action="ui/dismiss")

    def persist(self, storage: Storage | None = None) -> Persistence:
        """Persist the theme and the sidebar's width, and restore the saved values."""
        return persist(
            self, PERSISTED_AS, storage=storage, partialize=("theme", "sidebar_collapsed")
        )

    def __repr__(self) -> str:
        return f"UIStore(theme={self.theme!r}, notifications={len(self.notifications)})"
