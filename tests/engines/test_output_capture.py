# ruff: noqa: T201 - nodes print
"""What nodes print belongs to their run, and never to the cell."""

from __future__ import annotations

import asyncio
import logging
import sys
import threading
import warnings

from tests.engines.builders import pipeline


def lines(run):
    return [
        (event.node, event.data["stream"], event.data["text"])
        for event in run.events()
        if event.kind == "log"
    ]


def test_prints_are_the_nodes_and_not_the_cells(begin, capsys):
    def talk(value):
        print("one\ntwo")
        print("half", end="")
        sys.stderr.write("wrong\n")

    run = begin(pipeline("start > a"), functions={"a": talk}).wait(5)
    assert lines(run) == [
        ("a", "stdout", "one"),
        ("a", "stdout", "two"),
        ("a", "stderr", "wrong"),
        ("a", "stdout", "half"),
    ]
    assert capsys.readouterr() == ("", "")


def test_two_nodes_at_once_keep_their_lines_apart(begin):
    both = threading.Barrier(2)

    def talk(name):
        def work(value):
            both.wait(5)
            for number in range(20):
                print(name, number)

        return work

    run = begin(pipeline("start > a", "start > b"), functions={"a": talk("a"), "b": talk("b")})
    for name in "ab":
        assert run.wait(5)[name].logs == tuple(f"{name} {number}" for number in range(20))


def test_two_coroutines_at_once_keep_their_lines_apart(begin):
    def talk(name):
        async def work(value):
            for number in range(5):
                print(name, number)
                await asyncio.sleep(0)

        return work

    run = begin(pipeline("start > a", "start > b"), functions={"a": talk("a"), "b": talk("b")})
    for name in "ab":
        assert run.wait(5)[name].logs == tuple(f"{name} {number}" for number in range(5))


def test_the_cell_prints_as_ever_while_a_node_runs(begin, capsys):
    entered, release = threading.Event(), threading.Event()

    def work(value):
        entered.set()
        release.wait(5)

    run = begin(pipeline("start > a"), functions={"a": work})
    assert entered.wait(5)
    print("from the cell")
    release.set()
    run.wait(5)
    assert capsys.readouterr().out == "from the cell\n"
    assert lines(run) == []


def test_what_a_listener_prints_is_not_the_nodes(begin, capsys):
    entered, release = threading.Event(), threading.Event()

    def work(value, ctx):
        entered.set()
        release.wait(5)
        ctx.log("mine")

    run = begin(pipeline("start > a"), functions={"a": work})
    assert entered.wait(5)
    run.subscribe(lambda event: print("heard") if event.kind == "log" else None)
    release.set()
    run.wait(5)
    assert run["a"].logs == ("mine",)
    assert capsys.readouterr().out == "heard\n"


def test_the_streams_are_put_back(begin):
    before = sys.stdout, sys.stderr, list(logging.root.handlers)
    run = begin(pipeline("start > a"), functions={"a": lambda v: print("x")})
    run.wait(5)
    assert run["a"].logs == ("x",)
    assert (sys.stdout, sys.stderr, list(logging.root.handlers)) == before


def test_log_records_carry_their_level(begin):
    def work(value):
        logging.getLogger("user.code").warning("careful with %s", "this")

    run = begin(pipeline("start > a"), functions={"a": work}).wait(5)
    [event] = [event for event in run.events() if event.kind == "log"]
    assert event.data == {
        "stream": "log",
        "text": "careful with this",
        "level": "WARNING",
        "logger": "user.code",
    }


def test_a_handler_that_prints_to_the_cell_is_silent_for_nodes(begin, capsys):
    handler = logging.StreamHandler(sys.stderr)
    logging.root.addHandler(handler)
    try:
        work = lambda v: logging.getLogger("user.code").warning("careful")  # noqa: E731
        run = begin(pipeline("start > a"), functions={"a": work}).wait(5)
        logging.getLogger("user.code").warning("from the cell")
    finally:
        logging.root.removeHandler(handler)
    assert run["a"].logs == ("careful",)
    assert capsys.readouterr().err == "from the cell\n"


def test_warnings_are_lines_too(begin):
    def work(value):
        with warnings.catch_warnings():
            warnings.simplefilter("always")
            sys.stderr.write(warnings.formatwarning("old", DeprecationWarning, "f.py", 1))

    run = begin(pipeline("start > a"), functions={"a": work}).wait(5)
    assert "f.py:1: DeprecationWarning: old" in run["a"].logs


def test_a_progress_bar_leaves_its_last_state(begin):
    def work(value):
        for percent in (10, 50, 100):
            sys.stderr.write(f"\r{percent}%")

    assert begin(pipeline("start > a"), functions={"a": work}).wait(5)["a"].logs == ("100%",)


def test_an_endless_line_is_cut(begin):
    work = lambda v: sys.stdout.write("x" * 5000)  # noqa: E731
    [line] = begin(pipeline("start > a"), functions={"a": work}).wait(5)["a"].logs
    assert len(line) == 2001
    assert line.endswith("…")
