"""Results that are used again by new runs: what is a hit, and what must never be one."""

from __future__ import annotations

import json
from typing import Any

import pytest

from kaizen_widgets.errors import RunError
from kaizen_widgets.graph import Graph
from kaizen_widgets.runs import ResultCache
from kaizen_widgets.runs.result_cache import PREFIX
from kaizen_widgets.stores import SqliteStorage
from tests.engines.builders import pipeline

LINE = pipeline("start > a > b > end")


def prompt(graph: Graph, node_id: str, text: str) -> Graph:
    """The graph with another prompt."""
    changed = graph.node(node_id).set_in(("data", "config", "prompt"), text)
    return Graph([changed if node.id == node_id else node for node in graph.nodes], graph.edges)


@pytest.fixture
def cached(bench):
    bench.show(LINE)
    bench.register("a", "b")
    bench.runner.cache.policy = "session"
    return bench


def test_nothing_is_computed_twice(cached):
    one, two = cached.run({"text": "t"}), cached.run({"text": "t"})
    assert cached.took() == ["a", "b"]
    assert two.result == one.result
    assert {node.origin for node in two.nodes.values()} == {"cached"}


def test_a_new_run_does_not_use_results_by_default(bench):
    bench.show(LINE)
    bench.register("a", "b")
    bench.run({"text": "t"})
    bench.run({"text": "t"})
    assert bench.took() == ["a", "b"] * 2


def test_other_inputs_are_other_results(cached):
    cached.run({"text": "t"})
    cached.run({"text": "u"})
    cached.run({"text": True})
    cached.run({"text": 1})
    assert cached.took() == ["a", "b"] * 4


def test_run_again_means_that_everything_runs(cached):
    run = cached.run({"text": "t"})
    cached.took()
    cached.again(run)
    assert cached.took() == ["a", "b"]


def test_one_prompt_of_fifty_nodes_runs_exactly_what_comes_after_it(cached):
    names = [f"n{number}" for number in range(50)]
    # A tree: each node has two after it.
    chains = [f"n{number} > n{after}" for number in range(50) for after in (2 * number + 1, 2 * number + 2)
              if after < 50]  # fmt: skip
    graph = prompt(pipeline(*chains), "n4", "first: {{ text }}")
    cached.show(graph)
    cached.register(*names)
    cached.run({"text": "t"})
    assert sorted(cached.took()) == sorted(names)
    cached.show(prompt(graph, "n4", "second: {{ text }}"))
    cached.run({"text": "t"})
    assert sorted(cached.took()) == sorted(["n4", "n9", "n10", "n19", "n20", "n21", "n22", "n39", "n40",
                                            "n41", "n42", "n43", "n44", "n45", "n46"])  # fmt: skip


def test_a_function_that_is_defined_anew_runs(cached):
    cached.run({"text": "t"})
    cached.register("a", does=lambda value: "other")
    cached.took()
    assert cached.run({"text": "t"}).result == "b(other)"
    assert cached.took() == ["a", "b"]


def test_a_value_that_cannot_be_compared_is_no_hit(cached):
    cached.register("a", does=lambda value: object())
    cached.run({"text": "t"})
    cached.run({"text": "t"})
    assert cached.took() == ["a", "b"] * 2
    assert cached.runner.cache.reasons["a"] == "not cached: an object cannot be compared"
    assert (
        cached.runner.plan({"text": "t"})["a"].reason == "not cached: an object cannot be compared"
    )


class Unequal:
    """Neither hashable nor equal to itself."""

    __hash__ = None  # type: ignore[assignment]

    def __init__(self, x: Any) -> None:
        self.x = x

    def __eq__(self, other: object) -> bool:
        return False


def test_an_unhashable_or_unequal_value_is_compared_by_its_content(cached):
    cached.run({"value": [Unequal(1), float("nan")]})
    cached.run({"value": [Unequal(1), float("nan")]})
    assert cached.took() == ["a", "b"]
    cached.run({"value": [Unequal(2), float("nan")]})
    assert cached.took() == ["a", "b"]


def test_a_value_that_changed_after_it_was_cached_is_no_hit(cached):
    cached.register("a", does=lambda value: {"items": [1]})
    cached.register("b", does=lambda value: len(value["items"]))
    run = cached.run({"text": "t"})
    run["a"].output["items"].append(2)
    cached.took()
    again = cached.run({"text": "t"})
    assert again.result == 1
    assert cached.took() == ["a"]


def test_an_input_that_changed_after_the_run_is_another_input(cached):
    given = ["t"]
    cached.run({"value": given})
    given.append("u")
    cached.run({"value": given})
    assert cached.took() == ["a", "b"] * 2


def test_a_function_that_counts_its_calls_is_cached_all_the_same(cached):
    # Those of the fixture do: they append to one list.
    for _ in range(3):
        cached.run({"text": "t"})
    assert cached.took() == ["a", "b"]


