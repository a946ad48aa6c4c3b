"""A submit, from the click on the button to the end of its handler.

The values are validated; then the handler is called, outside the lock, with the validated value or with
the errors; then the outcome is recorded in the form state. A reset during a submit cancels what is left
of it.
"""

from __future__ import annotations

import concurrent.futures
import inspect
from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias

from kaizen_widgets.core.background import BackgroundLoop, Pending
from kaizen_widgets.core.callbacks import fit_callback
from kaizen_widgets.errors import FormError
from kaizen_widgets.forms.change_notifier import ChangeNotifier
from kaizen_widgets.forms.delayed_errors import DelayedErrors
from kaizen_widgets.forms.resolver import Resolved
from kaizen_widgets.forms.resolver_runs import PATIENCE, ResolverRuns, end_future
from kaizen_widgets.forms.submitted_values import SubmittedValues
from kaizen_widgets.forms.tracked_state import TrackedState

OnValid: TypeAlias = Callable[..., Any]
OnInvalid: TypeAlias = Callable[..., Any]


class Submission(Pending[Any]):
    """A handle on a submit: wait for what its handler returns, or await it.

    An exception of the handler is raised there; an invalid form gives None.

    Args:
        future: Ends when the submit ends.
        loop: Where it is waited for.
        submitted_values: The values of the form when the submit began.
    """

    def __init__(
        self,
        future: concurrent.futures.Future[Any],
        loop: BackgroundLoop,
        submitted_values: SubmittedValues,
    ) -> None:
        super().__init__(future, loop)
        self.submitted_values = submitted_values

    def exception(self) -> BaseException | None:
        """Return the exception of the handler; None if there is none, or the submit has not ended."""
        return self._future.exception() if self._future.done() else None

    def add_done_callback(self, callback: Callable[[Submission], object]) -> None:
        """Call ``callback`` with this handle when the submit ends; now if it has ended already."""
        self._future.add_done_callback(lambda _: callback(self))


class FormSubmissions:
    """The submits of one form.

    Args:
        state: The form's state.
        runs: Runs the resolver.
        loop: Runs handlers that are coroutines, and the handler of a form with an async resolver.
        changes: The form's lock and notifications.
        delayed_errors: Errors that wait to be shown; a submit shows all errors, so it drops them.
        overlapping: Whether a submit may begin while another is under way; if not, that one is returned.
    """

    def __init__(
        self,
        state: TrackedState,
        runs: ResolverRuns,
        loop: BackgroundLoop,
        changes: ChangeNotifier,
        delayed_errors: DelayedErrors,
        *,
        overlapping: bool,
    ) -> None:
        self._state = state
        self._runs = runs
        self._loop = loop
        self._changes = changes
        self._delayed_errors = delayed_errors
        self._overlapping = overlapping
        self._current: Submission | None = None
        self._waiting: list[concurrent.futures.Future[Any]] = []

    def submit(self, on_valid: OnValid | None, on_invalid: OnInvalid | None) -> Submission:
        """See `Form.submit`."""
        with self._changes.operation:
            if self._runs.is_batching:
                raise FormError("A form cannot be submitted within its own batch: leave it first.")
            if self._state.is_submitting and self._current and not self._overlapping:
                return self._current
            if not self._state.is_submitting:
                self._state.moves = []
            submit = _Submit(self, on_valid, on_invalid)
            self._current = submit.submission
            self._state.is_submitting = True
            self._runs.run(None, submit.on_resolved, submit.on_failure, submit.on_outcome)
            submit.is_detached = True
        if submit.next_step is not None:
            submit.next_step()
        return submit.submission

    def submitted(self) -> Pending[Any]:
        """See `Form.submitted`."""
        future: concurrent.futures.Future[Any] = concurrent.futures.Future()
        with self._changes.operation:
            self._waiting.append(future)
        return Pending(future, self._loop)

    @property
    def submitted_values(self) -> SubmittedValues | None:
        """The values of the submit that is under way, or None."""
        if self._current is None or not self._state.is_submitting:
            return None
        return self._current.submitted_values

    def resolve_waiting(self, value: Any) -> None:
        """Resolve the handles that wait for the next successful submit."""
        waiting, self._waiting = self._waiting, []
        for future in waiting:
            self._changes.post(lambda future=future: end_future(future, value))


