"""Rows that are finished are found again in a file, and only where the same would come of them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pydantic_evals.evaluators import EqualsExpected

from kaizen_widgets import patterns
from kaizen_widgets.errors import RunError
from kaizen_widgets.evaluation import Evaluation
from kaizen_widgets.evaluation.code_digest import pipeline_digest
from kaizen_widgets.graph import Graph
from kaizen_widgets.nodes import Functions, default_registry, node
from tests.evaluation.conftest import WAIT

Begin = Callable[..., Evaluation]
ROWS = [{"text": text, "expected": text.upper()} for text in "abc"]


CALLS: list[str] = []


def upper(text: str) -> str:
    record(text)
    return text.upper()


def record(text: str) -> None:
    calls = globals()["CALLS"]
    calls.append(text)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    CALLS.clear()
    return tmp_path / "rows.jsonl"


def run(begin: Begin, path: Path, rows: Any = ROWS, **options: Any) -> Evaluation:
    known = {"agent": upper, "evaluators": [EqualsExpected()]} | options
    return begin(rows, known.pop("evaluators"), file=path, **known).wait(WAIT)


def test_finished_rows_are_not_run_again(begin: Begin, path: Path) -> None:
    first = run(begin, path, ROWS[:2])
    assert sorted(CALLS) == ["a", "b"]
    second = run(begin, path)
    assert sorted(CALLS) == ["a", "b", "c"]
    assert [row.output for row in second.rows] == ["A", "B", "C"]
    assert second.rows[:2] == first.rows
    assert all(row.passed for row in second.rows)


def test_failed_rows_are_run_again(begin: Begin, path: Path) -> None:
    def failing(text: str) -> str:
        record(text)
        raise ValueError(text)

    run(begin, path, agent=failing)
    run(begin, path, agent=failing)
    assert len(CALLS) == 6
    assert not path.exists()


def test_half_a_line_of_a_killed_kernel_is_run_again(begin: Begin, path: Path) -> None:
    run(begin, path)
    text = path.read_text()
    path.write_text(text[:-40])
    CALLS.clear()
    assert run(begin, path).done == 3
    assert len(CALLS) == 1
    CALLS.clear()
    assert run(begin, path).done == 3
    assert CALLS == []


def test_file_of_something_else_is_refused_and_not_changed(begin: Begin, path: Path) -> None:
    path.write_text("my notes\n")
    with pytest.raises(RunError, match=r"rows\.jsonl is no file of evaluations"):
        run(begin, path)
    assert path.read_text() == "my notes\n"


def test_file_holds_no_inputs(begin: Begin, path: Path) -> None:
    run(begin, path, [{"text": "a", "api_key": "sk-1234", "expected": "A"}], inputs=["text"])
    run(begin, path, [{"text": "a", "more": "sk-5678", "expected": "A"}])
    assert "sk-" not in path.read_text()


@pytest.mark.parametrize("row", ['{"kind":"row","key":"x"}', "[]", '{"$tuple": 3}', "null"])
def test_nonsense_lines_are_ignored(begin: Begin, path: Path, row: str) -> None:
    run(begin, path)
    lines = path.read_text().splitlines()
    broken = json.loads(lines[1])
    broken["output"] = {"$date": "never"}
    path.write_text("\n".join([lines[0], row, json.dumps(broken), *lines[2:]]) + "\n")
    CALLS.clear()
    assert run(begin, path).done == 3
    assert len(CALLS) == 1


def test_value_without_a_form_in_json_is_refused_in_a_sentence(begin: Begin, path: Path) -> None:
    with pytest.raises(RunError, match=r"Row 0 of the table cannot be found again in a file"):
        run(begin, path, [{"text": object(), "expected": "A"}])


def test_file_that_cannot_be_written_ends_the_evaluation(begin: Begin, tmp_path: Path) -> None:
    done = run(begin, tmp_path / "missing" / "rows.jsonl")
    assert done.status == "failed"
    assert "rows.jsonl" in done.reason


# ------------------------------------------------------------------ the digest of a pipeline


def digest(function: Any, graph: Graph | None = None, evaluators: Any = ()) -> str:
    functions = function if isinstance(function, Functions) else Functions({"Agent": function})
    made = patterns.sequential(["Agent"]) if graph is None else graph
    return pipeline_digest(made, functions, default_registry(), evaluators)


def defined(code: str) -> Any:
    """Return the function ``agent`` of a cell, as a notebook defines it."""
    namespace: dict[str, Any] = {"__name__": "__main__"}
    exec(compile(code, "cell", "exec"), namespace)
    return namespace["agent"]


def test_digest_is_the_same_in_another_kernel() -> None:
    code = """
