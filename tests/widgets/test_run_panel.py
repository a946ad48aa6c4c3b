"""The run panel: what its buttons start and what it shows."""

from collections.abc import Iterator
from typing import Any

import pytest
from ipywidgets import Button, Textarea

from kaizen_widgets.engines import Run, follow, start
from kaizen_widgets.errors import RunError
from kaizen_widgets.graph import Graph, Node
from kaizen_widgets.stores import CanvasStore, ExecutionStore
from kaizen_widgets.testing import FakeClock, VirtualLoop, fake_comms, find, find_all
from kaizen_widgets.widgets import ExecutionPanel, RunPanel
from kaizen_widgets.widgets.run_inputs_form import RunInputsForm
from tests.engines.builders import pipeline


class Desk:
    def __init__(self):
        self.execution = ExecutionStore()
        self.started = []
        self.cancelled = []
        self.panel = RunPanel(
            self.execution,
            start=self.start,
            cancel=lambda: self.cancelled.append(True),
            clock=FakeClock(),
        )

    def start(self, inputs):
        self.started.append(inputs)

    def click(self, description):
        find(self.panel, Button, description=description).click()


@pytest.fixture
def desk():
    with fake_comms():
        yield Desk()


@pytest.mark.parametrize(
    ("typed", "inputs"),
    [
        ("", {}),
        ("a wrong invoice", {"text": "a wrong invoice"}),
        ('{"text": "x", "n": 2}', {"text": "x", "n": 2}),
    ],
)
def test_run_starts_with_the_typed_inputs(desk, typed, inputs):
    find(desk.panel, Textarea).value = typed
    desk.click("Run")
    assert desk.started == [inputs]


def asking(**defaults: Any) -> CanvasStore:
    node = Node("start", (0, 0), type="input", data={"config": {"defaults": defaults}})
    return CanvasStore(Graph([node]))


def test_input_nodes_make_the_fields_of_the_inputs(desk):
    store = asking(text="hello", count=3, exact=True, rows=[1])
    started = []
    panel = RunPanel(
        desk.execution,
        start=started.append,
        cancel=lambda: None,
        canvas_store=store,
        clock=FakeClock(),
    )
    form = find(panel, RunInputsForm)
    find(panel, Button, description="Run").click()
    assert started.pop() == {"text": "hello", "count": 3, "exact": True, "rows": [1]}
    for name, value in {"text": "", "count": 2.5, "exact": False, "rows": '{"a": 1}'}.items():
        form.fields[name].value = value
    find(panel, Button, description="Run").click()
    assert started.pop() == {"count": 2.5, "exact": False, "rows": {"a": 1}}
    form.fields["rows"].value = "{"
    find(panel, Button, description="Run").click()
    assert started == []
    assert "rows is not valid JSON" in panel.problem.value


def test_fields_follow_the_pipeline_and_keep_what_was_typed(desk):
    store = asking(text="hello", count=3)
    form = RunInputsForm(store)
    form.fields["text"].value = "typed"
    store.update_node_data("start", {"config": {"defaults": {"text": "hello", "tone": "kind"}}})
    assert form.read() == {"text": "typed", "tone": "kind"}
    store.add_node(id="other", position=(0, 0), type="input", data={})
    assert form.read() == {"text": "typed", "tone": "kind"}
    store.remove_all()
    assert form.read() == {}
    assert "no inputs" in form.children[0].value
    form.close()
    assert store.listener_count == 0


def test_input_node_without_defaults_asks_for_a_text_in_the_panel(desk):
    form = RunInputsForm(asking())
    assert form.read() == {}
    form.fields["text"].value = "an invoice"
    assert form.read() == {"text": "an invoice"}


def test_where_another_place_starts_runs_there_is_neither_form_nor_button(desk):
    panel = RunPanel(desk.execution, start=None, cancel=lambda: None, clock=FakeClock())
    assert panel.inputs is None
    assert panel.run_button not in find_all(panel, Button)


def test_inputs_that_look_like_json_and_cannot_be_read_are_refused(desk):
    find(desk.panel, Textarea).value = '{"text": '
    desk.click("Run")
    assert desk.started == []
    assert "look like JSON" in desk.panel.problem.value


def test_reasons_against_a_run_are_shown(desk):
    def refuse(inputs):
        raise RunError('Agent "X" has no function.')

    panel = RunPanel(desk.execution, start=refuse, cancel=lambda: None, clock=FakeClock())
    find(panel, Button, description="Run").click()
    assert "has no function" in panel.problem.value


def test_buttons_allow_cancel_during_a_run_and_run_otherwise(desk):
    desk.execution.start_execution("r", {"a": "Ann"})
    assert find(desk.panel, Button, description="Run").disabled
    desk.click("Cancel")
    assert desk.cancelled == [True]
    desk.execution.cancel()
    assert not find(desk.panel, Button, description="Run").disabled
    assert find(desk.panel, Button, description="Cancel").disabled


