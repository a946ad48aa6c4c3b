"""The run panel: what its buttons start and what it shows."""

import pytest
from ipywidgets import Button, Textarea

from kaizen_widgets.errors import RunError
from kaizen_widgets.stores import ExecutionStore
from kaizen_widgets.testing import fake_comms, find
from kaizen_widgets.widgets import RunPanel


class Desk:
    def __init__(self):
        self.execution = ExecutionStore()
        self.started = []
        self.cancelled = []
        self.panel = RunPanel(
            self.execution, start=self.start, cancel=lambda: self.cancelled.append(True)
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
def test_run_starts_with_what_was_typed(desk, typed, inputs):
    find(desk.panel, Textarea).value = typed
    desk.click("Run")
    assert desk.started == [inputs]


def test_inputs_that_begin_like_json_and_are_none_are_refused_in_words(desk):
    find(desk.panel, Textarea).value = '{"text": '
    desk.click("Run")
    assert desk.started == []
    assert "begin like JSON" in desk.panel.status.value


def test_why_a_run_cannot_start_is_shown(desk):
    def refuse(inputs):
        raise RunError('Agent "X" has no function.')

    panel = RunPanel(desk.execution, start=refuse, cancel=lambda: None)
    find(panel, Button, description="Run").click()
    assert "has no function" in panel.status.value


def test_while_it_runs_it_can_be_cancelled_and_not_started(desk):
    desk.execution.start_execution("r", {"a": "Ann", "b": "Bob"})
    desk.execution.update_node_status("a", "completed", preview="fine", seconds=0.5)
    assert find(desk.panel, Button, description="Run").disabled
    assert desk.panel.progress.value == 0.5
    desk.click("Cancel")
    assert desk.cancelled == [True]
    assert "1 waiting, 1 completed" in desk.panel.status.value


def test_results_and_log_are_text_and_no_markup(desk):
    desk.execution.start_execution("r", {"a": "<b>Ann</b>"})
    desk.execution.update_node_status("a", "completed", preview="<script>alert(1)</script>")
    desk.execution.add_log("<img src=x>", node="a")
    shown = desk.panel.results.value + desk.panel.lines.value
    assert "&lt;script&gt;" in shown
    assert not any(tag in shown for tag in ("<script", "<img", "<b>Ann"))


def test_a_long_log_shows_its_end_and_says_so(desk):
    desk.execution.start_execution("r", {"a": "Ann"})
    desk.execution.update_nodes({}, [{"label": "Ann", "text": f"line {n}"} for n in range(250)])
    assert "50 older lines" in desk.panel.lines.value
    assert "line 249" in desk.panel.lines.value
    assert "line 49\n" not in desk.panel.lines.value


def test_a_failed_run_says_which_node_and_why(desk):
    desk.execution.start_execution("r", {"a": "Ann"})
    desk.execution.update_node_status("a", "failed", error="ValueError: no")
    desk.execution.complete_execution("failed", message='"Ann" failed: ValueError: no')
    assert "failed: ValueError: no" in desk.panel.status.value
    assert 'role="alert"' in desk.panel.status.value


def test_a_closed_panel_listens_no_more(desk):
    desk.panel.close()
    desk.execution.start_execution("r", {"a": "Ann"})
    assert desk.execution._listening.entries == {}
    assert desk.panel.progress.value == 0
