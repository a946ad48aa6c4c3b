"""What has to be decided about the open pipeline, above the canvas: conflicts, drafts, a session that ended.

Empty, and takes no room, as long as there is nothing to decide. Each choice is also a line of Python, which
the buttons' tooltips name. Updates may come from any thread.
"""

from __future__ import annotations

import html
import threading
from collections.abc import Callable
from datetime import datetime
from typing import Any

import ipywidgets as ipw

from kaizen_widgets.api import Conflict, Keeping, RecoveredDraft
from kaizen_widgets.errors import KaizenError
from kaizen_widgets.graph import Comparison
from kaizen_widgets.stores import AuthStore
from kaizen_widgets.widgets.markup import LINE, MUTED, WARN, alert
from kaizen_widgets.widgets.panel import Panel

MOST_DIFFERENCES = 40
"""How many differences a comparison lists; Python lists all."""


class UnsavedPanel(Panel):
    """Notices with buttons.

    Args:
        keeping: Whose conflicts and drafts.
        auth: Whose session.
        sign_in: Signs in again without asking anything; None where a password is needed.
        now: The time now.
    """

    def __init__(
        self,
        keeping: Keeping,
        auth: AuthStore,
        *,
        sign_in: Callable[[], object] | None = None,
        now: Callable[[], datetime],
    ) -> None:
        self._notices = ipw.VBox(layout=ipw.Layout(width="100%"))
        super().__init__([self._notices], layout=ipw.Layout(width="100%"))
        self._keeping = keeping
        self._auth = auth
        self._sign_in = sign_in
        self._now = now
        self._lock = threading.RLock()
        self._shown: tuple[Any, ...] = ()
        self._ends = [
            keeping.subscribe(lambda _state, _previous: self.refresh()),
            keeping.autosave.subscribe(lambda _state, _previous: self.refresh()),
            auth.subscribe(lambda _state, _previous: self.refresh()),
        ]
        self.refresh()

    def refresh(self) -> None:
        """Show what there is to decide now; what is shown already stays as it is."""
        with self._lock:
            keeping, auth = self._keeping, self._auth
            signed_out = not (auth.has_tokens or auth.is_loading)
            problem = keeping.journal.problem if keeping.journal else ""
            wanted = (
                signed_out,
                auth.message,
                keeping.conflict,
                keeping.drafts,
                keeping.notice,
                problem,
            )
            if wanted == self._shown:
                return
            self._shown = wanted
            old, notices = self._notices.children, []
            if signed_out:
                notices.append(self._signed_out(auth.message))
            if keeping.conflict is not None:
                notices.append(self._conflict(keeping.conflict))
            notices += [self._draft(draft) for draft in keeping.drafts]
            notices += [_Notice(text) for text in (keeping.notice, problem) if text]
            self._notices.children = notices
            for notice in old:
                notice.close()

    def close(self) -> None:
        """Close the panel and stop listening."""
        for end in self._ends:
            end()
        for notice in self._notices.children:
            notice.close()
        super().close()

    # -------------------------------------------------------------- within

    def _signed_out(self, message: str) -> _Notice:
        text = (
            f"{message or 'Nobody is signed in.'} Nothing can be opened or saved until you sign in."
        )
        notice = _Notice(text)
        if self._sign_in is None:
            notice.say("In a cell: studio.login(email, password)")
        else:
            notice.button("Sign in", "studio.login()", self._sign_in, primary=True)
        return notice

    def _conflict(self, conflict: Conflict) -> _Notice:
        keeping = self._keeping
        notice = _Notice(
            f"{keeping.canvas.pipeline_name!r} was changed elsewhere since you opened it. Nothing was "
            "overwritten: yours is on this canvas, theirs is on the server.",
            urgent=True,
        )
        mine = "Save yours over the server's version: studio.conflict.keep_mine()"
        theirs = "Take the server's version; undo brings yours back: studio.conflict.keep_theirs()"
        both = "Store yours as a copy and take theirs: studio.conflict.keep_both()"
        notice.button("Keep mine", mine, conflict.keep_mine)
        notice.button("Keep theirs", theirs, conflict.keep_theirs)
        notice.button("Keep both", both, lambda: keeping.start(notice.follow(keeping.keep_both())))
        notice.comparison(conflict.compare, "studio.conflict.compare()")
        return notice

    def _draft(self, draft: RecoveredDraft) -> _Notice:
        one = draft.edits == 1
        edits = "1 unsaved edit" if one else f"{draft.edits} unsaved edits"
        moved = " The pipeline has changed on the server since." if draft.has_moved else ""
        when = _when(draft.written_at, self._now())
        notice = _Notice(
            f"{edits} to {draft.pipeline_name!r}, made {when}, {'was' if one else 'were'} found: that "
            f"kernel ended before {'it was' if one else 'they were'} saved.{moved}"
        )
        load = "Put them on the canvas; undo takes them away again: studio.recovered[0].load()"
        notice.button("Load", load, draft.load, primary=True)
        notice.button("Discard", "studio.recovered[0].discard()", draft.discard, sure=True)
        notice.comparison(draft.compare, "studio.recovered[0].compare()")
        return notice

    def __repr__(self) -> str:
        return f"UnsavedPanel({len(self._notices.children)} notices)"


