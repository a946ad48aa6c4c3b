"""One simulated session: a kernel, views, Python code and faults, all determined by a seed.

`World(seed).play()` raises `BrokenPropertyError` when one of the three headline properties of SPEC.md does
not hold.
"""

from __future__ import annotations

import json
import random
from collections import Counter
from functools import lru_cache
from typing import Any

from kaizen_widgets.graph import (
    AddElement,
    Batch,
    Graph,
    MoveElement,
    RemoveElement,
    SetProperty,
    UnsetProperty,
    apply,
)
from kaizen_widgets.stores.canvas import CanvasStore
from kaizen_widgets.stores.document import Commit, Event
from kaizen_widgets.sync.canvas import KernelEnd, Outbox, Request
from kaizen_widgets.sync.canvas.messages import KernelMail
from kaizen_widgets.testing.fake_clock import FakeClock
from tests.simulate.view import ModelView
from tests.simulate.wire import Faults, LossyConnection

SETTLE = 5.0
"""Virtual seconds after the last fault until every view must equal the kernel."""
BACKLOG = 8
"""Small, so that bursts in a short session are sent as snapshots (S8)."""


@lru_cache(maxsize=256)
def _mail(text: str) -> KernelMail:
    """Parse a mail once for all views; its values are immutable."""
    return KernelMail.model_validate_json(text)


class BrokenPropertyError(AssertionError):
    """A headline property does not hold."""


