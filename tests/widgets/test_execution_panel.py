"""What is shown of a run, and when."""

import pytest

from kaizen_widgets.stores import ExecutionStore
from kaizen_widgets.testing import FakeClock, fake_comms
from kaizen_widgets.widgets import ExecutionPanel


class View:
    def __init__(self):
        self.clock = FakeClock()
        self.execution = ExecutionStore(now=self.clock.now)
        self.panel = ExecutionPanel(self.execution, clock=self.clock)

    def begin(self, **nodes):
        self.execution.start_execution("r", nodes)
        return self.drawn()

    def drawn(self):
        self.clock.advance(0.1)
        return self


@pytest.fixture
def view():
    with fake_comms():
        yield View()


def test_empty_panel_says_that_nothing_ran(view):
    assert "Nothing ran yet" in view.panel.status.value
    assert "No run yet" in view.panel.results.value
    assert "appear here" in view.panel.lines.value


def test_progress_and_elapsed_time_are_shown(view):
    view.begin(a="Ann", b="Bob")
    view.execution.update_node_status("a", "completed", preview="fine", seconds=0.5)
    view.drawn()
    assert view.panel.progress.value == 50
    assert "1 waiting, 1 completed" in view.panel.status.value
    view.clock.advance(70)
    assert "50 % · 1 min 10 s" in view.panel.elapsed.value


def test_elapsed_time_stops_when_the_run_has_ended(view):
    view.begin(a="Ann")
    view.execution.set_result({"answer": 42})
    view.drawn()
    shown = view.panel.elapsed.value
    view.clock.advance(60)
    assert view.panel.elapsed.value == shown
    assert "answer" in view.panel.results.value
    assert view.panel.progress.bar_style == "success"


def test_results_and_log_are_text_and_no_markup(view):
    view.begin(a="<b>Ann</b>")
    view.execution.update_node_status("a", "completed", preview="<script>alert(1)</script>")
    view.execution.add_log("<img src=x>", node_id="a")
    view.execution.set_result("<i>")
    view.drawn()
    shown = view.panel.results.value + view.panel.lines.value
    assert "&lt;script&gt;" in shown
    assert not any(tag in shown for tag in ("<script", "<img", "<b>Ann", "<i>"))


def test_a_secret_in_a_result_is_hidden(view):
    view.begin()
    view.execution.set_result({"api_key": "canary-4711"})
    assert "canary" not in view.drawn().panel.results.value


def test_long_logs_show_their_end_and_the_number_of_older_lines(view):
    view.begin(a="Ann")
    lines = [{"node_id": "a", "message": f"line {n}"} for n in range(250)]
    view.execution.update_nodes({}, lines)
    shown = view.drawn().panel.lines.value
    assert "50 older lines" in shown
    assert "Ann  line 249" in shown
    assert "line 49\n" not in shown


def test_the_log_is_filtered_by_level_and_text(view):
    view.begin(a="Ann")
    view.execution.add_log("all is well", node_id="a")
    view.execution.add_log("no credit", level="error", node_id="a")
    view.drawn()
    view.panel.level.value = "warning"
    assert "no credit" in view.panel.lines.value
    assert "all is well" not in view.panel.lines.value
    view.panel.level.value = "debug"
    view.panel.search.value = "WELL"
    assert "no credit" not in view.panel.lines.value
    view.panel.search.value = "nothing like it"
    assert "No log line matches" in view.panel.lines.value


def test_failed_runs_show_the_node_and_the_error(view):
    view.begin(a="Ann")
    view.execution.update_node_status("a", "failed", error="ValueError: no")
    view.execution.set_failed('"Ann" failed: ValueError: no', node_id="a")
    view.drawn()
    assert "failed: ValueError: no" in view.panel.status.value
    assert 'role="alert"' in view.panel.status.value
    assert "error: Ann  " in view.panel.lines.value


def test_a_thousand_changes_are_few_drawings(view, monkeypatch):
    view.begin(a="Ann")
    drawn = []
    view.panel.lines.observe(drawn.append, names="value")
    for number in range(1000):
        view.execution.add_log(f"line {number}")
    view.clock.advance(1)
    assert len(drawn) == 1


def test_closing_the_panel_unsubscribes(view):
    view.panel.close()
    view.begin(a="Ann")
    view.execution.set_progress(50)
    view.clock.advance(5)
    assert view.execution.listener_count == 0
    assert view.panel.progress.value == 0


def test_drawing_errors_are_logged_and_the_next_drawing_works(view, monkeypatch, caplog):
    monkeypatch.setattr(view.panel, "_draw_log", lambda state: 1 / 0)
    view.begin(a="Ann")
    assert "could not be drawn" in caplog.text
    monkeypatch.undo()
    view.execution.set_progress(50)
    assert view.drawn().panel.progress.value == 50


@pytest.mark.parametrize("wrong", [None, "r", object()])
def test_what_is_no_execution_store_is_refused_with_the_way_out(wrong):
    with pytest.raises(TypeError, match=r"such as studio\.execution"):
        ExecutionPanel(wrong)
