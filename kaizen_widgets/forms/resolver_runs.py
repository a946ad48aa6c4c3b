"""Asks the resolver: at once when it answers at once, else on the background loop, under one lock.

Knows which runs are still of interest; a run that began before a reset is none.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractContextManager
from typing import Any

from kaizen_widgets.core.background import BackgroundLoop
from kaizen_widgets.errors import FormError
from kaizen_widgets.forms.error_messages import ErrorMessages
from kaizen_widgets.forms.resolver import (
    CriteriaMode,
    FieldError,
    Resolved,
    Resolver,
    ResolverContext,
)
from kaizen_widgets.forms.tracked_state import State

log = logging.getLogger(__name__)

Then = Callable[[Resolved], None]
Failed = Callable[[Exception], None]


class Runs:
    """The runs of one form's resolver.

    Args:
        state: The form's; `is_validating` is kept here.
        resolver: Judges the values.
        loop: Runs what takes longer.
        operation: The form's lock, and the telling of what changed under it.
        criteria_mode: Passed on.
        extra: Passed on.
        messages: The form's own words for errors.
    """

    def __init__(
        self,
        state: State,
        resolver: Resolver,
        loop: BackgroundLoop,
        operation: AbstractContextManager[None],
        *,
        criteria_mode: CriteriaMode = "firstError",
        extra: Any = None,
        messages: Mapping[str, Any] | None = None,
    ) -> None:
        self._state = state
        self._resolver = resolver
        self._loop = loop
        self._operation = operation
        self._criteria_mode: CriteriaMode = criteria_mode
        self._extra = extra
        self._messages = ErrorMessages(messages or {})
        self._running: dict[object, tuple[str, ...] | None] = {}
        self._held: list[tuple[tuple[str, ...] | None, Then]] | None = None
        self._last: tuple[Any, Resolved] | None = None

    def ask(self, names: tuple[str, ...] | None, then: Then, failed: Failed | None = None) -> None:
        """Judge all values as they are now; call ``then`` with the answer, under the lock.

        Args:
            names: The fields it is about, or None for all.
            then: Takes the answer.
            failed: Takes what the resolver raised, instead of whoever called, or the log. Who takes it
                waits for the answer, and gets it without waiting for `release`.
        """
        if self._held is not None and failed is None:
            self._held.append((names, then))
            return
        values = self._state.values
        try:
            answer = self._resolver(
                values, ResolverContext(self._criteria_mode, names, self._extra)
            )
            if isinstance(answer, Resolved):
                answer = self._worded(answer)
            elif not isinstance(answer, Awaitable):
                raise _not_an_answer(answer)
        except Exception as error:
            if failed is None:
                raise
            failed(error)
            return
        if isinstance(answer, Resolved):
            self._last = (values, answer)
            then(answer)
            return
        run = object()
        self._running[run] = names
        self._state.is_validating = True
        self._loop.start(self._answered(run, values, answer, then, failed))

    @property
    def value(self) -> Any:
        """What the last run made of the values; None if they are others now, or would not do."""
        if self._last is None or self._last[0] is not self._state.values or self._last[1].errors:
            return None
        return self._last[1].value

    @property
    def is_holding(self) -> bool:
        """Whether runs wait for `release`."""
        return self._held is not None

    def hold(self) -> bool:
        """Let runs wait for `release`; return False if they do already."""
        if self.is_holding:
            return False
        self._held = []
        return True

    def release(self) -> None:
        """Make one run do for all that waited."""
        held, self._held = self._held, None
        if not held:
            return
        if len(held) == 1:
            self.ask(*held[0])
            return
        every = [names for names, _ in held]
        names = None if None in every else tuple(name for some in every for name in some or ())

        def then(resolved: Resolved) -> None:
            for _, each in held:
                each(resolved)

        self.ask(names, then)

    def is_validating(self, name: str) -> bool:
        """Whether a run about this field is under way."""
        return any(names is None or name in names for names in self._running.values())

    def forget(self) -> None:
        """Take what runs now as not running: the form was reset."""
        self._running.clear()
        self._state.is_validating = False

    async def _answered(
        self,
        run: object,
        values: Any,
        answer: Awaitable[Resolved],
        then: Then,
        failed: Failed | None,
    ) -> None:
        outcome: Resolved | Exception
        try:
            outcome = await answer
            if not isinstance(outcome, Resolved):
                raise _not_an_answer(outcome)
        except Exception as error:
            outcome = error
        try:
            with self._operation:
                self._running.pop(run, None)
                self._state.is_validating = bool(self._running)
                if isinstance(outcome, Resolved):
                    outcome = self._worded(outcome)
                    self._last = (values, outcome)
                    then(outcome)
                else:
                    (failed or self._could_not_check)(outcome)
        except Exception:  # a listener's, or a later run's: nobody waits for this coroutine
            log.exception("What follows a form's validation failed")

    def _could_not_check(self, error: Exception) -> None:
        """Say in the form that its values could not be judged: nobody waits for this run.

        Only what kind of error it was: its own words may quote a password.
        """
        kind = type(error).__name__
        log.error("A form's resolver failed with %s", kind)
        log.debug("The resolver's error", exc_info=error)
        said = FieldError("resolver_failed", f"This could not be checked ({kind}).")
        self._state.set_error("root.resolver", said)

    def _worded(self, answer: Resolved) -> Resolved:
        return self._messages.of(answer) if answer.errors and self._messages else answer


def _not_an_answer(answer: Any) -> FormError:
    return FormError(
        f"The form's resolver gave {type(answer).__name__}; it must return a Resolved, "
        "or an awaitable of one."
    )
