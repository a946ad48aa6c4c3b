"""The lock of a form, and the notifications of what changed under it.

One lock owns the form state. All changes made while it was held are reported together, after it is free
and in order: first to listeners, then to observers of the form's traits.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import partial
from typing import Any, Generic, TypeAlias, TypeVar

from traitlets import All, Bunch, HasTraits, TraitType

from kaizen_widgets.core.notifier import Notifier, call_all
from kaizen_widgets.forms.change import FLAGS, Change
from kaizen_widgets.forms.paths import copied
from kaizen_widgets.forms.tracked_state import TrackedState

T = TypeVar("T")
ChangeListener: TypeAlias = Callable[..., object]
Unsubscribe: TypeAlias = Callable[[], None]


class StateTrait(TraitType[T, T], Generic[T]):
    """A read-only trait of a form that shows part of its state."""

    def __init__(self, read: Callable[[TrackedState], T], help: str) -> None:
        super().__init__(read_only=True, help=help)
        self.read = read

    def get(self, obj: Any, cls: type[Any] | None = None) -> T:
        """Return the current value."""
        with obj._lock:
            return self.read(obj._state)


class ChangeNotifier:
    """Notifies listeners and trait observers of a form, once per operation.

    Args:
        form: The form whose traits are observed.
        state: The state of that form.

    Attributes:
        lock: Hold it to read the state.
        operation: Hold it to change the state; listeners are notified when the outermost holder releases it.
    """

    def __init__(self, form: HasTraits, state: TrackedState) -> None:
        self.lock = Notifier()
        self.operation = _Operation(self, state)
        self._form = form
        self._state = state
        self._listeners: dict[object, ChangeListener] = {}

    @property
    def listener_count(self) -> int:
        """The number of subscribed listeners."""
        return len(self._listeners)

    def subscribe(self, listener: ChangeListener) -> Unsubscribe:
        """Call a listener after each operation that changed something; return the unsubscribe function."""
        key = object()
        with self.operation:
            self._listeners = {**self._listeners, key: listener}

        def unsubscribe() -> None:
            with self.operation:
                self._listeners = {k: v for k, v in self._listeners.items() if k is not key}

        return unsubscribe

    def post(self, call: Callable[[], object]) -> None:
        """Make a call once the lock is free, after the notifications posted before it."""
        self.lock.post(call)

    def when_free(
        self, call: Callable[[], object], after: Callable[[], object] | None = None
    ) -> bool:
        """Make a call as an operation of its own, without waiting for the lock.

        The background loop must not wait for it, because the thread that holds the lock may wait for the
        loop.

        Args:
            call: The call; it is made now, or by the thread that holds the lock when it lets go.
            after: Called after the listeners were notified.

        Returns:
            Whether the call was made now.
        """
        was_called = False

        def run() -> None:
            nonlocal was_called
            try:
                with self.operation:
                    call()
            finally:
                if after is not None:
                    self.lock.post(after)
            was_called = True

        self.lock.when_free(run)
        return was_called

    def notify(self) -> None:
        """Post the notifications of what changed since the operation began; the lock is held."""
        change = self._state.finish()
        if not change:
            return
        listeners = self._listeners
        events = [self._trait_event(name, change) for name in self._observed_traits(change)]
        if listeners or events:
            self.lock.post(partial(self._call, tuple(listeners.items()), events, change))

    def _call(
        self,
        listeners: tuple[tuple[object, ChangeListener], ...],
        events: list[Bunch],
        change: Change,
    ) -> None:
        calls = [partial(listener, change) for key, listener in listeners if key in self._listeners]
        call_all((*calls, *(partial(self._form.notify_change, event) for event in events)))

    def _observed_traits(self, change: Change) -> list[str]:
        # traitlets has no public way to find out which traits are observed.
        notifiers: dict[Any, Any] = self._form._trait_notifiers
        if not notifiers:
            return []
        changed = {
            "values": change.values,
            "errors": change.errors,
            "dirty_fields": change.dirty,
            "touched_fields": change.touched,
            **dict.fromkeys(change.flags, True),
        }
        of_all_traits = notifiers.get(All, {})
        return [
            name
            for name, has_changed in changed.items()
            if has_changed
            and any(
                observers.get(kind)
                for observers in (notifiers.get(name, {}), of_all_traits)
                for kind in ("change", All)
            )
        ]

    def _trait_event(self, name: str, change: Change) -> Bunch:
        state = self._state
        if name in FLAGS:
            new: Any = change.flags[name]
            old: Any = state.flag_before(name)
        elif name == "values":
            old, new = copied(state.values_before), copied(state.values)
        elif name == "errors":
            old, new = dict(state.errors_before), dict(state.errors)
        else:
            new = frozenset(state.dirty if name == "dirty_fields" else state.touched)
            old = new ^ (change.dirty if name == "dirty_fields" else change.touched)
        return Bunch(name=name, old=old, new=new, owner=self._form, type="change")


class _Operation(AbstractContextManager[None]):
    """Holds the lock; all changes until the outermost holder releases it are one `Change`."""

    def __init__(self, owner: ChangeNotifier, state: TrackedState) -> None:
        self._owner = owner
        self._lock = owner.lock
        self._state = state
        self._depth = 0

    def __enter__(self) -> None:
        self._lock.__enter__()
        if self._depth == 0:
            self._state.begin()
        self._depth += 1

    def __exit__(self, *error: object) -> None:
        self._depth -= 1
        try:
            if self._depth == 0:
                self._owner.notify()
        finally:
            self._lock.__exit__(*error)
