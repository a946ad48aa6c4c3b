"""Persister stores a client's state a moment after it changed, and restores it at the next start.

The stored text is JSON, ``{"buster": ..., "timestamp": ..., "client_state": ...}``, as TanStack Query's
persisters write it. A text that is too old, has another buster or is damaged is dropped as a whole. Data
comes back exactly as it was, tuples and keys that are not strings included. An entry that cannot, such as an
object of a class, is left out, which is logged once and listed in `Persister.left_out`. Do not put secrets
into a query's data.
"""

from __future__ import annotations

import asyncio
import json
import logging
import threading
from collections.abc import Awaitable, Callable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Protocol

from kaizen_widgets.core.clock import Timer
from kaizen_widgets.query.client_state_codec import ClientStateCodec, EncodedState, stored_at
from kaizen_widgets.query.hydration import hydrate
from kaizen_widgets.query.mutation import Mutation
from kaizen_widgets.query.option_checks import check_callable, check_seconds
from kaizen_widgets.query.options import Seconds, to_seconds
from kaizen_widgets.query.query import Query

if TYPE_CHECKING:
    from kaizen_widgets.query.query_client import QueryClient

logger = logging.getLogger(__name__)

DAY = 86_400.0
THROTTLE = 1.0
SKEW = 300.0
"""Seconds by which a stored text may be dated in the future, because the clocks of two machines differ."""

Offload = Callable[[Callable[[], None]], Awaitable[None]]


class TextStorage(Protocol):
    """Texts by name."""

    def get(self, name: str, /) -> str | None:
        """Return the text, or None."""
        ...

    def set(self, name: str, text: str, /) -> object:
        """Store a text, in place of an earlier one."""
        ...

    def remove(self, name: str, /) -> object:
        """Delete a text; harmless when there is none."""
        ...


