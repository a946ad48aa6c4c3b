"""Small forms, and resolvers that are quick to read."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from kaizen_widgets.core.clock import Clock, sleep
from kaizen_widgets.forms import Change, FieldError, Form, Resolved, ResolverContext


def required(*names: str) -> Callable[[Any, ResolverContext], Resolved]:
    """Refuse top-level fields that are empty."""

    def resolve(values: Any, _context: ResolverContext) -> Resolved:
        missing = [name for name in names if not values.get(name)]
        return Resolved(values, {name: FieldError("missing", f"{name}?") for name in missing})

    return resolve


def alike(values: Any, _context: ResolverContext) -> Resolved:
    """Refuse two fields that differ, at the second of them; and an empty first one."""
    errors = {}
    if not values["password"]:
        errors["password"] = FieldError("missing", "password?")
    if values["password"] != values["again"]:
        errors["again"] = FieldError("differs", "not the same")
    return Resolved(values, errors)


class Slow:
    """A resolver that answers after a while: as long as its field `wait` says."""

    def __init__(self, clock: Clock, resolver: Callable[[Any, ResolverContext], Resolved]) -> None:
        self._clock, self._resolver = clock, resolver

    def __call__(self, values: Any, context: ResolverContext) -> Awaitable[Resolved]:
        async def answer() -> Resolved:
            await sleep(self._clock, values.get("wait", 1.0))
            return self._resolver(values, context)

        return answer()


def heard_by(form: Form) -> list[Change]:
    """Return a list that fills with what the form tells."""
    heard: list[Change] = []
    form.subscribe(heard.append)
    return heard


def words(form: Form) -> dict[str, str]:
    """Return the messages of the errors that are shown."""
    return {name: error.message for name, error in form.errors.items()}
