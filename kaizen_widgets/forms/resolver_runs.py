"""Runs a form's resolver: directly when it returns a result, on the background loop when it is async.

Knows which runs are still relevant; those that began before a reset are not.
"""

from __future__ import annotations

import concurrent.futures
import logging
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from typing import Any

from kaizen_widgets.core.background import BackgroundLoop
from kaizen_widgets.errors import FormError
from kaizen_widgets.forms.change_notifier import ChangeNotifier
from kaizen_widgets.forms.error_messages import ErrorMessages
from kaizen_widgets.forms.resolver import (
    CriteriaMode,
    FieldError,
    Resolved,
    Resolver,
    ResolverContext,
)
from kaizen_widgets.forms.tracked_state import TrackedState

log = logging.getLogger(__name__)

PATIENCE = 0.05
"""Seconds after which a waiting thread gets a result even if the lock is held, possibly by itself."""

OnResolved = Callable[[Resolved], None]
OnFailure = Callable[[Exception], None]
OnOutcome = Callable[["Resolved | Exception"], None]


class ResolverRuns:
    """The runs of one form's resolver.

    Args:
        state: The form's state; `is_validating` is updated here.
        resolver: Validates the values.
        loop: Runs an async resolver.
        changes: The form's lock and notifications.
        criteria_mode: Passed to the resolver.
        extra: Passed to the resolver.
        messages: The form's own messages for errors.
    """

    def __init__(
        self,
        state: TrackedState,
        resolver: Resolver,
        loop: BackgroundLoop,
        changes: ChangeNotifier,
        *,
        criteria_mode: CriteriaMode = "firstError",
        extra: Any = None,
        messages: Mapping[str, Any] | None = None,
    ) -> None:
        self._state = state
        self._resolver = resolver
        self._loop = loop
        self._changes = changes
        self._criteria_mode: CriteriaMode = criteria_mode
        self._extra = extra
        self._messages = ErrorMessages(messages or {})
        self._running: dict[object, tuple[str, ...] | None] = {}
        self._batch: list[tuple[tuple[str, ...] | None, OnResolved]] | None = None
        self._last: tuple[Any, Resolved] | None = None

    @property
    def value(self) -> Any:
        """The value that the last run returned; None if the values are invalid, or have changed since."""
        if self._last is None or self._last[0] is not self._state.values or self._last[1].errors:
            return None
        return self._last[1].value

    def run(
        self,
        names: tuple[str, ...] | None,
        on_resolved: OnResolved,
        on_failure: OnFailure | None = None,
        on_outcome: OnOutcome | None = None,
    ) -> None:
        """Validate the current values.

        Args:
            names: The fields that are being validated, or None for all.
            on_resolved: Called with the result, under the lock.
            on_failure: Called with what the resolver raised; by default that is raised here, or logged
                when the resolver is async. A run with this callback does not wait for `end_batch`.
            on_outcome: Called with the result, or the exception, of an async resolver if another thread
                holds the lock for long, before the other callbacks: that thread may wait for it.
        """
        if self._batch is not None and on_failure is None:
            self._batch.append((names, on_resolved))
            return
        values = self._state.values
        try:
            result = self._resolver(
                values, ResolverContext(self._criteria_mode, names, self._extra)
            )
            if isinstance(result, Resolved):
                result = self._with_own_messages(result)
            elif not isinstance(result, Awaitable):
                raise _wrong_result(result)
        except Exception as error:
            if on_failure is None:
                raise
            on_failure(error)
            return
        if isinstance(result, Resolved):
            self._last = (values, result)
            on_resolved(result)
            return
        run = object()
        self._running[run] = names
        self._state.is_validating = True
        self._loop.start(self._finish(run, values, result, on_resolved, on_failure, on_outcome))

    @property
    def is_batching(self) -> bool:
        """Whether runs wait for `end_batch`."""
        return self._batch is not None

    def begin_batch(self) -> bool:
        """Let runs wait for `end_batch`; return False if they wait already."""
        if self.is_batching:
            return False
        self._batch = []
        return True

    def end_batch(self) -> None:
        """Run the resolver once for all runs that waited."""
        batch, self._batch = self._batch, None
        if not batch:
            return
        if len(batch) == 1:
            self.run(*batch[0])
            return
        names: dict[str, None] | None = {}
        for some, _ in batch:
            if some is None:
                names = None
                break
            names.update(dict.fromkeys(some))

        def on_resolved(resolved: Resolved) -> None:
            for _, each in batch:
                each(resolved)

        self.run(None if names is None else tuple(names), on_resolved)

    def is_validating(self, name: str) -> bool:
        """Return whether a run that validates this field is under way."""
        return any(names is None or name in names for names in self._running.values())

    def forget(self) -> None:
        """Ignore running validations, because the form was reset."""
        self._running.clear()
        self._state.is_validating = False

    async def _finish(
        self,
        run: object,
        values: Any,
        awaitable: Awaitable[Resolved],
        on_resolved: OnResolved,
        on_failure: OnFailure | None,
        on_outcome: OnOutcome | None,
    ) -> None:
        outcome: Resolved | Exception
        try:
            outcome = await awaitable
            if not isinstance(outcome, Resolved):
                raise _wrong_result(outcome)
        except Exception as error:
            outcome = error
        result = self._with_own_messages(outcome) if isinstance(outcome, Resolved) else outcome

        def store() -> None:
            self._running.pop(run, None)
            self._state.is_validating = bool(self._running)
            if isinstance(result, Resolved):
                self._last = (values, result)
                on_resolved(result)
            else:
                (on_failure or self._show_failure)(result)

        try:
            is_stored = self._changes.when_free(store)
        except Exception:  # from a listener or a later run; no caller waits for this coroutine
            log.exception("A listener or a later run failed after a form's validation")
        else:
            if not is_stored and on_outcome is not None:
                self._loop.call_later(PATIENCE, lambda: on_outcome(result))

    def _show_failure(self, error: Exception) -> None:
        """Show in the form that its values could not be validated; nothing waits for this run.

        Only the class of the error is shown: its text may quote a password.
        """
        kind = type(error).__name__
        log.error("A form's resolver failed with %s", kind)
        log.debug("The resolver's error", exc_info=error)
        shown = FieldError("resolver_failed", f"This could not be checked ({kind}).")
        self._state.set_error("root.resolver", shown)

    def _with_own_messages(self, result: Resolved) -> Resolved:
        return self._messages.apply(result) if result.errors and self._messages else result


def _wrong_result(result: Any) -> FormError:
    return FormError(
        f"The form's resolver gave {type(result).__name__}; it must return a Resolved, "
        "or an awaitable of one."
    )


def end_future(
    future: concurrent.futures.Future[Any], result: Any, error: BaseException | None = None
) -> None:
    """Set the result or exception of a future, unless it was canceled or has ended."""
    with suppress(concurrent.futures.InvalidStateError):
        if error is not None:
            future.set_exception(error)
        else:
            future.set_result(result)
