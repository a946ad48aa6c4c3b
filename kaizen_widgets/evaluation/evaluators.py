"""Evaluators of pydantic-evals, and functions as such; imported only when something is evaluated.

pydantic-evals comes with the extra ``agents``. Evaluators are code of users: a plain one is called in a
thread of its own and an async one on the loop for users' coroutines, so that neither blocks the background
loop.
"""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from pydantic_evals import Case, Dataset
from pydantic_evals.evaluators import Evaluator, EvaluatorContext
from pydantic_evals.evaluators.spec import EvaluatorSpec

from kaizen_widgets.core.background import user_loops
from kaizen_widgets.engines.user_code import run_in_thread, run_on_user_loop
from kaizen_widgets.errors import RunError
from kaizen_widgets.nodes import Context

FIELDS = ("inputs", "output", "expected_output", "duration", "metadata", "metrics", "attributes")
"""What a function may ask for by the names of its parameters; the names are pydantic-evals'."""
OFFLINE_MODELS = ("pydantic_ai.models.test", "pydantic_ai.models.function")
"""Modules of models that request nothing."""


@dataclass(repr=False)
class FunctionEvaluator(Evaluator[Any, Any, Any]):
    """A function as an evaluator: its parameters are named like fields of the context.

    Args:
        function: Such as ``lambda output, expected_output: output == expected_output``, plain or async.
    """

    function: Callable[..., Any]

    def evaluate(self, ctx: EvaluatorContext[Any, Any, Any]) -> Any:
        """Call the function with what it asks for."""
        return self.function(**{name: getattr(ctx, name) for name in self.parameters})

    @property
    def parameters(self) -> list[str]:
        """The names of what the function asks for."""
        return list(inspect.signature(self.function).parameters)

    def get_default_evaluation_name(self) -> str:
        """Return the function's name, under which its answer is listed."""
        return getattr(self.function, "__name__", type(self.function).__name__)

    def build_serialization_arguments(self) -> dict[str, Any]:
        """Return no arguments: a function has no form in a file."""
        return {}


@dataclass(repr=False)
class OffLoopEvaluator(Evaluator[Any, Any, Any]):
    """Calls another evaluator where it blocks nothing.

    Args:
        evaluator: The evaluator.
        has_threads: Whether there are threads; else it is called in place.
    """

    evaluator: Evaluator[Any, Any, Any]
    has_threads: bool

    def evaluate(self, ctx: EvaluatorContext[Any, Any, Any]) -> Any:
        """Call the evaluator in place."""
        return self.evaluator.evaluate(ctx)

    async def evaluate_async(self, ctx: EvaluatorContext[Any, Any, Any]) -> Any:
        """Call the evaluator in a thread, or on the loop for users' coroutines."""
        evaluate: Any = cast("Any", self.evaluator.evaluate)
        if not self.has_threads:
            answer = evaluate(ctx)
            return await answer if inspect.isawaitable(answer) else answer
        if inspect.iscoroutinefunction(self.called):
            return await run_on_user_loop(user_loops, lambda: evaluate(ctx))
        context = Context("evaluator", self.get_default_evaluation_name(), lambda *_report: None)
        answer = await run_in_thread(context, lambda: evaluate(ctx))
        if inspect.isawaitable(answer):
            made: Awaitable[Any] = answer
            return await run_on_user_loop(user_loops, lambda: made)
        return answer

    @property
    def called(self) -> Callable[..., Any]:
        """What runs when the evaluator is called: its method, or the function it stands for."""
        own = self.evaluator
        return own.function if isinstance(own, FunctionEvaluator) else own.evaluate

    def get_default_evaluation_name(self) -> str:
        """Return the evaluator's own name."""
        return self.evaluator.get_default_evaluation_name()

    def get_evaluator_version(self) -> str | None:
        """Return the evaluator's own version."""
        return self.evaluator.get_evaluator_version()

    def as_spec(self) -> EvaluatorSpec:
        """Return the evaluator's own name and arguments."""
        return self.evaluator.as_spec()


def read_evaluators(
    evaluators: Iterable[Any], *, is_offline: bool = False
) -> list[Evaluator[Any, Any, Any]]:
    """Return evaluators, functions among them as `FunctionEvaluator`.

    Args:
        evaluators: Evaluators of pydantic-evals, and functions.
        is_offline: Whether those that would request something from a provider of models are refused.

    Raises:
        RunError: One is neither, asks for something there is not, or would request something.
    """
    if isinstance(evaluators, Evaluator) or callable(evaluators):
        evaluators = [evaluators]
    made = [_evaluator(one) for one in evaluators]
    for one in made if is_offline else ():
        if _asks_provider(one):
            raise RunError(
                f"{one.get_default_evaluation_name()} asks a model, and this studio is offline: give it a "
                "model of pydantic-ai that requests nothing, or call studio.offline(False)."
            )
    return made


async def evaluate_case(
    name: str,
    inputs: Mapping[str, Any],
    expected: Any,
    task: Callable[[Mapping[str, Any]], Awaitable[Any]],
    evaluators: Sequence[Evaluator[Any, Any, Any]],
    has_threads: bool,
) -> tuple[dict[str, Any], dict[str, str], dict[str, str]] | None:
    """Run one case of pydantic-evals and return its results, reasons and the problems of evaluators.

    Args:
        name: Name of the case.
        inputs: Its inputs.
        expected: Its expected output, or None.
        task: Makes the output of the inputs.
        evaluators: What judges the output.
        has_threads: Whether there are threads for the evaluators.

    Returns:
        Three dicts by the evaluators' names; None when the task raised.
    """
    dataset = Dataset[Any, Any, Any](
        name=name,
        cases=[Case(name=name, inputs=inputs, expected_output=expected)],
        evaluators=[OffLoopEvaluator(one, has_threads) for one in evaluators],
    )
    report = await dataset.evaluate(task, name=name, progress=False)
    if not report.cases:
        return None
    [case] = report.cases
    said = {**case.assertions, **case.scores, **case.labels}
    reasons = {key: one.reason for key, one in said.items() if one.reason}
    problems = {one.name: one.error_message for one in case.evaluator_failures}
    return {key: one.value for key, one in said.items()}, reasons, problems


def _evaluator(given: Any) -> Evaluator[Any, Any, Any]:
    if isinstance(given, Evaluator):
        return given
    if isinstance(given, type) or not callable(given):
        raise RunError(
            f"An evaluator is one of pydantic-evals, such as EqualsExpected(), or a function such as "
            f"lambda output: len(output) < 200, not {given!r:.80}."
        )
    made = FunctionEvaluator(given)
    unknown = [name for name in made.parameters if name not in FIELDS]
    if unknown:
        raise RunError(
            f"The evaluator {made.get_default_evaluation_name()!r} asks for {unknown[0]!r}; "
            f"there are: {', '.join(FIELDS)}."
        )
    return made


def _asks_provider(evaluator: Evaluator[Any, Any, Any]) -> bool:
    if not hasattr(evaluator, "model"):
        return False
    model = getattr(evaluator, "model", None)  # None is the default model of pydantic-evals.
    return type(model).__module__ not in OFFLINE_MODELS
