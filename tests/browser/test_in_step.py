"""Two notebooks of one user on one pipeline, as a newcomer would try it; each step leaves a screenshot."""

from __future__ import annotations

import os
import signal

from playwright.sync_api import Browser

from tests.browser.hand import Hand
from tests.browser.lab import Lab
from tests.browser.server import JupyterServer

NAME = "Two notebooks"
AWAY = """
from kaizen_widgets.errors import ConnectError
async def away(self, id, graph, *a, **k): raise ConnectError('The server is away.')
endpoints = type(studio.pipelines.endpoints)
there, endpoints.save_graph = endpoints.save_graph, away
"""
BACK = "endpoints.save_graph = there; studio.autosave.reconnected()"


def open_both(lab: Lab, other: Lab) -> tuple[Hand, Hand]:
    """Open one pipeline in two notebooks, each with its own kernel."""
    setup = (
        "from kaizen_widgets import Graph, Node, Studio\n"
        "studio = Studio()\n"
        "nodes = [Node('a', (0, 0), type='agent', data={'label': 'Ann'}),"
        " Node('b', (320, 0), type='agent', data={'label': 'Bob'})]\n"
    )
    lab.open([f"{setup}studio.new({NAME!r}, Graph(nodes))\nstudio"])
    lab.run_all()
    other.open([f"{setup}studio.open({NAME!r})\nstudio"])
    other.run_all()
    hands = Hand(lab), Hand(other)
    for hand in hands:
        hand.node("b").wait_for()
    return hands


def test_two_notebooks_disagree_and_lose_nothing(lab: Lab, server: JupyterServer, browser: Browser):
    with Lab(server, browser.contexts[-1]) as second:
        one, other = open_both(lab, second)

        # Both rename one node, one while it cannot save: its save is a conflict, and says so in the cell.
        second.run_python(AWAY)
        second.page.bring_to_front()
        other.rename("a", "Annabel")
        other.app.get_by_text("Not saved: The server is away.").wait_for()
        lab.page.bring_to_front()
        one.rename("a", "Anna")
        # Not by the word "Saved": before the edit is heard of, it is still that of the last one.
        lab.wait_for_python(
            "(studio.graph.node('a').label, studio.store.is_dirty)", ["Anna", False]
        )
        one.app.get_by_text("Saved", exact=True).wait_for()
        second.run_python(BACK)
        second.page.bring_to_front()
        bar = second.page.get_by_text("was changed elsewhere since you opened it. Nothing was")
        bar.wait_for()
        other.app.get_by_text("Not saved").wait_for()
        second.page.get_by_role("button", name="Compare").click()
        second.page.get_by_text("'Anna' → 'Annabel'").wait_for()
        second.screenshot("instep-conflict")

        # In the dark, chosen in the other notebook, and on a narrow page.
        lab.run_python("studio.ui.set_theme('dark')")
        second.wait_for_python("studio.ui.theme", "dark")
        second.viewport(700, 900)
        second.screenshot("instep-conflict-dark-700")
        second.viewport(1280, 900)
        lab.run_python("studio.ui.set_theme('system')")

        # They keep both.
        second.page.get_by_role("button", name="Keep both").click()
        second.page.get_by_text(f"Your version was saved as '{NAME} (my copy)'").wait_for()
        other.node("a").get_by_text("Anna", exact=True).wait_for()
        bar.wait_for(state="detached")
        second.run_python("names = sorted(p.name for p in studio.pipelines.list().wait(20))")
        assert f"{NAME} (my copy)" in second.python("names")
        second.screenshot("instep-kept-both")

        # What one saves now, the other shows by itself: nothing of its own is unsaved.
        lab.page.bring_to_front()
        one.close_drawer()
        one.rename("b", "Robert")
        second.page.bring_to_front()
        other.node("b").get_by_text("Robert", exact=True).wait_for()
        other.app.get_by_text("Saved", exact=True).wait_for()
        second.screenshot("instep-followed")

        # Its kernel is killed before an edit is saved; the page says so, and the edit comes back.
        second.run_python(AWAY)
        other.close_drawer()
        other.rename("b", "Bobby")
        second.wait_for_python("studio.graph.node('b').label", "Bobby")
        os.kill(second.python("__import__('os').getpid()"), signal.SIGKILL)
        other.canvas.get_by_text("Kernel gone").wait_for()
        second.screenshot("instep-killed")
        second.page.get_by_role("button", name="Ok", exact=True).click()  # it says so too
        second._wait_until_ready()
        second.run_all()
        second.page.get_by_text(f"1 unsaved edit to '{NAME}'").wait_for()
        second.page.get_by_role("button", name="Load").click()
        Hand(second).node("b").get_by_text("Bobby").wait_for()
        Hand(second).app.get_by_text("Saved", exact=True).wait_for()
        assert second.python("studio.graph.node('b').label") == "Bobby"

        # Signed out in one, the other is too; signed in again, both go on.
        second.run_python("studio.logout()")
        second.page.get_by_text("You are signed out.").wait_for()
        lab.page.bring_to_front()
        lab.page.get_by_text("Signed out in another notebook.").wait_for()
        lab.screenshot("instep-out-in-the-other")
        lab.page.get_by_role("button", name="Sign in").click()
        lab.page.get_by_role("button", name="Sign in").wait_for(state="detached")
        second.page.bring_to_front()
        second.page.get_by_role("button", name="Sign in").wait_for(state="detached")
