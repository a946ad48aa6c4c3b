"""The run panel: what its buttons start and what it shows."""

import pytest
from ipywidgets import Button, Textarea

from kaizen_widgets.errors import RunError
from kaizen_widgets.stores import ExecutionStore
from kaizen_widgets.testing import FakeClock, fake_comms, find
from kaizen_widgets.widgets import ExecutionPanel, RunPanel


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
