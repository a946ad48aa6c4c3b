"""Faults of the page, in a real JupyterLab: reloads, restarts, two tabs, a browser that dies."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest
from playwright.sync_api import Browser

from tests.browser.hand import Hand
from tests.browser.lab import Lab
from tests.browser.server import JupyterServer

Rounds = Callable[[int, int], int]

STUDIO = "from kaizen_widgets import Studio\nstudio = Studio()\nstudio"
LABELS = "sorted(n.label for n in studio.graph.nodes)"
SLOW = """
import threading
gate = threading.Event()
@studio.agent("Billing")
def billing(text):
    gate.wait(60)
    return "paid"
@studio.agent("Technical")
def technical(text):
    return "fixed"
"""
AWAY = """
from kaizen_widgets.errors import ConnectError
async def away(self, id, graph, *a, **k): raise ConnectError('The server is away.')
type(studio.pipelines.endpoints).save_graph = away
"""
KERNEL = """(path) => [...window.jupyterapp.shell.widgets("main")]
  .find((widget) => widget.context?.path === path).sessionContext.session.kernel"""
IS_DIRTY = """(path) => [...window.jupyterapp.shell.widgets("main")]
  .find((widget) => widget.context?.path === path).context.model.dirty"""
CROSSES = 10.0
"""Seconds in which a kernel follows another one of the same user; a quiet machine needs a tenth of one."""
NOTHING_MISSED = 20.0
"""Seconds in which a view shows again what the kernel has; a quiet machine needs less than two."""


def shown(hand: Hand) -> list[str]:
    """Return the names of the nodes on a canvas."""
    return sorted(hand.canvas.locator(".kc-node-names b").all_inner_texts())


def open_studio(lab: Lab) -> Hand:
    """Open a studio in a fresh notebook."""
    lab.open([STUDIO, SLOW])
    lab.run_all()
    hand = Hand(lab)
    hand.node("billing").wait_for()
    return hand


def test_reload_during_a_run_restores_the_picture(lab: Lab):
    """A reloaded canvas equals the kernel soon after its first drawing, with the continuing run."""
    hand = open_studio(lab)
    lab.run_python("run = studio.run({'text': 'my invoice'})")
    running = '.react-flow__node[data-id="billing"] .kc-state[data-state="running"]'
    hand.canvas.locator(running).wait_for()
    hand.rename("technical", "Techies")
    lab.wait_for_python("studio.graph.node('technical').label", "Techies")
    lab.reload()
    hand = Hand(lab)
    lab.wait_until(
        lambda: shown(hand) == lab.python(LABELS), "the same nodes", within=NOTHING_MISSED
    )
    hand.canvas.locator(running).wait_for(timeout=NOTHING_MISSED * 1000)
    lab.run_python("gate.set()")
    hand.canvas.locator(
        '.react-flow__node[data-id="billing"] .kc-state[data-state="done"]'
    ).wait_for()


def test_lost_connection_is_shown_and_edits_made_meanwhile_arrive(lab: Lab):
    """While disconnected the canvas says so, never "saved"; reconnected, it is up to date and saved."""
    hand = open_studio(lab)
    hand.app.get_by_text("Saved", exact=True).wait_for()
    # What JupyterLab says of it itself is in the way, as it is in a user's.
    lab.page.add_locator_handler(
        lab.page.locator(".jp-Dialog"), lambda dialog: dialog.get_by_role("button").last.click()
    )
    lab.page.context.set_offline(True)  # it leaves open websockets be, and lets none be opened
    lab.page.evaluate(f"(path) => ({KERNEL})(path)._ws.close()", lab.path)
    hand.canvas.get_by_text("Disconnected: edits live only in this browser").wait_for()
    hand.rename("billing", "While away")
    hand.node("billing").get_by_text("While away").wait_for()
    assert not hand.app.get_by_text("Saved", exact=True).is_visible()
    assert lab.python("studio.graph.node('billing').label") == "Billing"
    lab.screenshot("instep-disconnected", hand.canvas)
    lab.page.context.set_offline(False)
    lab.page.evaluate(f"async (path) => {{ await ({KERNEL})(path).reconnect(); }}", lab.path)
    lab.wait_for_python("studio.graph.node('billing').label", "While away")
    hand.app.get_by_text("Saved", exact=True).wait_for()
    assert hand.canvas.get_by_text("Disconnected").count() == 0


def test_restarted_kernel_is_shown_and_its_edits_are_recovered(lab: Lab):
    """The canvas says that its kernel is gone; run again, the cell offers the unsaved edits, once."""
    hand = open_studio(lab)
    lab.run_python(AWAY)
    hand.rename("billing", "Never saved")
    hand.app.get_by_text("Not saved").wait_for()
    lab.screenshot("instep-not-saved")
    lab.restart_kernel()
    hand.canvas.get_by_text("Kernel gone").wait_for()
    lab.screenshot("instep-kernel-gone")
    lab.run_cell(0)
    again = Hand(lab)
    again.node("billing").get_by_text("Billing", exact=True).wait_for()
    assert lab.page.locator(".kaizen-canvas").count() == 1
    lab.page.get_by_text("1 unsaved edit").wait_for()
    lab.page.get_by_role("button", name="Compare").click()
    lab.page.get_by_text("'Billing' → 'Never saved'").wait_for()
    lab.screenshot("instep-recovered")
    lab.page.get_by_role("button", name="Load").click()
    again.node("billing").get_by_text("Never saved").wait_for()
    again.app.get_by_text("Saved", exact=True).wait_for()
    assert lab.python("len(studio.recovered)") == 0
    assert lab.page.get_by_text("unsaved edit").count() == 0


def test_two_tabs_on_one_kernel_follow_each_other(lab: Lab):
    """Two tabs follow each other: an edit, undo, what the other has selected, the run's status."""
    hand = open_studio(lab)
    lab.save()
    tab = lab.second_tab()
    other = Hand(tab)
    other.node("billing").wait_for()
    lab.page.bring_to_front()
    hand.rename("billing", "Refunds")
    other.node("billing").get_by_text("Refunds").wait_for()
    hand.button("Undo").click()
    other.node("billing").get_by_text("Billing", exact=True).wait_for()
    hand.select("technical")
    other.canvas.locator('.react-flow__node[data-id="technical"] [data-peer]').wait_for()
    tab.screenshot("instep-peer")
    lab.run_python("run = studio.run({'text': 'my invoice'})")
    for view in (hand, other):
        view.canvas.locator(
            '.react-flow__node[data-id="billing"] .kc-state[data-state="running"]'
        ).wait_for()
    lab.run_python("gate.set()")
    tab.page.bring_to_front()
    other.drag("billing", 30, 40)
    lab.page.bring_to_front()
    hand.drag("billing", -20, 25)
    lab.wait_until(lambda: shown(hand) == shown(other) == lab.python(LABELS), "both equal")


