"""Save a store's state in a storage of texts, and restore it.

The state is written after each set, after the listeners are called. A state that was read is not written
again, unless a migration changed it. Values are restored exactly, including tuples and dicts with number
keys; an entry that cannot be written that way is left out, and `Persistence.problem` and the log say so. A
restored state is validated like any set: an entry the store refuses is left out. Text that cannot be used
(not JSON, a failing migration) leaves the store unchanged. In both cases `problem` and the log give the
reason, and a storage that supports it sets a copy of the text aside. A storage may return values or
awaitables.

The text is JSON, ``{"state": ..., "version": n}``, as zustand's persist middleware (MIT) writes it, whose
recorded traces the tests replay; not its code.
"""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Callable, Generator, Iterable, Mapping
from typing import Any, TypeAlias, cast

from kaizen_widgets.core.callbacks import call_fitting, fit_callback
from kaizen_widgets.core.clock import Clock, Timer
from kaizen_widgets.core.json_codec import decode_entries, encode_entries
from kaizen_widgets.errors import PersistError
from kaizen_widgets.stores.base_store import BaseStore
from kaizen_widgets.stores.maybe_async import Spawn, Steps, run_maybe_async, run_sync
from kaizen_widgets.stores.middleware import Action, Middleware, Partial, State, Unsubscribe
from kaizen_widgets.stores.sqlite_storage import shared_storage
from kaizen_widgets.stores.storage import (
    CountsRevisions,
    HasProblem,
    KeepsAside,
    Storage,
    UpdatesAtomically,
)

logger = logging.getLogger(__name__)

Merge: TypeAlias = Callable[[Any, State], State]
Migrate: TypeAlias = Callable[[Any, Any], Any]
Partialize: TypeAlias = Callable[[State], State] | Iterable[str]
Finished: TypeAlias = Callable[[State | None, Exception | None], object]
OnRehydrate: TypeAlias = Callable[[State], Finished | None]


