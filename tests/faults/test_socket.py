"""Faults of the connection, on a real jupyter_server with a real kernel."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import pytest

from tests.browser.server import JupyterServer
from tests.faults.kernel import Socket, View
from tests.faults.simulation import label, move

Rounds = Callable[[int, int], int]

WITHIN = 60.0
"""Seconds after the last fault within which a view equals the kernel; a quiet machine needs less than 5."""
CANVAS = """
from kaizen_widgets import Canvas, Graph, Node
canvas = Canvas(Graph([Node(n, (100 * i, 0), data={"label": n.upper()}) for i, n in enumerate("ab")]))
"""
GRAPH = "canvas.graph.to_json()"


@pytest.fixture(scope="module")
def jupyter(tmp_path_factory: pytest.TempPathFactory) -> Iterator[JupyterServer]:
    running = JupyterServer(tmp_path_factory.mktemp("faults"))
    yield running
    running.close()


@pytest.fixture
def kernel_id(jupyter: JupyterServer) -> Iterator[str]:
    kernel = jupyter.request("POST", "kernels")["id"]
    yield kernel
    jupyter.request("DELETE", f"kernels/{kernel}")


@pytest.fixture
def socket(jupyter: JupyterServer, kernel_id: str) -> Iterator[Socket]:
    socket = Socket(jupyter, kernel_id)
    socket.run(CANVAS)
    yield socket
    socket.drop()


def equals_kernel(view: View) -> None:
    """Wait until a view shows what the kernel has."""
    graph = view.socket.value(GRAPH)
    view.until(lambda: view.equals(graph), WITHIN, "the view equals the kernel")


def test_dropped_socket_loses_no_edit_of_either_side(
    jupyter: JupyterServer, kernel_id: str, socket: Socket
):
    """What both sides did while disconnected is there afterwards, once (S2, S3)."""
    view = View(socket).opened()
    other = Socket(jupyter, kernel_id)
    for session in (socket.session, ""):
        socket.drop()
        view.edit(move("a", 7))
        other.run(
            "canvas.store.update_node_data('b', {'label': 'Bea'})\ncanvas.undo()\ncanvas.redo()"
        )
        view.edit(label("a", "Ann"))
        socket.session = session or "another-session"
        socket._address = socket._address.split("?")[0] + (
            f"?session_id={socket.session}&token={jupyter.token}"
        )
        socket.connect()
        view.reconnect()
        view.until(lambda: not view.pending, WITHIN, "the edits are answered")
        equals_kernel(view)
        assert view.shown.node("b").label == "Bea"
        assert (view.shown.node("a").position.x, view.shown.node("a").label) == (7, "Ann")
        other.run("canvas.store.update_node_data('b', {'label': 'B'})")
        view.edit(move("a", 0))
        view.until(lambda: not view.pending, WITHIN, "the edits are answered")
    other.drop()


def test_views_recover_from_messages_dropped_in_a_flood(socket: Socket, rounds: Rounds):
    """After 5,000 edits and 12 MB of prints every view equals the kernel again (S4, S8)."""
    view = View(socket).opened()
    socket.run(
        "for n in range(5000):\n    canvas.store.update_node_data('a', {'n': n})\n"
        "for _ in range(1200):\n    print('x' * 10_000)\n"
        "canvas.store.update_node_data('b', {'label': 'the last'})"
    )
    equals_kernel(view)
    assert view.shown.node("b").label == "the last"
    assert view.shown.node("a").data["n"] == 4999


def test_busy_kernel_loses_no_edit(socket: Socket, rounds: Rounds):
    """Edits made while a cell blocks the kernel are shown immediately and applied when it is free."""
    view = View(socket).opened()
    reply = socket.start(f"import time; time.sleep({rounds(2, 5)})")
    for number in range(1, 6):
        view.edit(move("a", number))
        view.live(0.1)
        assert view.shown.node("a").position.x == number
    view.until(
        lambda: reply() and not view.pending, WITHIN, "the cell's end, and the edits' answers"
    )
    equals_kernel(view)
    assert view.shown.node("a").position.x == 5
    assert socket.value("len(canvas.store.history.past)") == 5


def test_view_that_slept_catches_up(socket: Socket, rounds: Rounds):
    """A view that read nothing for a while, through hundreds of edits, equals the kernel soon after."""
    view = View(socket).opened()
    socket.start(
        "import threading, time\n"
        "def edit():\n"
        f"    for n in range({rounds(600, 3000)}):\n"
        "        canvas.store.update_node_data('a', {'n': n}); time.sleep(0.002)\n"
        "thread = threading.Thread(target=edit); thread.start()"
    )
    time.sleep(rounds(2, 30))  # nobody reads: the server's buffer grows
    socket.run("thread.join()")
    equals_kernel(view)


@pytest.mark.parametrize("size", [100_000, 1_000_000])
def test_big_value_arrives_whole(socket: Socket, size: int):
    """Element data of up to 4 MB is transferred both ways; more is refused, and nothing is lost."""
    view = View(socket).opened()
    view.edit(label("a", "x" * size))
    view.until(lambda: not view.pending, WITHIN, "the big edit is answered")
    assert socket.value("len(canvas.graph.node('a').label)") == size
    socket.run(f"canvas.store.update_node_data('b', {{'text': 'y' * {size}}})")
    view.until(lambda: "text" in view.shown.node("b").data, WITHIN, "the kernel's big edit")


@pytest.mark.parametrize("size", [5_000_000, 9_000_000])
def test_value_that_is_too_big_is_refused_whole(socket: Socket, size: int):
    """An element over 4 MB is refused with a reason, by hand and from Python; nothing else changes."""
    view = View(socket).opened()
    before = socket.value(GRAPH)
    text = "x" * size
    # By hand: a view of ours would refuse it before it is sent.
    message = {
        "kind": "push",
        "client": view.client,
        "epoch": view.epoch,
        "n": 1,
        "baseRev": 0,
        "batch": [{"op": "set", "kind": "node", "id": "a", "path": ["data", "t"], "value": text}],
    }
    data = {"method": "custom", "content": message}
    socket.send("comm_msg", {"comm_id": view.comm_id, "data": data})
    view.until(lambda: view.problems, WITHIN, "a refusal")
    assert "MB" in view.problems[0]
    assert len(view.problems[0]) < 500
    refused = socket.start(f"canvas.store.update_node_data('b', {{'t': 'y' * {size}}})")
    view.until(refused, WITHIN, "Python's refusal")
    assert (refused() or {})["ename"] == "InvalidValueError"
    assert socket.value(GRAPH) == before
    view.n = 1
    view.edit(move("a", 3))
    view.until(lambda: not view.pending, WITHIN, "the next edit works")
