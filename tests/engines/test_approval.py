"""Nodes that ask a person, and what answers them."""

from __future__ import annotations

import asyncio

import pytest

from kaizen_widgets.engines import follow
from kaizen_widgets.errors import RunError
from kaizen_widgets.stores import ExecutionStore
from tests.engines.builders import pipeline

KINDS = {"check": "approval"}


def asks(**options):
    graph = pipeline("start > check > send > end", "check.rejected > note", kinds=KINDS, **options)
    return graph, {"send": lambda value: f"sent {value['text']}", "note": lambda value: "noted"}


def test_an_approval_waits_and_passes_on_what_was_approved(go, virtual):
    graph, functions = asks(check={"question": "Send {{ text }}?"})
    run = go(graph, {"text": "hey"}, functions=functions)
    assert run["check"].status == "waiting"
    assert run["check"].question.text == "Send hey?"
    assert run["check"].question.value == {"text": "hey"}
    run["check"].approve()
    virtual.settle()
    assert run.result == "sent hey"
    assert run["check"].question is None
    assert run["note"].reason == '"check" took "approved"'
    waiting = [(e.state, dict(e.data)) for e in run.events() if e.kind == "waiting"]
    assert waiting == [
        ("asked", {"question": "Send hey?", "preview": "text: hey"}),
        ("approved", {}),
    ]


def test_a_rejection_takes_the_other_way(go, virtual):
    graph, functions = asks()
    run = go(graph, {"text": "hey"}, functions=functions)
    run["check"].reject("not today")
    virtual.settle()
    assert (run["send"].status, run["note"].output) == ("skipped", "noted")
    assert run.events()[-1].state == "completed"


def test_a_person_may_correct_what_is_passed_on(go, virtual):
    graph, functions = asks()
    run = go(graph, {"text": "hey"}, functions=functions)
    run["check"].approve({"text": "hello"})
    virtual.settle()
    assert run.result == "sent hello"


def test_only_a_node_that_asks_can_be_answered(go, virtual):
    graph, functions = asks()
    run = go(graph, {"text": "hey"}, functions=functions)
    with pytest.raises(RunError, match='"send" asks nothing: it is pending'):
        run["send"].approve()
    run["check"].approve()
    with pytest.raises(RunError, match='"check" asks nothing'):
        run["check"].approve()
    virtual.settle()


def test_cancelling_ends_the_wait(go, virtual):
    graph, functions = asks()
    run = go(graph, {"text": "hey"}, functions=functions)
    run.cancel()
    virtual.settle()
    assert run["check"].status == "cancelled"
    assert run["check"].question is None


def test_a_time_limit_ends_the_wait(go, virtual):
    graph, functions = asks(check={"timeout": 60})
    run = go(graph, {"text": "hey"}, functions=functions)
    virtual.advance(61)
    assert run["check"].status == "failed"
    assert run["send"].status == "skipped"


def test_without_a_person_waiting_fails_with_a_sentence(begin):
    graph, functions = asks()
    run = begin(graph, {"text": "hey"}, functions=functions, is_attended=lambda: False).wait(60)
    assert run.status == "failed"
    assert "waits for a person's approval, and this notebook is run without one" in str(
        run["check"].error
    )


def test_a_question_asked_before_the_wait_fails_too(go, virtual):
    graph, functions = asks()
    run = go(graph, {"text": "hey"}, functions=functions, is_attended=lambda: False)
    assert run["check"].status == "waiting"
    with pytest.raises(TimeoutError):
        run.wait(0)
    virtual.settle()
    assert run["check"].status == "failed"


def test_code_may_answer_where_there_is_no_person(begin):
    graph, functions = asks()
    run = begin(graph, {"text": "hey"}, functions=functions, is_attended=lambda: False)

    async def answer():
        async for event in run.stream():
            if event.kind == "waiting" and event.state == "asked":
                run[event.node].approve()

    asyncio.run(answer())
    assert run.result == "sent hey"


def test_a_store_shows_the_question(go, virtual):
    graph, functions = asks(check={"question": "Send it?"})
    run = go(graph, {"text": "hey"}, functions=functions)
    store = ExecutionStore(now=virtual.clock.now)
    follow(run, store, virtual.clock)
    virtual.advance(1)
    node = store.node_executions["check"]
    assert (node["status"], node["message"]) == ("waiting", "Send it?")
    run["check"].approve()
    virtual.advance(1)
    assert store.node_executions["check"]["status"] == "completed"