def test_a_failure_is_not_cached(cached):
    cached.register("a", does=lambda value: 1 / 0)
    cached.run({"text": "t"})
    cached.run({"text": "t"})
    assert cached.took() == ["a", "a"]


def test_policies_of_nodes_go_before_that_of_the_studio(bench):
    bench.show(pipeline("start > a > b > end", policies={"a": {"cache": "session"}}))
    bench.register("a", "b")
    bench.run({"text": "t"})
    bench.run({"text": "t"})
    assert bench.took() == ["a", "b", "b"]


def test_a_wrong_policy_is_refused():
    with pytest.raises(RunError, match="one of never, run, session, disk"):
        ResultCache().policy = "always"  # type: ignore[assignment]


def test_the_results_used_longest_ago_are_dropped_first(cached, monkeypatch):
    monkeypatch.setattr("kaizen_widgets.runs.result_cache.MAX_RESULTS", 4)
    cached.run({"text": "t"})
    cached.run({"text": "u"})
    cached.took()
    cached.run({"text": "u"})
    cached.run({"text": "t"})
    assert cached.took() == ["a", "b"]


def test_a_cleared_cache_is_empty(cached):
    cached.run({"text": "t"})
    cached.runner.cache.clear()
    cached.took()
    cached.run({"text": "t"})
    assert cached.took() == ["a", "b"]


# ------------------------------------------------------------------- disk


@pytest.fixture
def disk(bench, tmp_path):
    """A bench whose cache is in a file; ``restart`` forgets what the kernel has."""
    bench.show(LINE)
    bench.register("a", "b")
    path = tmp_path / "results.db"

    def restart() -> ResultCache:
        bench.runner.cache.close()
        bench.runner.cache = ResultCache(lambda: SqliteStorage(path))
        bench.runner.cache.policy = "disk"
        bench.took()
        return bench.runner.cache

    restart()
    bench.restart, bench.path = restart, path
    yield bench
    bench.runner.cache.close()


def test_results_on_disk_outlive_the_kernel(disk):
    run = disk.run({"text": "t"})
    disk.restart()
    again = disk.run({"text": "t"})
    assert disk.took() == []
    assert again.result == run.result


@pytest.mark.parametrize("value", [(1, 2), {1: 2}, {1}, float("nan"), b"x", object(), [("a",)]])
def test_what_is_no_json_stays_in_the_kernel(disk, value):
    disk.register("a", does=lambda _: value)
    disk.run({"text": "t"})
    disk.restart()
    disk.run({"text": "t"})
    assert disk.took()[0] == "a"


def test_the_way_a_router_took_comes_back_from_disk(disk):
    routes = {"routes": [{"name": "x", "when": "true"}]}
    disk.show(pipeline("start > route.x > a > end", "route.default > b > end", route=routes))
    run = disk.run({"text": "t"})
    disk.restart()
    assert disk.run({"text": "t"}).state == run.state
    assert disk.took() == []


def test_a_file_that_was_changed_by_somebody_is_not_believed(disk):
    disk.run({"text": "t"})
    disk.restart()
    storage = SqliteStorage(disk.path)
    for number, name in enumerate(storage.names(PREFIX)):
        data = json.loads(storage.get(name) or "")
        data["output"] = "false"
        storage.set(name, ["", "{", "[]", json.dumps(data)][number % 4])
    storage.close()
    assert disk.run({"text": "t"}).result == "b(a({'text': 't'}))"
    assert disk.took() == ["a", "b"]


def test_the_file_keeps_only_so_many_results(disk, monkeypatch):
    monkeypatch.setattr("kaizen_widgets.runs.result_cache.MAX_FILE_RESULTS", 3)
    for number in range(3):
        disk.run({"n": number})
    storage = SqliteStorage(disk.path)
    assert len(storage.names(PREFIX)) == 3
    storage.close()


def test_a_large_output_is_refused_with_a_sentence(disk):
    disk.register("a", does=lambda value: "x" * 5_000_000)
    disk.register("b", does=len)
    disk.run({"text": "t"})
    assert disk.runner.cache.reasons["a"] == (
        "not written to disk: its output is no JSON, or too large"
    )


def test_an_output_of_a_gigabyte_is_not_read_and_no_hit(cached):
    np = pytest.importorskip("numpy")
    # Zeros that are never touched take no memory, but have the size.
    cached.register("a", does=lambda value: np.zeros(2**27))
    cached.register("b", does=lambda value: value.nbytes)
    assert cached.run({"text": "t"}).result == 2**30
    cached.run({"text": "t"})
    assert cached.took() == ["a", "b"] * 2
    assert "too large to compare" in cached.runner.cache.reasons["a"]