class _Notice(ipw.VBox):
    """One sentence with buttons, and room for what they have to say."""

    def __init__(self, text: str, *, urgent: bool = False) -> None:
        role = "alert" if urgent else "status"
        words = ipw.HTML(
            f'<span role="{role}" style="line-height: 1.4">{html.escape(text)}</span>',
            layout=ipw.Layout(flex="1 1 320px", min_width="240px"),
        )
        self._buttons: list[ipw.Button] = []
        self._bar = ipw.HBox(layout=ipw.Layout(flex_flow="row wrap"))
        self._more = ipw.HTML(layout=ipw.Layout(display="none"))
        line = ipw.HBox(
            [words, self._bar], layout=ipw.Layout(flex_flow="row wrap", align_items="center")
        )
        super().__init__(
            [line, self._more],
            layout=ipw.Layout(
                border_left=f"3px solid {WARN}",
                border_bottom=f"1px solid {LINE}",
                padding="4px 8px",
                width="100%",
            ),
        )

    def button(
        self,
        name: str,
        tooltip: str,
        press: Callable[[], object],
        *,
        primary: bool = False,
        sure: bool = False,
    ) -> None:
        """Add a button; ``sure`` asks once more before it does what cannot be undone."""
        button = ipw.Button(
            description=name,
            tooltip=tooltip,
            button_style="primary" if primary else "",
            layout=ipw.Layout(width="auto"),
        )

        def pressed(_button: Any) -> None:
            if sure and button.description == name:
                button.description, button.button_style = f"{name} for good?", "danger"
                return
            try:
                press()
            except KaizenError as error:
                self.say(str(error), is_problem=True)

        button.on_click(pressed)
        self._buttons.append(button)
        self._bar.children = self._buttons

    def comparison(self, compare: Callable[[], Comparison], tooltip: str) -> None:
        """Add a button that shows what differs, and hides it again."""

        def toggle() -> None:
            if self._more.layout.display == "none":
                self._tell(_listed(compare()))
            else:
                self._more.layout.display = "none"

        self.button("Compare", tooltip, toggle)

    async def follow(self, work: Any) -> None:
        """Await what a button began; meanwhile no button can be pressed."""
        for button in self._buttons:
            button.disabled = True
        self.say("Storing a copy…")
        try:
            await work
        except KaizenError as error:
            self.say(str(error), is_problem=True)
        finally:
            for button in self._buttons:
                button.disabled = False

    def say(self, text: str, *, is_problem: bool = False) -> None:
        """Add a sentence below."""
        quiet = f'<span style="color: {MUTED}">{html.escape(text)}</span>'
        self._tell(alert(text) if is_problem else quiet)

    def _tell(self, markup: str) -> None:
        self._more.value = markup
        self._more.layout.display = ""

    def close(self) -> None:
        """Close it with all that is in it."""
        for part in (*self._buttons, self._bar, self._more, *self.children):
            part.close()
        super().close()


def _listed(comparison: Comparison) -> str:
    if not comparison:
        return html.escape(repr(comparison))
    shown = list(comparison)[:MOST_DIFFERENCES]
    left = len(comparison) - len(shown)
    items = "".join(f"<li>{html.escape(str(one))}</li>" for one in shown)
    more = f"<li>and {left} more</li>" if left else ""
    head = f"From {comparison.old_name} to {comparison.new_name}:"
    return (
        f'<div style="max-height: 180px; overflow: auto">{html.escape(head)}'
        f'<ul style="margin: 2px 0 2px 18px; padding: 0">{items}{more}</ul></div>'
    )


def _when(then: datetime, now: datetime) -> str:
    local, today = then.astimezone(), now.astimezone().date()
    return f"today at {local:%H:%M}" if local.date() == today else f"on {local:%d %B %Y at %H:%M}"