from kaizen_widgets import patterns
from kaizen_widgets.evaluation.code_digest import pipeline_digest
from kaizen_widgets.nodes import Functions, default_registry
NAMES = {"a", "b", "c", "d"}
def agent(text):
    return [name for name in NAMES if name in {"x", "y", "z"}] or text.upper()
functions = Functions({"Agent": agent})
print(pipeline_digest(patterns.sequential(["Agent"]), functions, default_registry(), ()))
"""
    found = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(found) == 1


def test_function_defined_again_unchanged_has_the_same_digest() -> None:
    code = "def agent(text, limit=3):\n    return [text[:limit] for _ in range(2)]"
    assert digest(defined(code)) == digest(defined("\n\n" + code))


@pytest.mark.parametrize(
    "change",
    [
        ("text.upper()", "text.lower()"),
        ('"!"', '"?"'),
        ("limit=3", "limit=4"),
        ("LIST = [1, 2]", "LIST = [1, 3]"),
        ("return value * 2", "return value * 3"),
        ("self.bias = 1", "self.bias = 2"),
    ],
)
def test_changed_code_has_another_digest(change: tuple[str, str]) -> None:
    code = """
LIST = [1, 2]
def helper(value):
    return value * 2
class Model:
    def __init__(self):
        self.bias = 1
MODEL = Model()
def outer():
    mark = "!"
    def agent(text, *, limit=3):
        return text.upper() + mark * helper(LIST[0]) + str(MODEL.bias)
    return agent
agent = outer()
"""
    assert change[0] in code
    assert digest(defined(code)) == digest(defined(code))
    assert digest(defined(code)) != digest(defined(code.replace(*change)))


def test_function_of_a_node_kind_is_part_of_the_digest() -> None:
    def digest_with(code: str) -> str:
        registry = default_registry()
        registry.register(node(defined(code)))
        graph = Graph([{"id": "n", "type": "agent_kind", "position": {"x": 0, "y": 0}}])
        return pipeline_digest(graph, Functions(), registry, ())

    code = "def agent(text: str) -> str:\n    return text + '!'\nagent.__name__ = 'agent_kind'"
    assert digest_with(code) == digest_with(code)
    assert digest_with(code) != digest_with(code.replace("!", "?"))


def test_object_that_cannot_be_read_never_has_the_same_digest() -> None:
    agent = defined("import re\nSTATE = iter([1, 2])\ndef agent(text):\n    return next(STATE)")
    assert digest(agent) != digest(agent)


def test_graph_evaluators_models_and_tools_are_part_of_the_digest_and_places_are_not() -> None:
    graph = patterns.sequential(["Agent"])
    first = digest(upper, graph)
    assert digest(upper, graph.with_layout({"input-1": (5, 5)})) == first
    assert digest(upper, patterns.parallel(["Agent", "Agent"])) != first
    assert digest(upper, graph, [EqualsExpected()]) != first
    functions = Functions({"Agent": upper})
    functions.models.tools["search"] = upper
    assert digest(functions, graph) != first
    functions = Functions({"Agent": upper})
    functions.models.use("test")
    assert digest(functions, graph) != first
