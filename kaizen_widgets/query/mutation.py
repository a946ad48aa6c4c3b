"""Mutation: one run of a mutation function, kept in the cache for a while so that its outcome can be read.

The order is query-core's: on_mutate, the function (with its retries and pauses), on_success or on_error,
on_settled, each awaited, and only then the state and the waiters. An exception in on_mutate, on_success or
on_settled makes the mutation fail; one in the callbacks of a failure is logged.
"""

from __future__ import annotations

import asyncio
import inspect
import logging
from collections.abc import Callable, Generator
from concurrent.futures import Future
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from kaizen_widgets.core.callbacks import call_fitting
from kaizen_widgets.errors import QueryCancelledError, QueryError
from kaizen_widgets.query.futures import completed_future
from kaizen_widgets.query.gc_timer import GcTimer
from kaizen_widgets.query.listeners import add_listener
from kaizen_widgets.query.mutation_state import MutationState, MutationStatus
from kaizen_widgets.query.options import MutationOptions
from kaizen_widgets.query.query_state import UNSET
from kaizen_widgets.query.retryer import Retryer, RetryerCallbacks
from kaizen_widgets.query.user_functions import is_closing, listener_call

if TYPE_CHECKING:
    from kaizen_widgets.query.mutation_cache import MutationCache

log = logging.getLogger(__name__)