class Persistence:
    """The link between a store and a storage; made by `persist`, which describes the arguments."""

    def __init__(
        self,
        store: BaseStore,
        name: str,
        *,
        storage: Storage,
        version: int = 0,
        partialize: Partialize | None = None,
        migrate: Migrate | None = None,
        merge: Merge | None = None,
        skip_hydration: bool = False,
        on_rehydrate_storage: OnRehydrate | None = None,
        spawn: Spawn | None = None,
    ) -> None:
        self._store = store
        self._storage = storage
        self.name = name
        self.version = version
        self._partialize = _as_function(partialize)
        self._migrate = migrate
        self._merge: Merge = merge or self._over_current
        self._on_rehydrate_storage = on_rehydrate_storage
        self._spawn = spawn
        self._round = 0
        self._writing = threading.RLock()
        self._hydrated = False
        self._before: list[Callable[[State], object]] = []
        self._after: list[Callable[[State], object]] = []
        self._read_problem = ""
        self._write_problem = ""
        self._revision: int | None = None
        self._known: str | None = None
        self._timer: Timer | None = None
        self._remove = store.use(self)
        if not skip_hydration:
            self.rehydrate()

    @property
    def has_hydrated(self) -> bool:
        """Whether the last read succeeded."""
        return self._hydrated

    @property
    def problem(self) -> str:
        """Why the state, or part of it, is not saved or was not restored; empty when all is well."""
        storage = self._storage.problem if isinstance(self._storage, HasProblem) else ""
        return " ".join(filter(None, (storage, self._read_problem, self._write_problem)))

    def rehydrate(self) -> None:
        """Read the stored state; a read in progress is cancelled."""
        self._round += 1
        self._hydrated = False
        for listener in tuple(self._before):
            listener(self._store.get())
        finished = self._on_rehydrate_storage and call_fitting(
            self._on_rehydrate_storage, self._store.get()
        )
        run_maybe_async(self._hydrate(self._round, finished or None), self._start)

    def refresh(self) -> bool:
        """Read again if another process has written a different text; return whether it has."""
        if not isinstance(self._storage, CountsRevisions):
            return False
        before, self._revision = self._revision, self._storage.revision()
        if before is None or before == self._revision:
            return False
        # The write may be under another name; reading now could undo a set that is being written.
        if self._storage.get(self.name) == self._known:
            return False
        self.rehydrate()
        return True

    def follow(self, clock: Clock, every: float = 1.0) -> Unsubscribe:
        """Call `refresh` every ``every`` seconds; return a function that stops it."""
        self.refresh()

        def check() -> None:
            if self._timer is timer:
                self.refresh()
                self.follow(clock, every)

        timer = self._timer = clock.call_later(every, check)
        return self._stop_following

    def clear_storage(self) -> None:
        """Remove the stored state and cancel a read in progress; the store's state does not change."""
        self._round += 1
        self._await(self._storage.remove(self.name))

    def set_options(
        self,
        *,
        name: str | None = None,
        version: int | None = None,
        storage: Storage | None = None,
        partialize: Partialize | None = None,
        migrate: Migrate | None = None,
        merge: Merge | None = None,
        on_rehydrate_storage: OnRehydrate | None = None,
    ) -> None:
        """Change some options; they apply from the next read or write."""
        self.name = self.name if name is None else name
        self.version = self.version if version is None else version
        self._storage = self._storage if storage is None else storage
        self._partialize = self._partialize if partialize is None else _as_function(partialize)
        self._migrate = migrate or self._migrate
        self._merge = merge or self._merge
        self._on_rehydrate_storage = on_rehydrate_storage or self._on_rehydrate_storage

    def on_hydrate(self, listener: Callable[[State], object]) -> Unsubscribe:
        """Call ``listener(state)`` when a read begins."""
        return _add(self._before, listener)

    def on_finish_hydration(self, listener: Callable[[State], object]) -> Unsubscribe:
        """Call ``listener(state)`` when a read has succeeded."""
        return _add(self._after, listener)

    def update(self, partial: Partial, action: Action = None) -> None:
        """Set on top of what is stored now, atomically across all processes.

        A plain set writes this process's state and may overwrite another's; use this for a shared counter,
        for example. Listeners are called once, after the new state is stored.

        Raises:
            PersistError: The storage has no atomic update, or the stored state cannot be used.
        """
        if not isinstance(self._storage, UpdatesAtomically):
            raise PersistError(
                f"The storage of {self.name!r} has no atomic update: use set.", store=self.name
            )

        def change(text: str | None) -> str:
            def on_stored(state: State) -> State:
                _migrated, stored = run_sync(self._read(text))
                now = self._merged(stored, state)
                return {**now, **(call_fitting(partial, now) if callable(partial) else partial)}

            self._store.set(on_stored, replace=True, action=action, middleware=self._others())
            return self._text()

        with self._store.locked():
            self._storage.update_text(self.name, change)

    def close(self) -> None:
        """Stop writing; the stored state is not removed."""
        self._round += 1
        self._stop_following()
        self._remove()

    # ------------------------------------------------------------ internal

    def after_set(self, action: Action) -> None:
        """Write the state."""
        with self._writing:  # so that of two threads' states the later one is written last
            text = self._text()
            self._await(self._storage.set(self.name, text))
            self._known = text

    def _stop_following(self) -> None:
        timer, self._timer = self._timer, None
        if timer is not None:
            timer.cancel()

    def _others(self) -> list[Middleware]:
        return [middleware for middleware in self._store.middleware if middleware is not self]

    def _hydrate(self, round_: int, finished: Finished | None) -> Steps:
        self._read_problem = ""
        try:
            text = yield self._storage.get(self.name)
            migrated, stored = yield from self._read(text)
            if round_ != self._round:
                return
            self._restore(stored)
            self._known = text
            if migrated:
                yield self._storage.set(self.name, self._text())
            if round_ != self._round:
                return
            if finished is not None:
                call_fitting(finished, self._store.get(), None)
            self._hydrated = True
            state = self._store.get()
            for listener in tuple(self._after):
                listener(state)
        except Exception as error:
            if round_ == self._round:
                self._set_aside(str(error) or type(error).__name__, everything=True)
                if finished is not None:
                    call_fitting(finished, None, error)

    def _read(self, text: str | None) -> Generator[Any, Any, tuple[bool, Any]]:
        """Return whether the state was migrated, and the state; None when nothing usable is stored."""
        found = None if text is None else json.loads(text)
        if not isinstance(found, Mapping):
            return False, None
        stored, unreadable = decode_entries(found.get("state"))
        if unreadable:
            self._set_aside(_sentence(unreadable))
        version = found.get("version")
        is_number = isinstance(version, int | float) and not isinstance(version, bool)
        if not is_number or version == self.version:
            return False, stored
        if self._migrate is not None:
            return True, (yield call_fitting(self._migrate, stored, version))
        reason = f"it has version {version}, this program needs {self.version}"
        self._set_aside(reason, everything=True)
        return False, None

    def _restore(self, stored: Any) -> None:
        """Set the stored state."""
        merged = self._merged(stored, self._store.get())
        self._store.set(merged, replace=True, action=None, middleware=self._others())

    def _merged(self, stored: Any, current: State) -> State:
        """Return the stored state merged into the current one, without entries the store refuses."""
        merged: State = call_fitting(self._merge, stored, current)
        refused = self._store.refused(merged)
        if refused:
            reasons = {key: str(error) for key, error in refused.items()}
            self._set_aside(_sentence(reasons))
            present = {key: current[key] for key in refused if key in current}
            return {key: merged[key] for key in merged if key not in refused} | present
        return merged

    def _over_current(self, stored: Any, current: State) -> State:
        entries = stored if isinstance(stored, Mapping) else {}
        return {
            **current,
            **{key: value for key, value in entries.items() if self._store.has(key)},
        }

    def _text(self) -> str:
        """Return the state as text, without the entries that JSON cannot restore exactly."""
        state, refused = encode_entries(self._partialize(self._store.get()))
        problem = ""
        if refused:
            reasons = _sentence(refused)
            problem = (
                f"Not saved with {self.name!r}: {reasons}. Name the keys to save in partialize."
            )
        if problem and problem != self._write_problem:
            logger.warning(problem)
        self._write_problem = problem
        return json.dumps({"state": state, "version": self.version})

    def _set_aside(self, reason: str, *, everything: bool = False) -> None:
        """Report which part of the stored text is not used, and why; set a copy aside if possible."""
        part = "What was stored as {}" if everything else "Part of what was stored as {}"
        self._read_problem = f"{part.format(repr(self.name))} was not used: {reason}."
        logger.warning(self._read_problem)
        if isinstance(self._storage, KeepsAside):
            self._storage.set_aside(self.name, reason)

    def _await(self, answer: Any) -> None:
        """If a storage returned an awaitable, await it in the background."""

        def steps() -> Steps:
            yield answer

        run_maybe_async(steps(), self._start)

    def _start(self, coroutine: Any) -> object:
        if self._spawn is None:
            coroutine.close()
            raise PersistError(
                f"The storage of {self.name!r} returns awaitables: pass persist a spawn function "
                f"that runs them.",
                store=self.name,
            )
        return self._spawn(self._run_logged(coroutine))

    async def _run_logged(self, coroutine: Any) -> None:
        try:
            await coroutine
        except Exception as error:
            self._write_problem = f"The state of {self.name!r} could not be saved: {error}."
            logger.warning(self._write_problem)

    def __repr__(self) -> str:
        return f"Persistence({self.name!r}, version={self.version})"


