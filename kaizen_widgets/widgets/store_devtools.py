"""A panel with a store's actions: the time, the changes and the state after each, with time travel.

It shows an `ActionLog`. Time travel changes the store, not the log; the next action is added at its end. The
panel follows the newest action until another one is selected. It is drawn at most ten times a second. Values
whose names look like secrets are hidden.
"""

from __future__ import annotations

import base64
import html
from threading import get_ident
from typing import Any, Final

import ipywidgets as ipw

from kaizen_widgets.core.background import background
from kaizen_widgets.core.clock import Clock
from kaizen_widgets.displays.markup import BAD, GOOD, LINE, MONO, MUTED, alert, hint
from kaizen_widgets.displays.previews import HIDDEN, is_secret_field, preview_line, preview_text
from kaizen_widgets.errors import StoreError
from kaizen_widgets.stores import ActionLog, devtools
from kaizen_widgets.stores.action_log import Entry
from kaizen_widgets.stores.base_store import BaseStore
from kaizen_widgets.widgets.layouts import wrapping
from kaizen_widgets.widgets.panel import Panel
from kaizen_widgets.widgets.throttle import Throttle
from kaizen_widgets.widgets.value_tree import ValueTree

ROWS: Final = 200
"""Most actions that the list shows, newest first; the slider covers all."""
_CELL: Final = f"padding: 2px 10px 2px 0; vertical-align: top; text-align: left; {MONO}"


