"""The canvas inside a notebook: keys, focus, themes, views, sizes, hosts."""

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


def test_keys_on_a_focused_node_do_not_reach_the_notebook(hand: Hand):
    cells = hand.lab.cells()
    hand.select("c")
    hand.node("c").focus()
    for key in ["a", "b", "m", "y", "z", "x", "c", "v", "d", "d", "0", "Control+a", "Escape"]:
        hand.press(key)
    hand.node("c").focus()
    hand.press("Enter", "Escape", "j", "k", "ArrowDown", "Shift+Enter")
    assert hand.lab.cells() == cells


def test_keys_after_a_click_on_the_background_do_not_reach_the_notebook(hand: Hand):
    cells = hand.lab.cells()
    hand.click_pane()
    hand.press("a", "b", "x", "d", "d", "m", "z")
    assert hand.lab.cells() == cells
    assert hand.lab.python("len(canvas.nodes)") == 3


def test_delete_removes_only_the_selection(hand: Hand):
    cells = hand.lab.cells()
    hand.select("b")
    hand.press("Delete")
    hand.lab.wait_for_python("[n.id for n in canvas.nodes]", ["a", "c"])
    assert hand.lab.python("len(canvas.edges)") == 0
    hand.press("Control+z")
    hand.lab.wait_for_python("[n.id for n in canvas.nodes]", ["a", "b", "c"])
    hand.edge("ab").wait_for(state="attached")
    assert hand.lab.cells() == cells


def test_backspace_in_another_cell_does_not_delete_nodes(hand: Hand):
    hand.select("b")
    hand.page.locator(".jp-Cell").nth(1).locator(".cm-content").click()
    hand.press("End", "Backspace")
    hand.lab.wait_until(lambda: hand.lab.cells()[1].source == "x = ", "the key in the cell")
    assert hand.lab.python("len(canvas.nodes)") == 3


def test_drag_of_many_nodes_is_one_step(hand: Hand):
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


def test_python_edits_appear_during_a_drag_without_moving_the_dragged_node(hand: Hand):
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


def test_refused_edit_is_rolled_back_with_a_message(hand: Hand):
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


def test_cell_that_is_run_again_leaves_only_one_canvas_that_sends(lab: Lab):
    lab.open(
        [
            CANVAS + "store, made = canvas.store, [canvas]",
            "made.append(Canvas(store))\nmade[-1]",
        ]
    )
    lab.run_cell(0)
    for run in range(1, 5):
        lab.run_cell(1)
        Hand(lab).node("c").wait_for()
        lab.wait_for_python("len(made)", run + 1)
    viewed = "[canvas._end.has_views for canvas in made]"
    lab.wait_for_python(viewed, [False, False, False, False, True])
    lab.wait_for_python(
        "[bool(canvas.get_state('_snapshot')['_snapshot']) for canvas in made][1:]",
        [False, False, False, True],
    )
    lab.run_python(
        "sent = [0] * len(made)\n"
        "def count(index, send):\n"
        "    def counted(*facts, **keys):\n"
        "        sent[index] += 1\n"
        "        return send(*facts, **keys)\n"
        "    return counted\n"
        "for index, canvas in enumerate(made):\n"
        "    canvas.send = count(index, canvas.send)\n"
        "store.update_node_data('a', {'label': 'Anna'})"
    )
    Hand(lab).node("a").get_by_text("Anna").wait_for()
    assert lab.python("sent[:-1]") == [0, 0, 0, 0]


def test_two_views_follow_each_other(lab: Lab):
    lab.open([CANVAS, "canvas"])
    lab.run_all()
    one, other = Hand(lab, 0), Hand(lab, 1)
    one.rename("a", "Anna")
    other.node("a").get_by_text("Anna").wait_for()
    other.select("c")
    other.press("Delete")
    one.node("c").wait_for(state="detached")


def test_second_tab_follows(hand: Hand):
    hand.lab.save()
    other = Hand(hand.lab.second_tab())
    other.node("a").wait_for()
    hand.page.bring_to_front()
    hand.rename("a", "Anna")
    other.node("a").get_by_text("Anna").wait_for()


def test_selection_is_shared_with_python(hand: Hand):
    hand.select("a")
    hand.lab.wait_for_python("list(canvas.selected)", ["a"])
    hand.lab.run_python("canvas.selected = ('b',)")
    hand.canvas.locator('.react-flow__node[data-id="b"].selected').wait_for()


