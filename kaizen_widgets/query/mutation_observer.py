"""MutationObserver: runs mutations with one set of options, and follows the last one."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from kaizen_widgets.core.background import Pending
from kaizen_widgets.query.listeners import add_listener
from kaizen_widgets.query.mutation import Mutation
from kaizen_widgets.query.mutation_state import MutationState
from kaizen_widgets.query.option_checks import check_callable
from kaizen_widgets.query.options import MutationOptions, build_options
from kaizen_widgets.query.query_key import hash_key
from kaizen_widgets.query.user_functions import listener_call

if TYPE_CHECKING:
    from kaizen_widgets.query.query_client import QueryClient


class MutationObserver:
    """Runs mutations with one set of options and follows the last one.

    Args:
        client: Query client whose mutation cache it uses.
        options: Options of the mutations.
        **named: Options by name, in place of those in ``options``.
    """

    def __init__(
        self, client: QueryClient, options: MutationOptions | None = None, **named: Any
    ) -> None:
        self._client = client
        self._env = client.environment
        built = build_options(MutationOptions, options, named)
        self._options = client.default_mutation_options(built)
        self._mutation: Mutation | None = None
        self._unfollow: Callable[[], None] | None = None
        self._result = MutationState()
        self._listeners: list[Callable[[MutationState], object]] = []
        self._callbacks: tuple[Callable[..., object] | None, ...] = (None, None, None)

    @property
    def client(self) -> QueryClient:
        """The `QueryClient` whose mutations it runs."""
        return self._client

    @property
    def options(self) -> MutationOptions:
        """The options, defaults filled in."""
        return self._options

    @property
    def result(self) -> MutationState:
        """State of the last run; idle before the first run and after `reset`."""
        return self._result

    @property
    def listener_count(self) -> int:
        """How many listeners are subscribed."""
        return len(self._listeners)

    def set_options(self, options: MutationOptions | None = None, **named: Any) -> None:
        """Replace the options, also those of a running mutation; another key resets the observer."""
        with self._env.notifier.locked():
            before = self._options
            built = build_options(MutationOptions, options, named)
            self._options = self._client.default_mutation_options(built)
            old, new = before.mutation_key, self._options.mutation_key
            if old and new and hash_key(old) != hash_key(new):
                self.reset()
            elif self._mutation is not None and self._mutation.status == "pending":
                self._mutation.set_options(self._options)

    def mutate(
        self,
        variables: Any = None,
        *,
        on_success: Callable[..., object] | None = None,
        on_error: Callable[..., object] | None = None,
        on_settled: Callable[..., object] | None = None,
    ) -> Pending[Any]:
        """Run a new mutation and follow it; return a handle on its result.

        The callbacks are called after those of the options, if there is still a subscriber and no other
        mutation was started in the meantime.

        Args:
            variables: Argument of the mutation function.
            on_success: Called with data, variables and context.
            on_error: Called with error, variables and context.
            on_settled: Called after success and after failure with data, error, variables and context.
        """
        for name, callback in (
            ("on_success", on_success),
            ("on_error", on_error),
            ("on_settled", on_settled),
        ):
            check_callable(name, callback)
        with self._env.notifier.locked():
            self._callbacks = (on_success, on_error, on_settled)
            self._stop_following()
            mutation = self._mutation = self._client.mutation_cache.build(self._options)
            self._start_following()
            return self._env.pending(mutation.execute(variables))

    def reset(self) -> None:
        """Become idle again; a running mutation continues, but is not followed."""
        with self._env.notifier.locked():
            self._stop_following()
            self._mutation = None
            self._set_result(MutationState())

    def subscribe(
        self, listener: Callable[[MutationState], object] | Callable[[], object]
    ) -> Callable[[], None]:
        """Call ``listener`` with each new `result`; return the unsubscribe function."""
        with self._env.notifier.locked():
            unsubscribe = add_listener(
                self._listeners,
                listener_call(listener, 1),
                self._env.notifier.locked,
                self._on_unsubscribe,
            )
            if len(self._listeners) == 1 and self._mutation is not None:
                self._start_following()
                self._result = self._mutation.state
        return unsubscribe

    def _on_unsubscribe(self) -> None:
        if not self._listeners:
            self._stop_following()

    def _start_following(self) -> None:
        if self._unfollow is None and self._mutation is not None:
            self._unfollow = self._mutation.observe(self._set_result)

    def _stop_following(self) -> None:
        if self._unfollow is not None:
            self._unfollow()
            self._unfollow = None

    def _set_result(self, state: MutationState) -> None:
        before, self._result = self._result, state
        if self._listeners and before.status == "pending" and state.status in ("success", "error"):
            on_success, on_error, on_settled = self._callbacks
            if state.is_success:
                self._post(on_success, state.data, state.variables, state.context)
                self._post(on_settled, state.data, None, state.variables, state.context)
            else:
                self._post(on_error, state.error, state.variables, state.context)
                self._post(on_settled, None, state.error, state.variables, state.context)
        for listener in tuple(self._listeners):
            self._env.notifier.post(listener, state)

    def _post(self, callback: Callable[..., object] | None, *arguments: Any) -> None:
        if callback is not None:
            self._env.notifier.post(listener_call(callback, len(arguments)), *arguments)

    def __repr__(self) -> str:
        key = self._options.mutation_key
        return f"MutationObserver({f'{list(key)}, ' if key else ''}{self._result.status})"
