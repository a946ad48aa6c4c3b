"""A kernel end, views, and a wire between them whose faults a test chooses; all on a virtual clock."""

from __future__ import annotations

import json
import random
from collections.abc import Callable

from kaizen_widgets.graph import Batch, Graph, Node, SetProperty
from kaizen_widgets.stores import CanvasStore, Commit, Replaced
from kaizen_widgets.sync.canvas import KernelEnd, Outbox
from kaizen_widgets.sync.canvas.messages import KernelMail
from kaizen_widgets.testing import FakeClock
from tests.simulate.view import ModelView
from tests.simulate.wire import Faults, LossyConnection

WITHIN = 5.0
"""Virtual seconds after the last fault within which every view equals the kernel."""


def label(node: str, text: str) -> Batch:
    """Return the batch that names a node."""
    return (SetProperty(kind="node", id=node, path=("data", "label"), value=text),)


def move(node: str, x: float) -> Batch:
    """Return the batch that moves a node."""
    return (SetProperty(kind="node", id=node, path=("position",), value={"x": x, "y": 0}),)


class Desk:
    """One kernel and some views.

    Args:
        views: How many.
        faults: What both directions of the wire do to messages.
        seed: Of the faults.
    """

    def __init__(self, views: int = 1, faults: Faults | None = None, seed: int = 0) -> None:
        self.clock = FakeClock()
        self.chance = random.Random(seed)
        self.faults = faults or Faults()
        self.store = CanvasStore(
            Graph(
                [Node("a", (0, 0), data={"label": "A"}), Node("b", (100, 0), data={"label": "B"})]
            ),
            now=self.clock.now,
        )
        self.views: list[ModelView] = []
        self.down: list[LossyConnection] = []
        self.mails = 0
        self.lost_from = float("inf")
        """From which mail on the kernel's mails are lost."""
        self.outbox = Outbox(self._broadcast, lambda: self.end.heartbeat(), self.clock)
        self.end = KernelEnd(self.store, self.outbox.post)
        self.store.on_event(self._heard)
        for number in range(views):
            self.open(f"view{number}")

    def open(self, client: str) -> ModelView:
        """Open a view."""
        up = LossyConnection(self._arrive, self.clock, self.chance, self.faults)
        view = ModelView(
            client, lambda message: up.send(message.model_dump_json(by_alias=True)), self.clock
        )
        self.views.append(view)
        self.down.append(LossyConnection(self._read(view), self.clock, self.chance, self.faults))
        return view

    def settle(self, seconds: float = WITHIN) -> None:
        """Let time pass without faults."""
        self.faults.drop = self.faults.double = 0.0
        self.faults.delay = 0.01
        self.clock.advance(seconds)

    def differing(self) -> list[str]:
        """Return the views that do not show what the kernel has."""
        return [view.client for view in self.views if view.shown != self.store.graph]

    def _heard(self, event: Commit | Replaced) -> None:
        if isinstance(event, Commit):
            self.end.committed(event)

    def _broadcast(self, mail: KernelMail) -> None:
        self.mails += 1
        if self.mails < self.lost_from:
            for wire in self.down:
                wire.send(mail.model_dump_json(by_alias=True))

    def _arrive(self, text: str) -> None:
        self.end.receive(json.loads(text))

    @staticmethod
    def _read(view: ModelView) -> Callable[[str], None]:
        def read(text: str) -> None:
            for message in KernelMail.model_validate_json(text).messages:
                view.receive(message)

        return read
