"""Keeps a store's state in a storage of texts, and brings it back.

Each set is written after the listeners heard of it; nothing is written for being read back, except
what a migration made of it. What is read is checked by the store like any set; what cannot be used
(no JSON, a failing migration, a wrong type) leaves the store as it is, is said in `problem` and the
log, and is kept aside where the storage can do that. A storage may answer at once or with awaitables.

The text is JSON: ``{"state": ..., "version": n}``, as zustand's persist middleware (MIT) writes it, whose
recorded traces this is held to; not its code.
"""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Callable, Generator, Iterable, Mapping
from typing import Any, TypeAlias, cast

from kaizen_widgets.core.clock import Clock, Timer
from kaizen_widgets.errors import PersistError
from kaizen_widgets.stores.equality import State, Unsubscribe
from kaizen_widgets.stores.maybe_async import (
    Spawn,
    Steps,
    run_maybe_async,
    run_sync,
)
from kaizen_widgets.stores.middleware import Action, BaseStore, Middleware, Partial
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
    """A store's state in a storage; made by `persist`."""

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
        self._partialize = _picking(partialize)
        self._migrate = migrate
        self._merge: Merge = merge or self._over_current
        self._on_rehydrate_storage = on_rehydrate_storage
        self._spawn = spawn
        self._round = 0
        self._writing = threading.RLock()
        self._hydrated = False
        self._before: list[Callable[[State], object]] = []
        self._after: list[Callable[[State], object]] = []
        self._problem = ""
        self._revision: int | None = None
        self._known: str | None = None
        self._timer: Timer | None = None
        self._take_off = store.use(self)
        if not skip_hydration:
            self.rehydrate()

    @property
    def has_hydrated(self) -> bool:
        """Whether the last reading ended well."""
        return self._hydrated

    @property
    def problem(self) -> str:
        """Why the state is not kept, or was not read; empty when all is well."""
        said = self._storage.problem if isinstance(self._storage, HasProblem) else ""
        return said or self._problem

    def rehydrate(self) -> None:
        """Read the stored state; a reading on its way ends without effect."""
        self._round += 1
        self._hydrated = False
        for listener in tuple(self._before):
            listener(self._store.get())
        finished = self._on_rehydrate_storage and self._on_rehydrate_storage(self._store.get())
        run_maybe_async(self._hydrate(self._round, finished or None), self._start)

    def refresh(self) -> bool:
        """Read again if another process wrote another text; return whether it did."""
        if not isinstance(self._storage, CountsRevisions):
            return False
        before, self._revision = self._revision, self._storage.revision()
        if before is None or before == self._revision:
            return False
        # Others write other things to the same file; reading for those might undo a set on its way there.
        if self._storage.get(self.name) == self._known:
            return False
        self.rehydrate()
        return True

    def follow(self, clock: Clock, every: float = 1.0) -> Unsubscribe:
        """Look every so many seconds whether another process wrote; return what ends it."""
        self.refresh()

        def look() -> None:
            if self._timer is timer:
                self.refresh()
                self.follow(clock, every)

        timer = self._timer = clock.call_later(every, look)
        return self._stop_following

    def clear_storage(self) -> None:
        """Forget what is stored, and cancel a reading on its way; the store keeps its state."""
        self._round += 1
        self._later(self._storage.remove(self.name))

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
        """Change some options; they count from the next reading or writing."""
        self.name = self.name if name is None else name
        self.version = self.version if version is None else version
        self._storage = self._storage if storage is None else storage
        self._partialize = self._partialize if partialize is None else _picking(partialize)
        self._migrate = migrate or self._migrate
        self._merge = merge or self._merge
        self._on_rehydrate_storage = on_rehydrate_storage or self._on_rehydrate_storage

    def on_hydrate(self, listener: Callable[[State], object]) -> Unsubscribe:
        """Call ``listener(state)`` when a reading begins."""
        return _added(self._before, listener)

    def on_finish_hydration(self, listener: Callable[[State], object]) -> Unsubscribe:
        """Call ``listener(state)`` when a reading ended well."""
        return _added(self._after, listener)

    def update(self, partial: Partial, action: Action = None) -> None:
        """Set on top of what is stored now, as one moment for all processes.

        A plain set writes what this process knows; counting together needs this. Listeners hear of
        it as of one set, after it is stored.

        Raises:
            PersistError: The storage cannot do it, or what is stored cannot be used.
        """
        if not isinstance(self._storage, UpdatesAtomically):
            raise PersistError(
                f"The storage of {self.name!r} has no atomic update: use set.", store=self.name
            )

        def change(text: str | None) -> str:
            def on_stored(state: State) -> State:
                _migrated, stored = run_sync(self._read(text))
                now = self._merge(stored, state)
                return {**now, **(partial(now) if callable(partial) else partial)}

            self._store.set(on_stored, replace=True, action=action, told=self._others())
            return self._text()

        with self._store.locked():
            self._storage.update_text(self.name, change)

    def close(self) -> None:
        """Write no more; what is stored stays."""
        self._round += 1
        self._stop_following()
        self._take_off()

    # -------------------------------------------------------------- within

    def after_set(self, action: Action) -> None:
        """Write the state down."""
        with self._writing:  # of two threads the later state is written last
            text = self._text()
            self._later(self._storage.set(self.name, text))
            self._known = text

    def _stop_following(self) -> None:
        timer, self._timer = self._timer, None
        if timer is not None:
            timer.cancel()

    def _others(self) -> list[Middleware]:
        return [middleware for middleware in self._store.middleware if middleware is not self]

    def _hydrate(self, round_: int, finished: Finished | None) -> Steps:
        self._problem = ""
        try:
            text = yield self._storage.get(self.name)
            migrated, stored = yield from self._read(text)
            if round_ != self._round:
                return
            merged = self._merge(stored, self._store.get())
            self._store.set(merged, replace=True, action=None, told=self._others())
            self._known = text
            if migrated:
                yield self._storage.set(self.name, self._text())
            if round_ != self._round:
                return
            if finished is not None:
                finished(self._store.get(), None)
            self._hydrated = True
            state = self._store.get()
            for listener in tuple(self._after):
                listener(state)
        except Exception as error:
            if round_ == self._round:
                self._failed(error)
                if finished is not None:
                    finished(None, error)

    def _read(self, text: str | None) -> Generator[Any, Any, tuple[bool, Any]]:
        """Return whether it was migrated, and the state; None when nothing usable is stored."""
        found = None if text is None else json.loads(text)
        if not isinstance(found, Mapping):
            return False, None
        stored, version = found.get("state"), found.get("version")
        is_number = isinstance(version, int | float) and not isinstance(version, bool)
        if not is_number or version == self.version:
            return False, stored
        if self._migrate is not None:
            return True, (yield self._migrate(stored, version))
        self._put_aside(f"it has version {version}, this program wants {self.version}")
        return False, None

    def _over_current(self, stored: Any, current: State) -> State:
        kept = stored if isinstance(stored, Mapping) else {}
        return {**current, **{key: value for key, value in kept.items() if self._store.has(key)}}

    def _text(self) -> str:
        state = self._partialize(self._store.get())
        try:
            return json.dumps({"state": state, "version": self.version})
        except (TypeError, ValueError) as error:
            raise PersistError(
                f"The state of {self.name!r} cannot be kept ({error}): name the keys that can "
                f"be written as JSON in partialize.",
                store=self.name,
            ) from error

    def _failed(self, error: Exception) -> None:
        reason = str(error) or type(error).__name__
        self._put_aside(reason)

    def _put_aside(self, reason: str) -> None:
        self._problem = f"What was stored as {self.name!r} was not used: {reason}."
        logger.warning(self._problem)
        if isinstance(self._storage, KeepsAside):
            self._storage.keep_aside(self.name, reason)

    def _later(self, answer: Any) -> None:
        run_maybe_async(_just(answer), self._start)

    def _start(self, coroutine: Any) -> object:
        if self._spawn is None:
            coroutine.close()
            raise PersistError(
                f"The storage of {self.name!r} answers with awaitables: give persist a spawn "
                f"that runs them.",
                store=self.name,
            )
        return self._spawn(self._noting(coroutine))

    async def _noting(self, coroutine: Any) -> None:
        try:
            await coroutine
        except Exception as error:
            self._problem = f"The state of {self.name!r} could not be kept: {error}."
            logger.warning(self._problem)

    def __repr__(self) -> str:
        return f"Persistence({self.name!r}, version={self.version})"


