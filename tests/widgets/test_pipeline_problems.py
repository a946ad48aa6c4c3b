"""What keeps a pipeline from running is reported by node while it is edited."""

from __future__ import annotations

from typing import Any

import pytest

from kaizen_widgets.graph import Edge, Graph, Node
from kaizen_widgets.nodes import Functions, Kind, Look, Task, default_registry, node
from kaizen_widgets.stores import CanvasStore
from kaizen_widgets.testing import FakeClock
from kaizen_widgets.widgets.pipeline_problems import DELAY, PipelineProblems


@node
def count(text: str) -> int:
    return len(text)


@node
def shout(text: str) -> str:
    return text.upper()


class Rig:
    def __init__(self, *edges: tuple[str, str]) -> None:
        nodes = [
            Node(name, type=name, data={"label": name.title()})
            for name in ("count", "shout", "ghost")
        ]
        made = [Edge(f"e{place}", a, b) for place, (a, b) in enumerate(edges)]
        self.store = CanvasStore(Graph(nodes[:2], made))
        self.ghost = nodes[2]
        self.clock = FakeClock()
        self.registry = default_registry()
        for kind in (count, shout):
            self.registry.register(kind)
        self.functions = Functions()
        self.shown: list[Any] = []
        self.problems = PipelineProblems(
            self.store, self.registry, self.functions, clock=self.clock, show=self.shown.append
        )


def test_edge_that_does_not_fit_is_reported_at_its_target_and_gone_once_removed():
    rig = Rig(("count", "shout"))
    assert rig.shown == []
    rig.clock.advance(DELAY)
    [facts] = rig.shown
    assert facts["shout"]["hint"] == (
        'The edge from "Count" to "Shout" does not fit. The output gives a number, and the input takes text.'
    )
    rig.store.set_edges([])
    rig.clock.advance(DELAY)
    assert rig.shown[-1] == {}


def test_unknown_kind_is_reported_until_it_is_registered():
    rig = Rig()
    rig.store.add_node(rig.ghost)
    rig.clock.advance(DELAY)
    assert rig.shown == [
        {
            "ghost": {
                "problem": "The kind 'ghost', which is not registered",
                "hint": "Ghost \"Ghost\" has the kind 'ghost', which is not registered.",
            }
        }
    ]

    class Ghost(Kind):
        look = Look(type="ghost", title="Ghost", description="")

        async def run(self, task: Task) -> None: ...

    rig.registry.register(Ghost)
    rig.clock.advance(DELAY)
    assert rig.shown[-1] == {}


def test_edits_without_a_pause_are_checked_once():
    rig = Rig(("count", "shout"))
    for x in range(5):
        rig.store.add_node(type="agent", position={"x": x, "y": 0})
    rig.clock.advance(DELAY)
    assert len(rig.shown) == 1


def test_closed_problems_check_nothing_any_more():
    rig = Rig(("count", "shout"))
    rig.problems.close()
    rig.store.set_edges([])
    rig.clock.advance(1)
    assert rig.shown == []


@pytest.mark.parametrize("count_of_nodes", [2001])
def test_large_pipelines_are_not_checked_while_they_are_edited(count_of_nodes):
    rig = Rig()
    rig.store.set_nodes([Node(f"n{i}", type="ghost") for i in range(count_of_nodes)])
    rig.clock.advance(DELAY)
    assert rig.shown == []
