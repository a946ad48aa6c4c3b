"""Marks of a comparison on the canvas."""

from __future__ import annotations

import itertools

import pytest

from kaizen_widgets.engines import Run
from kaizen_widgets.errors import RunError
from kaizen_widgets.nodes import Functions, default_registry
from kaizen_widgets.runs import Runner
from kaizen_widgets.stores import CanvasStore
from kaizen_widgets.studio.node_marks import NodeMarks
from kaizen_widgets.testing import FakeClock, VirtualLoop
from tests.engines.builders import pipeline

LINE = pipeline("start > a > b > end")
CHANGED = {"difference": "changed"}


class Bench:
    """The marks of a canvas whose runs are on a virtual loop."""

    def __init__(self) -> None:
        ids = itertools.count(1)
        self.loop = VirtualLoop(FakeClock())
        self.store = CanvasStore()
        self.store.load_pipeline(LINE, id="p")
        self.functions = Functions({"a": lambda value: "a", "b": lambda value: f"b of {value}"})
        self.runner = Runner(
            self.functions,
            default_registry(),
            loop=self.loop,
            clock=self.loop.clock,
            new_id=lambda: f"run-{next(ids)}",
        )
        self.runner.graph = lambda: (self.store.graph, self.store.pipeline_id)
        self.marks = {}
        self.node_marks = NodeMarks(
            self.store,
            self.functions,
            self.runner,
            clock=self.loop.clock,
            in_background=lambda work: work(),
            show=self._show,
        )

    def run(self) -> Run:
        self.loop.advance(1)
        run = self.runner.run({"text": "t"})
        self.node_marks.follow(run)
        self.loop.settle()
        return run

    def two_runs(self) -> tuple[Run, Run]:
        before = self.run()
        self.functions.register("b", lambda value: "other")
        return before, self.run()

    def differences(self) -> set[str]:
        return {key for key, mark in self.marks.items() if mark.get("difference") == "changed"}

    def _show(self, marks) -> None:
        self.marks = {key: dict(mark) for key, mark in marks.items()}


@pytest.fixture
def bench():
    made = Bench()
    yield made
    made.node_marks.close()
    made.loop.close()


def test_nodes_whose_output_differs_are_marked_until_it_is_hidden(bench):
    before, after = bench.two_runs()
    bench.node_marks.show_comparison(after.compare(before))
    assert bench.marks == {"b": CHANGED, "end": CHANGED}
    bench.loop.advance(1)
    assert bench.differences() == {"b", "end"}
    bench.node_marks.hide_comparison()
    assert bench.marks == {}


def test_marks_of_a_comparison_stand_beside_others(bench):
    before, after = bench.two_runs()
    bench.runner.pin("b")
    bench.node_marks.show_comparison(after.compare(before))
    assert bench.marks["b"] == {"mark": "pinned", "difference": "changed"}


def test_the_next_run_hides_a_comparison(bench):
    before, after = bench.two_runs()
    bench.node_marks.show_comparison(after.compare(before))
    bench.run()
    assert bench.differences() == set()


def test_a_comparison_of_another_pipeline_is_not_shown(bench):
    before, after = bench.two_runs()
    comparison = after.compare(before)
    bench.node_marks.show_comparison(comparison)
    bench.store.load_pipeline(LINE, id="other")
    bench.loop.advance(1)
    assert bench.differences() == set()
    with pytest.raises(RunError, match="another pipeline"):
        bench.node_marks.show_comparison(comparison)


def test_what_is_no_comparison_is_refused(bench):
    with pytest.raises(RunError, match="not a Run"):
        bench.node_marks.show_comparison(bench.run())
