"""Values of every kind pass through a run unharmed."""

from __future__ import annotations

import threading
from collections.abc import Mapping

import pytest

from kaizen_widgets.engines import follow
from kaizen_widgets.stores.execution import ExecutionStore
from tests.engines.builders import pipeline


def two():
    yield "one"
    yield "two"


def test_a_generator_function_can_feed_two_nodes(begin):
    run = begin(
        pipeline("start > a > b", "a > c"),
        functions={"a": lambda v: two(), "b": list, "c": "+".join},
    ).wait(30)
    assert (run["a"].output, run["b"].output) == (["one", "two"], ["one", "two"])
    assert run["c"].output == "one+two"


def test_an_async_generator_function_gives_a_list(begin):
    async def lines(text):
        yield text
        yield text * 2

    assert begin(pipeline("start > a"), {"text": "x"}, functions={"a": lines}).wait(30).result == [
        "x",
        "xx",
    ]


def test_a_generator_among_the_inputs_can_be_read_by_every_start(begin):
    graph = pipeline("start > a", "b")
    run = begin(
        graph, {"lines": two()}, functions={"a": lambda lines: lines, "b": lambda lines: lines}
    ).wait(30)
    assert run["a"].output == run["b"].output == ["one", "two"]


def test_what_a_generator_prints_is_its_nodes(begin):
    def chatty(text):
        print("from the generator")  # noqa: T201
        yield text

    assert begin(pipeline("start > a"), {"text": "x"}, functions={"a": chatty}).wait(30)[
        "a"
    ].logs == ("from the generator",)


def test_a_node_reports_numpy_progress(begin):
    np = pytest.importorskip("numpy")

    def train(ctx, text):
        ctx.progress(np.float32(0.5))
        return "trained"

    result = begin(pipeline("start > a"), {"text": "x"}, functions={"a": train}).wait(30)
    assert result.result == "trained"


HALF = "half \ud800"


def prints(text):
    print(HALF)  # noqa: T201


def logs(text, ctx):
    ctx.log(HALF)


def fails(text):
    raise ValueError(HALF)


@pytest.mark.parametrize("function", [lambda text: HALF, lambda text: [HALF], prints, logs, fails])
def test_half_a_surrogate_pair_never_reaches_the_browser(begin, loop, function):
    store = ExecutionStore()
    run = begin(pipeline("start > a"), {"text": "x"}, functions={"a": function})
    follow(run, store, loop)
    run.wait(30)
    shown = [
        store.message,
        *(line["message"] for line in store.logs),
        *(node[key] for node in store.node_executions.values() for key in ("preview", "error")),
        *(text for event in run.events() for text in event.data.values() if isinstance(text, str)),
    ]
    assert any("half" in text for text in shown)
    for text in shown:
        text.encode()


def test_a_value_reaches_the_next_node_as_the_same_object(begin):
    made = {"text": HALF}
    run = begin(
        pipeline("start > a > b"), functions={"a": lambda v: made, "b": lambda value: [value]}
    )
    assert run.wait(30)["b"].output[0] is made


def test_lazy_mappings_are_read_by_their_node_and_off_the_loop(begin, loop):
    read = []

    class Table(Mapping):
        def __getitem__(self, key):
            read.append((key, loop.is_current, threading.current_thread().name))
            return key

        def __iter__(self):
            return iter(["x", "y", "z"])

        def __len__(self):
            return 3

    run = begin(pipeline("start > a > b"), functions={"a": lambda v: Table(), "b": lambda y: y})
    assert run.wait(30).result == "y"
    assert read == [("y", False, "kaizen-node-b")]
