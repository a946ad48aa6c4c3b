"""Report a store's sets to a devtools monitor, and carry out the monitor's commands.

The messages are those of the Redux DevTools (``init``, ``send``, messages of type DISPATCH or ACTION), so
that the browser extension could be a monitor; `ActionLog` is the monitor of this package. Time travel is
not reported back and not saved by `persist`. The monitor's state is merged: keys it does not have stay
unchanged.

Source: zustand's devtools middleware (MIT), whose recorded traces the tests replay; not its code.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from kaizen_widgets.stores.base_store import BaseStore
from kaizen_widgets.stores.middleware import Action, State

logger = logging.getLogger(__name__)

ANONYMOUS = "anonymous"


class Monitor(Protocol):
    """Shows the actions of a store."""

    def init(self, state: State) -> object:
        """Start a new log with a state."""
        ...

    def send(self, action: Any, state: Any) -> object:
        """Record an action (a mapping with a ``type``) and the state after it."""
        ...

    def subscribe(self, listener: Callable[[Mapping[str, Any]], object]) -> object:
        """Call ``listener(message)`` with each command; may return a function that unsubscribes it."""
        ...


class Devtools:
    """The link between a store and a monitor; made by `devtools`."""

    def __init__(self, store: BaseStore, monitor: Monitor) -> None:
        self._store = store
        self._monitor = monitor
        self._beginning = store.get()
        self._is_recording = True
        self._remove = store.use(self)
        monitor.init(self._beginning)
        self._unsubscribe = monitor.subscribe(self.receive)

    @property
    def is_recording(self) -> bool:
        """Whether sets are reported to the monitor."""
        return self._is_recording

    def after_set(self, action: Action) -> None:
        """Report a set to the monitor."""
        if self._is_recording:
            named = ANONYMOUS if action is None else action
            message = {"type": named} if isinstance(named, str) else named
            self._monitor.send(message, self._store.get())

    def receive(self, message: Mapping[str, Any]) -> None:
        """Carry out a command of the monitor; an unknown one is ignored."""
        match message:
            case {"type": "DISPATCH", "payload": {"type": str(command)} as payload}:
                self._dispatch(command, payload, message.get("state"))
            case {"type": "ACTION", "payload": payload}:
                parsed = _parsed(payload)
                if isinstance(parsed, Mapping) and parsed.get("type") == "__setState":
                    self._travel(parsed.get("state"))
            case _:
                pass

    def close(self) -> None:
        """Stop reporting to the monitor."""
        self._remove()
        if callable(self._unsubscribe):
            self._unsubscribe()

    def _dispatch(self, command: str, payload: Mapping[str, Any], state: Any) -> None:
        match command:
            case "RESET":
                self._travel(self._beginning)
                self._monitor.init(self._store.get())
            case "COMMIT":
                self._monitor.init(self._store.get())
            case "ROLLBACK":
                if self._travel(_parsed(state)):
                    self._monitor.init(self._store.get())
            case "JUMP_TO_STATE" | "JUMP_TO_ACTION":
                self._travel(_parsed(state))
            case "IMPORT_STATE":
                lifted = payload.get("nextLiftedState") or {}
                computed = lifted.get("computedStates") or [{}]
                if self._travel(computed[-1].get("state")):
                    self._monitor.send(None, lifted)
            case "PAUSE_RECORDING":
                self._is_recording = not self._is_recording
            case _:
                pass

    def _travel(self, state: Any) -> bool:
        """Set a state the monitor sent, without calling middleware; return whether it is a state."""
        if not isinstance(state, Mapping):
            return False
        known = {key: value for key, value in state.items() if self._store.has(key)}
        was_recording, self._is_recording = self._is_recording, False
        try:
            # The same object if all its keys are known: a store that already has it does not notify.
            fresh = state if len(known) == len(state) else known
            self._store.set(fresh, middleware=())
        finally:
            self._is_recording = was_recording
        return True


def devtools(store: BaseStore, monitor: Monitor) -> Devtools:
    """Report a store's sets to a monitor, and let it travel in time.

    Use it after `persist`: then the monitor begins with the restored state.
    """
    return Devtools(store, monitor)


def _parsed(value: Any) -> Any:
    """Return the content of a JSON text; anything else as it is."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError:
        logger.warning("The devtools sent text that is not JSON; it was ignored.")
        return None
