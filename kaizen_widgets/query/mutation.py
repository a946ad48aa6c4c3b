"""Changes: each run of one is a `Mutation`, kept a while so that others can see how it ended.

The order is query-core's: on_mutate, the function (and its retries), on_success or on_error,
on_settled, each awaited, and only then the state and whoever waits. An exception in on_mutate,
on_success or on_settled makes the mutation fail; one in the callbacks of a failure is logged.
"""

from __future__ import annotations

import asyncio
import inspect
import logging
import math
from collections.abc import Callable, Generator
from concurrent.futures import Future
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from kaizen_widgets.clock import Timer, sleep
from kaizen_widgets.errors import QueryCancelledError, QueryError
from kaizen_widgets.query.keys import matches
from kaizen_widgets.query.options import (
    DEFAULT_GC_TIME,
    MutationOptions,
    retry_wait,
    seconds,
    should_retry,
)

if TYPE_CHECKING:
    from kaizen_widgets.query.client import QueryClient

log = logging.getLogger(__name__)

MutationStatus: TypeAlias = Literal["idle", "pending", "success", "error"]


@dataclass(frozen=True, slots=True)
class MutationState:
    """One moment of a mutation.

    Attributes:
        status: ``idle``, ``pending``, ``success`` or ``error``.
        data: What the function gave.
        error: Why it failed.
        variables: What it was run with.
        context: What ``on_mutate`` returned.
        failure_count: Failed attempts.
        failure_reason: The last attempt's error.
        submitted_at: Seconds since the epoch; 0 before it runs.
    """

    status: MutationStatus = "idle"
    data: Any = None
    error: BaseException | None = None
    variables: Any = None
    context: Any = None
    failure_count: int = 0
    failure_reason: BaseException | None = None
    submitted_at: float = 0.0


class Mutation:
    """One change, run once: start it with `run`, then `wait`, ``await`` or `subscribe`."""

    def __init__(self, client: QueryClient, options: MutationOptions) -> None:
        self._client = client
        self._env = client.environment
        self.options = options
        self.state = MutationState()
        self._outcome: Future[Any] = Future()
        self._listeners: list[Callable[[MutationState], object]] = []
        self._gc_timer: Timer | None = None

    @property
    def status(self) -> MutationStatus:
        """``idle``, ``pending``, ``success`` or ``error``."""
        return self.state.status

    @property
    def data(self) -> Any:
        """What the function gave, or None."""
        return self.state.data

    @property
    def error(self) -> BaseException | None:
        """Why it failed, or None."""
        return self.state.error

    def run(self, variables: Any = None) -> Mutation:
        """Start it and return it.

        Raises:
            QueryError: It has no function, or was run before.
        """
        if self.options.mutation_fn is None:
            raise QueryError("A mutation needs a mutation_fn.", key=self.options.mutation_key or ())
        with self._env.delivery.locked():
            if self.state.status != "idle":
                raise QueryError("A mutation runs once; make another.")
            self._dispatch(
                replace(
                    self.state,
                    status="pending",
                    variables=variables,
                    submitted_at=self._env.now(),
                )
            )
        self._env.loop.start(self._main(variables))
        return self

    def wait(self, timeout: float | None = None) -> Any:
        """Return the result, or raise what made it fail.

        Raises:
            TimeoutError: It took longer than ``timeout`` seconds; it goes on.
        """
        return self._env.pending(self._outcome).wait(timeout)

    def __await__(self) -> Generator[Any, None, Any]:
        """Await the result, as `wait`."""
        return self._env.pending(self._outcome).__await__()

    def subscribe(self, listener: Callable[[MutationState], object]) -> Callable[[], None]:
        """Call ``listener`` with each new state; return what ends that."""
        with self._env.delivery.locked():
            self._listeners.append(listener)
            self._clear_gc()

        def unsubscribe() -> None:
            with self._env.delivery.locked():
                if listener in self._listeners:
                    self._listeners.remove(listener)
                    self._schedule_gc()

        return unsubscribe

    def destroy(self) -> None:
        """Leave the cache; a run under way goes on."""
        self._clear_gc()

    # ---------------------------------------------------------------- running

    async def _main(self, variables: Any) -> None:
        options = self.options
        try:
            context = await _call(options.on_mutate, variables)
            if context is not None:
                with self._env.delivery.locked():
                    self._dispatch(replace(self.state, context=context))
            data = await self._attempts(variables)
            await _call(options.on_success, data, variables, context)
            self._invalidate(data, variables)
            await _call(options.on_settled, data, None, variables, context)
        except asyncio.CancelledError:
            error: BaseException = QueryCancelledError(
                "The mutation was cancelled before it ended.", key=options.mutation_key or ()
            )
        except (Exception, SystemExit, KeyboardInterrupt) as raised:
            # The last two would end the loop, and every other fetch with it.
            error = raised
        else:
            self._settle(replace(self.state, status="success", data=data, error=None))
            self._outcome.set_result(data)
            return
        context = self.state.context
        await self._after_error(options.on_error, error, variables, context)
        try:
            self._invalidate(None, variables)
        except Exception:
            log.exception("The invalidates of a failed mutation raised")
        await self._after_error(options.on_settled, None, error, variables, context)
        self._settle(
            replace(
                self.state,
                status="error",
                error=error,
                failure_count=self.state.failure_count + 1,
                failure_reason=error,
            )
        )
        self._outcome.set_exception(error)

    async def _attempts(self, variables: Any) -> Any:
        failures = 0
        while True:
            try:
                return await _call(self.options.mutation_fn, variables)
            except Exception as error:
                if not should_retry(self.options.retry or 0, failures, error):
                    raise
                wait = retry_wait(self.options.retry_delay, failures, error)
                failures += 1
                with self._env.delivery.locked():
                    self._dispatch(
                        replace(self.state, failure_count=failures, failure_reason=error)
                    )
            await sleep(self._env.clock, wait)

    @staticmethod
    async def _after_error(callback: Callable[..., Any] | None, *arguments: Any) -> None:
        try:
            await _call(callback, *arguments)
        except Exception:
            log.exception("A callback of a failed mutation raised")

    def _invalidate(self, data: Any, variables: Any) -> None:
        keys = self.options.invalidates
        if callable(keys):
            keys = keys(data, variables)
        for key in keys or ():
            self._client.invalidate_queries(key)

    def _settle(self, state: MutationState) -> None:
        with self._env.delivery.locked():
            if state.status == "success":
                state = replace(state, failure_count=0, failure_reason=None)
            self._dispatch(state)
            self._schedule_gc()

    def _dispatch(self, state: MutationState) -> None:
        self.state = state
        for listener in tuple(self._listeners):
            self._env.delivery.post(lambda listener=listener: listener(state))
        self._client.mutation_cache.notify(self)

    # ------------------------------------------------------------- collection

    def _schedule_gc(self) -> None:
        self._clear_gc()
        gc_time = DEFAULT_GC_TIME if self.options.gc_time is None else seconds(self.options.gc_time)
        if not self._listeners and self.status in ("success", "error") and not math.isinf(gc_time):
            self._gc_timer = self._env.clock.call_later(gc_time, self._collect)

    def _clear_gc(self) -> None:
        if self._gc_timer is not None:
            self._gc_timer.cancel()
            self._gc_timer = None

    def _collect(self) -> None:
        with self._env.delivery.locked():
            if not self._listeners:
                self._client.mutation_cache.remove(self)

    def __repr__(self) -> str:
        key = self.options.mutation_key
        return f"Mutation({f'{list(key)}, ' if key else ''}{self.status})"


