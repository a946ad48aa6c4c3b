# ruff: noqa: T201 - nodes print
"""What nodes print belongs to their run, and never to the cell."""

from __future__ import annotations

import asyncio
import contextlib
import io
import logging
import multiprocessing
import os
import sys
import threading
import warnings

import pytest

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

    run = begin(pipeline("start > a"), functions={"a": talk}).wait(30)
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
            both.wait(30)
            for number in range(20):
                print(name, number)

        return work

    run = begin(pipeline("start > a", "start > b"), functions={"a": talk("a"), "b": talk("b")})
    for name in "ab":
        assert run.wait(30)[name].logs == tuple(f"{name} {number}" for number in range(20))


def test_two_coroutines_at_once_keep_their_lines_apart(begin):
    def talk(name):
        async def work(value):
            for number in range(5):
                print(name, number)
                await asyncio.sleep(0)

        return work

    run = begin(pipeline("start > a", "start > b"), functions={"a": talk("a"), "b": talk("b")})
    for name in "ab":
        assert run.wait(30)[name].logs == tuple(f"{name} {number}" for number in range(5))


def test_the_cell_prints_as_ever_while_a_node_runs(begin, capsys):
    entered, release = threading.Event(), threading.Event()

    def work(value):
        entered.set()
        release.wait(30)

    run = begin(pipeline("start > a"), functions={"a": work})
    assert entered.wait(30)
    print("from the cell")
    release.set()
    run.wait(30)
    assert capsys.readouterr().out == "from the cell\n"
    assert lines(run) == []


def test_what_a_listener_prints_is_not_the_nodes(begin, capsys):
    entered, release = threading.Event(), threading.Event()

    def work(value, ctx):
        entered.set()
        release.wait(30)
        ctx.log("mine")

    run = begin(pipeline("start > a"), functions={"a": work})
    assert entered.wait(30)
    run.subscribe(lambda event: print("heard") if event.kind == "log" else None)
    release.set()
    run.wait(30)
    assert run["a"].logs == ("mine",)
    assert capsys.readouterr().out == "heard\n"


def test_the_streams_are_put_back(begin):
    before = sys.stdout, sys.stderr, list(logging.root.handlers)
    run = begin(pipeline("start > a"), functions={"a": lambda v: print("x")})
    run.wait(30)
    assert run["a"].logs == ("x",)
    assert (sys.stdout, sys.stderr, list(logging.root.handlers)) == before


def test_log_records_carry_their_level(begin):
    def work(value):
        logging.getLogger("user.code").warning("careful with %s", "this")

    run = begin(pipeline("start > a"), functions={"a": work}).wait(30)
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
        run = begin(pipeline("start > a"), functions={"a": work}).wait(30)
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

    run = begin(pipeline("start > a"), functions={"a": work}).wait(30)
    assert "f.py:1: DeprecationWarning: old" in run["a"].logs


def test_a_progress_bar_leaves_its_last_state(begin):
    def work(value):
        for percent in (10, 50, 100):
            sys.stderr.write(f"\r{percent}%")

    assert begin(pipeline("start > a"), functions={"a": work}).wait(30)["a"].logs == ("100%",)


def test_an_endless_line_is_cut(begin):
    work = lambda v: sys.stdout.write("x" * 5000)  # noqa: E731
    [line] = begin(pipeline("start > a"), functions={"a": work}).wait(30)["a"].logs
    assert len(line) == 2001
    assert line.endswith("…")


def test_a_cell_that_redirects_its_output_gets_nothing_of_a_node(begin):
    entered, release = threading.Event(), threading.Event()

    def talk(text):
        entered.set()
        release.wait(30)
        print("one")
        sys.stdout.write("two\n")

    with contextlib.redirect_stdout(io.StringIO()) as first:
        run = begin(pipeline("start > a"), {"text": "x"}, functions={"a": talk})
        assert entered.wait(30)
    with contextlib.redirect_stdout(io.StringIO()) as second:
        print("from the cell")
        release.set()
        run.wait(30)
    assert run["a"].logs == ("one", "two")
    assert (first.getvalue(), second.getvalue()) == ("", "from the cell\n")


