"""JavaScript is sent once per page for any number of canvases, also after reloads and restarts."""

from __future__ import annotations

from typing import Any, Literal

import pytest
from playwright.sync_api import Page, WebSocket

from tests.browser.hand import Hand
from tests.browser.lab import Lab

pytestmark = pytest.mark.own_page

MAKE = """
from kaizen_widgets import Canvas, Graph, Node
def make():
    return Canvas(Graph([Node("a", (0, 0), type="agent"), Node("b", (300, 0), type="agent")]))
"""
ONE = "canvas = make()\ncanvas"
NINE = "from IPython.display import display\nfor _ in range(9):\n    display(make())"
ALL_DRAWN = (
    "(n) => [...document.querySelectorAll('.kaizen-canvas')]"
    ".filter((canvas) => canvas.querySelectorAll('.react-flow__node').length === 2).length === n"
)


class Traffic:
    """Counts the bytes that reach a page over its websockets."""

    def __init__(self, page: Page) -> None:
        self.bytes = 0
        page.on("websocket", self._on_socket)

    def _on_socket(self, socket: WebSocket) -> None:
        socket.on("framereceived", self._on_frame)

    def _on_frame(self, payload: Any) -> None:
        self.bytes += len(payload)

    def take(self) -> int:
        """Return the bytes since the last call."""
        taken, self.bytes = self.bytes, 0
        return taken


def test_ten_canvases_cost_little_more_than_one(lab: Lab):
    traffic = Traffic(lab.page)
    lab.open([MAKE, ONE, NINE])
    lab.run_cell(0)
    traffic.take()
    lab.run_cell(1)
    lab.page.wait_for_function(ALL_DRAWN, arg=1)
    one = traffic.take()
    lab.run_cell(2)
    lab.page.wait_for_function(ALL_DRAWN, arg=10)
    nine = traffic.take()
    assert (one + nine) / one <= 1.2, (one, nine)
    sheets = lab.page.locator("style[data-kaizen]").all_text_contents()
    assert sheets
    assert len(set(sheets)) == len(sheets)
    lab.reload()
    lab.page.wait_for_function(ALL_DRAWN, arg=10)
    # JupyterLab itself sends tens of kB when it opens a notebook, more on a busy machine; the code a second
    # time would be 400 kB.
    assert traffic.take() <= 1.2 * one + 100_000
    assert lab.problems == []


def test_second_tab_and_new_kernel_draw_the_canvas(lab: Lab):
    lab.open([MAKE, ONE])
    lab.run_all()
    Hand(lab).node("b").wait_for()
    lab.save()
    other = lab.second_tab()
    Hand(other).node("b").wait_for()
    lab.restart_kernel()
    lab.run_all()
    Hand(lab).node("b").wait_for()
    lab.run_python("canvas.store.update_node_data('a', {'label': 'Anew'})")
    lab.page.get_by_text("Anew").first.wait_for()


@pytest.mark.parametrize("app", ["lab", "notebook"])
def test_host_that_cannot_share_gets_the_code_by_message(lab: Lab, app: Literal["lab", "notebook"]):
    lab.open([MAKE, "canvas = make()\ncanvas._code.close()\ncanvas", "canvas"], app=app)
    lab.run_all()
    lab.page.wait_for_function(ALL_DRAWN, arg=2)
    assert lab.page.evaluate("globalThis.kaizenCode.size") == 1


def test_no_request_goes_to_another_server(lab: Lab):
    asked: list[str] = []
    lab.page.on("request", lambda request: asked.append(request.url))
    lab.open([MAKE, ONE])
    lab.run_all()
    Hand(lab).node("b").wait_for()
    Hand(lab).button("Arrange").click()
    lab.wait_for_python(
        "canvas.can_undo if hasattr(canvas, 'can_undo') else canvas.store.history.can_undo"
    )
    here = lab.page.evaluate("location.host")
    assert [
        url for url in asked if f"//{here}/" not in url and not url.startswith(("blob:", "data:"))
    ] == []
