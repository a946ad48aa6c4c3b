"""RowAction is a button of a `DataGrid`: on each of its rows, or in its header."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from kaizen_widgets.displays.refusal import refusal_of

ICONS: Final = (
    "add", "check", "columns", "copy", "delete", "deploy", "down", "download", "edit", "history", "key",
    "more", "mute", "open", "people", "play", "promote", "refresh", "search", "stop", "undo", "upload",
)  # fmt: skip
"""Names of the icons; `js/src/grid/icons.ts` draws them."""


@dataclass(frozen=True)
class RowAction:
    """A button on each row of a `DataGrid`, or in its header.

    Args:
        name: Name that ``on_action`` callbacks get.
        label: Text of the button, or of its entry in the row's menu.
        icon: One of `ICONS`. On a row, an action with an icon is a button that appears on hover and focus;
            all actions are in the row's menu.
        is_enabled: Called with a record; on False the action cannot be chosen there.
        reason: Why it cannot be chosen, shown as a tooltip: a text, or a function of the record.
        is_danger: Whether it destroys something; shown in red.
        is_visible: Whether its text is always shown on the row, instead of on hover.

    Raises:
        ValueError: There is no such icon.
    """

    name: str
    label: str
    icon: str = ""
    is_enabled: Callable[[Any], bool] | None = None
    reason: str | Callable[[Any], str] = ""
    is_danger: bool = False
    is_visible: bool = False

    def __post_init__(self) -> None:
        if self.icon and self.icon not in ICONS:
            raise ValueError(f"There is no icon {self.icon!r}; there are {', '.join(ICONS)}.")

    def refusal(self, record: Any) -> str | None:
        """Return why the action cannot be chosen for a record; None if it can."""
        return refusal_of(self.is_enabled, self.reason, record)
