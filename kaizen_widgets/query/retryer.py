"""Retryer: call one function until it succeeds, with delays between attempts and pauses while it may not run.

The decisions are query-core's (https://github.com/TanStack/query, packages/query-core/src/retryer.ts).
Everything here runs under the client's lock, except the function itself, which runs on the loop, and the
retry functions. The late result of a cancelled function is dropped.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any

from kaizen_widgets.core.background import Pending
from kaizen_widgets.core.callbacks import call_fitting
from kaizen_widgets.core.clock import Timer
from kaizen_widgets.errors import QueryError
from kaizen_widgets.query.environment import Environment
from kaizen_widgets.query.options import NetworkMode, Retry, RetryDelay, to_seconds
from kaizen_widgets.query.user_functions import as_failure, is_closing

DEFAULT_RETRY = 3


@dataclass(frozen=True)
class RetryerCallbacks:
    """Functions that a retryer calls under the lock.

    Attributes:
        on_fail: An attempt failed and will be retried: number of failures, and the error.
        on_pause: It waits for the network, the window's focus, or its turn.
        on_continue: It continues after a pause.
        on_success: It ended with a value.
        on_error: It ended with the last error.
    """

    on_fail: Callable[[int, BaseException], None]
    on_pause: Callable[[], None]
    on_continue: Callable[[], None]
    on_success: Callable[[Any], None]
    on_error: Callable[[BaseException], None]


class Retryer:
    """One run of a function, with its retries.

    Args:
        env: Environment of the client.
        prepare_attempt: Called under the lock; returns the coroutine function of one attempt.
        callbacks: Called on each event.
        retry: Whether to retry; None for the default of queries.
        retry_delay: Delay before a retry; None for the default.
        network_mode: None for ``online``.
        can_run: Returns whether it is this run's turn.
    """

    def __init__(
        self,
        env: Environment,
        prepare_attempt: Callable[[], Callable[[], Coroutine[Any, Any, Any]]],
        callbacks: RetryerCallbacks,
        *,
        retry: Retry | None,
        retry_delay: RetryDelay | None,
        network_mode: NetworkMode | None,
        can_run: Callable[[], bool] = lambda: True,
    ) -> None:
        self._env = env
        self._prepare_attempt = prepare_attempt
        self._callbacks = callbacks
        self._retry = DEFAULT_RETRY if retry is None else retry
        self._retry_delay = retry_delay
        self._network_mode: NetworkMode = network_mode or "online"
        self._can_run = can_run
        self._failures = 0
        self._paused: tuple[Callable[[], bool], Callable[[], None]] | None = None
        self._timer: Timer | None = None
        self._task: Pending[None] | None = None
        self.is_retry_cancelled = False
        self.is_settled = False
        self.outcome: Future[Any] = Future()

    def can_start(self) -> bool:
        """Return whether the first attempt may be made now."""
        return can_fetch(self._env, self._network_mode) and self._can_run()

    def start(self) -> None:
        """Make the first attempt, or wait until it may be made."""
        if self.can_start():
            self._run()
        else:
            self._pause(self.can_start, self._run)

    def resume(self) -> None:
        """Continue if it is paused and may run now."""
        if self._paused is not None and self._paused[0]():
            then, self._paused = self._paused[1], None
            self._callbacks.on_continue()
            then()

    def cancel(self, *, stop: bool = True) -> None:
        """End without calling any callback.

        Args:
            stop: Also cancel the running function; otherwise it runs to its end and its result is dropped.
        """
        self.is_settled = True
        self._paused = None
        if self._timer is not None:
            self._timer.cancel()
        if stop and self._task is not None:
            self._task.cancel()

    def _can_continue(self) -> bool:
        env = self._env
        has_network = self._network_mode == "always" or env.online.is_online
        return env.focus.is_focused and has_network and self._can_run()

    def _pause(self, may_continue: Callable[[], bool], then: Callable[[], None]) -> None:
        self._paused = (may_continue, then)
        self._callbacks.on_pause()

    def _run(self) -> None:
        if not self.is_settled:
            self._task = self._env.loop.start(self._make_attempt(self._prepare_attempt()))

    async def _make_attempt(self, attempt: Callable[[], Coroutine[Any, Any, Any]]) -> None:
        task = asyncio.current_task()
        try:
            value = await attempt()
        except BaseException as error:
            # Catch everything: an exit raised by the function must not end the loop and all other fetches.
            was_stopped = isinstance(error, asyncio.CancelledError) and self.is_settled
            if was_stopped or is_closing(error, task):
                raise
            self._fail(as_failure(error))
        else:
            with self._env.notifier.locked():
                if not self.is_settled:
                    self.is_settled = True
                    self._callbacks.on_success(value)
                    self.outcome.set_result(value)

    def _fail(self, error: BaseException) -> None:
        if self.is_settled:
            return
        try:
            again = should_retry(self._retry, self._failures, error)
            delay = retry_delay(self._retry_delay, self._failures, error) if again else 0.0
        except BaseException as raised:  # the retry functions are the user's, too
            again, delay, error = False, 0.0, as_failure(raised)
        with self._env.notifier.locked():
            if self.is_settled:
                return
            if self.is_retry_cancelled or not again:
                self._give_up(error)
                return
            self._failures += 1
            self._callbacks.on_fail(self._failures, error)
            self._timer = self._env.clock.call_later(delay, lambda: self._retry_after(error))

    def _retry_after(self, error: BaseException) -> None:
        """Make the next attempt after ``error``, or pause before it."""
        with self._env.notifier.locked():
            if self.is_settled:
                return

            def retry() -> None:
                if self.is_retry_cancelled:
                    self._give_up(error)
                else:
                    self._run()

            if self._can_continue():
                retry()
            else:
                self._pause(self._can_continue, retry)

    def _give_up(self, error: BaseException) -> None:
        self.is_settled = True
        self._callbacks.on_error(error)
        self.outcome.set_exception(error)


def can_fetch(env: Environment, network_mode: NetworkMode | None) -> bool:
    """Return whether a first attempt may be made."""
    return network_mode not in (None, "online") or env.online.is_online


def should_retry(retry: Retry, failures: int, error: BaseException) -> bool:
    """Return whether to retry after ``error``, with ``failures`` earlier failures."""
    if isinstance(retry, bool):
        return retry
    return (
        failures < retry if isinstance(retry, int) else bool(call_fitting(retry, failures, error))
    )


def retry_delay(delay: RetryDelay | None, failures: int, error: BaseException) -> float:
    """Return the seconds to wait before a retry after ``error``, with ``failures`` earlier failures.

    Raises:
        QueryError: The delay function gave something that is not a duration.
    """
    if delay is None:
        return min(2.0 ** min(failures, 16), 30.0)
    wait = to_seconds(call_fitting(delay, failures, error) if callable(delay) else delay)
    if math.isnan(wait):
        raise QueryError("retry_delay returned a number that is not a duration (nan).")
    return max(wait, 0.0)
