"""What the studio's screen looks like: sidebar, theme, the one dialog, notifications.

Nothing here draws. The theme is what the user chose; what ``system`` means is for the screen to say.
Notifications expire on the clock they were given, oldest first when there are too many.
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
from kaizen_widgets.stores.persistence import Persistence, Storage, persist
from kaizen_widgets.stores.store import Store

PERSISTED_AS = "kaizen-ui"
DEFAULT_DURATION = 5.0
"""Seconds a notification stays."""
MAX_NOTIFICATIONS = 50

Theme: TypeAlias = Literal["light", "dark", "system"]
Kind: TypeAlias = Literal["info", "success", "warning", "error"]


class UIStore(Store):
    """The screen's state.

    Args:
        clock: Lets notifications expire; without one they stay until removed.
        new_id: Gives notifications their ids.

    Attributes:
        sidebar_open: Whether the sidebar is shown.
        sidebar_collapsed: Whether it is narrow; persisted.
        theme: ``light``, ``dark`` or ``system``; persisted.
        active_modal: The name of the dialog that is open, or None.
        modal_data: What that dialog is about.
        notifications: Mappings with ``id``, ``type``, ``title``, ``message`` and ``duration`` (seconds;
            0 stays).
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
        """Show the sidebar, or hide it."""
        self.set(lambda state: {"sidebar_open": not state["sidebar_open"]}, action="ui/sidebar")

    def set_sidebar_collapsed(self, collapsed: bool) -> None:
        """Make the sidebar narrow, or wide again."""
        self.set({"sidebar_collapsed": collapsed}, action="ui/collapse")

    def set_theme(self, theme: Theme) -> None:
        """Choose the colours."""
        self.set({"theme": theme}, action="ui/theme")

    def open_modal(self, name: str, data: Any = None) -> None:
        """Open a dialog; another one that is open closes."""
        self.set({"active_modal": name, "modal_data": data}, action="ui/open")

    def close_modal(self) -> None:
        """Close the dialog and forget what it was about."""
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
            title: What happened.
            message: More about it.
            type: What kind of news.
            duration: Seconds until it goes; 0 lets it stay until removed.

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
        with self._notifier.locked():
            newest = (*self.notifications, shown)[-MAX_NOTIFICATIONS:]
            self.set({"notifications": newest}, action="ui/notify")
            if self._clock is not None and duration:
                self._timers[identity] = self._clock.call_later(
                    duration, lambda: self.remove_notification(identity)
                )
        return identity

    def remove_notification(self, id: str) -> None:
        """Take a notification away; harmless when it is gone."""
        with self._notifier.locked():
            timer = self._timers.pop(id, None)
            if timer is not None:
                timer.cancel()
            left = tuple(shown for shown in self.notifications if shown["id"] != id)
            self.set({"notifications": left}, action="ui/dismiss")

    def keep(self, storage: Storage | None = None) -> Persistence:
        """Persist theme and sidebar, and take up those of last time."""
        return persist(
            self, PERSISTED_AS, storage=storage, partialize=("theme", "sidebar_collapsed")
        )

    def __repr__(self) -> str:
        return f"UIStore(theme={self.theme!r}, notifications={len(self.notifications)})"
