"""The types of a store's interface, and the interface of a middleware.

A middleware is called after each set of a store, after the listeners; the one added last is called first. It
may set the store itself and choose the middleware that is called after that set, so that `persist`, for
example, does not write what it has just read.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol, TypeAlias

State: TypeAlias = Mapping[str, Any]
Listener: TypeAlias = Callable[[State, State], object]
Selector: TypeAlias = Callable[[State], Any]
Equality: TypeAlias = Callable[[Any, Any], bool]
Unsubscribe: TypeAlias = Callable[[], None]

Partial: TypeAlias = State | Callable[[State], State]
"""Some keys with their new values, or a function of the state that returns them."""

Action: TypeAlias = str | Mapping[str, Any] | None
"""The name of a set in the devtools, or a mapping with a ``type``; None when it has no name."""


class Middleware(Protocol):
    """Called after each set of a store; added with `BaseStore.use`."""

    def after_set(self, action: Action) -> object:
        """Handle a completed set; an exception reaches the code that called set."""
        ...
