"""Connections between ports of types that do not fit are refused, by hand and from Python."""

from __future__ import annotations

from typing import Any

import pytest

from kaizen_widgets import Canvas, Kind, Look, Task
from kaizen_widgets.errors import InvalidConnectionError
from kaizen_widgets.graph import Graph
from kaizen_widgets.nodes import Port, default_registry, node
from kaizen_widgets.testing import FakeClock, fake_comms


@node
def count(text: str) -> int:
    return len(text)


@node
def shout(text: str, mark: str = "!") -> str:
    return text.upper() + mark


NODES: list[dict[str, Any]] = [
    {"id": name, "type": name[:-1], "position": {"x": 0, "y": 0}, "data": {}}
    for name in ("count1", "shout1", "shout2", "agent1")
]
MISFIT = {"id": "old", "source": "count1", "target": "shout1", "targetHandle": "text"}
SENTENCE = "The output gives a number, and the input takes text."


@pytest.fixture
def canvas():
    registry = default_registry()
    for kind in (count, shout):
        registry.register(kind)
    with fake_comms():
        yield Canvas(nodes=NODES, registry=registry)


def push(canvas: Canvas, *batch: dict[str, Any], n: int = 1) -> list[dict[str, Any]]:
    """Send a batch as a view does, and return the kernel's refusals."""
    epoch = canvas.store.epoch
    message = {"kind": "push", "client": "page", "epoch": epoch, "n": n, "baseRev": 0}
    canvas._receive({**message, "batch": list(batch)})
    found = canvas._end.snapshot("page").refusals
    return [refusal.problem.model_dump() for refusal in found]


def test_connect_refuses_ports_that_do_not_fit(canvas):
    with pytest.raises(InvalidConnectionError, match=SENTENCE):
        canvas.store.connect("count1", "shout1", target_handle="text")
    assert canvas.graph.edge_count == 0
    assert canvas.store.connect("shout1", "shout2", target_handle="mark") is not None
    assert canvas.store.connect("count1", "agent1") is not None


def test_edge_pushed_by_a_view_is_refused_with_the_reason(canvas):
    add = {"op": "add", "kind": "edge", "item": MISFIT, "before": None}
    [problem] = push(canvas, add)
    assert problem["message"] == SENTENCE
    assert canvas.graph.edge_count == 0


def test_edge_that_a_view_moves_to_a_port_that_does_not_fit_is_refused(canvas):
    canvas.store.connect("count1", "agent1", id="e")
    [problem] = push(
        canvas,
        {"op": "set", "kind": "edge", "id": "e", "path": ["target"], "value": "shout1"},
        {"op": "set", "kind": "edge", "id": "e", "path": ["targetHandle"], "value": "mark"},
    )
    assert problem["message"] == SENTENCE
    assert canvas.graph.edge("e").target == "agent1"


def test_old_edges_that_do_not_fit_open_and_come_back_by_undo(canvas):
    canvas.store.load_pipeline(Graph.from_json({"nodes": NODES, "edges": [MISFIT]}))
    assert canvas.graph.has_edge("old")
    canvas.store.delete_node("count1")
    assert canvas.store.undo()
    assert canvas.graph.has_edge("old")


def test_closed_canvas_checks_no_connection_any_more(canvas):
    canvas.close()
    assert canvas.store.connect("count1", "shout1", target_handle="text") is not None


def test_open_view_gets_a_kind_as_soon_as_it_is_registered():
    class Whisper(Kind):
        look = Look(
            type="whisper",
            title="Whisper",
            description="Quiet.",
            outputs=(Port("output", "", "text"),),
        )

        async def run(self, task: Task) -> str:
            return task.text.lower()

    clock = FakeClock()
    with fake_comms() as comms:
        canvas = Canvas(nodes=NODES, clock=clock)
        comm = comms.of(canvas)
        comm.deliver_custom({"kind": "hello", "client": "page"})
        canvas.registry.register(Whisper)
        clock.advance(1)
        mails = [message for mail in comm.custom for message in mail["messages"]]
        newest = [message for message in mails if message["kind"] == "snapshot"][-1]
    kind = next(kind for kind in newest["kinds"] if kind["type"] == "whisper")
    assert kind["outputs"] == [{"id": "output", "label": "", "type": "text"}]
