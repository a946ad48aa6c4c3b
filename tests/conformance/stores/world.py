"""The environment of a scenario: one shared storage, a devtools extension, an event loop."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Coroutine, Generator
from typing import Any

from tests.conformance.stores.vocabulary import ScriptedError


class Soon(Awaitable[Any]):
    """An answer that is there, but delivered one turn of the loop later."""

    def __init__(self, value: Any = None, error: Exception | None = None) -> None:
        self.value = value
        self.error = error

    def __await__(self) -> Generator[None, None, Any]:
        yield
        if self.error is not None:
            raise self.error
        return self.value


class Loop:
    """Coroutines that wait for `flush`, and then take turns."""

    def __init__(self) -> None:
        self._waiting: list[Coroutine[Any, Any, None]] = []

    def spawn(self, coroutine: Coroutine[Any, Any, None]) -> None:
        self._waiting.append(coroutine)

    def flush(self) -> None:
        while self._waiting:
            turn, self._waiting = self._waiting, []
            for coroutine in turn:
                try:
                    coroutine.send(None)
                except StopIteration:
                    continue
                self._waiting.append(coroutine)

    def close(self) -> None:
        for coroutine in self._waiting:
            coroutine.close()


class Cells:
    """The texts of the shared storage, and who touched them."""

    def __init__(self, content: dict[str, Any]) -> None:
        self.texts: dict[str, str] = {}
        self.log: list[list[str]] = []
        self.fails = False
        for name, value in content.items():
            self.write(name, value)

    def write(self, name: str, value: dict[str, Any]) -> None:
        """Put ``raw`` or ``json`` there behind the stores' back, or delete."""
        if "raw" in value:
            self.texts[name] = value["raw"]
        elif "json" in value:
            self.texts[name] = json.dumps(value["json"])
        else:
            self.texts.pop(name, None)

    def shown(self) -> dict[str, Any]:
        return {name: _shown(text) for name, text in self.texts.items()}

    # -- a storage

    def get(self, name: str) -> str | None:
        self.log.append(["get", name])
        return self.texts.get(name)

    def set(self, name: str, text: str) -> None:
        self.log.append(["set", name])
        if self.fails:
            raise ScriptedError("quota")
        self.texts[name] = text

    def remove(self, name: str) -> None:
        self.log.append(["remove", name])
        self.texts.pop(name, None)


class LaterCells:
    """The same cells: touched at the moment of the call, answered at the next flush."""

    def __init__(self, cells: Cells) -> None:
        self._cells = cells

    def get(self, name: str) -> Awaitable[str | None]:
        return Soon(self._cells.get(name))

    def set(self, name: str, text: str) -> Awaitable[None]:
        try:
            return Soon(self._cells.set(name, text))
        except ScriptedError as error:
            return Soon(error=error)

    def remove(self, name: str) -> Awaitable[None]:
        return Soon(self._cells.remove(name))


class Extension:
    """The devtools extension: notes what it is told, and sends what a scenario says."""

    def __init__(self, note: Callable[..., None]) -> None:
        self._note = note
        self._listeners: list[Callable[[Any], object]] = []

    def init(self, state: Any) -> None:
        self._note("init", state)

    def send(self, action: Any, state: Any) -> None:
        self._note("send", action, state)

    def subscribe(self, listener: Callable[[Any], object]) -> None:
        self._listeners.append(listener)

    def message(self, message: dict[str, Any]) -> None:
        if "state" in message and not isinstance(message["state"], str):
            message = {**message, "state": json.dumps(message["state"])}
        if message["type"] == "ACTION" and not isinstance(message["payload"], str):
            message = {**message, "payload": json.dumps(message["payload"])}
        for listener in self._listeners:
            listener(message)


def _shown(text: str) -> dict[str, Any]:
    try:
        return {"json": json.loads(text)}
    except ValueError:
        return {"raw": text}
