"""A client's state in a storage of texts: written a moment after it changed, read back at the next start.

The text is JSON, ``{"buster": ..., "timestamp": ..., "client_state": ...}``, as TanStack Query's persisters
write it. What is too old, of another buster, or unusable in any way is thrown away whole, never half
taken. What cannot be written as JSON is left out, entry by entry. No secret belongs in a query's data.
"""

from __future__ import annotations

import asyncio
import json
import logging
import threading
from collections.abc import Awaitable, Callable
from typing import Any, Protocol

from kaizen_widgets.core.clock import Timer
from kaizen_widgets.query.client_state_codec import ClientStateCodec, written_at
from kaizen_widgets.query.host import Host
from kaizen_widgets.query.hydration import hydrate
from kaizen_widgets.query.mutation import Mutation
from kaizen_widgets.query.option_checks import check_callable, check_seconds
from kaizen_widgets.query.options import Seconds, seconds
from kaizen_widgets.query.query import Query

logger = logging.getLogger(__name__)

DAY = 86_400.0
THROTTLE = 1.0
SKEW = 300.0
"""Seconds a text may seem to come from the future: two machines' clocks differ."""

Offload = Callable[[Callable[[], None]], Awaitable[None]]


class TextStorage(Protocol):
    """Texts by name."""

    def get(self, name: str, /) -> str | None:
        """Return the text, or None."""
        ...

    def set(self, name: str, text: str, /) -> object:
        """Keep a text in the place of the one before."""
        ...

    def remove(self, name: str, /) -> object:
        """Forget a text; harmless when there is none."""
        ...


class Forgetful(Host, Protocol):
    """A client that says when everything in it has become another's."""

    def on_forget(self, listener: Callable[[], object]) -> Callable[[], None]:
        """Call ``listener`` whenever it forgets; return what ends that."""
        ...


class Persister:
    """Keeps a client's successful queries, and its paused mutations that can go on later.

    A mutation can go on in another process if the client knows a ``mutation_fn`` for its key (see
    `QueryClient.set_mutation_defaults`) and its variables are JSON. It comes back paused. One that goes on
    leaves the storage before it is tried: what may have arrived is not made again by the next process.

    Args:
        client: Whose state.
        storage: Where to.
        name: What to call it there.
        max_age: Seconds after which what is stored is thrown away (a day).
        buster: What must be equal when it is read back, such as a version and who is signed in; or a
            function that gives it, or None for "keep and restore nothing now".
        should_dehydrate_query: Which queries; by default those whose last fetch went well.
        should_dehydrate_mutation: Which of the mutations that can go on; by default the paused ones.
        serialize_data: Makes JSON values of a query's data or a mutation's variables.
        deserialize_data: The opposite; what it raises throws the whole away.
        throttle: Seconds between two writings, at least.
        offload: Runs what blocks; by default in a thread, so that the loop goes on.
    """

    def __init__(
        self,
        client: Forgetful,
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
        self._max_age = seconds(max_age)
        self._buster = buster
        self._plain = ClientStateCodec(
            client,
            should_dehydrate_query=should_dehydrate_query,
            should_dehydrate_mutation=should_dehydrate_mutation,
            serialize=serialize_data,
            deserialize=deserialize_data,
        )
        self._throttle = seconds(throttle)
        self._offload = offload
        self._lock = threading.Lock()
        self._writing = threading.Lock()
        self._timer: Timer | None = None
        self._ends: list[Callable[[], None]] = []
        self._written: int | None = None
        self._stored: frozenset[Mutation] = frozenset()

    def start(self) -> Persister:
        """Write from now on whenever something changed, and purge when the client forgets."""
        if not self._ends:
            self._ends = [
                self._client.query_cache.subscribe(lambda _event: self._changed()),
                self._client.mutation_cache.subscribe(lambda _mutation: self._changed()),
                self._client.mutation_cache.before_attempts(self._going_on),
                self._client.on_forget(self._forgotten),
            ]
        return self

    def restore(self) -> bool:
        """Read what is stored into the client; return whether there was anything usable.

        Newer data that is there already stays. What was restored is shown at once and counts as stale,
        so that whoever asks for it gets the source's word.
        """
        buster = self._asked_buster()
        if buster is None:
            return False
        if self._read_in(self.name, buster):
            return True
        self.purge()
        return False

    def take_over(self, name: str) -> bool:
        """Go on with what another process, that is no more, stored as ``name``; return whether it could.

        It is stored as this one's own before it is forgotten there. What is of another buster stays.
        """
        buster = self._asked_buster()
        if buster is None:
            return False
        taken = self._read_in(name, buster)
        if taken:
            self.save()
        if taken is not None:
            self._storage.remove(name)
        return bool(taken)

    def _read_in(self, name: str, buster: str) -> bool | None:
        """Read a text into the client; False if it is of no use to anybody, None if it is another's."""
        try:
            text = self._storage.get(name)
            if text is None:
                return False
            found = json.loads(text)
            age = self._env.now() - written_at(found)
            if found.get("buster") != buster:
                return None
            if -SKEW <= age <= self._max_age:
                hydrate(self._client, self._plain.read(found["client_state"]))
                return True
        except Exception as error:
            logger.warning("What was stored as %r was thrown away: %s", name, error)
        return False

    def save(self) -> None:
        """Write now; what it raises is logged, for a cache that is not kept harms nobody."""
        self._cancel()
        with self._writing:
            try:
                buster = self._asked_buster()
                if buster is None:
                    return
                entries, mutations = self._plain.entries()
                made = hash((buster, entries))
                if made != self._written:
                    facts = f'"buster": {json.dumps(buster)}, "timestamp": {self._env.now()!r}'
                    self._storage.set(self.name, f'{{{facts}, "client_state": {entries}}}')
                    self._written, self._stored = made, mutations
            except Exception:
                logger.exception("The state of the query cache could not be kept")

    def purge(self) -> None:
        """Forget what is stored; a writing under way is waited for, one that was due is not made."""
        self._cancel()
        with self._writing:
            self._written, self._stored = None, frozenset()
            self._storage.remove(self.name)

    def close(self) -> None:
        """Write what is due, and no more after."""
        for end in self._ends:
            end()
        self._ends = []
        if self._cancel():
            self.save()

    # ----------------------------------------------------------------- within

    async def _going_on(self, mutation: Mutation) -> None:
        """Take from the storage what waited no longer, before it is made: a crash must not repeat it."""
        if mutation in self._stored and not self._plain.can_go_on(mutation):
            await self._offload(self.save)

    def _forgotten(self) -> None:
        self.purge()
        # Who only signed in again still has changes waiting.
        if any(map(self._plain.can_go_on, self._client.mutation_cache.get_all())):
            self._changed()

    def _changed(self) -> None:
        with self._lock:
            if self._timer is None:
                self._timer = self._env.clock.call_later(self._throttle, self._due)

    def _cancel(self) -> bool:
        with self._lock:
            timer, self._timer = self._timer, None
        if timer is not None:
            timer.cancel()
        return timer is not None

    def _due(self) -> None:
        self._env.loop.start(self._save_aside())

    async def _save_aside(self) -> None:
        await self._offload(lambda: self.save() if self._is_due() else None)

    def _is_due(self) -> bool:
        # A purge in between has taken the timer away: what was to be written is another's now.
        with self._lock:
            return self._timer is not None

    def _asked_buster(self) -> str | None:
        return self._buster() if callable(self._buster) else self._buster
