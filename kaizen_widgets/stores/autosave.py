"""Auto-save: two seconds after the last edit the document is stored, one save at a time.

The newest state wins: an edit made while a save is on its way leaves the document dirty and is saved
next. A failed save stays dirty, says so, and is tried again with growing pauses, until it works, the
next edit, or `close`. It knows nothing of servers: it is given a function that saves a `Draft`.

Units: seconds. Everything runs on the clock's thread; `flush` may be called from any.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine
from datetime import datetime
from typing import Any, Literal, get_args

from traitlets import Enum, Instance, Unicode

from kaizen_widgets.clock import Clock, Timer
from kaizen_widgets.stores.canvas import CanvasStore, Draft
from kaizen_widgets.stores.document import Commit, Event, Replaced
from kaizen_widgets.stores.store import Store

DEFAULT_DELAY = 2.0
LONGEST_PAUSE = 30.0

SaveStatus = Literal["saved", "dirty", "saving", "failed"]
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
    """

    name = "autosave"
    status: SaveStatus = Enum(get_args(SaveStatus), "saved")  # type: ignore[assignment]
    message = Unicode()
    last_saved = Instance(datetime, allow_none=True)

    def __init__(
        self,
        store: CanvasStore,
        save: Save,
        *,
        clock: Clock,
        spawn: Spawn,
        delay: float = DEFAULT_DELAY,
    ) -> None:
        super().__init__()
        self._canvas = store
        self._save = save
        self._clock = clock
        self._spawn = spawn
        self._delay = delay
        self._timer: Timer | None = None
        self._saving = False
        self._again = False
        self._failures = 0
        self._unsubscribe = store.on_event(self._on_event)
        if store.is_dirty:
            self._dirty()

    def flush(self) -> None:
        """Save now, without waiting for a pause, if anything is unsaved."""
        with self._delivery.locked():
            if not self._canvas.is_dirty:
                return
            self._stop_timer()
            if self._saving:
                self._again = True
                return
            self._begin()

    def close(self) -> None:
        """Stop saving; a save on its way goes on."""
        self._unsubscribe()
        with self._delivery.locked():
            self._stop_timer()
            self._again = False

    # -------------------------------------------------------------- within

    def _on_event(self, event: Event) -> None:
        match event:
            case Commit():
                self._dirty()
            case Replaced():
                with self._delivery.locked():
                    self._stop_timer()
                    self._failures = 0
                    self._again = False
                    self.set({"status": "saved", "message": ""})

    def _dirty(self) -> None:
        with self._delivery.locked():
            self._failures = 0
            if not self._saving:
                self.set({"status": "dirty", "message": ""})
            self._start_timer(self._delay)

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
        self.set({"status": "saving", "message": ""})
        self._spawn(self._run(self._canvas.draft()))

    async def _run(self, draft: Draft) -> None:
        problem: str | None = None
        try:
            await self._save(draft)
        except Exception as error:
            problem = str(error) or type(error).__name__
        finally:
            # Also when the task is cancelled: the next save must not wait for ever.
            self._ended(draft, problem)

    def _ended(self, draft: Draft, problem: str | None) -> None:
        with self._delivery.locked():
            self._saving = False
            if draft.epoch != self._canvas.epoch:
                if self._canvas.is_dirty:
                    self._dirty()
                return
            if problem is None:
                self._succeeded(draft)
            else:
                self._failed(problem)

    def _succeeded(self, draft: Draft) -> None:
        self._failures = 0
        self._canvas.mark_clean(draft.rev)
        self.set({"last_saved": self._clock.now()})
        if not self._canvas.is_dirty:
            self.set({"status": "saved", "message": ""})
        elif self._again:
            self._begin()
        else:
            self.set({"status": "dirty", "message": ""})

    def _failed(self, problem: str) -> None:
        pause = min(self._delay * 2**self._failures, LONGEST_PAUSE)
        self._failures += 1
        self.set({"status": "failed", "message": problem})
        self._start_timer(pause)

    def __repr__(self) -> str:
        return f"AutoSave({self.status})"
