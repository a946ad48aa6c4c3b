"""The story of the quickstart, in a real browser, step by step; each step leaves a screenshot."""

from __future__ import annotations

from pathlib import Path

from tests.browser.hand import Hand
from tests.browser.lab import Lab

QUICKSTART = Path(__file__).parents[2] / "notebooks" / "01_quickstart.ipynb"
POSITION = "list(studio.graph.node({!r}).position)"
SAVED = "[len(g.nodes), len(g.edges), sorted(n.label for n in g.nodes)]"


def stored(lab: Lab) -> list:
    """Return what the server has, read anew."""
    lab.run_python(
        "from kaizen_widgets.core.background import background\n"
        "g = background.wait(studio.pipelines.endpoints.load_graph(studio.store.pipeline_id))"
    )
    return lab.python(SAVED)


def test_a_newcomer_s_first_five_minutes(lab: Lab):
    lab.open(QUICKSTART)
    lab.run_cell(1)
    hand = Hand(lab)
    hand.node("billing").wait_for()
    hand.app.get_by_text("Saved").wait_for()
    lab.screenshot("story-1-open")

    # They drag a node; Python sees it once, where it was dropped.
    before = lab.python(POSITION.format("technical"))
    hand.drag("technical", 40, 60)
    lab.wait_until(lambda: lab.python(POSITION.format("technical")) != before, "the drag in Python")
    assert lab.python("studio.store.history.undo_label") == "move node"
    assert lab.python("len(studio.store.history.past)") == 1
    lab.screenshot("story-2-dragged")

    # The drawer opened beside the node; Escape closes it.
    drawer = hand.app.locator(".kaizen-drawer")
    drawer.get_by_role("tab", name="Config").wait_for()
    hand.press("Escape")
    lab.wait_for_python("studio.drawer.is_open", False)
    drawer.wait_for(state="hidden")
    hand.wait_until_still("output")

    # They connect two.
    edges = lab.python("studio.graph.edge_count")
    hand.connect(hand.handle("billing", "output"), hand.handle("output", "input"))
    lab.wait_for_python("studio.graph.edge_count", edges + 1)
    assert lab.python("[[e.source, e.target] for e in studio.graph.edges][-1]") == [
        "billing",
        "output",
    ]
    lab.screenshot("story-3-connected")

    # They rename one.
    hand.rename("billing", "Refunds")
    lab.wait_for_python("studio.graph.node('billing').label", "Refunds")
    lab.screenshot("story-4-renamed")

    # They press undo, three times, and redo, three times.
    for _ in range(3):
        hand.button("Undo").click()
    lab.wait_for_python("studio.graph.node('billing').label", "Billing")
    lab.wait_for_python("studio.graph.edge_count", edges)
    lab.wait_for_python(POSITION.format("technical"), before)
    hand.canvas.get_by_text("Billing", exact=True).wait_for()
    hand.canvas.focus()
    for _ in range(3):
        hand.press("Control+Shift+Z")
    lab.wait_for_python("studio.graph.node('billing').label", "Refunds")
    lab.screenshot("story-5-undone-and-redone")

    # Two seconds later it is saved.
    hand.app.get_by_text("Saved").wait_for()
    lab.wait_for_python("studio.store.is_dirty", False)
    assert stored(lab)[1] == edges + 1
    assert "Refunds" in stored(lab)[2]

    # They register their functions, press Run and watch nodes light up.
    lab.run_python(
        "import threading\n"
        "gate = threading.Event()\n"
        "@studio.agent('Refunds')\n"
        "def refunds(text):\n"
        "    print('looking it up')\n"
        "    gate.wait(20)\n"
        "    return 'on its way'\n"
        "@studio.agent('Technical')\n"
        "async def technical(text):\n"
        "    return 'off and on'"
    )
    hand.button("Inputs of the run").click()
    inputs = hand.app.get_by_role("dialog", name="Inputs of the run")
    inputs.get_by_role("textbox").fill("my invoice")
    inputs.get_by_role("button", name="Run").click()
    hand.canvas.locator(
        '.react-flow__node[data-id="billing"] .kc-state[data-state="running"]'
    ).wait_for()
    lab.screenshot("story-6-running")
    lab.run_python("gate.set()")
    lab.wait_for_python("studio.execution.status", "completed")
    hand.canvas.locator(
        '.react-flow__node[data-id="output"] .kc-state[data-state="done"]'
    ).wait_for()
    hand.canvas.locator(
        '.react-flow__node[data-id="technical"] .kc-state[data-state="skipped"]'
    ).wait_for()
    hand.node("output").get_by_text("on its way").wait_for()
    hand.select("billing")
    drawer.get_by_role("tab", name="Log").click()
    drawer.get_by_text("looking it up").wait_for()
    drawer.get_by_role("tab", name="Input").click()
    drawer.get_by_text("my invoice").wait_for()
    lab.screenshot("story-7-ran")

    # They reload the page and everything is there.
    lab.reload()
    hand = Hand(lab)
    hand.node("billing").get_by_text("Refunds", exact=True).wait_for()
    hand.canvas.locator(
        '.react-flow__node[data-id="output"] .kc-state[data-state="done"]'
    ).wait_for()
    assert hand.canvas.locator(".react-flow__edge").count() == edges + 1
    lab.screenshot("story-8-reloaded")
    assert [problem for problem in lab.problems if "kaizen" in problem.lower()] == []


def test_a_server_that_is_away_costs_no_edit(lab: Lab):
    lab.open(
        [
            "from kaizen_widgets import Studio\nstudio = Studio(data=':memory:')\nstudio",
        ]
    )
    lab.run_all()
    hand = Hand(lab)
    hand.node("billing").wait_for()
    lab.run_python(
        "from kaizen_widgets.errors import ConnectError\n"
        "endpoints = type(studio.pipelines.endpoints)\n"
        "save_graph = endpoints.save_graph\n"
        "async def away(self, id, graph): raise ConnectError('The server is away.')\n"
        "endpoints.save_graph = away"
    )
    hand.rename("billing", "Kept")
    hand.app.get_by_text("Not saved").wait_for()
    lab.screenshot("away-not-saved")
    hand.rename("technical", "Kept too")
    lab.wait_for_python("studio.graph.node('technical').label", "Kept too")
    lab.run_python("endpoints.save_graph = save_graph")
    hand.app.get_by_text("Saved", exact=True).wait_for()
    assert {"Kept", "Kept too"} <= set(stored(lab)[2])


def test_a_run_that_cannot_start_says_why_over_the_board(lab: Lab):
    lab.open(["from kaizen_widgets import Studio\nstudio = Studio(data=':memory:')\nstudio"])
    lab.run_all()
    hand = Hand(lab)
    hand.button("Run").click()
    hand.app.locator(".kaizen-notification").get_by_text('@studio.agent("Billing")').wait_for()
    lab.screenshot("run-refused")
