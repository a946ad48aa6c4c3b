"""Auto-save: the document is saved two seconds after the last edit, one save at a time.

The newest state wins: an edit made during a save leaves the document dirty and is part of the next
save. During constant editing a save starts every thirty seconds. After a failed save the document
stays dirty, `AutoSave.message` and `AutoSave.failed_since` say why and since when, and the save is
retried with growing pauses, or immediately when `AutoSave.reconnected` is called; edits do not
shorten a pause. After a `SaveConflictError` nothing is retried until the conflict is decided
(`AutoSave.resume`). This module does not know the server: it takes a function that saves a `Draft`.

Units: seconds. Saves run on the clock's thread; the public methods may be called from any thread.
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
MAX_WAIT = 30.0
"""Seconds after the first unsaved edit at which a save starts during constant editing."""
MAX_RETRY_DELAY = 30.0
"""Longest pause in seconds between two attempts while saving fails."""

SaveStatus = Literal["saved", "dirty", "saving", "failed", "conflict"]
Save = Callable[[Draft], Awaitable[object]]
Spawn = Callable[[Coroutine[Any, Any, None]], object]


class AutoSave(Store):
    """Save a canvas store whenever it has unsaved edits.

    Args:
        store: Canvas store to save.
        save: Coroutine function that saves a draft; raises when it could not.
        clock: Time and timers.
        spawn: Starts a coroutine on the clock's thread.
        delay: Seconds without an edit before a save starts.
        longest_wait: Seconds after the first unsaved edit at which a save starts even during editing.

    Attributes:
        status: ``saved``, ``dirty``, ``saving``, ``failed`` or ``conflict``.
        message: Reason of the last failure, or description of the conflict; otherwise empty.
        failed_since: Time of the first failure since the last successful save, or None.
        last_saved: Time of the last successful save, or None.
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
        longest_wait: float = MAX_WAIT,
    ) -> None:
        super().__init__()
        self._canvas = store
        self._save = save
        self._clock = clock
        self._spawn = spawn
        self._delay = delay
        self._longest_wait = longest_wait
        self._timer: Timer | None = None
        self._dirty_since: float | None = None
        self._saving = False
        self._save_again = False
        self._failures = 0
        self._closed = False
        self._unsubscribe = store.on_event(self._on_event)
        if store.is_dirty:
            self._edited()

    def flush(self) -> None:
        """Start a save now if there are unsaved edits and no open conflict."""
        self._run_locked(self._flush)

    def reconnected(self) -> None:
        """Retry a failed save now, because the server may be reachable again."""
        if self.status == "failed":
            self.flush()

    def resume(self) -> None:
        """Continue after a conflict was decided; unsaved edits are saved now."""
        self._run_locked(self._resume)

    def check(self) -> None:
        """Schedule a save if the document became dirty without an edit."""
        if self._canvas.is_dirty:
            self._run_locked(self._edited)

    def close(self) -> None:
        """Stop auto-saving; a save that is running is not interrupted."""
        self._unsubscribe()
        self._run_locked(self._close)

    # -------------------------------------------------------------- private
    #
    # These methods run under the lock of this store. On the background loop nothing waits for a lock, because
    # user code may hold it while it waits for the loop.

    def _flush(self) -> None:
        if not self._canvas.is_dirty or self.status == "conflict" or self._closed:
            return
        self._stop_timer()
        if self._saving:
            self._save_again = True
        else:
            self._start_save()

    def _resume(self) -> None:
        if self.status == "conflict":
            self._set_status("dirty" if self._canvas.is_dirty else "saved")
            self._flush()

    def _close(self) -> None:
        self._closed = True
        self._stop_timer()
        self._save_again = False

    def _on_event(self, event: Event) -> None:
        match event:
            case Commit():
                self._run_locked(self._edited if self._canvas.is_dirty else self._cleaned)
            case Replaced():
                self._run_locked(self._replaced)

    def _edited(self) -> None:
        if self._closed or self.status == "conflict":
            return
        now = self._clock.monotonic()
        if self._dirty_since is None:
            self._dirty_since = now
        if self.status == "failed" and not self._saving:
            return  # The next retry includes this edit.
        if self.status != "saving":
            self._set_status("dirty")
        self._start_timer(min(self._delay, self._dirty_since + self._longest_wait - now))

    def _cleaned(self) -> None:
        """Handle a document that was marked as saved, as when the server's version is shown."""
        if not self._saving and self.status != "conflict":
            # Otherwise the end of the save, or the user's decision, sets the status.
            self._reset()

    def _replaced(self) -> None:
        """Handle the opening of another document."""
        self._reset()
        if self._canvas.is_dirty:
            self._edited()

    def _reset(self) -> None:
        self._stop_timer()
        self._dirty_since = None
        self._save_again = False
        self._set_status("saved")

    def _start_timer(self, delay: float) -> None:
        self._stop_timer()
        self._timer = self._clock.call_later(delay, self.flush)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _start_save(self) -> None:
        self._saving = True
        self._save_again = False
        self._dirty_since = None
        # The message of an earlier failure stays until a save succeeds.
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
            # Also when the task is cancelled, because the next save waits for this one's end.
            self._save_ended(draft, saved, problem)

    def _save_ended(self, draft: Draft, saved: bool, problem: Exception | None) -> None:
        def mark_clean() -> None:
            if saved and draft.epoch == self._canvas.epoch:
                self._canvas.mark_clean(draft.rev)
            # After the events posted so far, and outside the canvas's lock.
            self._canvas.post(settle)

        def settle() -> None:
            self._run_locked(lambda: self._settle(draft, saved, problem))

        self._canvas.when_free(mark_clean)

    def _settle(self, draft: Draft, saved: bool, problem: Exception | None) -> None:
        """Set the status after a save."""
        self._saving = False
        if draft.epoch != self._canvas.epoch:
            self._set_status("dirty" if self._canvas.is_dirty else "saved")
            if self._canvas.is_dirty:
                self._edited()
        elif saved:
            self._succeeded()
        elif isinstance(problem, SaveConflictError):
            self._stop_timer()
            self._set_status("conflict", str(problem))
        else:
            self._failed(_text(problem))

    def _succeeded(self) -> None:
        self.set({"last_saved": self._clock.now()})
        if not self._canvas.is_dirty:
            self._stop_timer()
            self._dirty_since = None
            self._set_status("saved")
            return
        self._set_status("dirty")
        if self._save_again and not self._closed:
            self._start_save()  # Otherwise the timer of the newer edit starts it.

    def _failed(self, problem: str) -> None:
        pause = min(self._delay * 2 ** min(self._failures, 16), MAX_RETRY_DELAY)
        self._failures += 1
        since = self.failed_since or self._clock.now()
        self.set({"status": "failed", "message": problem, "failed_since": since})
        if not self._closed:
            self._start_timer(pause)

    def _set_status(self, status: SaveStatus, message: str = "") -> None:
        """Set a status other than ``failed``, which ends a series of failures."""
        self._failures = 0
        self.set({"status": status, "message": message, "failed_since": None})

    def __repr__(self) -> str:
        return f"AutoSave({self.status})"


def _text(problem: Exception | None) -> str:
    if problem is None:
        return "The save was cancelled."
    return str(problem) or type(problem).__name__