def test_page_asks_before_leaving_only_while_something_is_unsaved(lab: Lab):
    """With everything saved the page closes; with an edit that could not be saved it asks first."""
    open_studio(lab)
    lab.save()

    def asked(*, unsaved: bool) -> list[str]:
        tab = lab.second_tab()
        hand = Hand(tab)
        hand.select("billing")  # a page nobody touched may not ask
        if unsaved:
            hand.rename("billing", "Never saved")
            hand.app.get_by_text("Not saved").wait_for()
        else:
            hand.app.get_by_text("Saved", exact=True).wait_for()
        assert tab.page.evaluate(IS_DIRTY, tab.path) is False, "JupyterLab itself would ask"
        dialogs: list[str] = []
        tab.page.on("dialog", lambda dialog: dialogs.append(dialog.type))
        with tab.page.expect_event("close"):
            tab.page.close(run_before_unload=True)
        return dialogs

    assert asked(unsaved=False) == []
    lab.run_python(AWAY)
    assert asked(unsaved=True) == ["beforeunload"]


def test_killed_browser_loses_at_most_the_last_edit(
    lab: Lab, server: JupyterServer, browser: Browser, rounds: Rounds
):
    """The browser is killed 0 to 500 ms after an edit: every edit but the last is in the kernel, whole."""
    hand = open_studio(lab)
    lab.save()
    chance = random.Random(13)
    for number in range(rounds(2, 40)):
        context = browser.new_context(viewport={"width": 1280, "height": 900})
        with Lab(server, context) as tab:
            tab.path = lab.path
            tab._go("lab")
            doomed = Hand(tab)
            doomed.node("billing").wait_for()
            doomed.rename("billing", f"Kept {number}")
            doomed.rename("technical", f"Last {number}")
            tab.page.wait_for_timeout(chance.random() * 500)
            tab.page.close(run_before_unload=False)
        context.close()
        labels = lab.python("[studio.graph.node(n).label for n in ('billing', 'technical')]")
        assert labels[0] == f"Kept {number}"
        assert labels[1] in (f"Last {number}", f"Last {number - 1}", "Technical")
    lab.page.bring_to_front()
    lab.wait_until(lambda: shown(hand) == lab.python(LABELS), "the other tab follows")


