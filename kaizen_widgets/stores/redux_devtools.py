"""A store's sets, told to a monitor with their names; and the monitor's orders carried out.

The monitor speaks the Redux DevTools' language (``init``, ``send``, messages of type DISPATCH or ACTION),
so that the browser's extension could be one; `ActionLog` is the one of this package. Travelling in time
is not sent back, not written to a storage, and merges: keys the monitor does not know stay.

Source: zustand's devtools middleware (MIT), whose recorded traces this is held to; not its code.
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
    """Shows what a store does."""

    def init(self, state: State) -> object:
        """Begin anew with a state."""
        ...

    def send(self, action: Any, state: Any) -> object:
        """Note an action (an object with a ``type``) and the state after it."""
        ...

    def subscribe(self, listener: Callable[[Mapping[str, Any]], object]) -> object:
        """Call ``listener(message)`` with each order; return what ends that, if it can end."""
        ...


class Devtools:
    """The link between a store and a monitor; made by `devtools`."""

    def __init__(self, store: BaseStore, monitor: Monitor) -> None:
        self._store = store
        self._monitor = monitor
        self._beginning = store.get()
        self._is_recording = True
        self._take_off = store.use(self)
        monitor.init(self._beginning)
        self._unsubscribe = monitor.subscribe(self.receive)

    @property
    def is_recording(self) -> bool:
        """Whether sets are told to the monitor."""
        return self._is_recording

    def after_set(self, action: Action) -> None:
        """Tell the monitor of a set."""
        if self._is_recording:
            told = {"type": ANONYMOUS} if action is None else action
            self._monitor.send({"type": told} if isinstance(told, str) else told, self._store.get())

    def receive(self, message: Mapping[str, Any]) -> None:
        """Carry out an order of the monitor; one it does not know is ignored."""
        match message:
            case {"type": "DISPATCH", "payload": {"type": str(order)} as payload}:
                self._dispatch(order, payload, message.get("state"))
            case {"type": "ACTION", "payload": payload}:
                asked = _parsed(payload)
                if isinstance(asked, Mapping) and asked.get("type") == "__setState":
                    self._travel(asked.get("state"))
            case _:
                pass

    def close(self) -> None:
        """Tell the monitor nothing more."""
        self._take_off()
        if callable(self._unsubscribe):
            self._unsubscribe()

    def _dispatch(self, order: str, payload: Mapping[str, Any], state: Any) -> None:
        match order:
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
        """Set what the monitor says, and tell nobody but the listeners."""
        if not isinstance(state, Mapping):
            return False
        known = {key: value for key, value in state.items() if self._store.has(key)}
        was_recording, self._is_recording = self._is_recording, False
        try:
            # The very object, when it has no stranger in it: then a store that has it is silent.
            fresh = state if len(known) == len(state) else known
            self._store.set(fresh, middleware=())
        finally:
            self._is_recording = was_recording
        return True


def devtools(store: BaseStore, monitor: Monitor) -> Devtools:
    """Tell a monitor of a store's sets, and let it travel in time.

    Put it around last: then it begins with what `persist` has read.
    """
    return Devtools(store, monitor)


def _parsed(value: Any) -> Any:
    """Return what a text of JSON says; anything else as it is."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError:
        logger.warning("The devtools sent a text that is no JSON; it was ignored.")
        return None
