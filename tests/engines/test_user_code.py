"""User code can do what it wants: its run ends, and the background loop serves everybody else."""

from __future__ import annotations

import asyncio
import threading

import pytest

from kaizen_widgets.engines import LocalEngine
from kaizen_widgets.nodes import Kind, Look, default_registry
from tests.engines.builders import pipeline

LEAVING = [SystemExit(2), KeyboardInterrupt(), GeneratorExit()]


async def leave(error):
    raise error


@pytest.mark.parametrize("error", LEAVING, ids=repr)
def test_exit_in_a_supervisors_async_worker_fails_its_node(begin, loop, error):
    async def worker(text):
        raise error

    graph = pipeline("start > s", kinds={"s": "supervisor"}, s={"workers": ["w"]})
    run = begin(graph, {"text": "x"}, functions={"w": worker}).wait(30)
    assert run.state == {"start": "completed", "s": "failed"}
    assert_loop_serves(begin)


@pytest.mark.parametrize("error", LEAVING, ids=repr)
def test_exit_in_a_task_that_a_node_started_fails_its_node(begin, error):
    async def gathers(text):
        await asyncio.gather(leave(error), asyncio.sleep(0))

    run = begin(pipeline("start > a"), {"text": "x"}, functions={"a": gathers}).wait(30)
    assert run.state == {"start": "completed", "a": "failed"}
    assert_loop_serves(begin)


def test_exit_in_a_task_left_behind_disturbs_no_later_node(begin):
    async def leaves_a_task(text):
        asyncio.get_running_loop().create_task(leave(SystemExit(1)))
        return text

    async def later(text):
        await asyncio.sleep(0)
        return text

    run = begin(
        pipeline("start > a > b"), {"text": "x"}, functions={"a": leaves_a_task, "b": later}
    )
    assert run.wait(30).result == "x"


def test_stopping_the_loop_from_a_node_stops_nothing(begin):
    async def stops(text):
        asyncio.get_running_loop().stop()
        await asyncio.sleep(0)
        return text

    assert (
        begin(pipeline("start > a"), {"text": "x"}, functions={"a": stops}).wait(30).result == "x"
    )
    assert_loop_serves(begin)


@pytest.mark.parametrize("error", [ValueError("odd"), *LEAVING], ids=repr)
@pytest.mark.parametrize("method", ["__str__", "__repr__"])
def test_an_error_whose_text_raises_fails_only_its_node(begin, error, method):
    def raises(self):
        raise error

    odd = type("Odd", (Exception,), {method: raises})

    def bad(text):
        raise odd("x")

    run = begin(
        pipeline("start > a", "start > b"), {"text": "x"}, functions={"a": bad, "b": str}
    ).wait(30)
    assert run.state == {"start": "completed", "a": "failed", "b": "completed"}
    assert run["a"].message.startswith("Odd")
    assert_loop_serves(begin)


@pytest.mark.parametrize("error", [ValueError("odd"), *LEAVING], ids=repr)
def test_a_result_whose_repr_raises_is_a_result(begin, error):
    class Odd:
        def __repr__(self):
            raise error

    run = begin(pipeline("start > a > b"), functions={"a": lambda v: Odd(), "b": lambda v: 7})
    assert run.wait(30).state == {"start": "completed", "a": "completed", "b": "completed"}
    [end] = [e for e in run.events() if e.node == "a" and e.state == "completed"]
    assert end.data["preview"] == f"Odd (its repr raised {type(error).__name__})"


def test_a_result_that_refuses_everything_is_a_result(begin):
    class Refusing:
        def __getattribute__(self, name):
            raise SystemExit(1)

        __bool__ = __eq__ = __len__ = __getattribute__
        __hash__ = None  # type: ignore[assignment]

    run = begin(
        pipeline("start > a > b > end"), functions={"a": lambda v: Refusing(), "b": lambda v: v}
    ).wait(30)
    assert run.state == dict.fromkeys(("start", "a", "b", "end"), "completed")


def test_a_result_whose_repr_takes_for_ever_is_a_result(begin, monkeypatch):
    monkeypatch.setattr("kaizen_widgets.engines.attempt.DESCRIBE_TIMEOUT", 0.01)
    release = threading.Event()

    class Slow:
        def __repr__(self):
            release.wait(30)
            return "late"

    run = begin(pipeline("start > a"), functions={"a": lambda v: Slow()}).wait(30)
    release.set()
    assert run.status == "completed"
    assert run.events()[-2].data["preview"] == "Slow (its repr takes too long)"


