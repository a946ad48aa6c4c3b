"""Persists idempotent changes that wait for the network, so that the next kernel makes them.

Idempotent changes (updates, deletions, status changes) are persisted from the moment they are
requested until they end: a kernel that dies in between loses none, and no other change can be made
twice. A change that contains a secret is not persisted. Each kernel stores its own changes under its
lease; those of running kernels are left alone.

A restored change is made only after the server has answered some request, because an attempt without a
network would use it up.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, Final

from kaizen_widgets.core.leases import Leases
from kaizen_widgets.errors import KaizenError, PersistError
from kaizen_widgets.query import Mutation, Persister, QueryCacheEvent, QueryClient
from kaizen_widgets.saving.persisted_queries import MAX_AGE, is_persisted_mutation
from kaizen_widgets.saving.record_json import from_json, to_json
from kaizen_widgets.stores import AuthStore, SqliteStorage

THROTTLE: Final = 0.1
"""Seconds within which a change is on disk; most changes end earlier."""


class PersistedMutations:
    """Persist a client's idempotent mutations and resume those of ended kernels.

    Args:
        client: Query client whose mutations are persisted.
        storage: SQLite file shared by all kernels of the user.
        leases: File locks that show which kernels are running.
        address: Address of the server.
        session: Session at that server; changes of one user are never made for another.
        ping: Sends any request to the server; raises a `KaizenError` when it cannot be reached.
        on_found: Called with the number of changes of ended kernels that are going to be made.
        options: Further arguments of `Persister`.
    """

    def __init__(
        self,
        client: QueryClient,
        storage: SqliteStorage,
        leases: Leases,
        *,
        address: str,
        session: AuthStore,
        ping: Callable[[], Awaitable[Any]],
        on_found: Callable[[int], object] = lambda count: None,
        **options: Any,
    ) -> None:
        self._client = client
        self._storage = storage
        self._leases = leases
        self._session = session
        self._ping = ping
        self._on_found = on_found
        self._prefix = f"kaizen-changes:{address}:"
        self._lease = leases.take()
        self._owner = ""
        self._restored: tuple[Mutation, ...] = ()
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
            throttle=THROTTLE,
            **options,
        ).start()
        self._unsubscribes = [
            client.on_forget(self._on_forget),
            client.query_cache.subscribe(self._on_query_event),
            client.mutation_cache.subscribe(self._on_mutation_change),
        ]
        session.observe(self._on_user_change, names="user")
        self._on_user_change()

    @property
    def waiting(self) -> tuple[Mutation, ...]:
        """The paused mutations that have not ended, oldest first."""
        found = self._client.mutation_cache.find_all(status="pending")
        return tuple(mutation for mutation in found if mutation.state.is_paused)

    def close(self) -> None:
        """Write pending changes and leave them to the next kernel."""
        for unsubscribe in self._unsubscribes:
            unsubscribe()
        self._session.unobserve(self._on_user_change, names="user")
        self._persister.close()
        if not any(map(is_persisted_mutation, self._client.mutation_cache.get_all())):
            self._persister.purge()
        self._leases.give_back(self._lease)

    # -------------------------------------------------------------- private

    def _user_id(self) -> str:
        user = self._session.user
        return str(user["id"]) if user and self._session.has_tokens else ""

    def _on_user_change(self, _change: Any = None) -> None:
        user_id = self._user_id()
        if not user_id or user_id == self._owner:
            return
        if self._owner:
            # Waiting changes of the previous user must not be made for this one.
            for mutation in self.waiting:
                self._client.mutation_cache.remove(mutation)
        self._owner = user_id
        self._restore()

    def _restore(self) -> None:
        """Take over the mutations of ended kernels; if two kernels start together, only one does."""
        before = set(self._client.mutation_cache.get_all())
        with self._leases.try_lock(self._prefix) as is_ours:
            for name in self._storage.names(self._prefix) if is_ours else ():
                lease = name.removeprefix(self._prefix)
                if not (lease.isdecimal() and self._leases.is_held(int(lease))):
                    self._persister.take_over(name)
        found = self._client.mutation_cache.get_all()
        self._restored = tuple(mutation for mutation in found if mutation not in before)
        if self._restored:
            self._on_found(len(self._restored))
            self._client.loop.start(self._resume_when_reachable())

    async def _resume_when_reachable(self) -> None:
        with suppress(KaizenError):
            await self._ping()
            self._resume()

    def _on_query_event(self, event: QueryCacheEvent) -> None:
        state = event.query.state
        if not self._restored:
            return
        if event.type == "updated" and state.status == "success" and state.fetch_status == "idle":
            self._resume()

    def _on_mutation_change(self, mutation: Mutation) -> None:
        # A new change in the same scope waits behind the restored ones.
        if self._restored and mutation.status == "pending" and mutation not in self._restored:
            self._resume()

    def _resume(self) -> None:
        restored, self._restored = self._restored, ()
        if restored:
            self._client.resume_paused_mutations()

    def _on_forget(self) -> None:
        if self._session.has_tokens:
            return
        self._owner, self._restored = "", ()
        for name in self._storage.names(self._prefix):
            self._storage.remove(name)
        with suppress(
            PersistError
        ):  # The texts are deleted, but may not be overwritten on the disk.
            self._storage.scrub()
