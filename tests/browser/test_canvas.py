"""The canvas as a good citizen of the notebook: keys, focus, themes, views, hosts (traps 14 to 25)."""

from __future__ import annotations

import pytest

from tests.browser.hand import Hand
from tests.browser.lab import Lab

CANVAS = """
from kaizen_widgets import Canvas, Edge, Graph, Node
canvas = Canvas(Graph(
    [Node("a", (0, 0), type="agent", data={"label": "Ann"}),
     Node("b", (320, 0), type="agent", data={"label": "Bob"}),
     Node("c", (320, 160), type="output", data={"label": "End"})],
    [Edge("ab", "a", "b", source_handle="output", target_handle="input")],
))
canvas
"""


@pytest.fixture
def hand(lab: Lab) -> Hand:
    lab.open([CANVAS, "x = 1"])
    lab.run_cell(0)
    hand = Hand(lab)
    hand.node("c").wait_for()
    return hand


def test_keys_on_a_focused_node_change_no_cell(hand: Hand):
    cells = hand.lab.cells()
    hand.select("c")
    hand.node("c").focus()
    for key in ["a", "b", "m", "y", "z", "x", "c", "v", "d", "d", "0", "Control+a", "Escape"]:
        hand.press(key)
    hand.node("c").focus()
    hand.press("Enter", "Escape", "j", "k", "ArrowDown", "Shift+Enter")
    assert hand.lab.cells() == cells


def test_keys_after_a_click_on_the_background_change_no_cell(hand: Hand):
    cells = hand.lab.cells()
    hand.click_pane()
    hand.press("a", "b", "x", "d", "d", "m", "z")
    assert hand.lab.cells() == cells
    assert hand.lab.python("len(canvas.nodes)") == 3


def test_delete_removes_the_selection_and_only_that(hand: Hand):
    cells = hand.lab.cells()
    hand.select("b")
    hand.press("Delete")
    hand.lab.wait_for_python("[n.id for n in canvas.nodes]", ["a", "c"])
    assert hand.lab.python("len(canvas.edges)") == 0
    hand.press("Control+z")
    hand.lab.wait_for_python("[n.id for n in canvas.nodes]", ["a", "b", "c"])
    hand.edge("ab").wait_for(state="attached")
    assert hand.lab.cells() == cells


def test_backspace_in_another_cell_deletes_no_node(hand: Hand):
    hand.select("b")
    hand.page.locator(".jp-Cell").nth(1).locator(".cm-content").click()
    hand.press("End", "Backspace")
    hand.lab.wait_until(lambda: hand.lab.cells()[1].source == "x = ", "the key in the cell")
    assert hand.lab.python("len(canvas.nodes)") == 3


def test_many_nodes_move_as_one_step(hand: Hand):
    hand.canvas.focus()
    hand.press("Control+a")
    hand.lab.wait_for_python("sorted(canvas.selected)", ["a", "ab", "b", "c"])
    hand.drag("a", 30, 30)
    hand.lab.wait_for_python("len(canvas.store.history.past)", 1)
    moved = hand.lab.python("[list(n.position) for n in canvas.nodes]")
    assert all(at != was for at, was in zip(moved, [[0, 0], [320, 0], [320, 160]], strict=True))
    hand.press("Control+z")
    hand.lab.wait_for_python(
        "[list(n.position) for n in canvas.nodes]", [[0, 0], [320, 0], [320, 160]]
    )


def test_python_s_edits_appear_while_a_node_is_held_and_do_not_move_it(hand: Hand):
    hand.drag("a", 60, 40, drop=False)
    held = hand.node("a").bounding_box()
    hand.lab.run_python(
        "canvas.store.on_nodes_change([{'type': 'position', 'id': 'a', 'position': {'x': 900, 'y': 900}}])\n"
        "canvas.store.update_node_data('b', {'label': 'Bea'})"
    )
    hand.node("b").get_by_text("Bea").wait_for()
    assert hand.node("a").bounding_box() == held
    hand.page.mouse.up()
    hand.lab.wait_until(
        lambda: hand.lab.python("canvas.graph.node('a').position.x") < 500, "the hand's commit wins"
    )


def test_a_refused_edit_goes_back_and_says_why(hand: Hand):
    hand.lab.run_python(
        "from kaizen_widgets.errors import GraphError\n"
        "commit = canvas.store.commit\n"
        "def no(batch, **keys):\n"
        "    raise GraphError('Ann stays where she is.', node_id='a')\n"
        "canvas.store.commit = no"
    )
    before = hand.position("a")
    hand.drag("a", 60, 60)
    hand.canvas.get_by_text("Ann stays where she is.").first.wait_for()
    hand.lab.wait_until(lambda: hand.position("a") == before, "the node back in its place")
    hand.lab.screenshot("canvas-refused")


def test_two_views_follow_each_other(lab: Lab):
    lab.open([CANVAS, "canvas"])
    lab.run_all()
    one, other = Hand(lab, 0), Hand(lab, 1)
    one.rename("a", "Anna")
    other.node("a").get_by_text("Anna").wait_for()
    other.select("c")
    other.press("Delete")
    one.node("c").wait_for(state="detached")


def test_a_second_tab_follows(hand: Hand):
    hand.lab.save()
    other = Hand(hand.lab.second_tab())
    other.node("a").wait_for()
    hand.page.bring_to_front()
    hand.rename("a", "Anna")
    other.node("a").get_by_text("Anna").wait_for()