class Mutation:
    """One run of a mutation function: start it with `run`, then `wait`, ``await`` or `subscribe`.

    Args:
        cache: Cache that holds it.
        options: Options, defaults filled in.
        state: State to start with, such as a restored one.

    Attributes:
        options: Its options.
        scope: Its queue, which stays the same when it gets other options.
        state: What is known now.
    """

    def __init__(
        self, cache: MutationCache, options: MutationOptions, state: MutationState | None = None
    ) -> None:
        self._cache = cache
        self._env = cache.environment
        self._gc = GcTimer(self._env.clock, self._collect)
        self.options = options
        self.scope = options.scope
        self.state = MutationState() if state is None else state
        self._outcome: Future[Any] = Future()
        self._listeners: list[Callable[[MutationState], object]] = []
        self._retryer: Retryer | None = None
        self.set_options(options)
        self._gc.start()

    @property
    def status(self) -> MutationStatus:
        """``idle``, ``pending``, ``success`` or ``error``."""
        return self.state.status

    @property
    def data(self) -> Any:
        """What the function returned, or None."""
        return None if self.state.data is UNSET else self.state.data

    @property
    def error(self) -> BaseException | None:
        """Why it failed, or None."""
        return self.state.error

    @property
    def outcome(self) -> Future[Any]:
        """Future of its result or error; do not cancel it."""
        return self._outcome

    @property
    def listener_count(self) -> int:
        """How many listeners and observers are subscribed."""
        return len(self._listeners)

    def set_options(self, options: MutationOptions) -> None:
        """Replace the options; the longest ``gc_time`` counts."""
        self.options = options
        self._gc.extend(options.gc_time)

    def run(self, variables: Any = None) -> Mutation:
        """Start it and return it.

        Args:
            variables: Argument of the function.

        Raises:
            QueryError: It has no function, or has run before.
        """
        if self.options.mutation_fn is None:
            raise self._no_function_error()
        with self._env.notifier.locked():
            if self.state.status != "idle":
                raise QueryError("A mutation runs once; create another one.")
            self.execute(variables)
        return self

    def wait(self, timeout: float | None = None) -> Any:
        """Return the result, or raise the error that made it fail.

        Args:
            timeout: Seconds to wait at most.

        Raises:
            TimeoutError: It took longer; the mutation continues.
        """
        return self._env.pending(self._outcome).wait(timeout)

    def __await__(self) -> Generator[Any, None, Any]:
        """Await the result, as `wait` does."""
        return self._env.pending(self._outcome).__await__()

    def subscribe(
        self, listener: Callable[[MutationState], object] | Callable[[], object]
    ) -> Callable[[], None]:
        """Call ``listener`` with each new state; return the unsubscribe function."""
        call = listener_call(listener, 1)
        return self.observe(lambda state: self._env.notifier.post(call, state))

    def observe(self, listener: Callable[[MutationState], object]) -> Callable[[], None]:
        """Call ``listener`` under the lock; for observers. Return the unsubscribe function."""
        with self._env.notifier.locked():
            self._gc.cancel()
            return add_listener(
                self._listeners, listener, self._env.notifier.locked, self._start_gc
            )

    def destroy(self) -> None:
        """Leave the cache; a run continues."""
        self._gc.cancel()

    # ---------------------------------------------------------------- running

    def execute(self, variables: Any) -> Future[Any]:
        """Run it, or continue one restored as pending; under the lock. Return its outcome."""
        is_restored = self.state.status == "pending"
        retryer = self._retryer = Retryer(
            self._env,
            lambda: partial(self._attempt, variables),
            RetryerCallbacks(
                on_fail=self._on_failed_attempt,
                on_pause=lambda: self._set_state(replace(self.state, is_paused=True)),
                on_continue=self._on_continue,
                on_success=lambda data: None,
                on_error=lambda error: None,
            ),
            retry=0 if self.options.retry is None else self.options.retry,
            retry_delay=self.options.retry_delay,
            network_mode=self.options.network_mode,
            can_run=lambda: self._cache.can_run(self),
        )
        is_paused = not retryer.can_start()
        if is_restored:
            self._on_continue()
        else:
            self._set_pending(variables, None, is_paused)
        self._env.loop.start(self._run(variables, retryer, is_restored, is_paused))
        return self._outcome

    def resume(self) -> Future[Any]:
        """Continue if it is paused and may run now; return a future that ends when the function does."""
        if self._retryer is not None:
            self._retryer.resume()
            return self._retryer.outcome
        if self.state.status == "pending":
            return self.execute(self.state.variables)
        return completed_future(None)

    async def _run(
        self, variables: Any, retryer: Retryer, is_restored: bool, is_paused: bool
    ) -> None:
        """Run to the end: whatever happens, the outcome is set."""
        task = asyncio.current_task()
        try:
            data = await self._call_all(variables, retryer, is_restored, is_paused)
        except BaseException as raised:
            error = raised
            if isinstance(raised, asyncio.CancelledError | GeneratorExit):
                key = self.options.mutation_key or ()
                error = QueryCancelledError("The mutation was cancelled before it ended.", key=key)
            if is_closing(raised, task):
                self._outcome.set_exception(error)
                raise
            await self._call_error_callbacks(error, variables)
            self._settle_error(error)
        else:
            self._settle_success(data)

    async def _call_all(
        self, variables: Any, retryer: Retryer, is_restored: bool, is_paused: bool
    ) -> Any:
        """Call on_mutate, the function, and the callbacks of a success; return the function's result."""
        callbacks, options = self._cache.callbacks, self.options
        if not is_restored:
            await _call(callbacks.on_mutate, variables, self)
            context = await _call(options.on_mutate, variables)
            if context is not self.state.context:
                with self._env.notifier.locked():
                    self._set_pending(variables, context, is_paused)
        with self._env.notifier.locked():
            if self.state.is_paused and retryer.can_start():
                self._on_continue()
            retryer.start()
        data = await asyncio.wrap_future(retryer.outcome)
        context, options = self.state.context, self.options
        await _call(callbacks.on_success, data, variables, context, self)
        await _call(options.on_success, data, variables, context)
        self._invalidate_queries(data, variables)
        await _call(callbacks.on_settled, data, None, variables, context, self)
        await _call(options.on_settled, data, None, variables, context)
        return data

    async def _attempt(self, variables: Any) -> Any:
        if self.options.mutation_fn is None:
            raise self._no_function_error()
        await self._cache.call_before_attempt(self)
        return await _call(self.options.mutation_fn, variables)

    async def _call_error_callbacks(self, error: BaseException, variables: Any) -> None:
        callbacks, options, context = self._cache.callbacks, self.options, self.state.context
        await _call_logged(callbacks.on_error, error, variables, context, self)
        await _call_logged(options.on_error, error, variables, context)
        await _call_logged(self._invalidate_queries, None, variables)
        await _call_logged(callbacks.on_settled, None, error, variables, context, self)
        await _call_logged(options.on_settled, None, error, variables, context)

    def _invalidate_queries(self, data: Any, variables: Any) -> None:
        keys = self.options.invalidates
        if callable(keys):
            keys = call_fitting(keys, data, variables)
        for key in keys or ():
            self._cache.client.invalidate_queries(key)

    def _no_function_error(self) -> QueryError:
        return QueryError("A mutation needs a mutation_fn.", key=self.options.mutation_key or ())

    # ------------------------------------------------------------------ state

    def _set_pending(self, variables: Any, context: Any, is_paused: bool) -> None:
        self._set_state(
            MutationState(
                status="pending",
                variables=variables,
                context=context,
                is_paused=is_paused,
                submitted_at=self._env.now(),
            )
        )

    def _on_failed_attempt(self, count: int, error: BaseException) -> None:
        self._set_state(replace(self.state, failure_count=count, failure_reason=error))

    def _on_continue(self) -> None:
        self._set_state(replace(self.state, is_paused=False))

    def _settle_success(self, data: Any) -> None:
        state = replace(
            self.state,
            data=data,
            error=None,
            failure_count=0,
            failure_reason=None,
            is_paused=False,
            status="success",
        )
        try:
            self._settle(state)
        finally:  # a listener may raise anything; the waiters get the result all the same
            self._outcome.set_result(data)

    def _settle_error(self, error: BaseException) -> None:
        state = replace(
            self.state,
            data=UNSET,
            error=error,
            failure_count=self.state.failure_count + 1,
            failure_reason=error,
            is_paused=False,
            status="error",
        )
        try:
            self._settle(state)
        finally:
            self._outcome.set_exception(error)

    def _settle(self, state: MutationState) -> None:
        with self._env.notifier.locked():
            self._retryer = None
            self._set_state(state)
            self._cache.run_next(self)

    def _set_state(self, state: MutationState) -> None:
        self.state = state
        for listener in tuple(self._listeners):
            listener(state)
        self._cache.notify(self)

    # ------------------------------------------------------ garbage collection

    def _start_gc(self) -> None:
        if self._listeners:
            self._gc.cancel()
        else:
            self._gc.start()

    def _collect(self) -> None:
        with self._env.notifier.locked():
            if self._listeners:
                return
            if self.status == "pending":
                self._gc.start()
            else:
                self._cache.remove(self)

    def __repr__(self) -> str:
        key = self.options.mutation_key
        return f"Mutation({f'{list(key)}, ' if key else ''}{self.status})"


async def _call(function: Callable[..., Any] | None, *arguments: Any) -> Any:
    """Return the result of a function, awaited if needed; None if there is no function."""
    value = call_fitting(function, *arguments) if function is not None else None
    return await value if inspect.isawaitable(value) else value


async def _call_logged(function: Callable[..., Any] | None, *arguments: Any) -> None:
    """Call a callback of a failed mutation; log what it raises."""
    task = asyncio.current_task()
    try:
        await _call(function, *arguments)
    except BaseException as error:
        if is_closing(error, task):
            raise
        log.exception("A callback of a failed mutation raised")