class MutationCache:
    """The mutations of a client, in order of creation."""

    def __init__(self, client: QueryClient) -> None:
        self._client = client
        self._env = client.environment
        self._mutations: list[Mutation] = []
        self._listeners: list[Callable[[Mutation], object]] = []

    def build(self, options: MutationOptions) -> Mutation:
        """Return a new mutation; it does not run yet."""
        mutation = Mutation(self._client, options)
        with self._env.delivery.locked():
            self._mutations.append(mutation)
            self.notify(mutation)
        return mutation

    def get_all(self) -> tuple[Mutation, ...]:
        """Return all mutations in order of creation."""
        with self._env.delivery.locked():
            return tuple(self._mutations)

    def find_all(self, mutation_key: Any = ()) -> tuple[Mutation, ...]:
        """Return the mutations whose key begins with ``mutation_key``; all for an empty one."""
        return tuple(
            mutation
            for mutation in self.get_all()
            if not mutation_key or matches(mutation.options.mutation_key, mutation_key)
        )

    def remove(self, mutation: Mutation) -> None:
        """Forget one; if it runs, it goes on."""
        with self._env.delivery.locked():
            mutation.destroy()
            if mutation in self._mutations:
                self._mutations.remove(mutation)
                self.notify(mutation)

    def subscribe(self, listener: Callable[[Mutation], object]) -> Callable[[], None]:
        """Call ``listener`` after every change to any mutation; return what ends that."""
        self._listeners.append(listener)

        def unsubscribe() -> None:
            if listener in self._listeners:
                self._listeners.remove(listener)

        return unsubscribe

    def notify(self, mutation: Mutation) -> None:
        """Tell the listeners; the lock must be held."""
        for listener in tuple(self._listeners):
            self._env.delivery.post(lambda listener=listener: listener(mutation))

    def __repr__(self) -> str:
        return f"MutationCache({len(self._mutations)} mutations)"


async def _call(function: Callable[..., Any] | None, *arguments: Any) -> Any:
    """Return what a function gives, awaited if need be; None if there is no function."""
    value = function(*arguments) if function is not None else None
    return await value if inspect.isawaitable(value) else value
