"""What a store did, step by step, and a way to any of those steps: this package's devtools monitor.

The first entry is the state the log began with; the rest are actions with the state after each. Going
back changes the store, not the log; the next action is added at its end. `export` and `load` speak the
Redux DevTools' file format. States are kept as they are, so a store's values must not be changed in
place.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from traitlets import Bool, HasTraits, Int, Tuple

from kaizen_widgets.errors import StoreError
from kaizen_widgets.stores.equality import same
from kaizen_widgets.stores.middleware import State

DEFAULT_LIMIT = 1000
"""How many entries are kept; after the first, the oldest go first."""


@dataclass(frozen=True)
class Entry:
    """One action, when it was, and the state after it."""

    action: str
    time: datetime
    state: State


class ActionLog(HasTraits):
    """A log for `devtools`; observe its traits to show it.

    Args:
        now: Gives the time of an entry.
        limit: How many entries are kept.
    """

    entries: tuple[Entry, ...] = Tuple()  # type: ignore[assignment]
    position = Int(0)
    is_paused = Bool(False)

    def __init__(
        self,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        limit: int = DEFAULT_LIMIT,
    ) -> None:
        super().__init__()
        self._now = now
        self._limit = limit
        self._listeners: list[Callable[[Mapping[str, Any]], object]] = []

    # -- what a link to a store calls

    def init(self, state: State) -> None:
        """Begin anew with a state."""
        self._show((Entry("@@INIT", self._now(), state),))

    def send(self, action: Any, state: Any) -> None:
        """Note an action; without one, ``state`` is a whole log to show in the place of this."""
        if action is None:
            self._show(self._lowered(state))
            return
        name = str(action.get("type", "")) if isinstance(action, Mapping) else str(action)
        first, *rest = (*self.entries, Entry(name, self._now(), state))
        self._show((first, *rest[-(self._limit - 1) :]))

    def subscribe(self, listener: Callable[[Mapping[str, Any]], object]) -> Callable[[], None]:
        """Call ``listener(message)`` with each order; return what ends it."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener) if listener in self._listeners else None

    # -- what a user calls

    def jump(self, position: int) -> None:
        """Take the store to the state after an entry.

        Raises:
            StoreError: There is no such entry.
        """
        if not 0 <= position < len(self.entries):
            raise StoreError(f"The log has {len(self.entries)} entries, none is {position}.")
        self._order("JUMP_TO_STATE", state=self.entries[position].state)
        self.position = position

    def changed(self, position: int) -> dict[str, tuple[Any, Any]]:
        """Return what an entry changed: keys, with the value before and after (None: absent)."""
        after = self.entries[position].state
        before = self.entries[position - 1].state if position else after
        keys = [*before, *(key for key in after if key not in before)]
        return {
            key: (before.get(key), after.get(key))
            for key in keys
            if not same(before.get(key), after.get(key)) and before.get(key) != after.get(key)
        }

    def pause(self) -> None:
        """Note no more actions, or again."""
        self._order("PAUSE_RECORDING")
        self.is_paused = not self.is_paused

    def reset(self) -> None:
        """Take the store to the state it had when the link was made, and begin the log anew."""
        self._order("RESET")

    def commit(self) -> None:
        """Begin the log anew with the state as it is."""
        self._order("COMMIT")

    def rollback(self) -> None:
        """Take the store to the first entry, and begin the log anew there."""
        self._order("ROLLBACK", state=self.entries[0].state)

    def export(self) -> str:
        """Return the log as JSON.

        Raises:
            StoreError: A state holds what JSON cannot say.
        """
        actions = {
            str(index): {
                "type": "PERFORM_ACTION",
                "action": {"type": entry.action},
                "timestamp": int(entry.time.timestamp() * 1000),
            }
            for index, entry in enumerate(self.entries)
        }
        lifted = {
            "actionsById": actions,
            "computedStates": [{"state": entry.state} for entry in self.entries],
            "currentStateIndex": self.position,
            "nextActionId": len(self.entries),
            "stagedActionIds": list(range(len(self.entries))),
        }
        try:
            return json.dumps(lifted, default=_plain)
        except (TypeError, ValueError) as error:
            raise StoreError(f"The log cannot be exported: {error}.") from error

    def load(self, text: str) -> None:
        """Show an exported log, and take the store to its last state.

        Raises:
            StoreError: It is no exported log. Nothing is changed.
        """
        try:
            lifted = json.loads(text)
            self._lowered(lifted)
        except (ValueError, LookupError, TypeError, AttributeError) as error:
            raise StoreError(f"This is no exported log: {error}.") from error
        self._order("IMPORT_STATE", nextLiftedState=lifted)

    # -------------------------------------------------------------- within

    def _lowered(self, lifted: Mapping[str, Any]) -> tuple[Entry, ...]:
        actions = lifted["actionsById"]
        entries = []
        for identity, computed in zip(
            lifted["stagedActionIds"], lifted["computedStates"], strict=True
        ):
            action, state = actions[str(identity)], dict(computed["state"])
            time = datetime.fromtimestamp(action["timestamp"] / 1000, UTC)
            entries.append(Entry(str(action["action"]["type"]), time, state))
        if not entries:
            raise ValueError("it has no entries")
        return tuple(entries)

    def _show(self, entries: tuple[Entry, ...]) -> None:
        with self.hold_trait_notifications():
            self.entries = entries
            self.position = len(entries) - 1

    def _order(self, order: str, *, state: State | None = None, **facts: Any) -> None:
        message = {"type": "DISPATCH", "payload": {"type": order, **facts}, "state": state}
        for listener in tuple(self._listeners):
            listener(message)

    def __repr__(self) -> str:
        return f"ActionLog(entries={len(self.entries)}, position={self.position})"


def _plain(value: Any) -> Any:
    """Return what JSON can say for a mapping of another kind, such as a node.

    Raises:
        TypeError: It is none.
    """
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"a {type(value).__name__} is no JSON")
