"""Evaluations: rows are run and judged, stopped and resumed, and what did not pass has its run."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest
from pydantic_evals.evaluators import EqualsExpected, LLMJudge, MaxDuration

from kaizen_widgets.core.background import BackgroundLoop
from kaizen_widgets.errors import NotRunnableError, RunError
from kaizen_widgets.evaluation import Evaluation
from kaizen_widgets.evaluation.evaluation import MAX_RUNS
from kaizen_widgets.graph import Edge, Graph, Node
from kaizen_widgets.nodes import Functions
from tests.evaluation.conftest import WAIT

Begin = Callable[..., Evaluation]
ROWS = [
    {"text": "a", "expected": "A"},
    {"text": "b", "expected": "B"},
    {"text": "c", "expected": "wrong"},
]


def length(output: str) -> int:
    return len(output)


def kind(output: str) -> str:
    return "vowel" if output in "AEIOU" else "consonant"


async def matches(output: str, expected_output: str) -> bool:
    await asyncio.sleep(0)
    return output == expected_output


def test_rows_are_run_and_judged(begin: Begin) -> None:
    done = begin(ROWS, [EqualsExpected(), MaxDuration(60), length, kind, matches]).wait(WAIT)
    assert done.status == "completed"
    assert [row.output for row in done.rows] == ["A", "B", "C"]
    answers = [dict(row.results) for row in done.rows]
    assert answers[0] == {
        "EqualsExpected": True,
        "MaxDuration": True,
        "length": 1,
        "kind": "vowel",
        "matches": True,
    }
    assert [row.passed for row in done.rows] == [True, True, False]
    assert done.rows[2].why == "EqualsExpected; matches"
    summary = done.summary
    assert (summary.passed, summary.errors, summary.total) == (2, 0, 3)
    assert summary.rates["EqualsExpected"] == pytest.approx(2 / 3)
    assert summary.means == {"length": 1}
    assert summary.labels == {"kind": {"consonant": 2, "vowel": 1}}
    assert repr(done) == "Evaluation('', completed: 3 rows, 2 passed)"


def test_data_frame_is_evaluated_and_the_result_is_one(begin: Begin) -> None:
    table = pd.DataFrame(ROWS).rename(columns={"expected": "answer"})
    table.loc[1, "answer"] = float("nan")
    done = begin(table, [EqualsExpected()], expected="answer").wait(WAIT)
    frame = done.to_frame()
    assert list(frame.columns) == [
        "text",
        "expected",
        "output",
        "EqualsExpected",
        "seconds",
        "cost",
        "passed",
        "error",
    ]
    assert list(frame["output"]) == ["A", "B", "C"]
    # A row without an expected output is not judged by it.
    assert [row.results.get("EqualsExpected") for row in done.rows] == [True, None, False]
    assert list(frame.index) == [0, 1, 2]


def test_only_the_named_columns_are_inputs(begin: Begin, loop: BackgroundLoop) -> None:
    rows = [{"text": "a", "note": object(), "expected": None}]
    done = begin(rows, inputs=["text"]).wait(WAIT)
    assert dict(done.rows[0].inputs) == {"text": "a"}


def test_failures_have_their_run_and_the_error(begin: Begin) -> None:
    def agent(text: str) -> str:
        if text == "b":
            raise ValueError("no such invoice")
        return text.upper()

    done = begin(ROWS, [EqualsExpected()], agent=agent).wait(WAIT)
    failed, wrong = done.failures
    assert "no such invoice" in failed.error
    assert failed.run is not None
    assert failed.run["Agent"].status == "failed"
    assert isinstance(failed.run["Agent"].error, ValueError)
    assert wrong.run is not None
    assert wrong.run["Agent"].output == "C"
    assert done.rows[0].run is None
    assert done.summary.errors == 1


def test_runs_of_only_the_first_failures_are_kept(begin: Begin) -> None:
    rows = [{"text": str(number)} for number in range(MAX_RUNS + 5)]
    done = begin(rows, [lambda output: False]).wait(WAIT)
    assert len(done.failures) == MAX_RUNS + 5
    assert sum(row.run is not None for row in done.failures) == MAX_RUNS


def test_evaluator_that_raises_is_a_problem_of_its_row_only(begin: Begin) -> None:
    def fragile(output: str) -> bool:
        if output == "B":
            raise KeyError("score")
        return True

    done = begin(ROWS, [fragile]).wait(WAIT)
    assert [row.passed for row in done.rows] == [True, False, True]
    assert done.rows[1].why == "fragile failed: KeyError: 'score'"


def test_blocking_evaluator_does_not_block_the_loop(begin: Begin, loop: BackgroundLoop) -> None:
    began, released = threading.Event(), threading.Event()

    def blocking(output: str) -> bool:
        began.set()
        return released.wait(WAIT)

    running = begin(ROWS[:1], [blocking])
    assert began.wait(WAIT)

    async def answer() -> int:
        return 42

    assert loop.wait(answer(), WAIT) == 42
    assert running.status == "running"
    released.set()
    assert running.wait(WAIT).rows[0].passed


def test_cancel_stops_between_rows_and_resume_runs_the_others(begin: Begin) -> None:
    calls: list[str] = []
    began, released = threading.Event(), threading.Event()

    def agent(text: str) -> str:
        calls.append(text)
        if text == "b":
            began.set()
            released.wait(WAIT)
        return text.upper()

    running = begin(ROWS, [EqualsExpected()], agent=agent, max_concurrency=1)
    assert began.wait(WAIT)
    running.cancel()
    assert running.status == "cancelling"
    released.set()
    running.wait(WAIT)
    assert running.status == "cancelled"
    assert [row.number for row in running.rows] == [0]
    assert repr(running) == "Evaluation('', cancelled: 1 of 3 rows, 1 passed)"
    running.resume()
    running.wait(WAIT)
    assert running.status == "completed"
    assert [row.output for row in running.rows] == ["A", "B", "C"]
    assert calls == ["a", "b", "b", "c"]


def test_cancel_abandons_an_evaluator_that_does_not_stop(begin: Begin) -> None:
    began, released = threading.Event(), threading.Event()

    def stuck(output: str) -> bool:
        began.set()
        return released.wait(WAIT)

    running = begin(ROWS, [stuck], max_concurrency=1)
    try:
        assert began.wait(WAIT)
        running.cancel()
        running.wait(WAIT)
        assert running.status == "cancelled"
        assert running.rows == ()
    finally:
        released.set()


def test_progress_is_announced(begin: Begin) -> None:
    seen: list[int] = []
    gate = threading.Event()

    def agent(text: str) -> str:
        gate.wait(WAIT)
        return text

    running = begin(ROWS, agent=agent)
    unsubscribe = running.subscribe(lambda: seen.append(running.done))
    gate.set()
    running.wait(WAIT)
    assert seen == [1, 2, 3, 3]
    unsubscribe()


def test_await_returns_the_evaluation(begin: Begin) -> None:
    async def wait() -> Evaluation:
        return await begin(ROWS)

    assert asyncio.run(wait()).done == 3


def test_pipeline_that_cannot_run_is_refused_before_any_row(
    begin: Begin, loop: BackgroundLoop
) -> None:
    with pytest.raises(NotRunnableError, match="Agent"):
        begin(ROWS, functions=Functions({"Other": str}))


@pytest.mark.parametrize(
    ("table", "options", "message"),
    [
        ([], {}, "no rows"),
        ("text", {}, "not a str"),
        ([["a"]], {}, "no dict"),
        ([{1: "a"}], {}, "no dict"),
        (ROWS, {"expected": "answer"}, "no 'answer'; it has: 'text', 'expected'"),
        (ROWS, {"inputs": ["question"]}, "no 'question'"),
        (ROWS, {"max_concurrency": 0}, "max_concurrency must be at least 1"),
        (ROWS, {"evaluators": [3]}, "not 3"),
        (ROWS, {"evaluators": [EqualsExpected]}, "An evaluator is one of pydantic-evals"),
        (
            ROWS,
            {"evaluators": [lambda answer: True]},
            "asks for 'answer'; there are: inputs, output",
        ),
    ],
)
def test_bad_arguments_are_refused_in_a_sentence(
    begin: Begin, table: Any, options: dict[str, Any], message: str
) -> None:
    with pytest.raises(RunError, match=message):
        begin(table, options.pop("evaluators", ()), **options)


def test_judge_that_asks_a_provider_is_refused_offline(begin: Begin) -> None:
    functions = Functions({"Agent": str})
    functions.models.is_offline = True
    with pytest.raises(RunError, match=r"LLMJudge asks a model, and this studio is offline"):
        begin(ROWS, [LLMJudge("is polite")], functions=functions)
    begin(ROWS, [EqualsExpected()], functions=functions).wait(WAIT)


def test_large_and_foreign_outputs_are_kept_as_a_sentence(begin: Begin) -> None:
    class Answer:
        def __repr__(self) -> str:
            return "Answer(42)"

    def agent(text: str) -> Any:
        return {"a": "x" * 100_000, "b": Answer(), "c": {"t": (1, 2)}}[text]

    seen: list[int] = []

    def judge(output: Any) -> bool:
        seen.append(len(output) if isinstance(output, str) else 0)
        return True

    done = begin(ROWS, [judge], agent=agent).wait(WAIT)
    large, foreign, exact = (row.output for row in done.rows)
    assert len(large) <= 2_000
    assert max(seen) == 100_000  # Evaluators get all of it.
    assert foreign == "Answer(42)"
    assert exact == {"t": (1, 2)}


def test_node_that_asks_a_person_fails_its_row(begin: Begin) -> None:
    graph = Graph(
        [
            Node("input", type="input"),
            Node("ask", type="approval", data={"label": "Check"}),
            Node("output", type="output"),
        ],
        [
            Edge("e1", "input", "ask"),
            Edge("e2", "ask", "output", source_handle="approved"),
        ],
    )
    done = begin(ROWS[:1], graph=graph).wait(WAIT)
    assert '"Check"' in done.rows[0].error
    assert not done.rows[0].passed


def test_time_limit_of_a_row_fails_that_row(begin: Begin) -> None:
    async def agent(text: str) -> str:
        await asyncio.Event().wait()
        return text

    done = begin(ROWS[:1], [EqualsExpected()], agent=agent, time_limit=0.2).wait(WAIT)
    assert "took longer than 0.2 s" in done.rows[0].error
    assert done.summary.errors == 1


def test_variants_are_compared_row_by_row(begin: Begin, graph: Graph) -> None:
    before = begin(ROWS, [EqualsExpected(), length], name="first").wait(WAIT)

    def agent(text: str) -> str:
        return {"a": "A", "b": "b?", "c": "wrong"}[text]

    after = begin(ROWS, [EqualsExpected(), length], name="second", agent=agent).wait(WAIT)
    comparison = after.compare(before)
    assert [row.verdict for row in comparison.rows] == ["same", "worse", "better"]
    assert repr(comparison) == (
        "EvaluationComparison('first' to 'second': 1 better, 1 worse, 1 same)"
    )
    frame = comparison.to_frame()
    assert list(frame["before"]) == ["A", "B", "C"]
    assert list(frame["after"]) == ["A", "b?", "wrong"]
    with pytest.raises(RunError, match="Row 0 differs"):
        after.compare(begin([{"text": "z"}]).wait(WAIT))


def test_displays_escape_what_came_from_outside(begin: Begin) -> None:
    rows = [{"text": "<script>alert(1)</script>", "expected": "<b>"}]
    done = begin(rows, [EqualsExpected()], name="<i>x</i>").wait(WAIT)
    other = begin(rows, [EqualsExpected()], agent=lambda text: "<b>", name="<u>").wait(WAIT)
    for shown in (done, done.compare(other)):
        bundle = shown._repr_mimebundle_()
        assert bundle["text/plain"] == repr(shown)
        for tag in ("<script", "<b>A", "<i>", "<u>", "<SCRIPT"):
            assert tag not in bundle["text/html"]
        assert "&lt;" in bundle["text/html"]