def test_wheel_scrolls_the_page_until_the_canvas_has_the_focus(hand: Hand):
    viewport = hand.canvas.locator(".react-flow__viewport")
    hand.page.locator(".jp-Cell").nth(0).locator(".cm-content").click()
    before = viewport.get_attribute("style")
    hand.page.mouse.move(*hand.position("b"))
    # React Flow would zoom while it handles the event, and would prevent the page from scrolling.
    hand.page.evaluate(
        """() => { window.wheels = []; window.addEventListener("wheel",
             (event) => window.wheels.push(event.defaultPrevented)); }"""
    )
    hand.page.mouse.wheel(0, 40)
    hand.page.wait_for_function("window.wheels.length > 0")
    assert hand.page.evaluate("window.wheels") == [False]
    assert viewport.get_attribute("style") == before
    hand.click_pane()
    hand.page.mouse.wheel(0, 40)
    hand.lab.wait_until(lambda: viewport.get_attribute("style") != before, "a zoom")


def test_context_menu_of_jupyterlab_does_not_open_over_the_canvas(hand: Hand):
    # JupyterLab opens its menu while it handles the event: the timer runs after that.
    hand.page.evaluate(
        """() => { window.menus = []; window.addEventListener("contextmenu", () => setTimeout(
             () => window.menus.push(document.querySelectorAll(".lm-Menu").length)), true); }"""
    )
    hand.page.mouse.click(*hand.position("a"), button="right")
    hand.page.wait_for_function("window.menus.length === 1")
    hand.page.locator(".jp-Cell").nth(1).locator(".cm-content").click(button="right")
    hand.page.wait_for_function("window.menus.length === 2")
    assert hand.page.evaluate("window.menus") == [0, 1]


def test_theme_follows_jupyterlab(hand: Hand):
    flow = hand.canvas.locator(".react-flow")
    for theme in ("dark", "light"):
        hand.lab.theme(theme)
        hand.lab.wait_until(
            lambda theme=theme: theme in (flow.get_attribute("class") or "").split(), theme
        )
        hand.lab.screenshot(f"canvas-{theme}", hand.canvas)
    hand.lab.viewport(700, 900)
    hand.lab.screenshot("canvas-700")


def test_card_keeps_its_box_and_its_edges_show_what_a_run_did(hand: Hand):
    box = hand.node("b").bounding_box()
    assert hand.node("b").locator(".kc-state").inner_text() == "Not run"
    hand.lab.run_python(
        "from kaizen_widgets.stores import ExecutionStore\n"
        "execution = ExecutionStore()\n"
        "canvas.show_run(execution)\n"
        "canvas.set_node_facts({'b': {'calls': 'second()'}, 'c': {'problem': 'No input'}})\n"
        "execution.start_execution('r', ['a', 'b', 'c'])\n"
        "execution.update_node_status('a', 'completed', seconds=0.31, preview='A long result. ' * 40)\n"
        "execution.update_node_status('b', 'failed', seconds=1.5, error='KeyError: x')"
    )
    hand.node("b").get_by_text("KeyError: x").wait_for()
    assert hand.node("b").get_by_text("second()").is_visible()
    assert hand.node("a").locator(".kc-state-word").inner_text() == "310 ms"
    assert hand.node("c").locator(".kc-state-word").inner_text() == "No input"
    assert hand.edge("ab").locator(".kc-edge").get_attribute("data-state") == "taken"
    assert hand.node("b").bounding_box() == box
    hand.lab.screenshot("canvas-run", hand.canvas)


def test_reason_why_ports_do_not_fit_is_shown_at_the_pointer(hand: Hand):
    ends = [hand.handle("a", "output").bounding_box(), hand.handle("b", "input").bounding_box()]
    (x1, y1), (x2, y2) = [(box["x"] + 6, box["y"] + 6) for box in ends if box]
    hand.page.mouse.move(x1, y1)
    hand.page.mouse.down()
    hand.page.mouse.move(x2 - 50, y2 + 30, steps=4)
    assert hand.handle("c", "input").get_attribute("data-fit") == "yes"
    hand.page.mouse.move(x2, y2, steps=4)
    hand.canvas.get_by_text("These two ports are connected already.").wait_for()
    hand.page.mouse.up()
    hand.canvas.get_by_text("connected already").wait_for(state="detached")
    assert hand.lab.python("len(canvas.edges)") == 1


def test_palette_adds_a_node(hand: Hand):
    hand.button("Add Router").click()
    hand.lab.wait_for_python("[n.type for n in canvas.nodes][-1]", "router")
    assert hand.lab.python("canvas.nodes[-1].data['label']") == "Router"


def test_canvas_in_a_hidden_tab_fits_when_it_is_shown(lab: Lab):
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


def test_file_of_another_tool_is_drawn_with_placeholders(lab: Lab):
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


