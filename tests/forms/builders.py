"""Resolvers and helpers for tests of forms."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from kaizen_widgets.core.clock import Clock, sleep
from kaizen_widgets.forms import Change, FieldError, Form, Resolved, ResolverContext


def required(*names: str) -> Callable[[Any, ResolverContext], Resolved]:
    """Return a resolver that requires top-level fields."""

    def resolve(values: Any, _context: ResolverContext) -> Resolved:
        missing = [name for name in names if not values.get(name)]
        return Resolved(values, {name: FieldError("missing", f"{name}?") for name in missing})

    return resolve


def alike(values: Any, _context: ResolverContext) -> Resolved:
    """Require `password`, and that `again` repeats it."""
    errors = {}
    if not values["password"]:
        errors["password"] = FieldError("missing", "password?")
    if values["password"] != values["again"]:
        errors["again"] = FieldError("differs", "not the same")
    return Resolved(values, errors)


class Slow:
    """An async resolver that takes as many seconds as the field `wait` says."""

    def __init__(self, clock: Clock, resolver: Callable[[Any, ResolverContext], Resolved]) -> None:
        self._clock, self._resolver = clock, resolver

    def __call__(self, values: Any, context: ResolverContext) -> Awaitable[Resolved]:
        async def answer() -> Resolved:
            await sleep(self._clock, values.get("wait", 1.0))
            return self._resolver(values, context)

        return answer()


def changes_of(form: Form) -> list[Change]:
    """Return a list that collects the changes of a form."""
    changes: list[Change] = []
    form.subscribe(changes.append)
    return changes


def messages(form: Form) -> dict[str, str]:
    """Return the messages of the shown errors by name."""
    return {name: error.message for name, error in form.errors.items()}
