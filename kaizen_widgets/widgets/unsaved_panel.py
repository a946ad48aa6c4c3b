"""Decisions about the open pipeline, shown above the canvas: conflicts and recovered drafts.

Takes no space while there is nothing to decide. Each choice is also a line of Python, which the
button's tooltip shows. Updates may come from any thread.
"""

from __future__ import annotations

import html
import threading
from collections.abc import Callable
from datetime import datetime
from typing import Any

import ipywidgets as ipw

from kaizen_widgets.graph import Comparison
from kaizen_widgets.saving import Conflict, PipelineSaver, RecoveredDraft
from kaizen_widgets.widgets.notice import Notice
from kaizen_widgets.widgets.panel import Panel

MAX_DIFFERENCES = 40
"""Most differences that a comparison shows in the panel; in Python it lists all of them."""


class UnsavedPanel(Panel):
    """Notices with buttons for the conflicts and drafts of a pipeline saver.

    Args:
        saver: Pipeline saver whose conflict and drafts are shown.
        now: Returns the time.
    """

    def __init__(self, saver: PipelineSaver, *, now: Callable[[], datetime]) -> None:
        self._notices = ipw.VBox(layout=ipw.Layout(width="100%"))
        super().__init__([self._notices], layout=ipw.Layout(width="100%"))
        self._saver = saver
        self._now = now
        self._lock = threading.RLock()
        self._shown: tuple[Any, ...] = ()
        self._by_key: dict[str, Notice] = {}
        self._unsubscribes = [
            saver.subscribe(lambda _state, _previous: self.refresh()),
            saver.autosave.subscribe(lambda _state, _previous: self.refresh()),
        ]
        self.refresh()

    def refresh(self) -> None:
        """Show the open decisions; if nothing changed, the widgets are not updated."""
        with self._lock:
            saver = self._saver
            problem = saver.journal.problem if saver.journal else ""
            wanted = (saver.conflict, saver.drafts, saver.notice, problem)
            if wanted == self._shown:
                return
            self._shown = wanted
            # An open comparison stays open, with the current differences.
            compared = {key for key, notice in self._by_key.items() if notice.is_open}
            old, notices, self._by_key = self._notices.children, [], {}
            if saver.conflict is not None:
                self._by_key["conflict"] = self._conflict(saver.conflict, "conflict" in compared)
            for number, draft in enumerate(saver.drafts):
                key = draft.unsaved.id
                self._by_key[key] = self._draft(draft, number, key in compared)
            notices += self._by_key.values()
            notices += [Notice(text) for text in (saver.notice, problem) if text]
            self._notices.children = notices
            self.layout.display = "" if notices else "none"
            for notice in old:
                notice.close()

    def close(self) -> None:
        """Close the panel and stop listening."""
        for unsubscribe in self._unsubscribes:
            unsubscribe()
        for notice in self._notices.children:
            notice.close()
        super().close()

    # -------------------------------------------------------------- private

    def _conflict(self, conflict: Conflict, is_open: bool) -> Notice:
        saver = self._saver
        notice = Notice(
            f"{saver.canvas.pipeline_name!r} was changed elsewhere since you opened it. Nothing was "
            "overwritten: your version is on this canvas, theirs is on the server.",
            urgent=True,
        )
        mine = "Save your version over the server's: studio.conflict.keep_mine()"
        theirs = "Show the server's version; undo restores yours: studio.conflict.keep_theirs()"

        def keep_both() -> None:
            saver.start(notice.follow(saver.keep_both(), "Storing a copy…"))

        both = "Store your version as a copy and show theirs: studio.conflict.keep_both()"
        notice.button("Keep mine", mine, conflict.keep_mine)
        notice.button("Keep theirs", theirs, conflict.keep_theirs)
        notice.button("Keep both", both, keep_both)
        compare = "studio.conflict.compare()"
        notice.fold("Compare", compare, lambda: _list_of(conflict.compare()), is_open=is_open)
        return notice

    def _draft(self, draft: RecoveredDraft, number: int, is_open: bool) -> Notice:
        is_single = draft.edits == 1
        edits = "1 unsaved edit" if is_single else f"{draft.edits} unsaved edits"
        moved = " The pipeline has changed on the server since then." if draft.has_moved else ""
        when = _when(draft.written_at, self._now())
        notice = Notice(
            f"{edits} to {draft.pipeline_name!r}, made {when}, {'was' if is_single else 'were'} "
            f"recovered.{moved}"
        )
        python = f"studio.recovered[{number}]"
        load = f"Put the edits on the canvas; undo removes them again: {python}.load()"
        notice.button("Load", load, draft.load, primary=True)
        notice.button("Discard", f"{python}.discard()", draft.discard, sure=True)
        compare = f"{python}.compare()"
        notice.fold("Compare", compare, lambda: _list_of(draft.compare()), is_open=is_open)
        return notice

    def __repr__(self) -> str:
        return f"UnsavedPanel({len(self._notices.children)} notices)"


def _list_of(comparison: Comparison) -> str:
    if not comparison:
        return html.escape(repr(comparison))
    shown = list(comparison)[:MAX_DIFFERENCES]
    left = len(comparison) - len(shown)
    items = "".join(f"<li>{html.escape(str(difference))}</li>" for difference in shown)
    more = f"<li>and {left} more</li>" if left else ""
    head = f"From {comparison.old_name} to {comparison.new_name}:"
    return (
        f'<div style="max-height: 180px; overflow: auto">{html.escape(head)}'
        f'<ul style="margin: 2px 0 2px 18px; padding: 0">{items}{more}</ul></div>'
    )


def _when(then: datetime, now: datetime) -> str:
    local, today = then.astimezone(), now.astimezone().date()
    return f"today at {local:%H:%M}" if local.date() == today else f"on {local:%d %B %Y at %H:%M}"