def persist(
    store: BaseStore, name: str, *, storage: Storage | None = None, **options: Any
) -> Persistence:
    """Restore a store's state stored under a name, and save it from now on.

    Args:
        store: A `Store` or a `PlainStore`.
        name: The name in the storage.
        storage: The storage to use; by default the user's own file, shared by all kernels.
        options: ``version`` (0), of the state's shape; ``partialize``, the keys to save or a function of
            the state that returns what to save; ``migrate(stored, version)``, returns this version's state
            for one of another version (without it, such a state is not used); ``merge(stored,
            current)``, by default the stored keys over the current ones; ``skip_hydration``, read only
            when `Persistence.rehydrate` is called; ``on_rehydrate_storage(state)``, called before a read,
            may return a function that is called with (state, None) or (None, error) after it;
            ``spawn``, runs coroutines, for storages that return awaitables. Functions may take fewer
            arguments.
    """
    chosen = shared_storage() if storage is None else storage  # an empty storage may be falsy
    return Persistence(store, name, storage=chosen, **options)


def _as_function(partialize: Partialize | None) -> Callable[[State], State]:
    if partialize is None:
        return lambda state: state
    if callable(partialize):
        return cast("Callable[[State], State]", partialize)
    keys = tuple(partialize)
    return lambda state: {key: state[key] for key in keys if key in state}


def _sentence(reasons: Mapping[Any, str]) -> str:
    return "; ".join(f"{key!r} ({reason.removesuffix('.')})" for key, reason in reasons.items())


def _add(listeners: list[Any], listener: Any) -> Unsubscribe:
    fitted = fit_callback(listener, 1)
    listeners.append(fitted)

    def remove() -> None:
        if fitted in listeners:
            listeners.remove(fitted)

    return remove
