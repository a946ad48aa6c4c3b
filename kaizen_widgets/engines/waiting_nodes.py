"""The nodes of a run that wait for a person: they keep nobody from working.

Meanwhile such a node takes no slot of ``max_parallel``, and its time limit stands still. Once it is answered
it continues as soon as a slot is free, before other nodes begin.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from functools import partial

from kaizen_widgets.engines.attempt import Attempt

Key = tuple[str, int]
"""Id of a node and number of its attempt: what an earlier attempt asked says nothing about the next one."""


class WaitingNodes:
    """The waiting nodes of one run.

    Args:
        attempt_of: Returns an attempt that is under way, or None.
        call_soon: Calls on the run's loop, from any thread.
        on_change: Called on the loop when a slot may have become free, or an answered node needs one.
    """

    def __init__(
        self,
        attempt_of: Callable[[str, int], Attempt | None],
        call_soon: Callable[[Callable[[], object]], object],
        on_change: Callable[[], object],
    ) -> None:
        self._attempt_of = attempt_of
        self._call_soon = call_soon
        self._on_change = on_change
        self._open: dict[Key, int] = {}
        """How many questions each waiting node asks; a function may ask several together."""
        self._answered: deque[tuple[Key, Callable[[], object]]] = deque()
        """What lets the nodes go on that were answered and have no slot yet."""

    # -- from any thread

    def asked(self, key: Key) -> None:
        """Record that a node asks a question."""
        self._call_soon(partial(self._ask, key))

    def answered(self, key: Key, go_on: Callable[[], object]) -> None:
        """Call ``go_on()``, which hands over the answer, once the node has a slot."""
        self._call_soon(partial(self._answer, key, go_on))

    def withdrawn(self, key: Key) -> None:
        """Record that a question ended without an answer; the node has gone on."""
        self._call_soon(partial(self._withdraw, key))

    # -- on the loop

    def __len__(self) -> int:
        """Number of the nodes that take no slot."""
        return len(self._open)

    def go_on(self) -> bool:
        """Give a free slot to the node that was answered first; return whether there was one."""
        if not self._answered:
            return False
        key, go_on = self._answered.popleft()
        self._withdraw(key)
        go_on()
        return True

    def forget(self, key: Key) -> None:
        """Record that an attempt has ended, whatever it still asked."""
        self._open.pop(key, None)
        late = [go_on for one, go_on in self._answered if one == key]
        self._answered = deque(item for item in self._answered if item[0] != key)
        for go_on in late:
            go_on()

    def _ask(self, key: Key) -> None:
        attempt = self._attempt_of(*key)
        if attempt is None:
            return
        self._open[key] = self._open.get(key, 0) + 1
        if self._open[key] == 1:
            attempt.pause()
            self._on_change()

    def _answer(self, key: Key, go_on: Callable[[], object]) -> None:
        if self._open.get(key) == 1:
            self._answered.append((key, go_on))
            self._on_change()
            return
        # It still waits for another answer, or has ended.
        self._withdraw(key)
        go_on()

    def _withdraw(self, key: Key) -> None:
        if key not in self._open:
            return
        self._open[key] -= 1
        if self._open[key] == 0:
            del self._open[key]
            if (attempt := self._attempt_of(*key)) is not None:
                attempt.resume()

    def __repr__(self) -> str:
        return f"WaitingNodes({', '.join(node_id for node_id, _ in self._open)})"
