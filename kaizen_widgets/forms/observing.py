"""What a form shows of itself: its state as read-only traits, and a feed of changes.

One lock owns the state. What happened under it is told once, after it is free, in order: first to
`subscribe` and `watch`, then to trait observers.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import partial
from typing import Any, Generic, TypeVar

from traitlets import All, Bunch, HasTraits, TraitType

from kaizen_widgets.core.notifier import Notifier, call_all
from kaizen_widgets.forms.change import (
    FLAGS,
    Change,
    Listener,
    Unsubscribe,
)
from kaizen_widgets.forms.paths import SomeNames, copied, get, is_within, names_of, parse
from kaizen_widgets.forms.resolver import FieldError
from kaizen_widgets.forms.tracked_state import State

T = TypeVar("T")


class Shown(TraitType[T, T], Generic[T]):
    """A trait that shows what the form's state holds, and can be observed but not set."""

    def __init__(self, read: Callable[[State], T], help: str) -> None:
        super().__init__(read_only=True, help=help)
        self.read = read

    def get(self, obj: Any, cls: type[Any] | None = None) -> T:
        """Return what the state holds now."""
        with obj._notifier:
            return self.read(obj._state)


class _Operation(AbstractContextManager[None]):
    """The form's lock; what changed while it was held by the outermost holder is told as one."""

    def __init__(self, owner: Observable) -> None:
        self._owner = owner
        self._notifier = owner._notifier
        self._depth = 0

    def __enter__(self) -> None:
        self._notifier.__enter__()
        if self._depth == 0:
            self._owner._state.begin()
        self._depth += 1

    def __exit__(self, *error: object) -> None:
        self._depth -= 1
        try:
            if self._depth == 0:
                self._owner._announce()
        finally:
            self._notifier.__exit__(*error)


class Observable(HasTraits):
    """The part of a form that is looked at.

    Args:
        state: What it shows.
    """

    values = Shown(lambda state: copied(state.values), "All values, as a copy of one's own.")
    errors = Shown[dict[str, FieldError]](
        lambda state: dict(state.errors), "What is wrong, by name; the form's own at `''`."
    )
    dirty_fields = Shown(lambda state: frozenset(state.dirty), "Names that differ from defaults.")
    touched_fields = Shown(lambda state: frozenset(state.touched), "Names that were left once.")
    is_dirty = Shown[bool](
        lambda state: state.is_dirty, "Whether a value differs from its default."
    )
    is_valid = Shown[bool](lambda state: state.is_valid, "Whether all values would do.")
    is_validating = Shown[bool](lambda state: state.is_validating, "Whether a validation goes on.")
    is_submitting = Shown[bool](lambda state: state.is_submitting, "Whether a submit goes on.")
    is_submitted = Shown[bool](lambda state: state.is_submitted, "Whether it was ever submitted.")
    is_submit_successful = Shown[bool](
        lambda state: state.is_submit_successful, "Whether the last submit went well."
    )
    submit_count = Shown[int](lambda state: state.submit_count, "How often it was submitted.")

    def __init__(self, state: State) -> None:
        super().__init__()
        self._state = state
        self._notifier = Notifier()
        self._operation = _Operation(self)
        self._listeners: dict[object, Listener] = {}

    def subscribe(self, listener: Listener) -> Unsubscribe:
        """Call ``listener(change)`` after every operation that changed something.

        It runs on the thread of the operation, outside the lock; it may read and change the form.

        Returns:
            A function that ends it; harmless to call twice.
        """
        key = object()
        with self._operation:
            self._listeners = {**self._listeners, key: listener}

        def unsubscribe() -> None:
            with self._operation:
                self._listeners = {k: v for k, v in self._listeners.items() if k is not key}

        return unsubscribe

    def watch(
        self,
        listener: Callable[..., object],
        names: SomeNames | None = None,
    ) -> Unsubscribe:
        """Call ``listener(value)`` when a value is written: by users, programs, rows or a reset.

        Args:
            listener: Takes all values; or, of one name, its value (None where there is none); or, of a
                list of names, their values in a list.
            names: What to watch: also hears of what is below, and of what is around it.

        Returns:
            A function that ends it; harmless to call twice.
        """
        single = isinstance(names, str | tuple)
        watched = None if names is None else names_of(names)

        def told(change: Change) -> None:
            if not change.values:
                return
            if watched is None:
                listener(self.values)
            elif any(
                is_within(name, written) or is_within(written, name)
                for name in watched
                for written in change.values
            ):
                found = [self._value_at(name) for name in watched]
                listener(found[0] if single else found)

        return self.subscribe(told)

    def _value_at(self, name: str) -> Any:
        with self._notifier:
            return copied(get(self._state.values, parse(name), None))

    # ---------------------------------------------------------------- within

    def _under_lock(self, call: Callable[[], None]) -> None:
        with self._operation:
            call()

    def _announce(self) -> None:
        change = self._state.finish()
        if not change:
            return
        listeners = self._listeners
        bunches = [self._bunch(name, change) for name in self._observed_traits(change)]
        if listeners or bunches:
            self._notifier.post(partial(self._tell, tuple(listeners.items()), bunches, change))

    def _tell(
        self, listeners: tuple[tuple[object, Listener], ...], bunches: list[Bunch], change: Change
    ) -> None:
        calls = [partial(listener, change) for key, listener in listeners if key in self._listeners]
        call_all((*calls, *(partial(self.notify_change, bunch) for bunch in bunches)))

    def _observed_traits(self, change: Change) -> list[str]:
        # traitlets has no public way to ask who observes what.
        notifiers: dict[Any, Any] = self._trait_notifiers
        if not notifiers:
            return []
        changed = {
            "values": change.values,
            "errors": change.errors,
            "dirty_fields": change.dirty,
            "touched_fields": change.touched,
            **dict.fromkeys(change.flags, True),
        }
        everything = notifiers.get(All, {})
        return [
            name
            for name, is_so in changed.items()
            if is_so
            and any(
                heard.get(kind)
                for heard in (notifiers.get(name, {}), everything)
                for kind in ("change", All)
            )
        ]

    def _bunch(self, name: str, change: Change) -> Bunch:
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
        return Bunch(name=name, old=old, new=new, owner=self, type="change")