class _Submit:
    """One submit.

    Attributes:
        next_step: Calls the handler after the validation, or ends the submit; called outside the lock.
        is_detached: Whether the caller of `Form.submit` has released the lock; then the background loop
            makes the next step.
    """

    def __init__(
        self, owner: FormSubmissions, on_valid: OnValid | None, on_invalid: OnInvalid | None
    ) -> None:
        self._owner = owner
        self._on_valid = on_valid and fit_callback(on_valid, 1)
        self._on_invalid = on_invalid and fit_callback(on_invalid, 1)
        self._generation = owner._state.generation
        self._values = owner._state.values
        self._future: concurrent.futures.Future[Any] = concurrent.futures.Future()
        self._resolved = Resolved()
        self.submission = Submission(
            self._future, owner._loop, SubmittedValues(self._values, owner._state.moves)
        )
        self.next_step: Callable[[], None] | None = None
        self.is_detached = False
        self._is_on_loop = False
        self._has_continued = False

    def on_resolved(self, resolved: Resolved) -> None:
        """Show the errors and continue with the handler; the lock is held."""
        state = self._owner._state
        if self._generation != state.generation:
            self._continue(lambda: end_future(self._future, None))
            return
        self._owner._delayed_errors.cancel_all()
        state.set_errors(resolved.errors)
        if state.values is self._values:
            state.is_valid = not resolved.errors
        self._call_handler(resolved)

    def on_failure(self, error: Exception) -> None:
        """End the submit with what the resolver raised; the lock is held."""
        self._continue(lambda: self._end(None, error, counts=False))

    def on_outcome(self, outcome: Resolved | Exception) -> None:
        """Continue even if another thread holds the lock, because it may wait for this submit."""
        if isinstance(outcome, Exception):
            self.on_failure(outcome)
        else:
            self._call_handler(outcome)

    def _call_handler(self, resolved: Resolved) -> None:
        self._resolved = resolved
        if resolved.errors:
            self._continue(lambda: self._call(self._on_invalid, dict(resolved.errors)))
        else:
            self._continue(lambda: self._call(self._on_valid, resolved.value))

    def _continue(self, step: Callable[[], None]) -> None:
        """Make the next step once, outside the lock: on the caller's thread or on the background loop."""
        if self._has_continued:
            return
        self._has_continued = True

        async def on_loop() -> None:
            self._is_on_loop = True
            step()

        if self.is_detached:
            self._owner._loop.start(on_loop())
        else:
            self.next_step = step

    def _call(self, handler: Callable[[Any], Any] | None, argument: Any) -> None:
        try:
            result = handler(argument) if handler is not None else None
        except Exception as error:
            self._handler_ended(None, error)
        except BaseException as error:  # an interrupted cell: the form must not stay "submitting"
            self._handler_ended(None, error)
            raise
        else:
            if inspect.isawaitable(result):
                self._owner._loop.start(self._await(result))
            else:
                self._handler_ended(result, None)

    async def _await(self, result: Awaitable[Any]) -> None:
        self._is_on_loop = True
        try:
            value = await result
        except BaseException as error:
            self._handler_ended(None, error)
            if not isinstance(error, Exception):
                raise
        else:
            self._handler_ended(value, None)

    def _handler_ended(self, result: Any, error: BaseException | None) -> None:
        # A submit of an invalid form gives None; one whose `on_invalid` raised is not counted.
        is_valid = not self._resolved.errors
        self._end(result if is_valid else None, error, counts=is_valid or error is None)

    def _end(self, result: Any, error: BaseException | None, *, counts: bool) -> None:
        state = self._owner._state

        def record() -> None:
            if self._generation == state.generation:
                state.is_submitting = False
                if counts:
                    state.is_submitted = True
                    state.submit_count += 1
                    state.is_submit_successful = not state.errors and error is None
                    if state.is_submit_successful:
                        self._owner.resolve_waiting(self._resolved.value)

        def end() -> None:
            end_future(self._future, result, error)

        if not self._is_on_loop:
            try:
                with self._owner._changes.operation:
                    record()
            finally:  # even if a listener raised
                end()
        elif not self._owner._changes.when_free(record, end):
            self._owner._loop.call_later(PATIENCE, end)
