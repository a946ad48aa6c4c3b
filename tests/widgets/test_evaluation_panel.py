"""The panel of evaluations: progress, rows, what did not pass, and two variants beside each other."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from kaizen_widgets import EvaluationPanel, patterns
from kaizen_widgets.core.background import BackgroundLoop
from kaizen_widgets.evaluation import Evaluation, evaluate
from kaizen_widgets.nodes import Functions, default_registry
from kaizen_widgets.testing import fake_comms

WAIT = 60
ROWS = [
    {"text": "a", "expected": "A"},
    {"text": "b", "expected": "B"},
    {"text": "<b>c</b>", "expected": "C"},
]


def equal(output: str, expected_output: str) -> bool:
    return output == expected_output


class Evaluations:
    """Stands for ``studio.evaluations``."""

    def __init__(self) -> None:
        self.all: list[Evaluation] = []
        self.listeners: list[Callable[[], object]] = []

    def subscribe(self, listener: Callable[[], object]) -> Callable[[], None]:
        self.listeners.append(listener)
        return lambda: self.listeners.remove(listener)

    def add(self, evaluation: Evaluation) -> Evaluation:
        self.all.insert(0, evaluation)
        for listener in self.listeners:
            listener()
        return evaluation


@pytest.fixture
def begin() -> Iterator[Callable[..., Evaluation]]:
    loop = BackgroundLoop("test-loop")

    def call(agent: Any = str.upper, rows: Any = ROWS, **options: Any) -> Evaluation:
        functions = Functions({"Agent": lambda text: agent(text)})
        known = {"loop": loop, "functions": functions, "registry": default_registry()}
        return evaluate(patterns.sequential(["Agent"]), rows, [equal], **known, **options)

    with fake_comms():
        yield call
    loop.close()


def shown(panel: EvaluationPanel) -> list[dict[str, str]]:
    """Draw what has changed now, rather than soon, and return the rows."""
    panel._throttle.flush()
    return panel.grid.shown_rows


def is_visible(widget: Any) -> bool:
    return widget.layout.display != "none"


def test_panel_without_an_evaluation_says_how_to_begin() -> None:
    with fake_comms():
        panel = EvaluationPanel(evaluations=Evaluations())
        assert "studio.evaluate(rows, evaluators=[...])" in panel.status.value
        assert not is_visible(panel.grid)
        assert not is_visible(panel.cancel_button)
        panel.close()


def test_rows_figures_and_progress_are_shown(begin: Callable[..., Evaluation]) -> None:
    panel = EvaluationPanel(begin().wait(WAIT))
    rows = shown(panel)
    assert [row["state"] for row in rows] == ["Passed", "Passed", "Not passed"]
    assert rows[0] == {
        "number": "0",
        "state": "Passed",
        "inputs.text": "a",
        "expected": "A",
        "output": "A",
        "results.equal": "Yes",
        "seconds": rows[0]["seconds"],
    }
    assert "2 of 3 (67 %)" in panel.figures.value
    assert "Done: 3 of 3 rows" in panel.status.value
    assert 'aria-valuenow="100"' in panel.progress.value
    assert not is_visible(panel.cancel_button)
    assert not is_visible(panel.resume_button)
    panel.close()


def test_only_what_did_not_pass(begin: Callable[..., Evaluation]) -> None:
    panel = EvaluationPanel(begin().wait(WAIT))
    panel.only_failures.value = True
    assert [row["number"] for row in shown(panel)] == ["2"]
    panel.close()


def test_selected_row_shows_why_with_the_users_own_lines(begin: Callable[..., Evaluation]) -> None:
    def agent(text: str) -> str:
        if text == "b":
            raise ValueError("no such invoice")
        return text.upper()

    panel = EvaluationPanel(begin(agent).wait(WAIT))
    shown(panel)
    panel.grid.selected = (1,)
    [content] = panel.detail.contents
    assert content["kind"] == "error"
    assert content["message"] == "no such invoice"
    assert any(frame["name"] == "agent" for frame in content["frames"])
    panel.grid.selected = (2,)
    assert "&lt;b&gt;c&lt;/b&gt;" in panel.facts.value
    assert "<b>c" not in panel.facts.value
    assert "Its run" in panel.facts.value
    panel.grid.selected = ()
    assert not is_visible(panel.details)
    panel.close()


def test_cancel_says_so_at_once_and_resume_runs_the_rest(begin: Callable[..., Evaluation]) -> None:
    began, released = threading.Event(), threading.Event()

    def agent(text: str) -> str:
        began.set()
        released.wait(WAIT)
        return text.upper()

    evaluation = begin(agent, max_concurrency=1)
    panel = EvaluationPanel(evaluation)
    assert began.wait(WAIT)
    assert is_visible(panel.cancel_button)
    panel.cancel_button.click()
    assert panel.cancel_button.description == "Cancelling…"
    assert panel.cancel_button.disabled
    released.set()
    evaluation.wait(WAIT)
    shown(panel)
    assert "Cancelled: 0 of 3 rows" in panel.status.value
    assert is_visible(panel.resume_button)
    panel.resume_button.click()
    evaluation.wait(WAIT)
    assert len(shown(panel)) == 3
    panel.close()


def test_two_variants_are_compared(begin: Callable[..., Evaluation]) -> None:
    evaluations = Evaluations()
    panel = EvaluationPanel(evaluations=evaluations)
    first = evaluations.add(begin(name="first").wait(WAIT))
    assert panel.evaluation is first
    assert not is_visible(panel.chooser)
    second = evaluations.add(begin(lambda text: "C", name="second").wait(WAIT))
    assert panel.evaluation is second
    assert is_visible(panel.other)
    panel.other.value = 1
    assert [row["verdict"] for row in shown(panel)] == ["Worse", "Worse", "Better"]
    assert "Better" in panel.figures.value
    panel.chooser.value = 1
    assert panel.evaluation is first
    panel.close()
    assert evaluations.listeners == []


def test_comparing_different_tables_says_so(begin: Callable[..., Evaluation]) -> None:
    evaluations = Evaluations()
    evaluations.add(begin(name="first").wait(WAIT))
    evaluations.add(begin(rows=[{"text": "z"}], name="second").wait(WAIT))
    panel = EvaluationPanel(evaluations=evaluations)
    panel.other.value = 1
    assert "Row 0 differs between the two evaluations" in panel.figures.value
    panel.close()


def test_secrets_among_the_inputs_are_hidden(begin: Callable[..., Evaluation]) -> None:
    rows = [{"text": "a", "api_key": "sk-12345678"}]
    panel = EvaluationPanel(begin(rows=rows).wait(WAIT))
    shown(panel)
    panel.grid.selected = (0,)
    assert "sk-12345678" not in str(panel.grid.shown_rows)
    assert "sk-12345678" not in panel.facts.value
    panel.close()
