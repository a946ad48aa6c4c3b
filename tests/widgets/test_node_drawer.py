"""The drawer of an edge that leads back: how often its loop runs."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from kaizen_widgets.graph import Edge, Graph, Node, SetProperty, UnsetProperty
from kaizen_widgets.stores import ExecutionStore
from kaizen_widgets.testing import FakeClock, fake_comms
from kaizen_widgets.testing.fake_comm import FakeComms
from kaizen_widgets.widgets import Canvas, NodeForm
from kaizen_widgets.widgets.loop_editor import leads_back
from kaizen_widgets.widgets.node_drawer import NodeDrawer
from tests.widgets.form_view import FormView


@pytest.fixture
def comms() -> Iterator[FakeComms]:
    with fake_comms() as opened:
        yield opened


class Bench:
    """A draft and a check, with an edge back, and the drawer beside them."""

    def __init__(self, comms: FakeComms, count: int | None = None) -> None:
        self.comms = comms
        nodes = [Node("draft", type="agent"), Node("check", type="router")]
        data = {} if count is None else {"maxIterations": count}
        edges = [Edge("on", "draft", "check"), Edge("back", "check", "draft", data=data)]
        clock = FakeClock()
        self.canvas = Canvas(Graph(nodes, edges), clock=clock)
        self.store = self.canvas.store
        self.drawer = NodeDrawer(
            self.canvas,
            lambda: NodeForm(self.canvas),
            ExecutionStore(),
            run=lambda: None,
            clock=clock,
        )

    def view(self) -> FormView:
        assert self.drawer.loop is not None
        return FormView(self.comms, self.drawer, self.drawer.loop.area)  # type: ignore[arg-type]

    @property
    def count(self) -> object:
        return self.store.graph.edge("back").data.get("maxIterations")

    @property
    def tabs(self) -> list[str]:
        assert self.drawer._parts is not None
        return [one["name"] for one in self.drawer._parts.tabs.tabs]


def test_iterations_of_an_edge_that_leads_back_are_set_as_one_step(comms: FakeComms):
    bench = Bench(comms)
    bench.canvas.selected = ("back",)
    assert bench.tabs == ["value", "loop"]
    view = bench.view()
    view.type("/max_iterations", "4")
    view.blur("/max_iterations")
    assert bench.count == 4
    assert bench.store.history.undo_label == "set the iterations of a loop"
    bench.store.undo()
    view.follow()
    assert bench.count is None
    assert not view.value("/max_iterations")


def test_empty_number_of_iterations_makes_it_no_loop(comms: FakeComms):
    bench = Bench(comms, count=3)
    bench.canvas.selected = ("back",)
    view = bench.view()
    assert view.value("/max_iterations") == "3"
    view.type("/max_iterations", None)
    view.blur("/max_iterations")
    assert "maxIterations" not in bench.store.graph.edge("back").data


@pytest.mark.parametrize("wrong", ["0", "10001", "2.5", "often"])
def test_wrong_number_of_iterations_is_shown_under_its_field(comms: FakeComms, wrong: str):
    bench = Bench(comms, count=3)
    bench.canvas.selected = ("back",)
    view = bench.view()
    view.type("/max_iterations", wrong)
    view.blur("/max_iterations")
    assert view.errors("/max_iterations")
    assert bench.count == 3


def set_iterations(bench: Bench, edge_id: str, count: int) -> None:
    """Set them as somebody else does."""
    path = ("data", "maxIterations")
    bench.store.commit((SetProperty(kind="edge", id=edge_id, path=path, value=count),))


def test_number_set_by_someone_else_is_shown(comms: FakeComms):
    bench = Bench(comms, count=3)
    bench.canvas.selected = ("back",)
    view = bench.view()
    set_iterations(bench, "back", 7)
    view.follow()
    assert view.value("/max_iterations") == "7"


def test_edge_that_leads_forward_has_no_loop_until_it_closes_a_circle(comms: FakeComms):
    bench = Bench(comms, count=3)
    assert leads_back(bench.store.graph, bench.store.graph.edge("back"))
    bench.canvas.selected = ("on",)
    assert bench.tabs == ["value"]
    assert bench.drawer.loop is None
    path = ("data", "maxIterations")
    bench.store.commit((UnsetProperty(kind="edge", id="back", path=path),))
    assert bench.tabs == ["value", "loop"]
    assert bench.view().value("/max_iterations") in (None, "")


def test_form_of_a_loop_commits_what_was_typed_when_the_drawer_closes(comms: FakeComms):
    bench = Bench(comms, count=3)
    bench.canvas.selected = ("back",)
    bench.view().type("/max_iterations", "5")
    bench.drawer.dismiss()
    assert bench.count == 5
    assert bench.drawer.loop is None
    bench.drawer.close()
