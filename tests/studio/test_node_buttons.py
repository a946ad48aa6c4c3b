"""The buttons above selected nodes, pressed in a view of a studio."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from kaizen_widgets import Studio
from kaizen_widgets.graph import Edge, Graph, Node
from kaizen_widgets.testing import fake_comms

WAIT = 30


@pytest.fixture
def comms():
    with fake_comms() as made:
        yield made


@pytest.fixture
def studio(comms):
    made = Studio(data=":memory:")
    comms.of(made.canvas).deliver_custom({"kind": "hello", "client": "page"})
    yield made
    made.close()


def press(comms, studio: Studio, name: str, *nodes: str) -> Any:
    """Press a button; return why it was refused, or None."""
    answers: list[Any] = []
    end = studio.canvas._end
    command = {"kind": "command", "client": "page", "id": 1, "name": name, "nodes": nodes}
    original, end._send = end._send, lambda message: answers.append(message)
    try:
        comms.of(studio.canvas).deliver_custom(command)
    finally:
        end._send = original
    return next(each for each in answers if each.kind == "command_result").problem


def counted(studio: Studio) -> dict[str, int]:
    """Register the functions of the sample; they count their calls."""
    calls = {"Billing": 0, "Technical": 0}

    def register(name: str) -> None:
        def answer(text: Any) -> str:
            calls[name] += 1
            return f"{name} {calls[name]}"

        studio.agent(name)(answer)

    for name in calls:
        register(name)
    return calls


def wait_for_question(run: Any) -> None:
    """Wait until a node of a run asks a person."""
    asks = threading.Event()
    unsubscribe = run.subscribe(lambda event: event.kind == "waiting" and asks.set(), after=0)
    assert asks.wait(WAIT)
    unsubscribe()


def test_run_from_and_up_to_here_run_a_part_on_what_arrived(studio, comms):
    calls = counted(studio)
    studio.run(text="my invoice").wait(WAIT)
    assert press(comms, studio, "run_from", "billing") is None
    assert studio.last_run.wait(WAIT).result == "Billing 2"
    assert press(comms, studio, "run_to", "router") is None
    studio.last_run.wait(WAIT)
    assert calls == {"Billing": 2, "Technical": 0}


def test_pin_and_unpin_hold_the_output_of_the_last_run(studio, comms):
    counted(studio)
    studio.run(text="my invoice").wait(WAIT)
    assert press(comms, studio, "pin", "billing") is None
    assert studio.run(text="another invoice").wait(WAIT).result == "Billing 1"
    assert press(comms, studio, "unpin", "billing") is None
    assert studio.run(text="another invoice").wait(WAIT).result == "Billing 2"


def test_what_cannot_be_done_is_said_in_the_view(studio, comms):
    counted(studio)
    assert "billing" in press(comms, studio, "pin", "billing").message.lower()
    assert "not part of the last run" in press(comms, studio, "approve", "billing").message


def test_a_waiting_node_is_approved_and_rejected(studio, comms):
    nodes = [Node(name, type=kind) for name, kind in (("in", "input"), ("ok", "approval"))]
    studio.new("With approval", Graph(nodes, [Edge("e", "in", "ok")]))
    for name, way in (("approve", "approved"), ("reject", "rejected")):
        run = studio.run({"text": "refund"}, repeat=True)
        wait_for_question(run)
        assert run["ok"].status == "waiting"
        assert press(comms, studio, name, "ok") is None
        assert way in run.wait(WAIT)["ok"].reason