class World:
    """A session of random steps."""

    def __init__(self, seed: int, *, steps: int = 60) -> None:
        self.chance = random.Random(seed)
        self.clock = FakeClock()
        self.steps = steps
        self.faults = Faults(
            drop=self.chance.choice([0, 0.1, 0.4]),
            double=self.chance.choice([0, 0.2]),
            delay=self.chance.choice([0.01, 0.3, 1.5]),
        )
        self._ids = 0
        self.first = Graph([{"id": "n0", "position": {"x": 0, "y": 0}, "data": {}}])
        self.store = CanvasStore(self.first, new_id=self._new_id, now=self.clock.now)
        self.store.history.limit = 10_000  # property 3 needs the history back to the first document
        self.commits: list[Commit] = []
        self.down: list[LossyConnection] = []
        self.up: list[LossyConnection] = []
        self.views: list[ModelView] = []
        self.outbox = Outbox(
            self._broadcast,
            lambda: self.end.heartbeat(),
            self.clock,
            snapshot=lambda: self.end.snapshot(),
            backlog=BACKLOG,
            size=lambda: self.store.graph.node_count + self.store.graph.edge_count,
        )
        self.end = KernelEnd(self.store, self.outbox.post)
        self.store.on_event(self._on_event)
        for number in range(self.chance.randint(1, 4)):
            self._open_view(f"view{number}")

    def play(self) -> None:
        """Simulate the session and check the properties."""
        for _ in range(self.steps):
            self.clock.advance(self.chance.random())
            self._step()
        self._heal()
        self.clock.advance(SETTLE)
        self._check_convergence()
        self._check_exactly_once()
        self._check_history()

    # --------------------------------------------------------------- steps

    def _step(self) -> None:
        roll = self.chance.random()
        view = self.chance.choice(self.views)
        if roll < 0.55:
            if view.epoch:
                view.edit(self._batch(view.shown))
        elif roll < 0.65 and view.epoch:
            self.chance.choice([view.undo, view.redo])()
        elif roll < 0.75:
            self.store.commit(self._batch(self.store.graph))
        elif roll < 0.80:
            with self.store.transaction("two in one"):
                self.store.commit(self._batch(self.store.graph))
                self.store.commit(self._batch(self.store.graph))
        elif roll < 0.85:
            self.chance.choice([self.store.undo, self.store.redo])()
        elif roll < 0.92:
            self._toggle_link(self.chance.randrange(len(self.views)))
        elif roll < 0.95 and len(self.views) < 6:
            self._open_view(f"late{self._new_id()}")
        elif roll < 0.97:
            for _ in range(self.chance.randint(2, 3 * BACKLOG)):
                self.store.commit(self._batch(self.store.graph))
        elif roll < 0.985:
            self._reload(self.chance.randrange(len(self.views)))

    def _batch(self, graph: Graph) -> Batch:
        """Return a valid batch for ``graph``."""
        batch: list[Any] = []
        for _ in range(self.chance.randint(1, 3)):
            operation = self._operation(graph)
            graph, _ = apply(graph, (operation,))
            batch.append(operation)
        return tuple(batch)

    def _operation(self, graph: Graph) -> Any:
        chance = self.chance
        if not graph.nodes or chance.random() < 0.3:
            parent = (
                chance.choice(graph.nodes).id if graph.nodes and chance.random() < 0.2 else None
            )
            item = {
                "id": self._new_id(),
                "position": {"x": chance.randint(0, 9), "y": 0},
                "data": {},
            }
            return AddElement(kind="node", item=item | ({"parentId": parent} if parent else {}))
        node = chance.choice(graph.nodes)
        match chance.randrange(6):
            case 0:
                other = chance.choice(graph.nodes)
                item = {"id": self._new_id(), "source": node.id, "target": other.id}
                return AddElement(kind="edge", item=item)
            case 1 if len(graph.nodes) > 2:
                return RemoveElement(kind="node", id=node.id)
            case 2 if graph.edges:
                edge = chance.choice(graph.edges)
                return chance.choice(
                    [
                        RemoveElement(kind="edge", id=edge.id),
                        MoveElement(kind="edge", id=edge.id, before=chance.choice(graph.edges).id),
                        SetProperty(kind="edge", id=edge.id, path=("target",), value=node.id),
                    ]
                )
            case 3:
                path = ("data", chance.choice("ab"))
                if chance.random() < 0.3:
                    return UnsetProperty(kind="node", id=node.id, path=path)
                return SetProperty(kind="node", id=node.id, path=path, value=chance.randint(0, 3))
            case _:
                at = {"x": chance.randint(0, 500), "y": chance.randint(0, 500)}
                return SetProperty(kind="node", id=node.id, path=("position",), value=at)

    # ---------------------------------------------------------- connections

    def _open_view(self, client: str) -> None:
        up = LossyConnection(self._take, self.clock, self.chance, self.faults)
        view = ModelView(
            client, lambda message: up.send(message.model_dump_json(by_alias=True)), self.clock
        )

        def deliver(text: str) -> None:
            for message in _mail(text).messages:
                view.receive(message)

        self.up.append(up)
        self.down.append(LossyConnection(deliver, self.clock, self.chance, self.faults))
        self.views.append(view)

    def _take(self, text: str) -> None:
        self.end.receive(json.loads(text))

    def _broadcast(self, mail: KernelMail) -> None:
        text = mail.model_dump_json(by_alias=True)
        for wire in self.down:
            wire.send(text)

    def _reload(self, number: int) -> None:
        """Reload a page: what it had not sent is lost, and it becomes another client."""
        self.up[number].connected = self.down[number].connected = False
        self.views[number].close()
        for gone in (self.up, self.down, self.views):
            del gone[number]
        self._open_view(f"again{self._new_id()}")

    def _toggle_link(self, number: int, connected: bool | None = None) -> None:
        up, down = self.up[number], self.down[number]
        up.connected = down.connected = not up.connected if connected is None else connected
        if up.connected:
            self.views[number].reconnect()

    def _heal(self) -> None:
        """End all faults: messages arrive and connections come back."""
        self.faults.drop = self.faults.double = 0.0
        self.faults.delay = 0.01
        for number, wire in enumerate(self.up):
            if not wire.connected:
                self._toggle_link(number, connected=True)

    def _on_event(self, event: Event) -> None:
        assert isinstance(event, Commit)
        self.commits.append(event)
        self.end.committed(event)

    def _new_id(self) -> str:
        self._ids += 1
        return f"i{self._ids}"

    # --------------------------------------------------------------- checks

    def _check_convergence(self) -> None:
        for view in self.views:
            if view.pending:
                raise BrokenPropertyError(f"{view.client} still waits for {view.pending[0]}")
            if view.shown != self.store.graph or view.confirmed != self.store.graph:
                raise BrokenPropertyError(
                    f"{view.client} shows another document, at {view.rev} of {self.store.rev}"
                )

    def _check_exactly_once(self) -> None:
        applied = Counter(commit.source for commit in self.commits if commit.source is not None)
        twice = [request for request, count in applied.items() if count > 1]
        if twice:
            raise BrokenPropertyError(f"{twice[0]} was applied more than once")
        for view in self.views:
            both = view.acknowledged & view.refused
            if both:
                raise BrokenPropertyError(
                    f"{view.client} received two answers to request {min(both)}"
                )
            if view.acknowledged | view.refused != set(range(1, view.n + 1)):
                raise BrokenPropertyError(f"{view.client} did not get an answer to every request")
            wrong = [n for n in view.refused if applied[Request(view.client, n)]]
            if wrong:
                raise BrokenPropertyError(
                    f"request {wrong[0]} of {view.client} was refused and applied"
                )
        replayed = self.first
        for commit in self.commits:
            replayed, _ = apply(replayed, commit.batch)
        if replayed != self.store.graph:
            raise BrokenPropertyError("the batches sent do not make the document")

    def _check_history(self) -> None:
        while self.store.redo():
            pass
        last = self.store.graph
        while self.store.undo():
            pass
        if self.store.graph != self.first:
            raise BrokenPropertyError("undo all does not restore the first document")
        while self.store.redo():
            pass
        if self.store.graph != last:
            raise BrokenPropertyError("redo all does not restore the last document")
        self.clock.advance(SETTLE)
        self._check_convergence()
