"""What may be put around a store, and what it needs of one.

A middleware is told after each set, once the listeners were; the one put on last is told first. It may
set the store itself and say who is told of that, so that what it reads back is not written again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol, TypeAlias

from kaizen_widgets.stores.equality import State, Unsubscribe

Action: TypeAlias = str | Mapping[str, Any] | None
"""What a set was for: a name, or an object with a ``type``; None when nobody said."""

Partial: TypeAlias = State | Callable[[State], State]


class Middleware(Protocol):
    """Something that follows a store's sets."""

    def after_set(self, action: Action) -> object:
        """Take note of a set that is done; what it raises reaches whoever set."""
        ...


class BaseStore(Protocol):
    """A store that middleware can be put around."""

    @property
    def initial(self) -> State:
        """The state it began with."""
        ...

    @property
    def middleware(self) -> tuple[Middleware, ...]:
        """What is told of a set, in this order."""
        ...

    def get(self) -> State:
        """Return the state as it is now."""
        ...

    def has(self, key: str) -> bool:
        """Whether the state may have such a key."""
        ...

    def locked(self) -> AbstractContextManager[None]:
        """Keep the state still for a moment; listeners hear of sets in it afterwards."""
        ...

    def use(self, middleware: Middleware) -> Unsubscribe:
        """Put a middleware around all there are; return what takes it off."""
        ...

    def set(
        self,
        partial: Partial,
        *,
        replace: bool = False,
        action: Action = None,
        told: Sequence[Middleware] | None = None,
    ) -> None:
        """Set, and tell only these, if any are given."""
