"""A log of a store's actions with the state after each, and a way back to any of them.

The first entry is the state at the start of the log; the others are actions with the state after each. Going
back changes the store, not the log; the next action is added at its end. `ActionLog.export` and
`ActionLog.load` use the file format of the Redux DevTools. States are not copied, so do not change a store's
values in place.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from traitlets import Bool, HasTraits, Int, Tuple

from kaizen_widgets.core.callbacks import fit_callback
from kaizen_widgets.errors import StoreError
from kaizen_widgets.stores.equality import same_content
from kaizen_widgets.stores.middleware import State

DEFAULT_LIMIT = 1000
"""The most entries to keep: the first one and the newest."""


@dataclass(frozen=True)
class Entry:
    """An action, its time, and the state after it."""

    action: str
    time: datetime
    state: State


class ActionLog(HasTraits):
    """The monitor to use with `devtools`; observe its traits to show it.

    Args:
        now: Returns the time of an entry.
        limit: The most entries to keep.

    Attributes:
        entries: The entries, oldest first.
        position: The index of the entry whose state the store has.
        is_paused: Whether actions are ignored.
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

    # -- called by `Devtools`

    def init(self, state: State) -> None:
        """Start a new log with a state."""
        self._show((Entry("@@INIT", self._now(), state),))

    def send(self, action: Any, state: Any) -> None:
        """Add an action; without one, ``state`` is a whole log that replaces this one."""
        if action is None:
            self._show(self._entries_of(state))
            return
        name = str(action.get("type", "")) if isinstance(action, Mapping) else str(action)
        first, *rest = (*self.entries, Entry(name, self._now(), state))
        self._show((first, *rest[-(self._limit - 1) :]))

    def subscribe(self, listener: Callable[[Mapping[str, Any]], object]) -> Callable[[], None]:
        """Call ``listener(message)`` with each command; return a function that unsubscribes it."""
        fitted = fit_callback(listener, 1)
        self._listeners.append(fitted)
        return lambda: self._listeners.remove(fitted) if fitted in self._listeners else None

    # -- called by users

    def jump(self, position: int) -> None:
        """Set the store to the state after an entry.

        Raises:
            StoreError: There is no such entry.
        """
        if not 0 <= position < len(self.entries):
            raise StoreError(
                f"The log has {len(self.entries)} entries; there is no entry {position}."
            )
        self._command("JUMP_TO_STATE", state=self.entries[position].state)
        self.position = position

    def changed(self, position: int) -> dict[str, tuple[Any, Any]]:
        """Return the keys an entry changed, with the values before and after (None: absent)."""
        after = self.entries[position].state
        before = self.entries[position - 1].state if position else after
        keys = [*before, *(key for key in after if key not in before)]
        return {
            key: (before.get(key), after.get(key))
            for key in keys
            if not same_content(before.get(key), after.get(key))
        }

    def pause(self) -> None:
        """Pause recording, or resume it if it is paused."""
        self._command("PAUSE_RECORDING")
        self.is_paused = not self.is_paused

    def reset(self) -> None:
        """Set the store to the state it had when `devtools` was called, and start a new log."""
        self._command("RESET")

    def commit(self) -> None:
        """Start a new log with the current state."""
        self._command("COMMIT")

    def rollback(self) -> None:
        """Set the store to the state of the first entry, and start a new log with it."""
        self._command("ROLLBACK", state=self.entries[0].state)

    def export(self) -> str:
        """Return the log as JSON.

        Raises:
            StoreError: A state contains a value that cannot be written as JSON.
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
            return json.dumps(lifted, default=_as_dict)
        except (TypeError, ValueError) as error:
            raise StoreError(f"The log cannot be exported: {error}.") from error

    def load(self, text: str) -> None:
        """Show an exported log, and set the store to its last state.

        Raises:
            StoreError: The text is not an exported log. Nothing is changed.
        """
        try:
            lifted = json.loads(text)
            self._entries_of(lifted)
        except (ValueError, LookupError, TypeError, AttributeError) as error:
            raise StoreError(f"This is not an exported log: {error}.") from error
        self._command("IMPORT_STATE", nextLiftedState=lifted)

    # ------------------------------------------------------------ internal

    def _entries_of(self, lifted: Mapping[str, Any]) -> tuple[Entry, ...]:
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

    def _command(self, command: str, *, state: State | None = None, **details: Any) -> None:
        message = {"type": "DISPATCH", "payload": {"type": command, **details}, "state": state}
        for listener in tuple(self._listeners):
            listener(message)

    def __repr__(self) -> str:
        return f"ActionLog(entries={len(self.entries)}, position={self.position})"


def _as_dict(value: Any) -> Any:
    """Return a mapping of another type, such as a node, as a dict.

    Raises:
        TypeError: It is not a mapping.
    """
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"JSON has no {type(value).__name__}")