class StoreDevtools(Panel):
    """Inspect a store and travel between its states.

    Args:
        store: A `Store` or a `PlainStore`, such as ``studio.ui``. Call `persist` on it first.
        clock: Time and timers; by default the background loop's.

    Attributes:
        action_log: The `ActionLog` that is shown.

    Raises:
        TypeError: ``store`` is not a store.
    """

    _link: Any = None  # ipywidgets also closes a widget whose __init__ raised

    def __init__(self, store: BaseStore, *, clock: Clock = background) -> None:
        if not hasattr(store, "use") or not hasattr(store, "set"):
            raise TypeError(f"StoreDevtools need a store, not {type(store).__name__}.")
        self.action_log = ActionLog(now=clock.now)
        self.summary = ipw.HTML(layout=ipw.Layout(flex="1 1 160px"))
        self.actions = ipw.Select(rows=8, description="Actions", layout=ipw.Layout(width="auto"))
        self.slider = ipw.IntSlider(
            min=0,
            max=0,
            description="Travel",
            readout_format="d",
            continuous_update=True,
            layout=ipw.Layout(flex="1 1 240px", width="auto"),
        )
        self.jump_button = _button(
            "Go here", "map-marker", "Set the store to the state after this action"
        )
        self.pause_button = ipw.ToggleButton(
            description="Pause",
            icon="pause",
            tooltip="Stop recording actions",
            layout=ipw.Layout(width="auto"),
        )
        self.reset_button = _button(
            "Reset", "undo", "Set the store to its first state and start a new log"
        )
        self.export_button = _button("Export", "download", "Save the log as a file")
        self.import_button = ipw.FileUpload(
            accept=".json",
            multiple=False,
            description="Import",
            tooltip="Show an exported log and set the store to its last state",
            layout=ipw.Layout(width="auto"),
        )
        self.message = ipw.HTML()
        self.changes = ipw.HTML()
        self.state = ValueTree()
        state = ipw.VBox(
            [ipw.HTML(hint("State after the action")), self.state],
            layout=ipw.Layout(max_height="320px", overflow="auto"),
        )
        buttons = [self.pause_button, self.reset_button, self.export_button, self.import_button]
        super().__init__(
            [
                ipw.HBox([self.summary, *buttons], layout=wrapping()),
                self.message,
                self.actions,
                ipw.HBox([self.slider, self.jump_button], layout=wrapping()),
                self.changes,
                state,
            ]
        )
        self.add_class("kaizen-with-sliders")
        self._drawer: int | None = (
            None  # the thread that is drawing: its changes are not the user's
        )
        self._selected: Entry | None = (
            None  # the entry the user selected; None: the store's current one
        )
        self._throttle = Throttle(self.refresh, clock)
        self._link = devtools(store, self.action_log)
        self.action_log.observe(
            lambda _change: self._throttle.changed(), names=["entries", "position"]
        )
        self.actions.observe(lambda _change: self._select(), names="value")
        self.slider.observe(lambda change: self._go(change.new), names="value")
        self.jump_button.on_click(lambda _button: self._go(self.actions.value))
        self.pause_button.observe(lambda _change: self._pause(), names="value")
        self.reset_button.on_click(lambda _button: self.action_log.reset())
        self.export_button.on_click(lambda _button: self._export())
        self.import_button.observe(lambda _change: self._import(), names="value")
        self.refresh()

    def refresh(self) -> None:
        """Show the current log."""
        entries, position = self.action_log.entries, self.action_log.position
        shown = self._shown_position()
        newest = list(enumerate(entries))[-ROWS:]
        self._drawer = get_ident()
        try:
            self.slider.max = max(len(entries) - 1, 0)
            self.slider.value = position
            with self.actions.hold_sync():  # the list and the selection are sent together
                self.actions.options = [
                    (f"{entry.time.astimezone():%H:%M:%S}  {_action_text(entry)}", index)
                    for index, entry in reversed(newest)
                ]
                self.actions.value = shown if shown >= newest[0][0] else None
        finally:
            self._drawer = None
        count = "1 action" if len(entries) == 2 else f"{len(entries) - 1} actions"
        paused = ", paused" if self.action_log.is_paused else ""
        self.summary.value = f'<b role="status">{count}{paused}</b>'
        self._show(shown)

    def close(self) -> None:
        """Close the panel and stop recording; the store keeps its state."""
        if self._link is not None:
            self._link.close()
            self._throttle.close()
        super().close()

    # ------------------------------------------------------------ internal

    def _select(self) -> None:
        if self._drawer != get_ident() and self.actions.value is not None:
            entries, position = self.action_log.entries, self.actions.value
            is_newest = position == len(entries) - 1
            self._selected = None if is_newest else entries[position]
            self._show(position)

    def _shown_position(self) -> int:
        """Return the index of the selected entry, or of the entry whose state the store has."""
        for position, entry in enumerate(self.action_log.entries):
            if entry is self._selected:
                return position
        self._selected = None
        return self.action_log.position

    def _go(self, position: int | None) -> None:
        if (
            self._drawer != get_ident()
            and position is not None
            and position < len(self.action_log.entries)
        ):
            self._selected = None
            self._try(lambda: self.action_log.jump(position))

    def _pause(self) -> None:
        if self.pause_button.value != self.action_log.is_paused:
            self.action_log.pause()
            self._throttle.changed()

    def _export(self) -> None:
        def export() -> None:
            text = base64.b64encode(self.action_log.export().encode()).decode()
            self.message.value = (
                f'<a download="store-log.json" href="data:application/json;base64,{text}">'
                f"Download the log as store-log.json</a>"
            )

        self._try(export)

    def _import(self) -> None:
        files = self.import_button.value
        if files:
            content = bytes(files[0]["content"])
            self._try(lambda: self.action_log.load(content.decode("utf-8", errors="replace")))
            self.import_button.value = ()

    def _try(self, act: Any) -> None:
        """Run an action, and show its error in the panel."""
        self.message.value = ""
        try:
            act()
        except Exception as error:
            prefix = "" if isinstance(error, StoreError) else "The store refused: "
            self.message.value = alert(f"{prefix}{error}")

    def _show(self, position: int) -> None:
        entry = self.action_log.entries[position]
        self.state.show(entry.state)
        changed = self.action_log.changed(position)
        if not changed:
            text = (
                "The first state of the log." if position == 0 else "This action changed nothing."
            )
            self.changes.value = hint(text)
            return
        rows = "".join(
            f'<tr><th scope="row" style="{_CELL}; font-weight: normal; color: {MUTED}">'
            f'{html.escape(key)}</th><td style="{_CELL}"><del style="color: {BAD}">'
            f'{_value_html(key, before)}</del></td><td style="{_CELL}; width: 100%">'
            f'<ins style="color: {GOOD}; text-decoration: none">{_value_html(key, after)}</ins></td></tr>'
            for key, (before, after) in changed.items()
        )
        self.changes.value = (
            f'<table style="border-bottom: 1px solid {LINE}; width: 100%">'
            f'<caption style="text-align: left; color: {MUTED}">'
            f"What “{html.escape(preview_line(entry.action, 80))}” changed</caption>{rows}</table>"
        )

    def __repr__(self) -> str:
        return f"StoreDevtools({len(self.action_log.entries) - 1} actions)"


def _button(description: str, icon: str, tooltip: str) -> ipw.Button:
    layout = ipw.Layout(width="auto")
    return ipw.Button(description=description, icon=icon, tooltip=tooltip, layout=layout)


def _action_text(entry: Entry) -> str:
    """Return the name of an action; the first entry of a log is none, but the state before all."""
    return "Initial state" if entry.action == "@@INIT" else preview_line(entry.action, 80)


def _value_html(key: str, value: Any) -> str:
    if is_secret_field(key, value):
        return HIDDEN
    return html.escape(preview_line(preview_text(value), 200))
