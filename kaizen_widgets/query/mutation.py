"""Changes: each run of one is a `Mutation`, kept a while so that others can see how it ended.

The order is query-core's: on_mutate, the function (and its retries and pauses), on_success or on_error,
on_settled, each awaited, and only then the state and whoever waits. An exception in on_mutate,
on_success or on_settled makes the mutation fail; one in the callbacks of a failure is logged.
"""

from __future__ import annotations

import asyncio
import inspect
import logging
from collections.abc import Callable, Generator
from concurrent.futures import Future
from dataclasses import replace
from functools import partial
from typing import Any, Protocol

from kaizen_widgets.errors import QueryCancelledError, QueryError
from kaizen_widgets.query.environment import Environment, resolved
from kaizen_widgets.query.listeners import joined
from kaizen_widgets.query.mutation_state import MutationState, MutationStatus
from kaizen_widgets.query.options import MutationOptions
from kaizen_widgets.query.query_key import QueryKey
from kaizen_widgets.query.query_state import UNSET
from kaizen_widgets.query.removable import Removable
from kaizen_widgets.query.retryer import Hooks, Retryer

log = logging.getLogger(__name__)


class Keeper(Protocol):
    """What a mutation knows of the cache that keeps it."""

    @property
    def environment(self) -> Environment:
        """What the client's caches share."""
        ...

    @property
    def callbacks(self) -> Any:
        """What to call for every mutation."""
        ...

    def can_run(self, mutation: Any) -> bool:
        """Whether it is its turn."""
        ...

    def run_next(self, mutation: Any) -> None:
        """Let the next of its scope go on."""
        ...

    def invalidate(self, key: QueryKey, /) -> object:
        """Declare queries stale."""
        ...

    async def pass_gates(self, mutation: Any) -> None:
        """Do what must be done before it is tried."""
        ...

    def notify(self, mutation: Any) -> None:
        """Something happened to it."""
        ...

    def remove(self, mutation: Any) -> None:
        """Forget it."""
        ...


