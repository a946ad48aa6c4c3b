"""What is shown of a run, and when."""

import re
from datetime import timedelta

import pytest

from kaizen_widgets.engines import follow, start
from kaizen_widgets.stores import CanvasStore, ExecutionStore
from kaizen_widgets.testing import FakeClock, VirtualLoop, fake_comms
from kaizen_widgets.widgets import ExecutionPanel, throttle
from tests.engines.builders import pipeline


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
    assert "No run yet" in view.panel.results.empty
    assert "appear here" in view.panel.lines.value


def test_progress_and_elapsed_time_are_shown(view):
    view.begin(a="Ann", b="Bob")
    view.execution.update_node_status("a", "completed", preview="fine", seconds=0.5)
    view.drawn()
    assert view.panel.progress.value == 50
    assert "1 waiting</span>" in view.panel.status.value
    assert "1 done</span>" in view.panel.status.value
    view.clock.advance(70)
    assert "1 min 10 s" in view.panel.elapsed.value


def test_elapsed_time_stops_when_the_run_has_ended(view):
    view.begin(a="Ann")
    view.execution.set_result({"answer": 42})
    view.drawn()
    shown = view.panel.elapsed.value
    view.clock.advance(60)
    assert view.panel.elapsed.value == shown
    assert view.panel.detail.contents[0]["value"] == {"answer": 42}
    assert view.panel.progress.bar_style == "success"


def test_results_and_log_are_text_and_no_markup(view):
    view.begin(a="<b>Ann</b>")
    view.execution.update_node_status("a", "completed", preview="<script>alert(1)</script>")
    view.execution.add_log("<img src=x>", node_id="a")
    view.execution.set_result("<i>")
    view.drawn()
    shown = view.panel.lines.value + view.panel.bars.value + view.panel.status.value
    assert "&lt;b&gt;Ann" in shown
    assert not any(tag in shown for tag in ("<script", "<img", "<b>Ann", "<i>"))


def test_a_secret_in_a_result_is_hidden(view):
    view.begin()
    view.execution.set_result({"api_key": "canary-4711"})
    assert "canary" not in str(view.drawn().panel.detail.contents)


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


# ------------------------------------------------- values and selection


class Studio:
    """A store with nodes, a run of them, and the panel of both."""

    def __init__(self, **calls):
        self.store = CanvasStore()
        self.store.set_nodes(
            [
                {"id": label.lower(), "position": {"x": 0, "y": 0}, "data": {"label": label}}
                for label in ("Ann", "Bob")
            ]
        )
        self.clock = FakeClock()
        self.execution = ExecutionStore(now=self.clock.now)
        self.panel = ExecutionPanel(self.execution, canvas_store=self.store, clock=self.clock)
        self.execution.start_execution("r", {"ann": "Ann", "bob": "Bob"})

    def end(self, output, **results):
        for key in results:
            self.execution.update_node_status(key, "completed", preview="repr", seconds=0.31)
        self.execution.set_result(output, node_results=results)
        self.clock.advance(0.1)


@pytest.fixture
def studio():
    with fake_comms():
        yield Studio()


def test_a_value_is_a_sentence_in_the_table_and_itself_below_it(studio):
    studio.end("# Done", ann={"text": "There is a refund"}, bob=[1, 2])
    rows = studio.panel.results.shown_rows
    assert rows[0] == {"label": "Ann", "seconds": "310 ms", "line": "text: There is a refund"}
    assert studio.panel.detail.contents[0]["kind"] == "html"
    studio.panel.results.selected = ("bob",)
    assert studio.panel.detail.contents[0]["value"] == [1, 2]
    assert "Bob" in studio.panel.detail_title.value


def test_selecting_a_row_selects_its_node_and_the_other_way_round(studio):
    studio.end(None, ann=1, bob=2)
    studio.panel.results.selected = ("bob",)
    assert studio.store.selected_node_id == "bob"
    studio.store.set_selection("ann")
    assert studio.panel.results.selected == ("ann",)
    studio.store.set_selection(None)
    assert studio.panel.results.selected == ()


def test_a_node_selected_before_the_run_is_selected_in_it(studio):
    studio.store.set_selection("ann")
    studio.end(None, ann=1)
    assert studio.panel.results.selected == ("ann",)


def test_a_failed_run_shows_the_error_of_its_node(studio):
    studio.execution.update_node_status("bob", "failed", error="KeyError: 'x'")
    studio.execution.set_failed("Bob failed", node_id="bob")
    studio.clock.advance(0.1)
    assert studio.panel.detail.contents[0]["text"] == "KeyError: 'x'"


def test_the_exception_of_a_run_has_the_users_line():
    def bob():
        return {}["refunded_at"]

    loop = VirtualLoop(FakeClock())
    run = start(pipeline("bob"), loop=loop, clock=loop.clock, functions={"bob": bob})
    loop.settle()
    execution = ExecutionStore()
    follow(run, execution, loop.clock)
    with fake_comms():
        panel = ExecutionPanel(execution, run=lambda: run, clock=loop.clock)
        content = panel.detail.contents[0]
    loop.close()
    assert content["kind"] == "error"
    assert content["frames"][0]["name"] == "bob"


def test_what_is_not_drawn_yet_is_drawn_at_the_end_of_a_cell(view):
    view.begin(a="Ann")
    view.execution.set_result("fine")
    assert view.panel.progress.bar_style == ""
    throttle._draw_all()
    assert view.panel.progress.bar_style == "success"


def test_bars_of_the_waterfall_are_drawn_to_scale(view):
    view.begin(a="Ann", b="Bob")
    start = view.clock.now()
    view.execution.update_nodes(
        {
            "a": {
                "status": "completed",
                "started": (start).isoformat(),
                "ended": (start + timedelta(seconds=1)).isoformat(),
            },
            "b": {
                "status": "failed",
                "started": (start + timedelta(seconds=1)).isoformat(),
                "ended": (start + timedelta(seconds=4)).isoformat(),
            },
        }
    )
    view.drawn()
    # The run is as long as its last bar, and started when the first one did.
    widths = re.findall(r"left: ([0-9.]+)%; width: ([0-9.]+)%", view.panel.bars.value)
    assert [round(float(left)) for left, _ in widths] == [2, 27]
    assert [round(float(width)) for _, width in widths] == [24, 73]


@pytest.mark.parametrize("wrong", [None, "r", object()])
def test_what_is_no_execution_store_is_refused_with_the_way_out(wrong):
    with pytest.raises(TypeError, match=r"such as studio\.execution"):
        ExecutionPanel(wrong)
