"""A large flow in the page: only what can be seen is drawn, and every node can be dragged (S13)."""

from __future__ import annotations

import pytest

from tests.browser.hand import Hand
from tests.browser.lab import Lab

SIZE = 2_000
LARGE = f"""
from kaizen_widgets import Canvas, Edge, Graph, Node
canvas = Canvas(Graph(
    [Node(f"n{{i}}", (i % 50 * 280, i // 50 * 130), type="agent", data={{"label": f"Node {{i}}"}})
     for i in range({SIZE})],
    [Edge(f"e{{i}}", f"n{{i}}", f"n{{i + 1}}") for i in range({SIZE} - 1)],
), height=500)
canvas
"""
PLACE = """(id) => {
  const [x, y, zoom] = document.querySelector(".react-flow__viewport").style.transform
    .match(/-?\\d+(\\.\\d+)?(e-\\d+)?/g).map(Number);
  const board = document.querySelector(".react-flow").getBoundingClientRect();
  return [board.left, board.top, x, y, zoom];
}"""
INK = """() => {
  const { data } = ((raster) => raster.getContext("2d")
    .getImageData(0, 0, raster.width, raster.height))(document.querySelector(".kc-raster canvas"));
  return data.reduce((count, value, at) => count + (at % 4 === 3 && value > 0), 0) / data.length * 4;
}"""


@pytest.fixture
def hand(lab: Lab) -> Hand:
    lab.open([LARGE])
    lab.run_cell(0)
    hand = Hand(lab)
    hand.node("n0").wait_for()
    return hand


def screen(hand: Hand, x: float, y: float) -> tuple[float, float]:
    """Return the position of a point of the flow on the page."""
    left, top, at_x, at_y, zoom = hand.page.evaluate(PLACE)
    return left + at_x + x * zoom, top + at_y + y * zoom


def test_large_flow_has_only_elements_in_view(hand: Hand):
    nodes = hand.canvas.locator(".react-flow__node")
    assert 20 < nodes.count() < 400
    assert hand.node(f"n{SIZE - 1}").count() == 0
    assert hand.canvas.locator(".react-flow__edge").count() < 400


def test_node_can_be_dragged_at_a_small_zoom(hand: Hand):
    hand.button("Fit view").click()
    hand.node("n0").wait_for(state="detached")
    hand.page.wait_for_timeout(400)
    assert hand.canvas.locator(".react-flow__node").count() == 0
    assert hand.page.evaluate(INK) > 0.1
    hand.lab.screenshot("canvas-far")
    x, y = screen(hand, 20 * 280 + 104, 10 * 130 + 27)  # the middle of n520
    hand.page.mouse.move(x, y)
    hand.node("n520").wait_for()
    hand.page.mouse.down()
    hand.page.mouse.move(x + 20, y + 10, steps=4)
    hand.lab.screenshot("canvas-far-drag")
    hand.page.mouse.move(x + 40, y + 20, steps=4)
    hand.page.mouse.up()
    hand.lab.wait_until(
        lambda: hand.lab.python("canvas.graph.node('n520').position.x") > 20 * 280 + 200,
        "the move in Python",
    )
    assert hand.lab.python("canvas.store.rev") == 1
    assert hand.lab.problems == []


def test_drag_at_a_small_zoom_moves_all_selected_nodes(hand: Hand):
    hand.button("Fit view").click()
    hand.node("n0").wait_for(state="detached")
    hand.page.wait_for_timeout(400)
    hand.canvas.focus()
    hand.press("Control+a")
    hand.lab.wait_for_python(f"len(canvas.selected) >= {SIZE}")
    x, y = screen(hand, 30 * 280 + 104, 20 * 130 + 27)
    hand.page.mouse.move(x, y)
    hand.node("n1030").wait_for()
    hand.page.mouse.down()
    hand.page.mouse.move(x + 30, y + 30, steps=6)
    hand.page.mouse.up()
    hand.lab.wait_for_python("canvas.store.rev", 1)
    shifts = hand.lab.python(
        "sorted({(round(node.position.x - i % 50 * 280), round(node.position.y - i // 50 * 130))"
        " for i, node in enumerate(canvas.graph.nodes)})"
    )
    assert len(shifts) == 1
    assert shifts[0][0] > 0
    hand.press("Control+z")
    hand.lab.wait_for_python("canvas.graph.node('n7').position.x", 7 * 280)


def test_python_edit_is_drawn_at_a_small_zoom(hand: Hand):
    hand.button("Fit view").click()
    hand.node("n0").wait_for(state="detached")
    hand.page.wait_for_timeout(400)
    before = hand.page.evaluate(INK)
    hand.lab.run_python(
        "from kaizen_widgets.graph import RemoveElement\n"
        f"canvas.store.commit(tuple(RemoveElement(kind='node', id=f'n{{i}}') for i in range({SIZE} // 2)))"
    )
    hand.lab.wait_until(lambda: hand.page.evaluate(INK) < before * 0.7, "less to see")


def test_click_on_the_map_of_a_large_flow_moves_the_view(hand: Hand):
    overview = hand.canvas.locator(".kc-overview")
    box = overview.bounding_box()
    assert box is not None
    hand.page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    hand.node("n0").wait_for(state="detached")
    hand.node("n1025").wait_for()
    assert 20 < hand.canvas.locator(".react-flow__node").count() < 400
    assert hand.lab.problems == []
