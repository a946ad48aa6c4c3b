"""A submit, from the press of the button to the end of its handler.

Judge the values; then call the handler, outside the lock, with the value made of them or with the errors;
then say how it went. A reset meanwhile makes it of no interest: the rest changes nothing.
"""

from __future__ import annotations

import concurrent.futures
import inspect
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractContextManager
from typing import Any, TypeAlias

from kaizen_widgets.core.background import BackgroundLoop, Pending
from kaizen_widgets.errors import FormError
from kaizen_widgets.forms.resolver import FieldError, Resolved
from kaizen_widgets.forms.resolver_runs import Runs
from kaizen_widgets.forms.tracked_state import State

OnValid: TypeAlias = Callable[[Any], Any]
OnInvalid: TypeAlias = Callable[[Mapping[str, FieldError]], Any]
Post: TypeAlias = Callable[[Callable[[], object]], None]


class Submission(Pending[Any]):
    """A submit that may still go on: wait for what its handler returned, or await it.

    What the handler raised is raised there; an invalid form gives None.
    """

    def exception(self) -> BaseException | None:
        """Return what the handler raised; None if it did not, or has not ended."""
        return self._future.exception() if self._future.done() else None

    def add_done_callback(self, callback: Callable[[Submission], object]) -> None:
        """Call ``callback`` with this once it has ended; at once if it has."""
        self._future.add_done_callback(lambda _: callback(self))


class Submits:
    """The submits of one form.

    Args:
        state: The form's.
        runs: Asks the resolver.
        loop: Runs handlers that are coroutines, and what follows a validation that is.
        operation: The form's lock, and the telling of what changed under it.
        post: Makes a call once the lock is free and listeners have heard.
        judged: Called under the lock with the errors that were found, before the handler.
        overlapping: Whether a submit may begin while another goes on; else that other one is returned.
    """

    def __init__(
        self,
        state: State,
        runs: Runs,
        loop: BackgroundLoop,
        operation: AbstractContextManager[None],
        post: Post,
        judged: Callable[[], None],
        *,
        overlapping: bool,
    ) -> None:
        self._state = state
        self._runs = runs
        self._loop = loop
        self._operation = operation
        self._post = post
        self._judged = judged
        self._overlapping = overlapping
        self._current: Submission | None = None
        self._waiting: list[concurrent.futures.Future[Any]] = []

    def submit(self, on_valid: OnValid | None, on_invalid: OnInvalid | None) -> Submission:
        """See `Form.submit`."""
        with self._operation:
            if self._runs.is_holding:
                raise FormError("A form cannot be submitted within its own batch: leave it first.")
            if self._state.is_submitting and self._current and not self._overlapping:
                return self._current
            submit = _Submit(self, on_valid, on_invalid)
            self._current = submit.submission
            self._state.is_submitting = True
            self._runs.ask(None, submit.judged, submit.failed)
            submit.has_left = True
        if submit.afterwards is not None:
            submit.afterwards()
        return submit.submission

    def submitted(self) -> Pending[Any]:
        """See `Form.submitted`."""
        future: concurrent.futures.Future[Any] = concurrent.futures.Future()
        with self._operation:
            self._waiting.append(future)
        return Pending(future, self._loop)

    def succeeded(self, value: Any) -> None:
        """Tell those who wait for the next submit that goes well."""
        waiting, self._waiting = self._waiting, []
        for future in waiting:
            self._post(lambda future=future: settle(future, value))


class _Submit:
    """One of them.

    Attributes:
        afterwards: Calls the handler, once the values are judged, or ends the submit; outside the lock.
        has_left: Whether whoever submitted has left the lock: then the loop does that.
    """

    def __init__(
        self, owner: Submits, on_valid: OnValid | None, on_invalid: OnInvalid | None
    ) -> None:
        self._owner = owner
        self._on_valid = on_valid
        self._on_invalid = on_invalid
        self._generation = owner._state.generation
        self._values = owner._state.values
        self._future: concurrent.futures.Future[Any] = concurrent.futures.Future()
        self._resolved = Resolved()
        self.submission = Submission(self._future, owner._loop)
        self.afterwards: Callable[[], None] | None = None
        self.has_left = False

    def judged(self, resolved: Resolved) -> None:
        """Take what the resolver said; under the lock."""
        state = self._owner._state
        if self._generation != state.generation:
            self._then(lambda: settle(self._future, None))
            return
        self._owner._judged()
        state.set_errors(resolved.errors)
        if state.values is self._values:
            state.is_valid = not resolved.errors
        self._resolved = resolved
        if resolved.errors:
            self._then(lambda: self._call(self._on_invalid, dict(resolved.errors)))
        else:
            self._then(lambda: self._call(self._on_valid, resolved.value))

    def failed(self, error: Exception) -> None:
        """Take what the resolver raised; under the lock."""
        self._then(lambda: self._ended(None, error, counts=False))

    def _then(self, afterwards: Callable[[], None]) -> None:
        """Have a call made outside the lock: by whoever submitted, or by the loop if they have left."""

        async def on_loop() -> None:
            afterwards()

        if self.has_left:
            self._owner._loop.start(on_loop())
        else:
            self.afterwards = afterwards

    def _call(self, handler: Callable[[Any], Any] | None, argument: Any) -> None:
        try:
            result = handler(argument) if handler is not None else None
        except Exception as error:
            self._handler_ended(None, error)
        except BaseException as error:  # a stopped cell: the form must not stay "submitting"
            self._handler_ended(None, error)
            raise
        else:
            if inspect.isawaitable(result):
                self._owner._loop.start(self._await(result))
            else:
                self._handler_ended(result, None)

    async def _await(self, result: Awaitable[Any]) -> None:
        try:
            value = await result
        except BaseException as error:
            self._handler_ended(None, error)
            if not isinstance(error, Exception):
                raise
        else:
            self._handler_ended(value, None)

    def _handler_ended(self, result: Any, error: BaseException | None) -> None:
        # An `on_invalid` that raises leaves no trace but its error, and returns nothing.
        is_valid = not self._resolved.errors
        self._ended(result if is_valid else None, error, counts=is_valid or error is None)

    def _ended(self, result: Any, error: BaseException | None, *, counts: bool) -> None:
        state = self._owner._state
        try:
            with self._owner._operation:
                if self._generation == state.generation:
                    state.is_submitting = False
                    if counts:
                        state.is_submitted = True
                        state.submit_count += 1
                        state.is_submit_successful = not state.errors and error is None
                        if state.is_submit_successful:
                            self._owner.succeeded(self._resolved.value)
        finally:  # also when a listener raised
            settle(self._future, result, error)


def settle(
    future: concurrent.futures.Future[Any], result: Any, error: BaseException | None = None
) -> None:
    """End a future; whoever waits may have cancelled it."""
    if not future.set_running_or_notify_cancel():
        return
    if error is not None:
        future.set_exception(error)
    else:
        future.set_result(result)