def test_restarted_kernel_makes_the_canvas_read_only(hand: Hand):
    hand.lab.restart_kernel()
    hand.canvas.get_by_text("Kernel gone: run the cell again to edit").first.wait_for()
    # A drag on a node that cannot move pans the view, so the place in the flow is compared.
    before = hand.node("a").get_attribute("style")
    icon = "(view) => getComputedStyle(view, '::before').content"
    assert hand.page.locator(".kaizen-canvas-view").evaluate(icon) in ("none", "normal")
    hand.drag("a", 40, 40)
    assert hand.node("a").get_attribute("style") == before
    assert hand.canvas.get_by_role("button", name="Undo").count() == 0
    assert hand.canvas.locator(".kc-palette").count() == 0
    hand.lab.screenshot("canvas-kernel-gone", hand.canvas)


def test_canvas_works_in_notebook_7(lab: Lab):
    lab.open([CANVAS], app="notebook")
    lab.run_all()
    hand = Hand(lab)
    hand.rename("a", "Anna")
    lab.wait_for_python("canvas.graph.node('a').label", "Anna")
    lab.screenshot("canvas-notebook-7")


def test_large_flow_draws_only_the_nodes_in_view(lab: Lab):
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


def test_styles_apply_only_inside_the_canvas(hand: Hand):
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


def test_canvas_fills_the_height_of_its_layout_and_of_a_box(lab: Lab):
    lab.open(
        [
            CANVAS + "canvas.layout.height = '300px'\ncanvas",
            "import ipywidgets as w\n"
            "tall = w.Box([w.Button()], layout=w.Layout(height='600px'))\n"
            "w.HBox([Canvas(canvas.store), tall], layout=w.Layout(width='900px'))",
            "w.VBox([Canvas(canvas.store)], layout=w.Layout(height='500px'))",
            "Canvas(canvas.store, height=250)",
        ]
    )
    lab.run_all()
    hosts = lab.page.locator(".kaizen-canvas")
    lab.wait_until(lambda: hosts.count() == 4, "four canvases")
    boxes = [box for host in hosts.all() if (box := host.bounding_box()) is not None]
    # ipywidgets puts a margin of 2 px around a widget in a box.
    assert [round(box["height"], -1) for box in boxes] == [300, 600, 500, 250]
    assert 500 < boxes[1]["width"] < 900
    lab.run_python("canvas.layout.height = '200px'")
    lab.wait_until(
        lambda: (hosts.first.bounding_box() or {}).get("height") == 200, "the new height"
    )
    lab.run_python("canvas.layout.height = None")
    lab.wait_until(
        lambda: (hosts.first.bounding_box() or {}).get("height") == 420,
        "the height of the trait",
    )


DIFY = """
from kaizen_widgets import Canvas
canvas = Canvas({"kind": "app", "workflow": {"graph": {"nodes": [
    {"id": "loop", "type": "custom", "position": {"x": 0, "y": 0}, "width": 500, "height": 300,
     "data": {"type": "iteration", "title": "Each"}},
    {"id": "step", "type": "custom", "position": {"x": 250, "y": 180}, "parentNode": "loop",
     "extent": "parent", "data": {"type": "llm", "title": "Ask"}},
    {"id": "end", "type": "custom", "position": {"x": 700, "y": 100}, "data": {"title": "End"}}],
  "edges": [{"id": "e", "source": "loop", "target": "end"}]}}})
canvas
"""


@pytest.fixture
def dify(lab: Lab) -> Hand:
    lab.open([DIFY])
    lab.run_all()
    hand = Hand(lab)
    hand.node("step").wait_for()
    return hand


def test_container_is_drawn_with_its_size_and_keeps_the_places_of_its_nodes(dify: Hand):
    outer, inner = dify.node("loop").bounding_box(), dify.node("step").bounding_box()
    assert outer is not None
    assert inner is not None
    assert outer["height"] > 3 * inner["height"]
    assert inner["y"] > outer["y"] + outer["height"] / 2
    dify.edge("e").locator("path").first.wait_for(state="attached")
    dify.drag("step", -20, 0)
    dify.lab.wait_for_python("canvas.store.rev", 1)
    x, y = dify.lab.python("list(canvas.graph.node('step').position)")
    assert 200 < x < 250
    assert abs(y - 180) <= 1
    dify.lab.screenshot("canvas-container", dify.canvas)


def test_rename_changes_the_key_that_is_shown(dify: Hand):
    dify.rename("end", "Finish")
    dify.lab.wait_for_python("dict(canvas.graph.node('end').data)", {"title": "Finish"})
    dify.node("end").get_by_text("Finish").wait_for()


def test_duplicate_of_a_group_copies_the_nodes_in_it(dify: Hand):
    x, y = dify.position("loop")
    dify.page.mouse.click(x - 60, y - 40)
    dify.press("Control+d")
    dify.lab.wait_for_python("len(canvas.nodes)", 5)
    inside = "[n['parentNode'] for n in canvas.nodes if n.get('parentNode')]"
    first, second = dify.lab.python(inside)
    assert (first, second != "loop") == ("loop", True)
    dify.press("Control+z")
    dify.lab.wait_for_python("len(canvas.nodes)", 3)