class Persister:
    """Stores a client's successful queries, and its paused mutations that another process can continue.

    That is possible if the client has a default ``mutation_fn`` for the mutation's key (see
    `QueryClient.set_mutation_defaults`). A restored mutation is paused. When it
    continues, it is deleted from the storage before its function is called, so that the next process does
    not make a change again that may have arrived.

    Args:
        client: Query client whose state is stored.
        storage: Where it is stored.
        name: Name of the text in the storage.
        max_age: Seconds after which a stored text is dropped (a day).
        buster: Text that must be equal when it is restored, such as a version and the signed-in user; or a
            function that returns it, or None to store and restore nothing for now.
        should_dehydrate_query: Returns whether to store a query; by default those whose last fetch
            succeeded.
        should_dehydrate_mutation: Returns whether to store one of the mutations that another process can
            continue; by default the paused ones.
        serialize_data: Turns a query's data or a mutation's variables into values that
            `core.json_codec` can write.
        deserialize_data: The opposite; an entry for which it raises is not restored.
        throttle: Seconds between two writes, at least.
        offload: Runs blocking work; by default in a thread, so that the loop continues.
    """

    def __init__(
        self,
        client: QueryClient,
        storage: TextStorage,
        *,
        name: str = "queries",
        max_age: Seconds = DAY,
        buster: str | Callable[[], str | None] = "",
        should_dehydrate_query: Callable[[Query], bool] | None = None,
        should_dehydrate_mutation: Callable[[Mutation], bool] | None = None,
        serialize_data: Callable[[Any], Any] = lambda data: data,
        deserialize_data: Callable[[Any], Any] = lambda data: data,
        throttle: Seconds = THROTTLE,
        offload: Offload = asyncio.to_thread,
    ) -> None:
        check_seconds("max_age", max_age)
        check_seconds("throttle", throttle)
        check_callable("should_dehydrate_query", should_dehydrate_query)
        check_callable("should_dehydrate_mutation", should_dehydrate_mutation)
        self._client = client
        self._env = client.environment
        self._storage = storage
        self.name = name
        self._max_age = to_seconds(max_age)
        self._buster = buster
        self._codec = ClientStateCodec(
            client,
            should_dehydrate_query=should_dehydrate_query,
            should_dehydrate_mutation=should_dehydrate_mutation,
            serialize=serialize_data,
            deserialize=deserialize_data,
        )
        self._throttle = to_seconds(throttle)
        self._offload = offload
        self._lock = threading.Lock()
        self._writing = threading.Lock()
        self._timer: Timer | None = None
        self._unsubscribes: list[Callable[[], None]] = []
        self._written_hash: int | None = None
        self._stored = EncodedState()

    @property
    def left_out(self) -> Mapping[str, str]:
        """What the last write left out, with the reason, by name such as "query ['a']"."""
        return MappingProxyType(self._stored.left_out)

    def start(self) -> Persister:
        """Store the state whenever it changes from now on; delete it on `QueryClient.forget`."""
        if not self._unsubscribes:
            self._unsubscribes = [
                self._client.query_cache.subscribe(lambda _event: self._schedule()),
                self._client.mutation_cache.subscribe(lambda _mutation: self._schedule()),
                self._client.mutation_cache.before_attempts(self._before_attempt),
                self._client.on_forget(self._on_forget),
            ]
        return self

    def restore(self) -> bool:
        """Read the stored state into the client; return whether there was a usable one.

        Newer data that the client has stays. Restored data is shown immediately and counts as stale, so
        that an observer fetches it again.
        """
        buster = self._current_buster()
        if buster is None:
            return False
        if self._read_into_client(self.name, buster):
            return True
        self.purge()
        return False

    def take_over(self, name: str) -> bool:
        """Continue with the state that a process which has ended stored as ``name``.

        It is stored under this persister's name before it is deleted there. A state with another buster
        stays.

        Args:
            name: Name of the text in the storage.

        Returns:
            Whether there was a usable state.
        """
        buster = self._current_buster()
        if buster is None:
            return False
        taken = self._read_into_client(name, buster)
        if taken:
            self.save()
        if taken is not None:
            self._storage.remove(name)
        return bool(taken)

    def _read_into_client(self, name: str, buster: str) -> bool | None:
        """Read a text into the client; False if it is unusable, None if it has another buster."""
        try:
            text = self._storage.get(name)
            if text is None:
                return False
            stored = json.loads(text)
            age = self._env.now() - stored_at(stored)
            if stored.get("buster") != buster:
                return None
            if -SKEW <= age <= self._max_age:
                state = self._codec.decode(stored["client_state"])
                hydrate(self._client, state)
                return bool(state["queries"] or state["mutations"] or not _has_entries(stored))
        except Exception as error:
            logger.warning("The stored state %r was dropped: %s", name, error)
        return False

    def save(self) -> None:
        """Store the state now; an error is logged, since the cache works without the storage."""
        self._cancel_timer()
        with self._writing:
            try:
                buster = self._current_buster()
                if buster is None:
                    return
                encoded = self._codec.encode()
                self._log_left_out(encoded.left_out)
                encoded_hash = hash((buster, encoded.text))
                if encoded_hash != self._written_hash:
                    facts = f'"buster": {json.dumps(buster)}, "timestamp": {self._env.now()!r}'
                    self._storage.set(self.name, f'{{{facts}, "client_state": {encoded.text}}}')
                    self._written_hash = encoded_hash
                self._stored = encoded
            except Exception:
                logger.exception("The state of the query cache could not be stored")

    def purge(self) -> None:
        """Delete the stored state once a running write has ended; a scheduled write is canceled."""
        self._cancel_timer()
        with self._writing:
            self._written_hash, self._stored = None, EncodedState()
            self._storage.remove(self.name)

    def close(self) -> None:
        """Perform a scheduled write now, and none later."""
        for unsubscribe in self._unsubscribes:
            unsubscribe()
        self._unsubscribes = []
        if self._cancel_timer():
            self.save()

    async def _before_attempt(self, mutation: Mutation) -> None:
        """Delete a mutation from the storage before its function is called: a crash must not repeat it."""
        if mutation in self._stored.mutations and not self._codec.can_continue_elsewhere(mutation):
            await self._offload(self.save)

    def _on_forget(self) -> None:
        self.purge()
        # After signing in again as the same user, mutations may still be waiting.
        if any(map(self._codec.can_continue_elsewhere, self._client.mutation_cache.get_all())):
            self._schedule()

    def _log_left_out(self, left_out: Mapping[str, str]) -> None:
        for name, reason in left_out.items():
            if self._stored.left_out.get(name) != reason:
                logger.warning("The %s is not stored: %s.", name, reason)

    def _schedule(self) -> None:
        with self._lock:
            if self._timer is None:
                self._timer = self._env.clock.call_later(self._throttle, self._on_timer)

    def _cancel_timer(self) -> bool:
        """Cancel a scheduled write; return whether there was one."""
        with self._lock:
            timer, self._timer = self._timer, None
        if timer is not None:
            timer.cancel()
        return timer is not None

    def _on_timer(self) -> None:
        self._env.loop.start(self._save_offloaded())

    async def _save_offloaded(self) -> None:
        await self._offload(lambda: self.save() if self._is_scheduled() else None)

    def _is_scheduled(self) -> bool:
        # A purge in between took the timer away: the state may be another user's now.
        with self._lock:
            return self._timer is not None

    def _current_buster(self) -> str | None:
        return self._buster() if callable(self._buster) else self._buster


def _has_entries(stored: Mapping[str, Any]) -> bool:
    state = stored["client_state"]
    return bool(state["queries"] or state["mutations"])
