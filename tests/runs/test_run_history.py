"""The last runs, their summaries, and two runs side by side."""

from __future__ import annotations

import json

from kaizen_widgets.runs import RunHistory
from kaizen_widgets.runs.run_history import MAX_RUNS, OLD_REPORTS
from kaizen_widgets.stores import SqliteStorage
from tests.engines.builders import pipeline

LINE = pipeline("start > a > b > end")


def test_the_last_twenty_runs_are_kept_newest_first(bench):
    bench.show(LINE)
    bench.register("a", "b")
    runs = [bench.run({"n": number}) for number in range(MAX_RUNS + 3)]
    history = bench.runner.history
    assert list(history) == runs[:2:-1]
    assert history[0]["a"].output == "a({'n': 22})"
    assert len(history.summaries) == MAX_RUNS


def test_it_counts_the_runs_of_a_pipeline_and_tells_when_one_begins_and_ends(bench):
    history, told = bench.runner.history, []
    unsubscribe = history.subscribe(lambda: told.append(history[0].status))
    history.subscribe(lambda: 1 / 0)  # One that raises harms no other.
    bench.register("a", "b")
    for _ in range(MAX_RUNS + 3):
        bench.show(LINE)
        bench.run({"text": "t"})
    assert told[:3] == ["running", "completed", "running"]
    assert (history.count_of("p"), history.count_of("q")) == (MAX_RUNS + 3, 0)
    unsubscribe()
    bench.run({"text": "t"})
    assert len(told) == 2 * (MAX_RUNS + 3)
    history.clear()
    assert history.count_of("p") == 0


def test_older_runs_keep_fewer_reports(bench):
    bench.show(LINE)
    bench.functions.register("a", lambda value, ctx: [ctx.log(n) for n in range(2 * OLD_REPORTS)])
    bench.register("b")
    run = bench.run({"text": "t"})
    assert len(run["a"].logs) == 2 * OLD_REPORTS
    bench.run({"text": "t"})
    assert len(run["a"].logs) == OLD_REPORTS


def test_summaries_outlive_the_kernel_and_hold_no_values(bench, tmp_path):
    path = tmp_path / "stores.db"
    storage = SqliteStorage(path)
    bench.runner.history = RunHistory(storage)
    bench.show(LINE)
    bench.register("a")
    bench.register("b", does=lambda value: {}["a secret"])
    bench.run({"text": "another secret"})
    storage.close()
    storage = SqliteStorage(path)
    [summary] = RunHistory(storage).summaries
    storage.close()
    assert (summary["status"], summary["pipeline_id"]) == ("failed", "p")
    assert [(node["label"], node["status"], node["error"]) for node in summary["nodes"]] == [
        ("start", "completed", ""),
        ("a", "completed", ""),
        ("b", "failed", "KeyError"),
        ("end", "skipped", ""),
    ]
    assert "secret" not in json.dumps(summary)


def test_a_damaged_summary_is_no_summary(bench, tmp_path):
    storage = SqliteStorage(tmp_path / "stores.db")
    for text in ("{", "{}", "[1, null]"):
        storage.set("runs", text)
        assert RunHistory(storage).summaries == ()
    storage.close()


def test_two_runs_are_compared_node_by_node(bench):
    bench.show(LINE)
    bench.register("a", "b")
    before = bench.run({"text": "t"})
    bench.loop.advance(1)
    bench.register("a", does=lambda value: "other")
    after = bench.run({"text": "t"})
    compared = after.compare(before)
    assert [(row.label, row.change, row.same_inputs, row.same_output) for row in compared.rows] == [
        ("start", "", True, True),
        ("a", "Output changed", True, False),
        ("b", "Output changed", False, False),
        ("end", "Output changed", False, False),
    ]
    assert (compared.rows[2].before_text, compared.rows[2].after_text) == (
        "b(a({'text': 't'}))",
        "b(other)",
    )
    assert repr(compared) == "RunComparison(3 of 4 nodes differ: a, b, end)"
    assert list(before.compare(after)) == list(compared)  # The older one is always before.
    assert list(compared.to_frame().node) == ["start", "a", "b", "end"]


def test_nodes_that_only_one_run_has_are_compared_too(bench):
    bench.show(LINE)
    bench.register("a", "b", "c")
    before = bench.run({"text": "t"})
    bench.loop.advance(1)
    bench.show(pipeline("start > a > c > end"))
    bench.register("a", does=lambda value: 1 / 0)
    after = bench.run({"text": "t"})
    changes = {row.label: row.change for row in after.compare(before)}
    assert changes == {
        "start": "",
        "a": "Completed before",
        "c": "New",
        "end": "Completed before",
        "b": "Not run",
    }
