"""MutationCache: the mutations of a client, their order within a scope, and listeners for all of them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from kaizen_widgets.query.environment import Environment
from kaizen_widgets.query.filters import MutationFilters
from kaizen_widgets.query.futures import all_done
from kaizen_widgets.query.listeners import add_listener
from kaizen_widgets.query.mutation import Mutation
from kaizen_widgets.query.mutation_state import MutationState
from kaizen_widgets.query.options import MutationOptions
from kaizen_widgets.query.user_functions import listener_call

if TYPE_CHECKING:
    from kaizen_widgets.query.query_client import QueryClient


@dataclass(frozen=True)
class MutationCallbacks:
    """Functions to call for every mutation of a client, each before the mutation's own; awaited.

    Each is called with the arguments of the mutation's own callback plus the mutation; it may take fewer.
    """

    on_mutate: Callable[..., Any] | None = None
    on_success: Callable[..., Any] | None = None
    on_error: Callable[..., Any] | None = None
    on_settled: Callable[..., Any] | None = None


class MutationCache:
    """The mutations of a client, in order of creation.

    Args:
        client: Client to which it belongs.
        environment: Environment of the client.
        callbacks: Functions to call for every mutation.
    """

    def __init__(
        self,
        client: QueryClient,
        environment: Environment,
        callbacks: MutationCallbacks | None = None,
    ) -> None:
        self.client = client
        self.environment = self._env = environment
        self.callbacks = callbacks or MutationCallbacks()
        self._mutations: dict[Mutation, None] = {}
        self._listeners: list[Callable[[Mutation], object]] = []
        self._before_attempt: list[Callable[[Mutation], Awaitable[None]]] = []

    @property
    def listener_count(self) -> int:
        """How many listeners are subscribed."""
        return len(self._listeners)

    def build(self, options: MutationOptions, state: MutationState | None = None) -> Mutation:
        """Return a new mutation that does not run yet, with a saved ``state`` if given."""
        mutation = Mutation(self, options, state)
        with self._env.notifier.locked():
            self._mutations[mutation] = None
            self.notify(mutation)
        return mutation

    def get_all(self) -> tuple[Mutation, ...]:
        """Return all mutations in order of creation."""
        with self._env.notifier.locked():
            return tuple(self._mutations)

    def find_all(self, mutation_key: Any = (), **filters: Any) -> tuple[Mutation, ...]:
        """Return the mutations that match.

        Args:
            mutation_key: Key to match; empty for all.
            **filters: See `MutationFilters`.
        """
        wanted = MutationFilters.of(mutation_key, filters)
        return tuple(mutation for mutation in self.get_all() if wanted.match(mutation))

    def remove(self, mutation: Mutation) -> None:
        """Drop a mutation; a run continues."""
        with self._env.notifier.locked():
            mutation.destroy()
            if mutation in self._mutations:
                del self._mutations[mutation]
                self.notify(mutation)

    def can_run(self, mutation: Mutation) -> bool:
        """Return whether ``mutation`` is the first pending one of its scope; the lock must be held."""
        scope = mutation.options.scope
        if scope is None:
            return True
        pending = (
            other for other in self._mutations if other.scope == scope and other.status == "pending"
        )
        first = next(pending, None)
        return first is None or first is mutation

    def run_next(self, mutation: Mutation) -> None:
        """Let the next mutation of the scope continue after ``mutation``; the lock must be held."""
        scope = mutation.options.scope
        if scope is None:
            return
        for other in self._mutations:
            if other is not mutation and other.scope == scope and other.state.is_paused:
                other.resume()
                return

    def resume_paused(self) -> Future[None]:
        """Let all paused mutations continue; return a future that ends when their functions have."""
        with self._env.notifier.locked():
            paused = [mutation for mutation in self._mutations if mutation.state.is_paused]
            return all_done([mutation.resume() for mutation in paused])

    def subscribe(
        self, listener: Callable[[Mutation], object] | Callable[[], object]
    ) -> Callable[[], None]:
        """Call ``listener`` after every change to any mutation; return the unsubscribe function."""
        return add_listener(self._listeners, listener_call(listener, 1))

    def before_attempts(
        self, callback: Callable[[Mutation], Awaitable[None]]
    ) -> Callable[[], None]:
        """Await ``callback`` before any mutation's function is called; return a function that removes it."""
        return add_listener(self._before_attempt, callback)

    async def call_before_attempt(self, mutation: Mutation) -> None:
        """Await the `before_attempts` callbacks for a mutation whose function is about to be called."""
        for callback in tuple(self._before_attempt):
            await callback(mutation)

    def notify(self, mutation: Mutation) -> None:
        """Notify the listeners; the lock must be held."""
        for listener in tuple(self._listeners):
            self._env.notifier.post(listener, mutation)

    def __repr__(self) -> str:
        return f"MutationCache({len(self._mutations)} mutations)"
