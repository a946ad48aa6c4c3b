"""The log of a run: its newest lines, of a level and above, of one node or all, with a text in them."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import ipywidgets as ipw

from kaizen_widgets.displays.markup import BAD, MONO, MUTED, WARN, hint

LOG_LINES: Final = 200
"""Lines shown at first, and added by each press of "Show older": the newest that match the filters."""
LEVELS: Final = ("debug", "info", "warning", "error")
LEVEL_WORDS: Final = {
    "debug": "All levels",
    "info": "Info and above",
    "warning": "Warnings and errors",
}
LEVEL_COLORS: Final = {"debug": MUTED, "warning": WARN, "error": BAD}
MAX_NODES: Final = 500
"""Nodes that the filter offers."""


class RunLog:
    """The widgets of a run's log.

    Attributes:
        level: Drop-down for the lowest level of lines to show.
        node: Drop-down for the node whose lines are shown; empty for all. It follows the selected node.
        search: Text field; only lines that contain its text are shown, ignoring case.
        lines: The lines as HTML.
        older: Button that shows more lines; hidden where there are none.
    """

    def __init__(self) -> None:
        self._state: Mapping[str, Any] | None = None
        self._limit = LOG_LINES
        self._is_drawing = False
        self.level = ipw.Dropdown(
            options=[(LEVEL_WORDS.get(name, "Errors"), name) for name in LEVELS],
            value="debug",
            layout=ipw.Layout(width="auto", flex="0 1 112px", min_width="0"),
            description="Lowest level of the lines to show",
            _dom_classes=("kaizen-unlabeled",),
        )
        self.node = ipw.Dropdown(
            options=[("All nodes", "")],
            value="",
            layout=ipw.Layout(width="auto", flex="0 1 104px", min_width="0"),
            description="Node whose lines are shown",
            _dom_classes=("kaizen-unlabeled",),
        )
        self.search = ipw.Text(
            placeholder="Filter the log",
            continuous_update=True,
            layout=ipw.Layout(width="auto", flex="1 1 60px", min_width="0"),
        )
        self.lines = ipw.HTML()
        self.older = ipw.Button(description="Show older", layout=ipw.Layout(width="auto"))
        self.older.add_class("kaizen-quiet")
        self.older.layout.display = "none"
        self.older.on_click(lambda _button: self._show_older())
        for field in (self.level, self.node, self.search):
            field.observe(lambda _change: self._redraw(), names="value")

    @property
    def tools(self) -> tuple[ipw.Widget, ...]:
        """The filters."""
        return (self.level, self.node, self.search)

    @property
    def body(self) -> tuple[ipw.Widget, ...]:
        """The lines, and the button for older ones."""
        return (self.older, self.lines)

    def draw(self, state: Mapping[str, Any]) -> None:
        """Show the lines of a run's state that match the filters."""
        is_new = self._state is None or self._state["execution_id"] != state["execution_id"]
        self._state = state
        if is_new:
            self._limit = LOG_LINES
        labels = {key: node["label"] for key, node in state["node_executions"].items()}
        self._offer(labels)
        shown, left_out = self._filtered(state, labels)
        self.older.layout.display = "" if left_out else "none"
        self.older.description = f"Show older ({left_out:,})"
        if not state["logs"]:
            self.lines.value = hint("Lines that nodes print and log appear here.")
        elif not shown:
            self.lines.value = hint("No log line matches the filters.")
        else:
            start = state["start_time"]
            begin = None if start is None else datetime.fromisoformat(start)
            text = "\n".join(_line(line, labels, begin, bool(self.node.value)) for line in shown)
            self.lines.value = (
                f'<pre style="{MONO}; margin: 0; overflow-wrap: anywhere">{text}</pre>'
            )

    def follow(self, node_id: str | None) -> None:
        """Show the lines of the selected node; all lines if none, or one without a place in the run."""
        known = {value for _label, value in self.node.options}
        wanted = node_id if node_id in known else ""
        if self.node.value != wanted:
            self.node.value = wanted

    # -- internal

    def _redraw(self) -> None:
        if self._state is not None and not self._is_drawing:
            self._limit = LOG_LINES
            self.draw(self._state)

    def _show_older(self) -> None:
        self._limit += LOG_LINES
        if self._state is not None:
            self.draw(self._state)

    def _offer(self, labels: Mapping[str, str]) -> None:
        options = [("All nodes", ""), *((label, key) for key, label in labels.items())]
        options = options[: MAX_NODES + 1]
        if list(self.node.options) == options:
            return
        chosen = self.node.value if any(key == self.node.value for _, key in options) else ""
        self._is_drawing = True  # A new choice is no choice of the user.
        try:
            with self.node.hold_sync():
                self.node.options = options
                self.node.value = chosen
        finally:
            self._is_drawing = False

    def _filtered(
        self, state: Mapping[str, Any], labels: Mapping[str, str]
    ) -> tuple[Sequence[Mapping[str, Any]], int]:
        wanted = set(LEVELS[LEVELS.index(self.level.value) :])
        text, node = self.search.value.strip().lower(), self.node.value
        found = [
            line
            for line in state["logs"]
            if line["level"] in wanted
            and (not node or line["node_id"] == node)
            and text in _message(line, labels).lower()
        ]
        return found[-self._limit :], max(0, len(found) - self._limit)


def _line(
    line: Mapping[str, Any], labels: Mapping[str, str], begin: datetime | None, is_filtered: bool
) -> str:
    moment = datetime.fromisoformat(line["timestamp"])
    after = 0.0 if begin is None else (moment - begin).total_seconds()
    color = LEVEL_COLORS.get(line["level"])
    # Where only one node's lines are shown, its name is said above them.
    message = html.escape(str(line["message"]) if is_filtered else _message(line, labels))
    text = f'<span style="color: {color}">{line["level"]}: {message}</span>' if color else message
    exact = html.escape(f"{moment.astimezone():%H:%M:%S}")
    return f'<span style="color: {MUTED}" title="{exact}">{after:+.2f}</span>  {text}'


def _message(line: Mapping[str, Any], labels: Mapping[str, str]) -> str:
    label = labels.get(line["node_id"], line["node_id"])
    return f"{label}  {line['message']}" if label else str(line["message"])
