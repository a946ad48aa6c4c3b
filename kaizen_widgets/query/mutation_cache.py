"""The mutations of a client: which there are, whose turn it is, and who wants to hear of every one."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any

from kaizen_widgets.query.environment import Environment, all_ended
from kaizen_widgets.query.filters import MutationFilters
from kaizen_widgets.query.listeners import joined
from kaizen_widgets.query.mutation import Mutation
from kaizen_widgets.query.mutation_state import MutationState
from kaizen_widgets.query.options import MutationOptions
from kaizen_widgets.query.query_key import QueryKey


@dataclass(frozen=True)
class MutationCallbacks:
    """What to call for every mutation of a client, before its own callback of that name; awaited.

    Each takes what the mutation's own takes, and then the mutation.
    """

    on_mutate: Callable[[Any, Mutation], Any] | None = None
    on_success: Callable[[Any, Any, Any, Mutation], Any] | None = None
    on_error: Callable[[BaseException, Any, Any, Mutation], Any] | None = None
    on_settled: Callable[[Any, BaseException | None, Any, Any, Mutation], Any] | None = None


class MutationCache:
    """The mutations of a client, in order of creation.

    Args:
        environment: What the client's caches share.
        invalidate: Declares the queries of a key stale.
        callbacks: What to call for any mutation.
    """

    def __init__(
        self,
        environment: Environment,
        invalidate: Callable[[QueryKey], object],
        callbacks: MutationCallbacks | None = None,
    ) -> None:
        self.environment = self._env = environment
        self.invalidate = invalidate
        self.callbacks = callbacks or MutationCallbacks()
        self._mutations: dict[Mutation, None] = {}
        self._listeners: list[Callable[[Mutation], object]] = []
        self._gates: list[Callable[[Mutation], Awaitable[None]]] = []

    def build(self, options: MutationOptions, state: MutationState | None = None) -> Mutation:
        """Return a new mutation, as it was saved if ``state`` is given; it does not run yet."""
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
            mutation_key: What their keys begin with; empty for all.
            **filters: See `MutationFilters`.
        """
        meant = MutationFilters.of(mutation_key, filters)
        return tuple(mutation for mutation in self.get_all() if meant.match(mutation))

    def remove(self, mutation: Mutation) -> None:
        """Forget one; if it runs, it goes on."""
        with self._env.notifier.locked():
            mutation.destroy()
            if mutation in self._mutations:
                del self._mutations[mutation]
                self.notify(mutation)

    def can_run(self, mutation: Mutation) -> bool:
        """Return whether it is the turn of ``mutation``; the lock must be held."""
        scope = mutation.options.scope
        if scope is None:
            return True
        pending = (one for one in self._mutations if one.scope == scope and one.status == "pending")
        first = next(pending, None)
        return first is None or first is mutation

    def run_next(self, mutation: Mutation) -> None:
        """Let the next of the scope go on after ``mutation``; the lock must be held."""
        scope = mutation.options.scope
        if scope is None:
            return
        for one in self._mutations:
            if one is not mutation and one.scope == scope and one.state.is_paused:
                one.resume()
                return

    def resume_paused(self) -> Future[None]:
        """Let all that are paused go on; return a future that ends when their functions have."""
        with self._env.notifier.locked():
            paused = [mutation for mutation in self._mutations if mutation.state.is_paused]
            return all_ended([mutation.resume() for mutation in paused])

    def subscribe(self, listener: Callable[[Mutation], object]) -> Callable[[], None]:
        """Call ``listener`` after every change to any mutation; return what ends that."""
        return joined(self._listeners, listener)

    def before_attempts(self, gate: Callable[[Mutation], Awaitable[None]]) -> Callable[[], None]:
        """Await ``gate`` before any mutation's function is called; return what ends that."""
        return joined(self._gates, gate)

    async def pass_gates(self, mutation: Mutation) -> None:
        """Await all gates, for a mutation that is about to be tried."""
        for gate in tuple(self._gates):
            await gate(mutation)

    def notify(self, mutation: Mutation) -> None:
        """Tell the listeners; the lock must be held."""
        for listener in tuple(self._listeners):
            self._env.notifier.post(lambda listener=listener: listener(mutation))

    def __repr__(self) -> str:
        return f"MutationCache({len(self._mutations)} mutations)"
