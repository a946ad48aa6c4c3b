"""Auto-save: two seconds after the last edit the document is stored, one save at a time.

The newest state wins: an edit made while a save is on its way leaves the document dirty and is saved
next. Who never stops editing is saved every thirty seconds all the same. A failed save stays dirty, says
since when and why, and is tried again with growing pauses, or at once when told that the server is back
(`reconnected`); edits do not shorten a pause. A save that would overwrite somebody else's
(`SaveConflictError`) is not tried again until somebody decided (`resume`). It knows nothing of servers:
it is given a function that saves a `Draft`.

Units: seconds. Everything runs on the clock's thread; the verbs may be called from any.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine
from datetime import datetime
from typing import Any, Literal, get_args

from traitlets import Enum, Instance, Unicode

from kaizen_widgets.core.clock import Clock, Timer
from kaizen_widgets.errors import SaveConflictError
from kaizen_widgets.stores.canvas import CanvasStore, Draft
from kaizen_widgets.stores.document import Commit, Event, Replaced
from kaizen_widgets.stores.store import Store

DEFAULT_DELAY = 2.0
LONGEST_WAIT = 30.0
"""Seconds after which constant editing is saved all the same."""
LONGEST_PAUSE = 30.0
"""Seconds between tries, at most, while the server is away."""

SaveStatus = Literal["saved", "dirty", "saving", "failed", "conflict"]
Save = Callable[[Draft], Awaitable[object]]
Spawn = Callable[[Coroutine[Any, Any, None]], object]


class AutoSave(Store):
    """Keeps a canvas store saved.

    Args:
        store: What to save.
        save: Saves a draft; raises when it could not.
        clock: Time and timers.
        spawn: Starts a coroutine on the clock's thread.
        delay: Seconds without an edit before a save begins.
        longest_wait: Seconds after the first unsaved edit before one begins in any case.

    Attributes:
        status: ``saved``, ``dirty``, ``saving``, ``failed`` or ``conflict``.
        message: Why it failed, or what the conflict is; empty otherwise.
        failed_since: When the first of the failures in a row was, or None.
        last_saved: When the last save ended well, or None.
    """

    name = "autosave"
    status: SaveStatus = Enum(get_args(SaveStatus), "saved")  # type: ignore[assignment]
    message = Unicode()
    failed_since = Instance(datetime, allow_none=True)
    last_saved = Instance(datetime, allow_none=True)

    def __init__(
        self,
        store: CanvasStore,
        save: Save,
        *,
        clock: Clock,
        spawn: Spawn,
        delay: float = DEFAULT_DELAY,
        longest_wait: float = LONGEST_WAIT,
    ) -> None:
        super().__init__()
        self._canvas = store
        self._save = save
        self._clock = clock
        self._spawn = spawn
        self._delay = delay
        self._longest_wait = longest_wait
        self._timer: Timer | None = None
        self._waiting_since: float | None = None
        self._saving = False
        self._again = False
        self._failures = 0
        self._closed = False
        self._unsubscribe = store.on_event(self._on_event)
        if store.is_dirty:
            self._edited()

    def flush(self) -> None:
        """Save now, without waiting for a pause, if anything is unsaved and no conflict is open."""
        with self._notifier.locked():
            if not self._canvas.is_dirty or self.status == "conflict" or self._closed:
                return
            self._stop_timer()
            if self._saving:
                self._again = True
                return
            self._begin()

    def reconnected(self) -> None:
        """The server may be back: try again now what failed."""
        if self.status == "failed":
            self.flush()

    def resume(self) -> None:
        """Go on after a conflict was decided; what is unsaved is saved now."""
        with self._notifier.locked():
            if self.status != "conflict":
                return
            self._show("dirty" if self._canvas.is_dirty else "saved")
        self.flush()

    def close(self) -> None:
        """Stop saving; a save on its way goes on."""
        self._unsubscribe()
        with self._notifier.locked():
            self._closed = True
            self._stop_timer()
            self._again = False

    # -------------------------------------------------------------- within

    def _on_event(self, event: Event) -> None:
        match event:
            case Commit():
                self._edited() if self._canvas.is_dirty else self._cleaned()
            case Replaced():
                self._cleaned(replaced=True)

    def _edited(self) -> None:
        with self._notifier.locked():
            if self._closed or self.status == "conflict":
                return
            now = self._clock.monotonic()
            if self._waiting_since is None:
                self._waiting_since = now
            if self.status == "failed" and not self._saving:
                return  # The next try takes this edit along.
            if not self._saving:
                self._show("dirty")
            self._start_timer(min(self._delay, self._waiting_since + self._longest_wait - now))

    def _cleaned(self, *, replaced: bool = False) -> None:
        """Nothing is unsaved: another document, or a step to what is stored."""
        with self._notifier.locked():
            if not replaced and (self._saving or self.status == "conflict"):
                return  # Whoever ends that says how it stands.
            self._stop_timer()
            self._waiting_since = None
            self._again = False
            self._show("saved")

    def _start_timer(self, delay: float) -> None:
        self._stop_timer()
        self._timer = self._clock.call_later(delay, self.flush)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _begin(self) -> None:
        self._saving = True
        self._again = False
        self._waiting_since = None
        # What failed before stays said until it worked.
        self.set({"status": "saving"})
        self._spawn(self._run(self._canvas.draft()))

    async def _run(self, draft: Draft) -> None:
        problem: Exception | None = None
        saved = False
        try:
            await self._save(draft)
            saved = True
        except Exception as error:
            problem = error
        finally:
            # Also when the task is cancelled: the next save must not wait for ever.
            self._ended(draft, saved, problem)

    def _ended(self, draft: Draft, saved: bool, problem: Exception | None) -> None:
        with self._notifier.locked():
            self._saving = False
            if draft.epoch != self._canvas.epoch:
                self._show("dirty" if self._canvas.is_dirty else "saved")
                if self._canvas.is_dirty:
                    self._edited()
            elif saved:
                self._succeeded(draft)
            elif isinstance(problem, SaveConflictError):
                self._stop_timer()
                self._show("conflict", str(problem))
            else:
                self._failed(_text(problem))

    def _succeeded(self, draft: Draft) -> None:
        self._canvas.mark_clean(draft.rev)
        self.set({"last_saved": self._clock.now()})
        if not self._canvas.is_dirty:
            self._stop_timer()
            self._waiting_since = None
            self._show("saved")
            return
        self._show("dirty")
        if self._again and not self._closed:
            self._begin()  # Else the timer of the edit made meanwhile will.

    def _failed(self, problem: str) -> None:
        pause = min(self._delay * 2 ** min(self._failures, 16), LONGEST_PAUSE)
        self._failures += 1
        since = self.failed_since or self._clock.now()
        self.set({"status": "failed", "message": problem, "failed_since": since})
        if not self._closed:
            self._start_timer(pause)

    def _show(self, status: SaveStatus, message: str = "") -> None:
        """Show where things stand, with nothing failing any more."""
        self._failures = 0
        self.set({"status": status, "message": message, "failed_since": None})

    def __repr__(self) -> str:
        return f"AutoSave({self.status})"


def _text(problem: Exception | None) -> str:
    if problem is None:
        return "The save was cancelled."
    return str(problem) or type(problem).__name__
