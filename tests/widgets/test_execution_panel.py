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
    assert "appear here" in view.panel.run_log.lines.value


def test_progress_and_elapsed_time_are_shown(view):
    view.begin(a="Ann", b="Bob")
    view.execution.update_node_status("a", "completed", preview="fine", seconds=0.5)
    view.drawn()
    assert view.panel.progress.value == 50
    assert "1 queued</span>" in view.panel.status.value
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
    shown = view.panel.run_log.lines.value + view.panel.bars.value + view.panel.status.value
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
    shown = view.drawn().panel.run_log.lines.value
    assert view.panel.run_log.older.description == "Show older (50)"
    assert "Ann  line 249" in shown
    assert "line 49\n" not in shown
    view.panel.run_log.older.click()
    assert "Ann  line 0\n" in view.panel.run_log.lines.value
    assert view.panel.run_log.older.layout.display == "none"


def test_the_log_is_filtered_by_level_and_text(view):
    view.begin(a="Ann")
    view.execution.add_log("all is well", node_id="a")
    view.execution.add_log("no credit", level="error", node_id="a")
    view.drawn()
    view.panel.run_log.level.value = "warning"
    assert "no credit" in view.panel.run_log.lines.value
    assert "all is well" not in view.panel.run_log.lines.value
    view.panel.run_log.level.value = "debug"
    view.panel.run_log.search.value = "WELL"
    assert "no credit" not in view.panel.run_log.lines.value
    view.panel.run_log.search.value = "nothing like it"
    assert "No log line matches" in view.panel.run_log.lines.value


def test_failed_runs_show_the_node_and_the_error(view):
    view.begin(a="Ann")
    view.execution.update_node_status("a", "failed", error="ValueError: no")
    view.execution.set_failed('"Ann" failed: ValueError: no', node_id="a")
    view.drawn()
    assert "failed: ValueError: no" in view.panel.status.value
    assert 'role="alert"' in view.panel.status.value
    assert "error: Ann  " in view.panel.run_log.lines.value


def test_a_thousand_changes_are_few_drawings(view, monkeypatch):
    view.begin(a="Ann")
    drawn = []
    view.panel.run_log.lines.observe(drawn.append, names="value")
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
    monkeypatch.setattr(view.panel.run_log, "draw", lambda state: 1 / 0)
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


def test_the_log_follows_the_selected_node(studio):
    studio.execution.add_log("from ann", node_id="ann")
    studio.execution.add_log("from bob", node_id="bob")
    studio.end(None, ann=1, bob=2)
    log = studio.panel.run_log
    studio.store.set_selection("bob")
    assert log.node.value == "bob"
    assert "from bob" in log.lines.value
    assert "from ann" not in log.lines.value
    log.node.value = ""
    assert "from ann" in log.lines.value
    studio.store.set_selection("ann")
    assert "from bob" not in log.lines.value
    studio.store.set_selection(None)
    assert log.node.value == ""
    assert "from bob" in log.lines.value


def test_new_nodes_in_the_log_filter_keep_the_chosen_one(studio):
    studio.end(None, ann=1)
    studio.panel.run_log.node.value = "ann"
    studio.execution.start_execution("s", {"ann": "Ann", "eve": "Eve"})
    studio.clock.advance(0.1)
    assert studio.panel.run_log.node.value == "ann"
    assert ("Eve", "eve") in studio.panel.run_log.node.options


# -------------------------------------------------- earlier runs, approval


@pytest.fixture
def virtual():
    loop = VirtualLoop(FakeClock())
    yield loop
    loop.close()


def begin(loop, graph, inputs, **options):
    ids = iter(options.pop("ids", ("r1",)))
    run = start(graph, inputs, loop=loop, clock=loop.clock, new_id=lambda: next(ids), **options)
    loop.settle()
    return run


def test_an_earlier_run_is_shown_at_its_own_time_and_the_newest_again(virtual):
    graph = pipeline("start > a")
    first = begin(virtual, graph, {"n": 1}, functions={"a": lambda v: "one"})
    virtual.advance(60)
    last = begin(virtual, graph, {"n": 2}, functions={"a": lambda v: "two"}, ids=("r2",))
    execution = ExecutionStore(now=virtual.clock.now)
    follow(last, execution, virtual.clock)
    with fake_comms():
        panel = ExecutionPanel(execution, run=lambda: last, clock=virtual.clock)
        assert panel.detail.contents[0]["text"] == "two"
        panel.show_run(first)
        assert panel.shown_run is first
        assert panel.detail.contents[0]["text"] == "one"
        assert "0 ms" in panel.elapsed.value
        assert "left: 0.00%" in panel.bars.value
        execution.add_log("of the newest run")
        virtual.advance(1)
        assert "newest" not in panel.run_log.lines.value
        panel.show_run(last)
        assert panel.shown_run is last
        assert "newest" in panel.run_log.lines.value
        panel.close()


def test_a_question_is_answered_in_the_panel(virtual):
    graph = pipeline(
        "start > check > end",
        kinds={"check": "approval"},
        check={"question": "Send <b>{{ text }}</b>?"},
    )
    run = begin(virtual, graph, {"text": "hey"})
    execution = ExecutionStore(now=virtual.clock.now)
    follow(run, execution, virtual.clock)
    with fake_comms():
        panel = ExecutionPanel(execution, run=lambda: run, clock=virtual.clock)
        virtual.advance(1)
        box = panel.approval
        assert box.layout.display == ""
        assert "check waits for you." in box.question.value
        assert "Send &lt;b&gt;hey&lt;/b&gt;?" in box.question.value
        assert box.value.contents[0]["value"] == {"text": "hey"}
        assert "1 waiting for you" in panel.status.value
        box.note.value = "seen it"
        panel.refresh()
        assert box.note.value == "seen it"
        box.approve_button.click()
        assert box.approve_button.disabled
        virtual.advance(1)
        assert run.status == "completed"
        assert box.layout.display == "none"
        answers = [event.data for event in run.events() if event.state == "approved"]
        assert answers == [{"reason": "seen it"}]
        panel.close()


def test_a_question_that_was_answered_elsewhere_is_refused_with_the_reason(virtual):
    graph = pipeline("start > check > end", kinds={"check": "approval"})
    run = begin(virtual, graph, {"text": "hey"})
    execution = ExecutionStore(now=virtual.clock.now)
    follow(run, execution, virtual.clock)
    with fake_comms():
        panel = ExecutionPanel(execution, run=lambda: run, clock=virtual.clock)
        virtual.advance(1)
        run["check"].reject("no")
        panel.approval.reject_button.click()
        assert "asks nothing" in panel.approval.problem.value
        virtual.advance(1)
        assert panel.approval.layout.display == "none"
        panel.close()


def test_a_question_without_the_run_is_shown_and_not_answered(view):
    view.begin(a="Ann")
    view.execution.update_node_status("a", "waiting", message="Send it?")
    view.drawn()
    assert "Send it?" in view.panel.approval.question.value
    assert view.panel.approval._buttons.layout.display == "none"


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
