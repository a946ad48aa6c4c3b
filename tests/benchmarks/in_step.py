"""How long it takes until one view shows what another did: ``python -m tests.benchmarks in_step``.

Two views of one studio, each with a websocket of its own to a real jupyter_server. It measures the time from
one view's message until the other view has its effect: an edit, an undo, a selection, the start of a run,
its cancellation. The lower limit is the echo of a plain comm in the same run; all take turns, so that a busy
machine slows down all of them alike. A pair of edits is made within the 50 ms in which mails are collected
(rule S8). It prints median and worst in ms, and the ratio of the median to the lower limit. The target is
100 ms.

jupyter_server leaves Nagle's algorithm on: where the receiver's system delays an acknowledgment, usually by
40 ms, the message after a kernel's "busy" waits for it. Medians near 50 ms instead of 10 come from that.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from kaizen_widgets.sync.canvas.messages import Command, Select
from tests.browser.server import JupyterServer
from tests.faults.kernel import Socket, View
from tests.faults.simulation import label

ROUNDS = 40
APART = 0.15
"""Seconds between two measurements: longer than mails are collected."""
CODE = """
import asyncio
from kaizen_widgets import Studio
studio = Studio()
@studio.agent("Billing")
async def billing(text):
    await asyncio.sleep(60)
@studio.agent("Technical")
async def technical(text):
    await asyncio.sleep(60)
def echo(comm, message):
    comm.on_msg(lambda message: comm.send(message["content"]["data"]))
get_ipython().kernel.comm_manager.register_target("echo", echo)
"""


class Watcher(View):
    """A view that records the messages it receives."""

    def __init__(self, socket: Socket, canvas: str) -> None:
        self.heard: list[Any] = []
        super().__init__(socket, canvas)

    def receive(self, message: Any) -> None:
        self.heard.append(message)
        super().receive(message)


class Pair:
    """Two views of one canvas: one acts, the other watches."""

    def __init__(self, server: JupyterServer, kernel: str) -> None:
        self.actor = View(Socket(server, kernel), "studio.canvas").opened()
        self.watcher = Watcher(Socket(server, kernel), "studio.canvas")
        self.watcher.opened()
        self._count = 0
        self._echoed = 0
        self._comm = self.actor.client
        socket = self.actor.socket
        socket.send("comm_open", {"comm_id": self._comm, "target_name": "echo", "data": {}})
        self.watcher.socket.listeners.append(self._hear_echo)

    def _hear_echo(self, message: dict[str, Any]) -> None:
        content = message["content"]
        is_message = message["header"]["msg_type"] == "comm_msg"
        self._echoed += is_message and content["comm_id"] == self._comm

    def seconds(self, act: Callable[[], object], seen: Callable[[], object]) -> float:
        """Act on one view, and return how long it took until the other saw it."""
        self.rest()
        began = time.perf_counter()
        act()
        while not seen():
            self.watcher.socket.read(0.001)
            if time.perf_counter() - began > 20:
                raise TimeoutError("The other view never saw it.")
        return time.perf_counter() - began

    def rest(self) -> None:
        """Wait until both views have received everything and no mail is being collected."""
        self.actor.live(APART)
        self.watcher.live(0.01)
        self.actor.until(lambda: not self.actor.pending, 20, "the actor's answers")

    # ------------------------------------------------------------ what is measured

    def echo(self) -> float:
        told = self._echoed
        data = {"comm_id": self._comm, "data": {"n": 1}}
        return self.seconds(
            lambda: self.actor.socket.send("comm_msg", data), lambda: self._echoed > told
        )

    def edit(self) -> float:
        name = self._name()
        return self.seconds(
            lambda: self.actor.edit(label("billing", name)), lambda: self._shows(name)
        )

    def edits(self) -> float:
        """Make two edits immediately after each other; measure the second."""
        first, name = self._name(), self._name()

        def both() -> None:
            self.actor.edit(label("billing", first))
            self.actor.edit(label("billing", name))

        return self.seconds(both, lambda: self._shows(name))

    def undo(self) -> float:
        before = self.watcher.shown.node("billing").label
        return self.seconds(self.actor.undo, lambda: not self._shows(before))

    def select(self) -> float:
        self.watcher.heard.clear()
        message = Select(client=self.actor.client, nodes=("technical",))
        return self.seconds(
            lambda: self.actor._put(message),
            lambda: any(m.kind == "peer_selection" and m.nodes for m in self.watcher.heard),
        )

    def run(self) -> float:
        """Press Run, until the other view shows a node that runs."""
        self.watcher.heard.clear()
        return self.seconds(
            lambda: self._command("run"), lambda: self._has_run("running", "running")
        )

    def cancel(self) -> float:
        """Press Cancel, until the other view shows that the run ended."""
        self.watcher.heard.clear()
        return self.seconds(lambda: self._command("cancel"), lambda: self._has_run("cancelled"))

    # ------------------------------------------------------------ within

    def _name(self) -> str:
        self._count += 1
        return f"Billing {self._count}"

    def _shows(self, name: str) -> bool:
        return self.watcher.shown.node("billing").label == name

    def _command(self, name: Any) -> None:
        self._count += 1
        self.actor._put(Command(client=self.actor.client, id=self._count, name=name))

    def _has_run(self, status: str, node: str = "") -> bool:
        states = [m.state.run for m in self.watcher.heard if m.kind == "state_changed"]
        return any(
            state.status == status
            and (not node or node in {each.status for each in state.nodes.values()})
            for state in states
        )


def main(_arguments: Sequence[str]) -> int:
    """Measure and print; there are no options."""
    with tempfile.TemporaryDirectory() as folder:
        server = JupyterServer(Path(folder))
        try:
            kernel = server.request("POST", "kernels")["id"]
            setup = Socket(server, kernel)
            setup.run(CODE)
            pair = Pair(server, kernel)
            _print(_measure(pair))
        finally:
            server.close()
    return 0


def _measure(pair: Pair) -> dict[str, list[float]]:
    sides: dict[str, Callable[[], float]] = {
        "bare comm echo": pair.echo,
        "edit": pair.edit,
        "undo": pair.undo,
        "second of two edits": pair.edits,
        "selection": pair.select,
        "run starts": pair.run,
        "run is cancelled": pair.cancel,
    }
    times: dict[str, list[float]] = {name: [] for name in sides}
    for turn in range(ROUNDS + 1):
        for name, side in sides.items():
            took = side()
            if turn:  # the first turn warms up
                times[name].append(1000 * took)
    return times


def _print(times: dict[str, list[float]]) -> None:
    floor = statistics.median(times["bare comm echo"])
    sys.stdout.write(f"{'what':22}{'median, ms':>12}{'worst, ms':>12}{'ratio':>8}\n")
    for name, taken in times.items():
        median = statistics.median(taken)
        sys.stdout.write(f"{name:22}{median:>12.1f}{max(taken):>12.1f}{median / floor:>8.2f}\n")