def test_selection_is_seen_by_python_and_set_by_it(hand: Hand):
    hand.select("a")
    hand.lab.wait_for_python("list(canvas.selected)", ["a"])
    hand.lab.run_python("canvas.selected = ('b',)")
    hand.canvas.locator('.react-flow__node[data-id="b"].selected').wait_for()


def test_the_wheel_scrolls_the_page_until_the_canvas_has_the_focus(hand: Hand):
    viewport = hand.canvas.locator(".react-flow__viewport")
    hand.page.locator(".jp-Cell").nth(0).locator(".cm-content").click()
    before = viewport.get_attribute("style")
    hand.page.mouse.move(*hand.position("b"))
    hand.page.mouse.wheel(0, 40)
    hand.page.wait_for_timeout(200)
    assert viewport.get_attribute("style") == before
    hand.click_pane()
    hand.page.mouse.wheel(0, 40)
    hand.lab.wait_until(lambda: viewport.get_attribute("style") != before, "a zoom")


def test_no_menu_of_jupyterlab_opens_over_the_canvas(hand: Hand):
    hand.page.mouse.click(*hand.position("a"), button="right")
    hand.page.wait_for_timeout(200)
    assert hand.page.locator(".lm-Menu").count() == 0


def test_the_theme_follows_jupyterlab(hand: Hand):
    flow = hand.canvas.locator(".react-flow")
    for theme in ("dark", "light"):
        hand.lab.theme(theme)
        hand.lab.wait_until(
            lambda theme=theme: theme in (flow.get_attribute("class") or "").split(), theme
        )
        hand.lab.screenshot(f"canvas-{theme}", hand.canvas)
    hand.lab.viewport(700, 900)
    hand.lab.screenshot("canvas-700")


def test_the_palette_adds_a_node_that_python_sees(hand: Hand):
    hand.button("Add Router").click()
    hand.lab.wait_for_python("[n.type for n in canvas.nodes][-1]", "router")
    assert hand.lab.python("canvas.nodes[-1].data['label']") == "Router"


def test_a_canvas_in_a_hidden_tab_fits_when_it_is_first_seen(lab: Lab):
    lab.open(
        [
            CANVAS
            + "import ipywidgets\n"
            + "ipywidgets.Tab([ipywidgets.Label('first'), canvas], titles=('One', 'Two'))"
        ]
    )
    lab.run_all()
    lab.page.get_by_role("tab", name="Two").click()
    hand = Hand(lab)
    pane = hand.canvas.locator(".react-flow__pane").bounding_box()
    assert pane is not None
    lab.wait_until(
        lambda: all(
            (box := hand.node(one).bounding_box()) is not None
            and box["x"] >= pane["x"]
            and box["x"] + box["width"] <= pane["x"] + pane["width"]
            for one in "abc"
        ),
        "all nodes in view",
    )


def test_a_file_of_another_tool_is_shown_with_placeholders(lab: Lab):
    lab.open(
        [
            "from kaizen_widgets import Canvas\n"
            "canvas = Canvas({'data': {'nodes': ["
            "{'id': 'p', 'type': 'genericNode', 'position': {'x': 0, 'y': 0}, 'data': {'type': 'Prompt'}},"
            "{'id': 'q', 'type': 'genericNode', 'position': {'x': 400, 'y': 0}, 'data': {}}], "
            "'edges': [{'id': 'pq', 'source': 'p', 'target': 'q', 'sourceHandle': '{œidœ:œpœ}', "
            "'targetHandle': '{œidœ:œqœ}'}]}})\ncanvas"
        ]
    )
    lab.run_all()
    hand = Hand(lab)
    hand.node("p").get_by_text("genericNode").first.wait_for()
    hand.edge("pq").locator("path").first.wait_for(state="attached")
    lab.screenshot("canvas-foreign", hand.canvas)


def test_a_restarted_kernel_is_said_and_costs_no_page(hand: Hand):
    hand.lab.restart_kernel()
    hand.drag("a", 20, 20)
    hand.canvas.get_by_text("gone").first.wait_for()
    hand.lab.screenshot("canvas-kernel-gone", hand.canvas)


def test_it_works_in_notebook_7(lab: Lab):
    lab.open([CANVAS], app="notebook")
    lab.run_all()
    hand = Hand(lab)
    hand.rename("a", "Anna")
    lab.wait_for_python("canvas.graph.node('a').label", "Anna")
    lab.screenshot("canvas-notebook-7")


def test_of_many_nodes_only_those_in_view_are_drawn(lab: Lab):
    lab.open(
        [
            "from kaizen_widgets import Canvas, Graph, Node\n"
            "canvas = Canvas(Graph([Node(str(i), (i % 50 * 260, i // 50 * 120)) for i in range(1500)]))\n"
            "canvas"
        ]
    )
    lab.run_all()
    hand = Hand(lab)
    hand.node("0").wait_for()
    assert 0 < hand.canvas.locator(".react-flow__node").count() < 400


def test_no_style_of_ours_reaches_the_rest_of_the_page(hand: Hand):
    selectors = hand.page.evaluate(
        """() => [...document.styleSheets]
          .flatMap((sheet) => { try { return [...sheet.cssRules]; } catch { return []; } })
          .filter((rule) => /react-flow|kc-/.test(rule.cssText) && !(rule instanceof CSSKeyframesRule))
          .flatMap((rule) => rule.cssRules?.length && !rule.selectorText ? [...rule.cssRules] : [rule])
          .flatMap((rule) => (rule.selectorText ?? "").split(/,(?![^(]*[)])/))
          .map((selector) => selector.trim())"""
    )
    assert len(selectors) > 100
    assert [one for one in selectors if not one.startswith(".kaizen-canvas")] == []
