"""Changes that wait for the network, kept between kernels: what one left behind, the next one makes.

Kept are the changes that are the same made twice (updates, deletions, a new status), from the moment they
are asked for until they have ended; so a kernel that dies amid one loses nothing, and nothing is made
twice that must not be. What holds a secret is not kept. Each kernel keeps its own, under its lease: those
of living kernels are left to them.

A change that comes back is made once the server has been heard, for an attempt without a network would be
the end of it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, Final

from kaizen_widgets.errors import KaizenError, PersistError
from kaizen_widgets.query import Mutation, Persister, QueryCacheEvent, QueryClient
from kaizen_widgets.saving.persisted_queries import (
    MAX_AGE,
    from_json,
    is_persisted_mutation,
    to_json,
)
from kaizen_widgets.stores import AuthStore, Leases, SqliteStorage

SOON: Final = 0.1
"""Seconds within which a change is on disk; most have ended by then."""


class PersistedMutations:
    """Keeps a client's changes, and goes on with those that dead kernels left.

    Args:
        client: Whose changes.
        storage: The file all kernels of the user share.
        leases: Tells living kernels from dead ones.
        address: The server's.
        session: Who is signed in there; nobody makes the changes of somebody else.
        ask: Asks the server for anything; it raises a `KaizenError` if it cannot be reached.
        on_found: Called with how many changes of dead kernels are going to be made.
        options: More for the `Persister`.
    """

    def __init__(
        self,
        client: QueryClient,
        storage: SqliteStorage,
        leases: Leases,
        *,
        address: str,
        session: AuthStore,
        ask: Callable[[], Awaitable[Any]],
        on_found: Callable[[int], object] = lambda count: None,
        **options: Any,
    ) -> None:
        self._client = client
        self._storage = storage
        self._leases = leases
        self._session = session
        self._ask = ask
        self._on_found = on_found
        self._prefix = f"kaizen-changes:{address}:"
        self._lease = leases.take()
        self._owner = ""
        self._found: tuple[Mutation, ...] = ()
        self._persister = Persister(
            client,
            storage,
            name=f"{self._prefix}{self._lease}",
            max_age=MAX_AGE,
            buster=lambda: self._user_id() or None,
            should_dehydrate_query=lambda _: False,
            should_dehydrate_mutation=is_persisted_mutation,
            serialize_data=to_json,
            deserialize_data=from_json,
            throttle=SOON,
            **options,
        ).start()
        self._ends = [
            client.on_forget(self._forgotten),
            client.query_cache.subscribe(self._heard),
            client.mutation_cache.subscribe(self._changed),
        ]
        session.observe(self._user_changed, names="user")
        self._user_changed()

    @property
    def waiting(self) -> tuple[Mutation, ...]:
        """The changes under way that somebody would lose, oldest first."""
        found = self._client.mutation_cache.find_all(status="pending")
        return tuple(mutation for mutation in found if mutation.state.is_paused)

    def close(self) -> None:
        """Keep what is due, and leave it to the next kernel."""
        for end in self._ends:
            end()
        self._session.unobserve(self._user_changed, names="user")
        self._persister.close()
        if not any(map(is_persisted_mutation, self._client.mutation_cache.get_all())):
            self._persister.purge()
        self._leases.give_back(self._lease)

    # ----------------------------------------------------------------- within

    def _user_id(self) -> str:
        user = self._session.user
        return str(user["id"]) if user and self._session.has_tokens else ""

    def _user_changed(self, _change: Any = None) -> None:
        now = self._user_id()
        if not now or now == self._owner:
            return
        if self._owner:
            # Another user must not make what the one before left waiting.
            for mutation in self.waiting:
                self._client.mutation_cache.remove(mutation)
        self._owner = now
        self._take_over()

    def _take_over(self) -> None:
        """Go on with what dead kernels left; of two that start at once, one does."""
        before = set(self._client.mutation_cache.get_all())
        with self._leases.turn(self._prefix) as mine:
            for name in self._storage.names(self._prefix) if mine else ():
                lease = name.removeprefix(self._prefix)
                if not (lease.isdecimal() and self._leases.is_held(int(lease))):
                    self._persister.take_over(name)
        found = self._client.mutation_cache.get_all()
        self._found = tuple(mutation for mutation in found if mutation not in before)
        if self._found:
            self._on_found(len(self._found))
            self._client.loop.start(self._look())

    async def _look(self) -> None:
        with suppress(KaizenError):
            await self._ask()
            self._go_on()

    def _heard(self, event: QueryCacheEvent) -> None:
        state = event.query.state
        if not self._found:
            return
        if event.type == "updated" and state.status == "success" and state.fetch_status == "idle":
            self._go_on()

    def _changed(self, mutation: Mutation) -> None:
        # A new change of the same thing waits for its turn behind them.
        if self._found and mutation.status == "pending" and mutation not in self._found:
            self._go_on()

    def _go_on(self) -> None:
        found, self._found = self._found, ()
        if found:
            self._client.resume_paused_mutations()

    def _forgotten(self) -> None:
        if self._session.has_tokens:
            return
        self._owner, self._found = "", ()
        for name in self._storage.names(self._prefix):
            self._storage.remove(name)
        with suppress(PersistError):  # the texts are gone; where they were says no secret
            self._storage.scrub()