def test_signing_out_in_one_notebook_signs_out_the_other(
    lab: Lab, server: JupyterServer, browser: Browser
):
    """Signed out in one notebook, the other soon shows no data of the user, late responses included."""
    hand = open_studio(lab)
    context = browser.contexts[-1]
    with Lab(server, context) as tab:
        other = open_studio(tab)
        tab.run_python(
            "import asyncio\n"
            "endpoints = studio.pipelines.endpoints\n"
            "async def slow():\n"
            "    await asyncio.sleep(1.5)\n"
            "    return await endpoints._transport.request('GET', '/auth/me')\n"
            "late = studio.query_client.fetch_query(query_key=('late',), query_fn=slow)"
        )
        tab.run_python(
            "import time\n"
            "themed, out = [], []\n"
            "studio.ui.subscribe(lambda s, p: s['theme'] == 'dark' and themed.append(time.monotonic()))\n"
            "studio.auth.subscribe(lambda s, p: s['is_authenticated'] or out.append(time.monotonic()))"
        )
        # Each kernel notes the time itself, by the one clock of this machine: asking takes its own.
        lab.run_python("import time; studio.ui.set_theme('dark'); told = [time.monotonic()]")
        tab.wait_for_python("studio.ui.theme", "dark")
        lab.run_python("studio.logout(); told.append(time.monotonic())")
        assert lab.python("studio.auth.has_tokens") is False
        tab.wait_for_python("studio.auth.has_tokens", False)
        tab.wait_for_python("len(out) > 0")
        for seen, told in zip(tab.python("[themed[0], out[0]]"), lab.python("told"), strict=True):
            assert seen - told < CROSSES
        tab.page.bring_to_front()
        tab.page.get_by_text("Signed out in another notebook.").wait_for()
        assert other.canvas.locator(".kc-node").count() == 0
        assert tab.python("studio.graph.node_count") == 0
        tab.screenshot("instep-signed-out")
        tab.wait_for_python("late.done()")
        assert tab.python("studio.query_client.get_query_data(('late',))") is None
        tab.page.get_by_role("button", name="Sign in").click()
        other.node("billing").wait_for()
        lab.wait_for_python("studio.auth.has_tokens")
        hand.node("billing").wait_for()


@pytest.fixture(autouse=True)
def _nobody_else_was_here(server: JupyterServer) -> None:
    """Start each test with the sample pipeline and no drafts: what kernels share is deleted."""
    for name in ("xdg-data", "xdg-state"):
        for file in (server.data.parent / name).rglob("*"):
            if file.is_file():
                file.unlink()
