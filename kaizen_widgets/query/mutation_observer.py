"""A kind of change as a user holds it: run it again and again, see how the last run goes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from kaizen_widgets.core.background import Pending
from kaizen_widgets.query.host import Host
from kaizen_widgets.query.listeners import joined
from kaizen_widgets.query.mutation import Mutation
from kaizen_widgets.query.mutation_state import MutationState
from kaizen_widgets.query.option_checks import check_callable
from kaizen_widgets.query.options import MutationOptions, make
from kaizen_widgets.query.query_key import hash_key


class MutationObserver:
    """Runs mutations of one kind and follows the last.

    Args:
        client: Whose cache.
        options: The mutations' options; or name them.
    """

    def __init__(self, client: Host, options: MutationOptions | None = None, **named: Any) -> None:
        self._client = client
        self._env = client.environment
        self._options = client.default_mutation_options(make(MutationOptions, options, named))
        self._mutation: Mutation | None = None
        self._unfollow: Callable[[], None] | None = None
        self._result = MutationState()
        self._listeners: list[Callable[[MutationState], object]] = []
        self._callbacks: tuple[Callable[..., object] | None, ...] = (None, None, None)

    @property
    def client(self) -> Any:
        """The `QueryClient` whose mutations it runs."""
        return self._client

    @property
    def options(self) -> MutationOptions:
        """The options, the defaults filled in."""
        return self._options

    @property
    def result(self) -> MutationState:
        """How the last run goes; idle before the first, and after `reset`."""
        return self._result

    def set_options(self, options: MutationOptions | None = None, **named: Any) -> None:
        """Take other options, also for a run under way; another key resets."""
        with self._env.notifier.locked():
            before = self._options
            made = make(MutationOptions, options, named)
            self._options = self._client.default_mutation_options(made)
            old, new = before.mutation_key, self._options.mutation_key
            if old and new and hash_key(old) != hash_key(new):
                self.reset()
            elif self._mutation is not None and self._mutation.status == "pending":
                self._mutation.set_options(self._options)

    def mutate(
        self,
        variables: Any = None,
        *,
        on_success: Callable[[Any, Any, Any], object] | None = None,
        on_error: Callable[[BaseException, Any, Any], object] | None = None,
        on_settled: Callable[[Any, BaseException | None, Any, Any], object] | None = None,
    ) -> Pending[Any]:
        """Run a new mutation and follow it; return a handle on its result.

        Args:
            variables: What to run it with.
            on_success: Called at the end with data, variables, context, after the options' own, if
                somebody still subscribes and no other run was started.
            on_error: The same, with error, variables, context.
            on_settled: The same, at either end with data, error, variables, context.
        """
        for name, callback in (
            ("on_success", on_success),
            ("on_error", on_error),
            ("on_settled", on_settled),
        ):
            check_callable(name, callback)
        with self._env.notifier.locked():
            self._callbacks = (on_success, on_error, on_settled)
            self._leave()
            mutation = self._mutation = self._client.mutation_cache.build(self._options)
            self._follow()
            return self._env.pending(mutation.execute(variables))

    def reset(self) -> None:
        """Be idle again; a run under way goes on unseen."""
        with self._env.notifier.locked():
            self._leave()
            self._mutation = None
            self._take(MutationState())

    def subscribe(self, listener: Callable[[MutationState], object]) -> Callable[[], None]:
        """Call ``listener`` with each new `result`; return what ends that."""
        with self._env.notifier.locked():
            leave = joined(self._listeners, listener, self._env.notifier.locked, self._left)
            if len(self._listeners) == 1 and self._mutation is not None:
                self._follow()
                self._result = self._mutation.state

        return leave

    def _left(self) -> None:
        if not self._listeners:
            self._leave()

    def _follow(self) -> None:
        if self._unfollow is None and self._mutation is not None:
            self._unfollow = self._mutation.observe(self._take)

    def _leave(self) -> None:
        if self._unfollow is not None:
            self._unfollow()
            self._unfollow = None

    def _take(self, state: MutationState) -> None:
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
            self._post(listener, state)

    def _post(self, callback: Callable[..., object] | None, *arguments: Any) -> None:
        if callback is not None:
            self._env.notifier.post(lambda: callback(*arguments))

    def __repr__(self) -> str:
        key = self._options.mutation_key
        return f"MutationObserver({f'{list(key)}, ' if key else ''}{self._result.status})"