def test_code_that_blocks_in_an_async_node_blocks_neither_saves_nor_other_runs(begin, loop):
    entered, release = threading.Event(), threading.Event()

    async def blocks(text):
        entered.set()
        release.wait(30)
        return text

    async def quick(text):
        await asyncio.sleep(0)
        return text

    run = begin(pipeline("start > a"), {"text": "x"}, functions={"a": blocks})
    assert entered.wait(30)
    assert loop.wait(asyncio.sleep(0, "the loop is free"), 30) == "the loop is free"
    other = begin(pipeline("start > b"), {"text": "y"}, functions={"b": quick})
    assert other.wait(30).result == "y"
    release.set()
    assert run.wait(30).result == "x"


def test_code_that_blocks_in_an_async_node_has_a_time_limit(begin, clock):
    entered, release = threading.Event(), threading.Event()

    async def blocks(text):
        entered.set()
        release.wait(30)
        return "late"

    graph = pipeline("start > a", a={"timeout": 30})
    run = begin(graph, functions={"a": blocks}, clock=clock, grace=2)
    assert entered.wait(30)
    clock.advance(30)
    _turn(run)
    clock.advance(2)
    assert run.wait(30)["a"].status == "failed"
    assert run["a"].reason.startswith("abandoned")
    assert "took longer than 30 s" in str(run["a"].error)
    release.set()


def test_coroutines_of_all_runs_share_a_loop(begin):
    loops = []

    async def work(text):
        loops.append(asyncio.get_running_loop())
        return text

    for _ in range(2):
        begin(pipeline("start > a > b"), functions={"a": work, "b": work}).wait(30)
    assert len(loops) == 4
    assert len(set(loops)) == 1


def test_the_run_method_of_a_users_kind_is_user_code(begin, loop):
    entered, release = threading.Event(), threading.Event()

    class Blocking(Kind):
        look = Look(type="blocking", title="Blocking", description="Blocks.")

        async def run(self, task):
            entered.set()
            release.wait(30)
            raise SystemExit(1)

    registry = default_registry()
    registry.register(Blocking)
    run = begin(pipeline("x", kinds={"x": "blocking"}), registry=registry)
    assert entered.wait(30)
    assert loop.wait(asyncio.sleep(0, "the loop is free"), 30) == "the loop is free"
    release.set()
    assert run.wait(30)["x"].status == "failed"
    assert_loop_serves(begin)


def test_a_template_that_loops_can_be_cancelled(begin, clock):
    loops = "{% for i in range(99999) %}{% for j in range(99999) %}{% endfor %}{% endfor %}"
    graph = pipeline("start > gate > end", end={"template": loops})
    run = begin(graph, {"text": "x"}, functions={"gate": str}, clock=clock, grace=2)
    started = threading.Event()
    run.subscribe(
        lambda e: started.set() if (e.node, e.state) == ("end", "running") else None, after=0
    )
    assert started.wait(30)
    run.cancel()
    _turn(run)
    clock.advance(2)
    assert run.wait(30)["end"].status == "cancelled"
    assert_loop_serves(begin)


@pytest.mark.parametrize("error", LEAVING, ids=repr)
def test_a_listener_that_exits_disturbs_neither_run_nor_other_listeners(begin, error, caplog):
    seen, release = [], threading.Event()

    def bad(event):
        raise error

    run = begin(pipeline("start > a"), functions={"a": lambda v: release.wait(30)})
    run.subscribe(bad)
    run.subscribe(seen.append)
    release.set()
    assert run.wait(30).status == "completed"
    assert seen[-1].state == "completed"


def test_a_run_whose_loop_is_lost_ends(begin, loop, caplog):
    entered, release = threading.Event(), threading.Event()

    def work(text):
        entered.set()
        release.wait(30)

    run = begin(pipeline("start > a > b"), functions={"a": work, "b": str})
    assert entered.wait(30)
    broken = loop.loop
    broken.call_soon_threadsafe(lambda: setattr(broken, "_run_once", None))
    run.wait(30)
    release.set()
    assert run.state == {"start": "completed", "a": "failed", "b": "failed"}
    assert "has ended while this ran on it" in str(run["a"].error)
    assert_loop_serves(begin)


@pytest.mark.parametrize("error", LEAVING, ids=repr)
def test_an_engine_without_threads_turns_exits_into_failures_too(begin, error):
    def bad(text):
        raise error

    run = begin(pipeline("start > a"), functions={"a": bad}, engine=LocalEngine(loops=None))
    assert run.wait(30)["a"].status == "failed"


def assert_loop_serves(begin) -> None:
    assert begin(pipeline("start > end"), {"n": 1}).wait(30).result == {"n": 1}


def _turn(run) -> None:
    """Wait until the loop has done what was asked of it so far."""

    async def turns():
        for _ in range(20):
            await asyncio.sleep(0)

    run._loop.wait(turns(), 30)