@pytest.mark.parametrize("name", ["stdout", "stderr"])
def test_nodes_that_redirect_their_output_leave_the_notebooks_alone(begin, name):
    redirect = {"stdout": contextlib.redirect_stdout, "stderr": contextlib.redirect_stderr}[name]
    a_in, b_in, a_out = threading.Event(), threading.Event(), threading.Event()

    def a(text):
        with redirect(io.StringIO()) as caught:
            a_in.set()
            b_in.wait(30)
            print("a", file=getattr(sys, name))
        a_out.set()
        return caught.getvalue()

    def b(text):
        a_in.wait(30)
        with redirect(io.StringIO()) as caught:
            b_in.set()
            a_out.wait(30)
            print("b", file=getattr(sys, name))
        print("after", file=getattr(sys, name))
        return caught.getvalue()

    before = getattr(sys, name)
    run = begin(pipeline("start > a", "start > b"), functions={"a": a, "b": b}).wait(30)
    assert (run["a"].output, run["b"].output) == ("a\n", "b\n")
    assert (run["a"].logs, run["b"].logs) == ((), ("after",))
    assert getattr(sys, name) is before


def test_while_a_node_runs_the_notebook_sees_its_own_stream(begin):
    entered, release = threading.Event(), threading.Event()

    def work(text):
        entered.set()
        release.wait(30)

    before = sys.stdout
    run = begin(pipeline("start > a"), functions={"a": work})
    assert entered.wait(30)
    assert sys.stdout is before
    other = io.StringIO()
    sys.stdout = other
    try:
        print("to the other")
        release.set()
        run.wait(30)
        assert sys.stdout is other
    finally:
        sys.stdout = before
    assert other.getvalue() == "to the other\n"


def test_a_stream_kept_by_a_node_prints_to_the_cell_afterwards(begin, capsys):
    streams = []
    begin(pipeline("start > a"), functions={"a": lambda v: streams.append(sys.stdout)}).wait(30)
    print("later", file=streams[0])
    assert capsys.readouterr().out == "later\n"


@pytest.mark.parametrize(
    ("message", "args"), [("%d items", ("three",)), ("%s %s", ("one",)), ("{}", ("odd",))]
)
def test_a_log_call_that_cannot_be_formatted_is_a_line(begin, monkeypatch, message, args):
    monkeypatch.setattr(logging.root, "handlers", [])  # pytest's own raises

    def work(text):
        logging.getLogger("some.library").warning(message, *args)
        return "done"

    run = begin(pipeline("start > a"), {"text": "x"}, functions={"a": work}).wait(30)
    assert run.result == "done"
    [line] = run["a"].logs
    assert message in line


forks = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")


@forks
def test_what_a_forked_process_prints_is_its_nodes(begin, capsys):
    def talk():
        print("from a child")
        sys.stdout.write("without an end")

    def work(text):
        print("before")
        child = multiprocessing.get_context("fork").Process(target=talk)
        child.start()
        child.join(20)
        return child.exitcode

    run = begin(pipeline("start > a"), {"text": "x"}, functions={"a": work}).wait(30)
    assert run.result == 0
    assert sorted(run["a"].logs) == ["before", "from a child", "without an end"]
    assert capsys.readouterr() == ("", "")


@forks
def test_a_forked_process_ends_although_other_threads_print(begin):
    done = threading.Event()

    def chatty(text, ctx):
        while not done.is_set():
            print("x" * 100)
            ctx.log("y")

    def talk(ctx):
        print("from a child")
        ctx.log("logged by a child")

    def forks(text, ctx):
        context = multiprocessing.get_context("fork")
        try:
            children = [context.Process(target=talk, args=(ctx,)) for _ in range(10)]
            for child in children:
                child.start()
            for child in children:
                child.join(20)
            return [child.exitcode for child in children]
        finally:
            done.set()

    graph = pipeline("start > chatty", "start > forks")
    run = begin(graph, functions={"chatty": chatty, "forks": forks}).wait(60)
    assert run["forks"].output == [0] * 10


@forks
def test_pipes_of_forked_processes_are_closed(begin):
    def work(text):
        child = multiprocessing.get_context("fork").Process(target=print, args=("x",))
        child.start()
        child.join(20)

    begin(pipeline("start > a"), functions={"a": work}).wait(30)
    before = len(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else 0
    for _ in range(5):
        begin(pipeline("start > a"), functions={"a": work}).wait(30)
    after = len(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else 0
    assert after <= before + 1
