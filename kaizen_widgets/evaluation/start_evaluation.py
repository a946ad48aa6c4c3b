"""Start an evaluation of a pipeline on a table."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from typing import Any

from kaizen_widgets.core.background import BackgroundLoop
from kaizen_widgets.engines import Run, check, start
from kaizen_widgets.errors import RunError
from kaizen_widgets.evaluation.code_digest import pipeline_digest
from kaizen_widgets.evaluation.evaluation import Evaluation
from kaizen_widgets.evaluation.evaluation_file import EvaluationFile
from kaizen_widgets.evaluation.examples import read_examples
from kaizen_widgets.graph import Graph
from kaizen_widgets.nodes import Functions, Registry
from kaizen_widgets.nodes.model_providers import EXTRA


def evaluate(
    graph: Graph,
    table: Any,
    evaluators: Any,
    *,
    loop: BackgroundLoop,
    functions: Functions,
    registry: Registry,
    expected: str | None = None,
    inputs: Sequence[str] | None = None,
    name: str = "",
    file: str | os.PathLike[str] | None = None,
    max_concurrency: int = 4,
    time_limit: float | None = None,
    cost_limit: float | None = None,
) -> Evaluation:
    """Run a pipeline on each row of a table and judge the outputs, without waiting for the end.

    Args:
        graph: The pipeline.
        table: A data frame or dicts; see `read_examples`.
        evaluators: Evaluators of pydantic-evals, and functions.
        loop: Loop that drives the runs.
        functions: Functions, agents and models that nodes call; copied.
        registry: Node kinds.
        expected: Column of the expected output; by default ``expected``, if there is one.
        inputs: Columns that are inputs of the run; by default all others.
        name: Name of the evaluation.
        file: File to which finished rows are written; those in it are not run again.
        max_concurrency: How many rows are run at the same time.
        time_limit: Seconds after which the run of a row is stopped and fails; None for no limit.
        cost_limit: US dollars after which no more rows are started; None for no limit.

    Raises:
        RunError: The table, an evaluator or the file cannot be used, or pydantic-evals is not installed.
        NotRunnableError: The pipeline cannot run.
    """
    if find_spec("pydantic_evals") is None:
        raise RunError(f"Evaluating needs pydantic-evals: {EXTRA}.")
    # Imported when first needed: pydantic-evals comes with an extra, and takes long.
    from kaizen_widgets.evaluation.evaluators import read_evaluators

    known = functions.copy()
    examples = read_examples(table, expected=expected, inputs=inputs)
    judges = read_evaluators(evaluators, is_offline=known.models.is_offline)
    check(graph, registry, known)

    def start_run(given: Mapping[str, Any]) -> Run:
        return start(
            graph,
            given,
            loop=loop,
            functions=known,
            registry=registry,
            time_limit=time_limit,
            is_attended=lambda: False,  # Nobody answers a thousand questions: such a row fails.
        )

    return Evaluation(
        examples,
        start_run,
        judges,
        loop=loop,
        name=name,
        max_concurrency=max_concurrency,
        cost_limit=cost_limit,
        file=None
        if file is None
        else EvaluationFile(file, pipeline_digest(graph, known, registry, judges)),
    )
