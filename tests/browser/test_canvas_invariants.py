"""Properties of the protocol in a real JupyterLab (SPEC.md, S1 to S5, S8).

`History` records the requests that each page sent and the batches it received, from its websocket;
`History.check` compares them with the batches of the kernel.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

import pytest
from playwright.sync_api import Page, WebSocket

from tests.browser.hand import Hand
from tests.browser.lab import Lab

SIZE = 8
CANVAS = f"""
import threading, time
from kaizen_widgets import Canvas, Edge, Graph, Node
canvas = Canvas(Graph(
    [Node(f"n{{i}}", (i % 4 * 240, i // 4 * 120), type="agent", data={{"label": f"Node {{i}}"}})
     for i in range({SIZE})],
    [Edge(f"e{{i}}", f"n{{i}}", f"n{{i + 1}}") for i in range({SIZE} - 1)],
))
commits = []
canvas.store.on_event(lambda event: commits.append(
    [event.rev, *([event.source.client, event.source.n] if event.source else [None, 0])]))
canvas
"""
IN_PAGE = """() => Object.fromEntries(
  [...document.querySelectorAll(".react-flow__node")].map((node) => [node.dataset.id,
    [...node.style.transform.match(/-?[\\d.]+/g).map(Number), node.querySelector("b").textContent]]))"""
IN_PYTHON = "{node.id: [*map(float, node.position), node.label] for node in canvas.graph.nodes}"
KERNEL = """(path) => [...window.jupyterapp.shell.widgets("main")]
  .find((widget) => widget.context?.path === path).sessionContext.session.kernel"""


class History:
    """The canvas messages that one page sent and received."""

    def __init__(self, page: Page) -> None:
        self.sent: set[tuple[str, int]] = set()
        self.received: Counter[int] = Counter()
        self.refused = 0
        page.on("websocket", self._on_socket)

    def _on_socket(self, socket: WebSocket) -> None:
        socket.on("framesent", lambda frame: self._on_sent(_text(frame)))
        socket.on("framereceived", lambda frame: self._on_received(_text(frame)))

    def _on_sent(self, text: str) -> None:
        for client, n in re.findall(
            r'"kind": ?"(?:push|undo|redo)", ?"client": ?"([^"]+)", ?"epoch": ?"[^"]*", ?"n": ?(\d+)',
            text,
        ):
            self.sent.add((client, int(n)))

    def _on_received(self, text: str) -> None:
        self.refused += len(re.findall(r'"kind": ?"refused"', text))
        for rev in re.findall(r'"kind": ?"applied", ?"epoch": ?"[^"]*", ?"rev": ?(\d+)', text):
            self.received[int(rev)] += 1

    def check(self, commits: list[list[Any]]) -> None:
        """Check that each request made one batch, and that every batch received was made."""
        done = Counter((client, n) for _, client, n in commits if client is not None)
        assert [rev for rev, *_ in commits] == list(range(1, len(commits) + 1))
        assert max(done.values(), default=1) == 1
        assert self.refused == 0
        assert self.sent <= set(done), "a request was lost"
        assert set(self.received) <= {rev for rev, *_ in commits}


def _text(frame: str | bytes) -> str:
    return frame if isinstance(frame, str) else frame.decode("utf-8", "ignore")


def agree(lab: Lab, *others: Lab, within: float = 60.0) -> None:
    """Wait until every page shows the document of Python."""
    for tab in (lab, *others):
        lab.wait_until(
            lambda tab=tab: tab.page.evaluate(IN_PAGE) == lab.python(IN_PYTHON),
            "a page that shows what Python has",
            within=within,
        )


@pytest.fixture
def history(lab: Lab) -> History:
    seen = History(lab.page)
    lab.open([CANVAS, "x = 1"])
    lab.run_cell(0)
    Hand(lab).node("n7").wait_for()
    return seen


def test_s4_5000_updates_between_12_mb_of_prints_arrive(lab: Lab, history: History):
    lab.run_python("storm = 'pass'")
    lab.page.evaluate(
        """async ([path, code]) => {
          const panel = [...window.jupyterapp.shell.widgets("main")]
            .find((widget) => widget.context?.path === path);
          panel.content.widgets[1].model.sharedModel.setSource(code);
        }""",
        [
            lab.path,
            "for i in range(5000):\n"
            f"    canvas.store.update_node_data(f'n{{i % {SIZE}}}', {{'label': f'Nr {{i}}'}})\n"
            "    print('x' * 2400)",
        ],
    )
    lab.run_cell(1)
    agree(lab)
    assert lab.python("canvas.store.rev") == 5000
    assert len(history.received) < 5000, "some were dropped, or travelled as snapshots"
    history.check(lab.python("commits"))


def test_s5_reload_during_a_drag_loses_no_finished_edit(lab: Lab, history: History):
    hand = Hand(lab)
    lab.save()
    hand.drag("n0", 60, 40)
    hand.drag("n5", 30, 30, drop=False)
    lab.reload()
    Hand(lab).node("n7").wait_for()
    agree(lab)
    assert lab.python("canvas.graph.node('n0').position.x") != 0
    assert lab.python("canvas.graph.node('n5').position.x") == 240
    history.check(lab.python("commits"))


def test_s5_edits_made_while_the_websocket_is_down_arrive_once(lab: Lab, history: History):
    hand = Hand(lab)
    lab.page.evaluate(f"async (path) => ({KERNEL})(path)._ws.close()", lab.path)
    hand.drag("n0", 60, 40)
    hand.rename("n5", "While away")
    lab.run_python("canvas.store.update_node_data('n6', {'label': 'Meanwhile'})")
    lab.page.evaluate(f"async (path) => {{ await ({KERNEL})(path).reconnect(); }}", lab.path)
    hand.node("n6").get_by_text("Meanwhile").wait_for()
    lab.wait_for_python("canvas.graph.node('n5').label", "While away")
    agree(lab)
    history.check(lab.python("commits"))


def test_s2_two_tabs_and_a_thread_agree(lab: Lab, history: History):
    lab.save()
    pages: list[History] = []
    lab.page.context.once("page", lambda page: pages.append(History(page)))
    other = lab.second_tab()
    (there,) = pages
    one, two = Hand(lab), Hand(other)
    two.node("n7").wait_for()
    lab.run_python(
        "def work():\n"
        "    for i in range(150):\n"
        f"        canvas.store.update_node_data(f'n{{i % {SIZE}}}', {{'label': f'Nr {{i}}'}})\n"
        "        if i % 10 == 9: canvas.undo()\n"
        "        time.sleep(0.02)\n"
        "worker = threading.Thread(target=work)\n"
        "worker.start()"
    )
    for step in range(3):
        lab.page.bring_to_front()
        one.drag(f"n{step}", 20, 15)
        other.page.bring_to_front()
        two.drag(f"n{step + 4}", -15, 20)
        two.press("Control+z")
    lab.wait_for_python("worker.is_alive()", False)
    agree(lab, other)
    commits = lab.python("commits")
    history.check(commits)
    there.check(commits)
    assert history.sent, "the first tab had its say"
    assert there.sent | history.sent == {(client, n) for _, client, n in commits if client}


def test_s11_restarted_kernel_is_shown_and_the_next_run_draws_the_canvas(
    lab: Lab, history: History
):
    hand = Hand(lab)
    lab.restart_kernel()
    hand.canvas.get_by_text("Kernel gone").first.wait_for()
    lab.run_cell(0)
    Hand(lab).node("n7").wait_for()
    agree(lab)
