"""One function, tried until it gives something: with waits between, and pauses while it may not run.

The decisions are query-core's (https://github.com/TanStack/query, packages/query-core/src/retryer.ts).
Everything here is called under the client's lock except the function itself, which runs on the loop, and
the retry functions. What a cancelled function gives late is dropped.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any

from kaizen_widgets.core.background import Pending
from kaizen_widgets.core.clock import Timer
from kaizen_widgets.errors import QueryCancelledError
from kaizen_widgets.query.environment import Environment
from kaizen_widgets.query.options import NetworkMode, Retry, RetryDelay, seconds

DEFAULT_RETRY = 3


@dataclass(frozen=True)
class Hooks:
    """What a retryer tells, under the lock.

    Attributes:
        failed: An attempt failed and another will follow: how many have, and the error.
        paused: It waits for the network, for somebody to look, or for its turn.
        continued: It goes on.
        succeeded: The end, with the value.
        errored: The end, with the last error.
    """

    failed: Callable[[int, BaseException], None]
    paused: Callable[[], None]
    continued: Callable[[], None]
    succeeded: Callable[[Any], None]
    errored: Callable[[BaseException], None]


class Retryer:
    """One run of a function.

    Args:
        env: The client's.
        attempt: Prepares one attempt, under the lock; what it returns makes it, on the loop.
        hooks: Told of what happens.
        retry: Whether to try again; None for the queries' default.
        retry_delay: How long to wait; None for the default.
        network_mode: None for ``online``.
        can_run: Whether it is this one's turn.
    """

    def __init__(
        self,
        env: Environment,
        attempt: Callable[[], Callable[[], Coroutine[Any, Any, Any]]],
        hooks: Hooks,
        *,
        retry: Retry | None,
        retry_delay: RetryDelay | None,
        network_mode: NetworkMode | None,
        can_run: Callable[[], bool] = lambda: True,
    ) -> None:
        self._env = env
        self._attempt = attempt
        self._hooks = hooks
        self._retry = DEFAULT_RETRY if retry is None else retry
        self._retry_delay = retry_delay
        self._network_mode: NetworkMode = network_mode or "online"
        self._can_run = can_run
        self._failures = 0
        self._resume: tuple[Callable[[], bool], Callable[[], None]] | None = None
        self._timer: Timer | None = None
        self._task: Pending[None] | None = None
        self.retries_stopped = False
        self.settled = False
        self.outcome: Future[Any] = Future()

    def can_start(self) -> bool:
        """Return whether the first attempt may be made now."""
        return may_fetch(self._env, self._network_mode) and self._can_run()

    def start(self) -> None:
        """Make the first attempt, or wait until it may be made."""
        if self.can_start():
            self._run()
        else:
            self._pause(self.can_start, self._run)

    def resume(self) -> None:
        """Go on if it is paused and may."""
        if self._resume is not None and self._resume[0]():
            then, self._resume = self._resume[1], None
            self._hooks.continued()
            then()

    def cancel(self, *, stop: bool = True) -> None:
        """End without an outcome of its own.

        Args:
            stop: Also stop the function; otherwise it runs on for nothing.
        """
        self.settled = True
        self._resume = None
        if self._timer is not None:
            self._timer.cancel()
        if stop and self._task is not None:
            self._task.cancel()

    def _can_continue(self) -> bool:
        env = self._env
        network = self._network_mode == "always" or env.online.is_online
        return env.focus.is_focused and network and self._can_run()

    def _pause(self, may: Callable[[], bool], then: Callable[[], None]) -> None:
        self._resume = (may, then)
        self._hooks.paused()

    def _run(self) -> None:
        if not self.settled:
            self._task = self._env.loop.start(self._main(self._attempt()))

    async def _main(self, attempt: Callable[[], Coroutine[Any, Any, Any]]) -> None:
        try:
            value = await attempt()
        except asyncio.CancelledError:
            if self.settled:
                raise
            self._failed(QueryCancelledError("The function cancelled itself."))
        except (Exception, SystemExit, KeyboardInterrupt) as error:
            # The last two would end the loop, and every other fetch with it.
            self._failed(error)
        else:
            with self._env.notifier.locked():
                if not self.settled:
                    self.settled = True
                    self._hooks.succeeded(value)
                    self.outcome.set_result(value)

    def _failed(self, error: BaseException) -> None:
        if self.settled:
            return
        try:
            again = should_retry(self._retry, self._failures, error)
            wait = retry_wait(self._retry_delay, self._failures, error) if again else 0.0
        except Exception as raised:
            again, wait, error = False, 0.0, raised
        with self._env.notifier.locked():
            if self.settled:
                return
            if self.retries_stopped or not again:
                self._give_up(error)
                return
            self._failures += 1
            self._hooks.failed(self._failures, error)
            self._timer = self._env.clock.call_later(wait, lambda: self._waited(error))

    def _waited(self, error: BaseException) -> None:
        with self._env.notifier.locked():
            if self.settled:
                return

            def go_on() -> None:
                if self.retries_stopped:
                    self._give_up(error)
                else:
                    self._run()

            if self._can_continue():
                go_on()
            else:
                self._pause(self._can_continue, go_on)

    def _give_up(self, error: BaseException) -> None:
        self.settled = True
        self._hooks.errored(error)
        self.outcome.set_exception(error)


def may_fetch(env: Environment, network_mode: NetworkMode | None) -> bool:
    """Return whether a first attempt may be made."""
    return network_mode not in (None, "online") or env.online.is_online


def should_retry(retry: Retry, failures: int, error: BaseException) -> bool:
    """Return whether to try again after ``failures`` earlier ones."""
    if isinstance(retry, bool):
        return retry
    return failures < retry if isinstance(retry, int) else bool(retry(failures, error))


def retry_wait(delay: RetryDelay | None, failures: int, error: BaseException) -> float:
    """Return the seconds before trying again after ``failures`` earlier ones."""
    if delay is None:
        return min(2.0 ** min(failures, 16), 30.0)
    return max(seconds(delay(failures, error) if callable(delay) else delay), 0.0)
