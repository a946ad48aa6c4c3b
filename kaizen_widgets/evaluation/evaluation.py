"""Evaluation runs a pipeline on every row of a table, and judges the outputs.

Safe from any thread, like a run. It continues while nothing watches it; `cancel` stops it and `resume` runs
the rows that are missing.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import logging
import threading
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from typing import Any, Literal

from kaizen_widgets.core.background import BackgroundLoop
from kaizen_widgets.engines import Run
from kaizen_widgets.errors import KaizenError, RunError
from kaizen_widgets.evaluation.evaluation_comparison import EvaluationComparison
from kaizen_widgets.evaluation.evaluation_display import evaluation_html
from kaizen_widgets.evaluation.evaluation_file import EvaluationFile
from kaizen_widgets.evaluation.evaluation_row import EvaluationRow
from kaizen_widgets.evaluation.evaluation_summary import EvaluationSummary, summarize
from kaizen_widgets.evaluation.evaluation_table import to_frame
from kaizen_widgets.evaluation.examples import Example
from kaizen_widgets.evaluation.kept_output import kept_output

logger = logging.getLogger(__name__)

EvaluationStatus = Literal["running", "cancelling", "completed", "cancelled", "failed"]
MAX_RUNS = 50
"""How many runs of rows that did not pass are kept, with all their values."""


class Evaluation:
    """One evaluation of one pipeline on one table.

    ``evaluation.wait()`` blocks and ``await evaluation`` does not; both return the evaluation.

    Args:
        examples: The rows of the table.
        start: Starts a run on the inputs of a row.
        evaluators: Evaluators of pydantic-evals.
        loop: Loop that drives it.
        name: Its name, such as what the pipeline does differently.
        max_concurrency: How many rows are run at the same time.
        cost_limit: US dollars after which no more rows are started; None for no limit.
        file: File with rows that are finished already, to which it adds its own.

    Attributes:
        name: Its name.
        status: Its state; ``failed`` when it cannot go on, such as when the file cannot be written.
        reason: Why it was stopped or failed, or empty.
    """

    def __init__(
        self,
        examples: Sequence[Example],
        start: Callable[[Mapping[str, Any]], Run],
        evaluators: Sequence[Any],
        *,
        loop: BackgroundLoop,
        name: str = "",
        max_concurrency: int = 4,
        cost_limit: float | None = None,
        file: EvaluationFile | None = None,
    ) -> None:
        if max_concurrency < 1:
            raise RunError(f"max_concurrency must be at least 1, not {max_concurrency}.")
        self.name = name
        self.status: EvaluationStatus = "completed"
        self.reason = ""
        self._examples = tuple(examples)
        self._start = start
        self._evaluators = tuple(evaluators)
        self._loop = loop
        self._max_concurrency = max_concurrency
        self._cost_limit = cost_limit
        self._file = file
        self._lock = threading.Lock()
        self._rows: dict[int, EvaluationRow] = {}
        self._kept_runs = 0
        self._spent = 0.0
        self._listeners: dict[object, Callable[[], object]] = {}
        self._active: dict[int, tuple[Run | None, asyncio.Task[Any]]] = {}
        self._ended: concurrent.futures.Future[None] = concurrent.futures.Future()
        if file is not None:
            found = ((example.number, file.find(example)) for example in self._examples)
            self._rows = {number: row for number, row in found if row is not None}
        self._begin()

    # -- reading

    @property
    def rows(self) -> tuple[EvaluationRow, ...]:
        """The rows that are finished, in the order of the table."""
        with self._lock:
            return tuple(self._rows[number] for number in sorted(self._rows))

    @property
    def failures(self) -> tuple[EvaluationRow, ...]:
        """The rows that did not pass, in the order of the table; the first 50 have their ``run``."""
        return tuple(row for row in self.rows if not row.passed)

    @property
    def total(self) -> int:
        """Number of rows of the table."""
        return len(self._examples)

    @property
    def done(self) -> int:
        """Number of rows that are finished."""
        return len(self._rows)

    @property
    def is_running(self) -> bool:
        """Whether rows are being run."""
        return self.status in ("running", "cancelling")

    @property
    def summary(self) -> EvaluationSummary:
        """How many rows passed, what each evaluator said on average, time and cost."""
        return summarize(self.rows, self.total)

    def to_frame(self) -> Any:
        """Return the finished rows as a data frame of pandas, one row each.

        Its columns are the inputs, ``expected``, ``output``, one for each evaluator, ``seconds``, ``cost``,
        ``passed`` and ``error``.

        Raises:
            RunError: pandas is not installed.
        """
        return to_frame(self.rows)

    def compare(self, other: Evaluation) -> EvaluationComparison:
        """Compare with an evaluation of another variant on the same table, row by row.

        Args:
            other: The evaluation to compare with, such as the one before a change.

        Raises:
            RunError: A row that both have finished has other inputs there.
        """
        return EvaluationComparison(other, self)

    # -- waiting and stopping

    def cancel(self) -> None:
        """Stop it without waiting; rows that are finished stay, and `resume` runs the others."""
        with self._lock:
            if self.status != "running":
                return
            self.status = "cancelling"
        self._changed()
        self._call_soon(self._stop_all)

    def resume(self) -> None:
        """Run the rows that are not finished; does nothing while it is running."""
        with self._lock:
            if self.is_running:
                return
            self._ended = concurrent.futures.Future()
        self._begin()

    def wait(self, timeout: float | None = None) -> Evaluation:
        """Block until no more rows are run, and return the evaluation.

        Args:
            timeout: Seconds, or None for as long as it takes.

        Raises:
            TimeoutError: It has not ended in time; it continues.
            RuntimeError: Called on the background loop, where it would never end.
        """
        if self._loop.is_current and not self._ended.done():
            raise RuntimeError("This runs on the background loop: await the evaluation instead.")
        try:
            self._ended.result(timeout)
        except concurrent.futures.TimeoutError:
            raise TimeoutError(
                f"The evaluation has not ended after {timeout:g} s; it continues."
            ) from None
        return self

    def __await__(self) -> Generator[Any, None, Evaluation]:
        """Wait on any event loop; cancelling the wait does not cancel the evaluation."""
        yield from asyncio.shield(asyncio.wrap_future(self._ended)).__await__()
        return self

    def subscribe(self, listener: Callable[[], object]) -> Callable[[], None]:
        """Call ``listener()`` after each change, on the thread where it happens.

        Returns:
            The unsubscribe function; calling it twice does no harm.
        """
        token = object()
        self._listeners[token] = listener
        return lambda: self._listeners.pop(token, None) and None

    # -- inside

    def _begin(self) -> None:
        self.reason = ""
        self.status = "running"
        driving = self._loop.start(self._drive())
        driving.future.add_done_callback(lambda done: self._end(done))

    async def _drive(self) -> None:
        pending = iter([one for one in self._examples if one.number not in self._rows])
        workers = [asyncio.create_task(self._work(pending)) for _ in range(self._max_concurrency)]
        try:
            await asyncio.gather(*workers)
        finally:
            # Only after an error is there anything left to stop.
            runs = [run for run, _task in self._active.values() if run is not None]
            left = [task for _run, task in self._active.values()] + workers
            self._active.clear()
            for run in runs:
                run.cancel()
            for task in left:
                task.cancel()
            await asyncio.gather(*left, *map(_ended, runs), return_exceptions=True)

    async def _work(self, pending: Iterator[Example]) -> None:
        for example in pending:
            if self.status != "running":
                return
            task = asyncio.create_task(self._evaluate(example))
            self._active[example.number] = (None, task)
            await asyncio.wait({task})
            self._active.pop(example.number, None)
            if task.cancelled() or self.status != "running":
                return  # The row is not finished: it is run when the evaluation is resumed.
            await self._finish(example, task.result())

    async def _evaluate(self, example: Example) -> EvaluationRow:
        # Imported when first needed: pydantic-evals comes with an extra, and takes long.
        from kaizen_widgets.evaluation.evaluators import evaluate_case

        runs: list[Run] = []
        errors: list[Exception] = []

        async def task(inputs: Mapping[str, Any]) -> Any:
            try:
                run = self._start(inputs)
                runs.append(run)
                self._active[example.number] = (run, self._active[example.number][1])
                await run
                return run.result
            except Exception as error:
                errors.append(error)
                raise

        began = self._loop.monotonic()
        said = await evaluate_case(
            f"Row {example.number}",
            example.inputs,
            example.expected,
            task,
            self._evaluators,
            self._loop.has_thread,
        )
        run = runs[0] if runs else None
        facts: dict[str, Any] = {
            "number": example.number,
            "inputs": example.inputs,
            "expected": example.expected,
            "seconds": _seconds_of(run, self._loop.monotonic() - began),
        }
        if run is not None and run.usage.cost is not None:
            facts["cost"] = float(run.usage.cost)
        if said is None or run is None:
            error = errors[0] if errors else RunError("The row could not be evaluated.")
            return EvaluationRow(**facts, error=_sentence(error), run=run)
        results, reasons, problems = said
        output = run.result
        kept = (
            await asyncio.to_thread(kept_output, output)
            if self._loop.has_thread
            else kept_output(output)
        )
        return EvaluationRow(
            **facts, output=kept, results=results, reasons=reasons, problems=problems, run=run
        )

    async def _finish(self, example: Example, row: EvaluationRow) -> None:
        if self._file is not None:
            if self._loop.has_thread:
                await asyncio.to_thread(self._file.add, example, row)
            else:
                self._file.add(example, row)
        with self._lock:
            keeps_run = not row.passed and self._kept_runs < MAX_RUNS
            self._kept_runs += keeps_run
            if not keeps_run:
                # A run has all values of its nodes, which would fill the memory.
                row = EvaluationRow(**{**vars(row), "run": None})
            self._rows[example.number] = row
            self._spent += row.cost or 0.0
        limit = self._cost_limit
        if limit is not None and self._spent >= limit and self.done < self.total:
            self.reason = f"it has cost ${self._spent:.4g} of ${limit:g}"
            self.cancel()
        self._changed()

    def _stop_all(self) -> None:
        for run, task in list(self._active.values()):
            if run is not None and run.status == "running":
                run.cancel()  # Its nodes stop as they do in any run; then the row ends.
            else:
                task.cancel()
                # Once more: an evaluator that does not stop is abandoned.
                asyncio.get_running_loop().call_soon(task.cancel)

    def _end(self, done: concurrent.futures.Future[None]) -> None:
        error = None if done.cancelled() else done.exception()
        with self._lock:
            if error is not None:
                self.status = "failed"
                self.reason = str(error) or type(error).__name__
            elif self.done < self.total:
                self.status = "cancelled"
            else:
                self.status = "completed"
            ended = self._ended
        self._changed()
        ended.set_result(None)

    def _changed(self) -> None:
        for listener in list(self._listeners.values()):
            try:
                listener()
            except Exception:
                logger.exception("A listener of an evaluation failed.")

    def _call_soon(self, call: Callable[[], object]) -> None:
        try:
            self._loop.loop.call_soon_threadsafe(call)
        except RuntimeError:
            pass  # The loop is closed.

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return {"text/plain": repr(self), "text/html": evaluation_html(self)}

    def __repr__(self) -> str:
        counts = self.summary
        rows = (
            f"{self.done} of {self.total} rows" if self.done < self.total else f"{self.total} rows"
        )
        return f"Evaluation({self.name!r}, {self.status}: {rows}, {counts.passed} passed)"


async def _ended(run: Run) -> None:
    await run


def _seconds_of(run: Run | None, otherwise: float) -> float:
    """Return how long a run took by its own events: evaluators take their time after it."""
    if run is None:
        return otherwise
    events = [event for event in run.events() if event.node is None]
    if len(events) < 2:
        return otherwise
    return max(0.0, (events[-1].ts - events[0].ts).total_seconds())


def _sentence(error: Exception) -> str:
    return str(error) if isinstance(error, KaizenError) else f"{type(error).__name__}: {error}"