def persist(
    store: BaseStore, name: str, *, storage: Storage | None = None, **options: Any
) -> Persistence:
    """Keep a store's state under a name, and read what is there.

    Args:
        store: A `Store` or a `PlainStore`.
        name: What to call it in the storage.
        storage: Where to; by default the user's own file, shared by all kernels.
        options: ``version`` (0), of the state's shape; ``partialize``, the keys to keep or a function
            of the state; ``migrate(stored, version)``, makes this version's state of another one's
            (without it, that is not used); ``merge(stored, current)``, by default the stored keys
            over the current ones; ``skip_hydration``, read only when told to;
            ``on_rehydrate_storage(state)``, called before a reading, may return a function that is
            called with (state, None) or (None, error) after it; ``spawn``, runs coroutines, for
            storages that answer with awaitables.
    """
    chosen = shared_storage() if storage is None else storage  # an empty one may be falsy
    return Persistence(store, name, storage=chosen, **options)


def _just(answer: Any) -> Steps:
    yield answer


def _picking(partialize: Partialize | None) -> Callable[[State], State]:
    if partialize is None:
        return lambda state: state
    if callable(partialize):
        return cast("Callable[[State], State]", partialize)
    keys = tuple(partialize)
    return lambda state: {key: state[key] for key in keys if key in state}


def _added(listeners: list[Any], listener: Any) -> Unsubscribe:
    listeners.append(listener)

    def remove() -> None:
        if listener in listeners:
            listeners.remove(listener)

    return remove
