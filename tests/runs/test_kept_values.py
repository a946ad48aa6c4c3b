"""The last runs keep their values as long as these are not too large together."""

from __future__ import annotations

from typing import Any

import numpy
import pandas
import pytest

from kaizen_widgets.engines import follow
from kaizen_widgets.engines.run_display import run_html
from kaizen_widgets.errors import RunError
from kaizen_widgets.runs.value_bytes import bytes_of
from kaizen_widgets.stores import ExecutionStore
from tests.engines.builders import pipeline

LINE = pipeline("start > a > b > end")
MB = 1_000_000


def total(*values: Any) -> int:
    size = bytes_of(values)
    return size.small + sum(size.large.values())


@pytest.fixture
def large(bench):
    """A bench whose node a gives 10 MB, all anew in each run; the runs may keep 25 MB."""
    bench.show(LINE)
    bench.runner.history.max_bytes = 25 * MB
    bench.register("a", does=lambda value: bytearray(10 * MB))
    bench.register("b", does=len)
    return bench


def test_values_of_the_oldest_runs_are_dropped(large):
    runs = [large.run({"n": number}) for number in range(4)]
    assert [run.has_values for run in runs] == [False, False, True, True]
    assert list(large.runner.history) == runs[::-1]
    assert len(runs[2]["a"].output) == 10 * MB


def test_what_was_dropped_says_so_when_it_is_asked_for(large):
    old = large.run({"n": 0})
    newer = [large.run({"n": number}) for number in (1, 2)]
    for ask in (
        lambda: old["a"].output,
        lambda: old["b"].inputs,
        lambda: old.inputs,
        lambda: old.result,
        lambda: old.results,
        lambda: old.edge("e0").value,
        lambda: old.rerun(),
        lambda: newer[0].compare(old),
    ):
        with pytest.raises(RunError, match="The values of this run were dropped"):
            ask()
    assert old.state == newer[0].state
    assert old["b"].message == "10000000"
    assert "10000000" in run_html(old)


def test_an_old_run_is_shown_without_its_values(large):
    old, *_ = [large.run({"n": number}) for number in range(4)]
    store = ExecutionStore(now=large.loop.clock.now)
    follow(old, store, large.loop.clock)
    large.loop.advance(1)
    assert store.node_executions["b"]["status"] == "completed"
    assert store.node_executions["b"]["preview"] == "10000000"


def test_results_that_a_run_was_kept_for_are_dropped_with_it(large):
    runs = [large.run({"n": number}) for number in range(4)]
    assert large.runner.results_of(runs[0]).outputs() == []
    large.took()
    again = large.again(runs[0], inputs={"n": 0})
    assert large.took() == ["a", "b"]
    assert again.result == 10 * MB


def test_the_newest_run_keeps_its_values_however_large(large):
    large.runner.history.max_bytes = 1
    run = large.run({"n": 1})
    assert len(run["a"].output) == 10 * MB


def test_a_value_that_several_runs_hold_counts_once(large):
    first = large.run({"n": 1})
    for _ in range(5):
        large.again(first, "b")
    assert all(run.has_values for run in large.runner.history)


@pytest.mark.parametrize(
    ("value", "bytes_"),
    [
        ("x" * MB, MB),
        (["y" * 1000 + str(number) for number in range(1000)], 1.06 * MB),
        ({number: "z" * 1000 + str(number) for number in range(1000)}, 1.1 * MB),
        (numpy.zeros(MB), 8 * MB),
        ([numpy.zeros(MB)] * 50, 8 * MB),
        (pandas.DataFrame({"n": range(MB)}), 8 * MB),
        (pandas.DataFrame({"t": ["x" * 951] * 1000}), MB),
    ],
    ids=["text", "texts", "dict", "array", "shared", "table", "table of texts"],
)
def test_bytes_are_estimated(value, bytes_):
    assert total(value) == pytest.approx(bytes_, rel=0.15)


def test_values_that_hold_themselves_or_fail_are_counted_too():
    class Fails:
        def __getattribute__(self, name: str) -> Any:
            raise ValueError(name)

        def __sizeof__(self) -> int:
            raise ValueError("size")

    loop: list[Any] = ["x" * MB]
    loop.append(loop)
    assert total(loop, Fails()) == pytest.approx(MB, rel=0.01)