def test_cancel_says_that_it_is_cancelling_until_the_run_has_ended(desk):
    desk.execution.start_execution("r", {"a": "Ann"})
    cancel = find(desk.panel, Button, description="Cancel")
    cancel.click()
    desk.execution.set_running("Cancelling…")
    assert (cancel.description, cancel.disabled) == ("Cancelling…", True)
    desk.execution.cancel()
    assert (cancel.description, cancel.disabled) == ("Cancel", True)
    desk.execution.start_execution("s", {"a": "Ann"})
    assert (cancel.description, cancel.disabled) == ("Cancel", False)


def test_starting_a_run_clears_the_problem(desk):
    find(desk.panel, Textarea).value = "{"
    desk.click("Run")
    desk.execution.start_execution("r")
    assert desk.panel.problem.value == ""


def test_the_run_is_shown_by_an_execution_panel(desk):
    assert isinstance(desk.panel.execution, ExecutionPanel)
    assert find(desk.panel, ExecutionPanel) is desk.panel.execution


def test_closing_the_panel_unsubscribes(desk):
    desk.panel.close()
    desk.execution.start_execution("r", {"a": "Ann"})
    assert desk.execution.listener_count == 0
    assert desk.panel.execution.progress.value == 0


# ------------------------------------------------ again, earlier, compare


class Runs:
    """Runs of one pipeline, newest first, in a panel."""

    def __init__(self, loop: VirtualLoop) -> None:
        self.loop = loop
        self.history: list[Run] = []
        self.again: list[tuple[Run, str | None]] = []
        self.execution = ExecutionStore(now=loop.clock.now)
        self.panel = RunPanel(
            self.execution,
            start=lambda inputs: None,
            cancel=lambda: None,
            run=lambda: self.history[0] if self.history else None,
            history=lambda: self.history,
            rerun=lambda run, node_id: self.again.append((run, node_id)),
            clock=loop.clock,
        )

    def run(self, value: str, function=None) -> Run:
        self.loop.advance(60)
        run = start(
            pipeline("start > ann > bob"),
            {"text": value},
            loop=self.loop,
            clock=self.loop.clock,
            new_id=lambda: f"run-{len(self.history)}",
            functions={"ann": function or (lambda text: f"ann {text}"), "bob": lambda v: "done"},
        )
        self.history.insert(0, run)
        follow(run, self.execution, self.loop.clock)
        self.loop.settle()
        self.loop.advance(1)
        return run


@pytest.fixture
def runs() -> Iterator[Runs]:
    loop = VirtualLoop(FakeClock())
    with fake_comms():
        yield Runs(loop)
    loop.close()


def test_before_the_first_run_nothing_can_be_repeated_or_compared(runs):
    for part in (runs.panel.again_button, runs.panel.runs, runs.panel.compare):
        assert part.layout.display == "none"


def test_a_run_is_repeated_from_the_selected_node(runs):
    run = runs.run("x")
    assert runs.panel.again_button.description == "Run again"
    runs.panel.execution.results.selected = ("ann",)
    assert runs.panel.again_button.description == "Run again from ann"
    runs.panel.again_button.click()
    assert runs.again == [(run, "ann")]


def test_a_failed_run_is_repeated_from_the_node_that_failed(runs):
    run = runs.run("x", lambda text: 1 / 0)
    assert runs.panel.again_button.description == "Run again from ann"
    runs.panel.again_button.click()
    assert runs.again == [(run, "ann")]


def test_why_a_run_cannot_be_repeated_is_shown(runs):
    runs.run("x")

    def refuse(run, node_id):
        raise RunError("<It cannot.>")

    runs.panel._rerun = refuse
    runs.panel.again_button.click()
    assert "&lt;It cannot.&gt;" in runs.panel.problem.value


def test_an_earlier_run_is_chosen_and_a_new_one_takes_its_place(runs):
    first, second = runs.run("x"), runs.run("y")
    assert [value for _, value in runs.panel.runs.options] == ["run-1", "run-0"]
    assert runs.panel.runs.value == second.id
    runs.panel.runs.value = first.id
    assert runs.panel.execution.shown_run is first
    assert runs.panel.execution.results.shown_rows[1]["line"] == "ann x"
    third = runs.run("z")
    assert runs.panel.execution.shown_run is third
    assert runs.panel.runs.value == third.id
    assert runs.panel.execution.results.shown_rows[1]["line"] == "ann z"


def test_two_runs_are_compared_node_by_node(runs):
    first = runs.run("x")
    runs.run("y")
    panel = runs.panel
    assert [value for _, value in panel.compare.options] == ["", first.id]
    panel.compare.value = first.id
    assert panel.comparison.layout.display == ""
    rows = panel.comparison.rows.shown_rows
    changes = [record["change"] for record in panel.comparison.rows.records]
    assert changes == ["Output changed", "Output changed", "Same"]
    assert (rows[1]["before"], rows[1]["after"]) == ("ann x", "ann y")
    assert "2 of 3 nodes differ." in panel.comparison.head.value
    panel.comparison.rows.selected = ("ann",)
    assert panel.comparison.before.contents[0]["text"] == "ann x"
    assert panel.comparison.after.contents[0]["text"] == "ann y"
    assert panel.execution.results.selected == ("ann",)
    runs.run("z")
    assert panel.comparison.layout.display == "none"
    assert panel.compare.value == ""