class Mutation(Removable):
    """One change, run once: start it with `run`, then `wait`, ``await`` or `subscribe`."""

    def __init__(
        self, keeper: Keeper, options: MutationOptions, state: MutationState | None = None
    ) -> None:
        self._keeper = keeper
        self._env = keeper.environment
        self.options = options
        self.scope = options.scope  # the queue it stands in, also when its options name another
        self.state = MutationState() if state is None else state
        self._outcome: Future[Any] = Future()
        self._listeners: list[Callable[[MutationState], object]] = []
        self._retryer: Retryer | None = None
        self.set_options(options)
        self._schedule_gc()

    @property
    def status(self) -> MutationStatus:
        """``idle``, ``pending``, ``success`` or ``error``."""
        return self.state.status

    @property
    def data(self) -> Any:
        """What the function gave, or None."""
        return None if self.state.data is UNSET else self.state.data

    @property
    def error(self) -> BaseException | None:
        """Why it failed, or None."""
        return self.state.error

    @property
    def outcome(self) -> Future[Any]:
        """Ends when the mutation has, with its result or error; not to be cancelled."""
        return self._outcome

    def set_options(self, options: MutationOptions) -> None:
        """Take other options; the longest ``gc_time`` ever seen stays."""
        self.options = options
        self._keep_for(options.gc_time)

    def run(self, variables: Any = None) -> Mutation:
        """Start it and return it.

        Raises:
            QueryError: It has no function, or was run before.
        """
        if self.options.mutation_fn is None:
            raise self._no_function()
        with self._env.notifier.locked():
            if self.state.status != "idle":
                raise QueryError("A mutation runs once; make another.")
            self.execute(variables)
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
        return self.observe(lambda state: self._env.notifier.post(lambda: listener(state)))

    def observe(self, listener: Callable[[MutationState], object]) -> Callable[[], None]:
        """As `subscribe`, but the call is made under the lock; for observers."""
        with self._env.notifier.locked():
            self._clear_gc()
            return joined(self._listeners, listener, self._env.notifier.locked, self._schedule_gc)

    def destroy(self) -> None:
        """Leave the cache; a run under way goes on."""
        self._clear_gc()

    # ---------------------------------------------------------------- running

    def execute(self, variables: Any) -> Future[Any]:
        """Run, or run again what was saved while pending; under the lock. Return the outcome."""
        restored = self.state.status == "pending"
        retryer = self._retryer = Retryer(
            self._env,
            lambda: partial(self._attempt, variables),
            Hooks(
                failed=self._failed,
                paused=lambda: self._dispatch(replace(self.state, is_paused=True)),
                continued=self._continued,
                succeeded=lambda data: None,
                errored=lambda error: None,
            ),
            retry=0 if self.options.retry is None else self.options.retry,
            retry_delay=self.options.retry_delay,
            network_mode=self.options.network_mode,
            can_run=lambda: self._keeper.can_run(self),
        )
        paused = not retryer.can_start()
        if restored:
            self._continued()
        else:
            self._begin(variables, None, paused)
        self._env.loop.start(self._main(variables, retryer, restored, paused))
        return self._outcome

    def resume(self) -> Future[Any]:
        """Go on if it is paused and may; return a future that ends when the function has."""
        if self._retryer is not None:
            self._retryer.resume()
            return self._retryer.outcome
        if self.state.status == "pending":
            return self.execute(self.state.variables)
        return resolved(None)

    async def _main(self, variables: Any, retryer: Retryer, restored: bool, paused: bool) -> None:
        told, options = self._keeper.callbacks, self.options
        try:
            if not restored:
                await _call(told.on_mutate, variables, self)
                context = await _call(options.on_mutate, variables)
                if context is not self.state.context:
                    with self._env.notifier.locked():
                        self._begin(variables, context, paused)
            with self._env.notifier.locked():
                if self.state.is_paused and retryer.can_start():
                    self._continued()
                retryer.start()
            data = await asyncio.wrap_future(retryer.outcome)
            context, options = self.state.context, self.options
            await _call(told.on_success, data, variables, context, self)
            await _call(options.on_success, data, variables, context)
            self._invalidate(data, variables)
            await _call(told.on_settled, data, None, variables, context, self)
            await _call(options.on_settled, data, None, variables, context)
        except asyncio.CancelledError:
            error: BaseException = QueryCancelledError(
                "The mutation was cancelled before it ended.", key=options.mutation_key or ()
            )
        except (Exception, SystemExit, KeyboardInterrupt) as raised:
            # The last two would end the loop, and every other fetch with it.
            error = raised
        else:
            self._settle(
                replace(
                    self.state,
                    data=data,
                    error=None,
                    failure_count=0,
                    failure_reason=None,
                    is_paused=False,
                    status="success",
                )
            )
            self._outcome.set_result(data)
            return
        await self._after_error(error, variables)
        self._settle(
            replace(
                self.state,
                data=UNSET,
                error=error,
                failure_count=self.state.failure_count + 1,
                failure_reason=error,
                is_paused=False,
                status="error",
            )
        )
        self._outcome.set_exception(error)

    async def _attempt(self, variables: Any) -> Any:
        if self.options.mutation_fn is None:
            raise self._no_function()
        await self._keeper.pass_gates(self)
        return await _call(self.options.mutation_fn, variables)

    async def _after_error(self, error: BaseException, variables: Any) -> None:
        told, options, context = (
            self._keeper.callbacks,
            self.options,
            self.state.context,
        )
        await _logged(told.on_error, error, variables, context, self)
        await _logged(options.on_error, error, variables, context)
        await _logged(self._invalidate, None, variables)
        await _logged(told.on_settled, None, error, variables, context, self)
        await _logged(options.on_settled, None, error, variables, context)

    def _invalidate(self, data: Any, variables: Any) -> None:
        keys = self.options.invalidates
        if callable(keys):
            keys = keys(data, variables)
        for key in keys or ():
            self._keeper.invalidate(key)

    def _no_function(self) -> QueryError:
        return QueryError("A mutation needs a mutation_fn.", key=self.options.mutation_key or ())

    # ------------------------------------------------------------------ state

    def _begin(self, variables: Any, context: Any, paused: bool) -> None:
        self._dispatch(
            MutationState(
                status="pending",
                variables=variables,
                context=context,
                is_paused=paused,
                submitted_at=self._env.now(),
            )
        )

    def _failed(self, count: int, error: BaseException) -> None:
        self._dispatch(replace(self.state, failure_count=count, failure_reason=error))

    def _continued(self) -> None:
        self._dispatch(replace(self.state, is_paused=False))

    def _settle(self, state: MutationState) -> None:
        with self._env.notifier.locked():
            self._retryer = None
            self._dispatch(state)
            self._keeper.run_next(self)

    def _dispatch(self, state: MutationState) -> None:
        self.state = state
        for listener in tuple(self._listeners):
            listener(state)
        self._keeper.notify(self)

    # ------------------------------------------------------------- collection

    def _is_watched(self) -> bool:
        return bool(self._listeners)

    def _collect(self) -> None:
        with self._env.notifier.locked():
            if self._listeners:
                return
            if self.status == "pending":
                self._schedule_gc()
            else:
                self._keeper.remove(self)

    def __repr__(self) -> str:
        key = self.options.mutation_key
        return f"Mutation({f'{list(key)}, ' if key else ''}{self.status})"


async def _call(function: Callable[..., Any] | None, *arguments: Any) -> Any:
    """Return what a function gives, awaited if need be; None if there is no function."""
    value = function(*arguments) if function is not None else None
    return await value if inspect.isawaitable(value) else value


async def _logged(function: Callable[..., Any] | None, *arguments: Any) -> None:
    try:
        await _call(function, *arguments)
    except Exception:
        log.exception("A callback of a failed mutation raised")
