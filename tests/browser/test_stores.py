"""The stores on the page: theme, notifications, devtools, a run being watched, one undo for all."""

from __future__ import annotations

from playwright.sync_api import Locator

from tests.browser.hand import Hand
from tests.browser.lab import Lab

STUDIO = """
from kaizen_widgets import Studio
studio = Studio(data=":memory:", height=320)
studio
"""
PANELS = """
from ipywidgets import Tab
from kaizen_widgets import ExecutionPanel, QueryDevtools, StoreDevtools
tools = StoreDevtools(studio.ui)
Tab([tools, QueryDevtools(studio.query_client), ExecutionPanel(studio.execution)],
    titles=("Store", "Queries", "Run"))
"""


def brightness(of: Locator, what: str = "background-color") -> float:
    """Return how bright a colour of an element is, from 0 to 255; what is see-through is its parent's."""
    return of.evaluate(
        """(element, what) => {
          for (let each = element; each; each = each.parentElement) {
            const [r, g, b, a = 1] = getComputedStyle(each)[what].match(/[0-9.]+/g).map(Number);
            if (a > 0) return (r + g + b) / 3;
          }
          return 255;
        }""",
        what,
    )


UNLIKE = """(theme) => {
  const brightness = (element, what) => {
    for (let each = element; each; each = each.parentElement) {
      const numbers = getComputedStyle(each)[what].match(/[0-9.]+/g).map(Number);
      const isOklch = getComputedStyle(each)[what].startsWith("okl");
      if ((numbers[3] ?? 1) > 0)
        return isOklch ? numbers[0] * 255 : (numbers[0] + numbers[1] + numbers[2]) / 3;
    }
    return 255;
  };
  const visible = (query) => [...document.querySelectorAll(query)].filter((each) => each.checkVisibility());
  const frames = visible(".kc-frame");
  const panels = visible(".kaizen-panel");
  const fields = visible(".kaizen-panel :is(textarea, input, select)");
  if (frames.length === 0 || panels.length < 3 || fields.length === 0) return ["too little is shown"];
  const unlike = frames.filter((frame) => frame.dataset.theme !== theme);
  for (const each of [...frames, ...panels, ...fields]) {
    const ground = brightness(each, "backgroundColor");
    const contrast = Math.abs(ground - brightness(each, "color"));
    if ((ground > 128) !== (theme === "light") || contrast <= 100) unlike.push(each);
  }
  return unlike.map((each) => each.outerHTML.slice(0, 200));
}"""
"""Canvases, panels and fields in them that are not of a theme, or cannot be read."""


def looks(lab: Lab, theme: str) -> bool:
    """Whether each canvas and each panel, with the fields in it, is of a theme and can be read."""
    return lab.page.evaluate(UNLIKE, theme) == []


def test_a_chosen_theme_shows_on_every_canvas_and_panel_at_once(lab: Lab):
    lab.open(
        [STUDIO, PANELS, "from kaizen_widgets import Canvas\nCanvas(studio.store, height=200)"]
    )
    for cell in range(3):
        lab.run_cell(cell)
    Hand(lab).node("billing").wait_for()
    lab.run_python("studio.ui.add_notification('Welcome', 'A new day.', duration=0)")
    lab.page.locator(".kaizen-notification").wait_for()
    for name, width in (("wide", 1280), ("700", 700)):
        lab.viewport(width, 1400)
        for theme in ("dark", "light"):
            lab.run_python(f"studio.ui.set_theme({theme!r})")
            lab.wait_until(lambda theme=theme: looks(lab, theme), f"{theme} everywhere")
            lab.screenshot(f"stores-theme-{theme}-{name}")

    # Whatever the user chose, system is JupyterLab's own.
    lab.viewport(1280, 900)
    lab.theme("dark")
    assert looks(lab, "light")
    lab.screenshot("stores-theme-light-in-dark-lab")
    lab.run_python("studio.ui.set_theme('system')")
    lab.wait_until(lambda: looks(lab, "dark"), "JupyterLab's dark theme")
    lab.theme("light")
    lab.wait_until(lambda: looks(lab, "light"), "JupyterLab's light theme")
    # Nothing of it touches the page around: the notebook is Lab's alone.
    lab.run_python("studio.ui.set_theme('dark')")
    lab.wait_until(lambda: looks(lab, "dark"), "dark again")
    assert brightness(lab.page.locator(".jp-Notebook")) > 200
    assert lab.problems == []


def test_notifications_are_read_politely_and_expire(lab: Lab):
    lab.open([STUDIO])
    lab.run_cell(0)
    region = lab.page.get_by_role("status", name="Notifications")
    region.wait_for(state="attached")  # it stands there before there is anything to say
    assert region.get_attribute("aria-live") == "polite"
    lab.run_python(
        "first = studio.ui.add_notification('Saved', duration=5)\n"
        "studio.ui.add_notification('Quota <b>low</b>', 'Ten left.', type='warning', duration=0)"
    )
    shown = lab.page.locator(".kaizen-notification")
    lab.wait_until(lambda: shown.count() == 2, "both shown")
    assert "Warning: Quota <b>low</b>" in region.inner_text()
    shown.first.evaluate("element => { element.dataset.same = 'yes' }")
    lab.screenshot("stores-notifications", of=lab.page.locator(".jp-OutputArea").first)
    lab.wait_until(lambda: shown.count() == 1, "the first gone by itself")
    assert lab.python("[one['title'] for one in studio.ui.notifications]") == ["Quota <b>low</b>"]
    # The other one goes by its button, from the keyboard.
    lab.page.get_by_role("button", name="Dismiss: Quota").focus()
    lab.page.keyboard.press("Enter")
    lab.wait_for_python("len(studio.ui.notifications)", 0)
    lab.wait_until(lambda: shown.count() == 0, "the region empty")
    assert len(lab.cells()) == 1


def test_devtools_list_what_a_store_did_and_travel(lab: Lab):
    lab.open(
        [
            STUDIO,
            "from kaizen_widgets import StoreDevtools\ntools = StoreDevtools(studio.ui)\ntools",
        ]
    )
    lab.run_cell(0)
    lab.run_cell(1)
    lab.run_python("studio.ui.set_theme('dark'); studio.ui.toggle_sidebar()")
    panel = lab.page.locator(".jp-Cell").nth(1)
    lab.wait_until(lambda: "2 actions" in panel.inner_text(), "both actions")
    assert "ui/sidebar" in panel.locator("select").inner_text()
    assert "sidebar_open" in panel.inner_text()
    # A step to the left on the slider goes to the state before.
    handle = panel.locator(".noUi-handle")
    handle.focus()
    lab.page.keyboard.press("ArrowLeft")
    lab.wait_for_python("studio.ui.sidebar_open", True)
    assert lab.python("studio.ui.theme") == "dark"
    lab.page.keyboard.press("ArrowLeft")
    lab.wait_for_python("studio.ui.theme", "system")
    lab.screenshot("stores-devtools", of=panel)
    panel.get_by_role("button", name="Export").click()
    with lab.page.expect_download() as download:
        panel.get_by_role("link", name="Download the log").click()
    assert download.value.suggested_filename == "store-log.json"
    assert "ui/sidebar" in download.value.path().read_text()
    # Keys of the panel are the panel's: no cell was added, moved or deleted.
    panel.locator("select").focus()
    for key in ("ArrowDown", "d", "d", "b", "x"):
        lab.page.keyboard.press(key)
    assert len(lab.cells()) == 2


def test_a_run_is_watched_while_it_goes_on(lab: Lab):
    lab.open(
        [
            STUDIO,
            """
import asyncio, sys
go = asyncio.Event()
@studio.agent("Billing")
async def billing(text):
    print("looking into", text)
    print("the account is empty", file=sys.stderr)
    while not go.is_set():
        await asyncio.sleep(0.05)
    return {"refund": 12}
@studio.agent("Technical")
def technical(text):
    return "turn it off and on"
""",
        ]
    )
    lab.run_cell(0)
    lab.run_cell(1)
    lab.run_python("run = studio.run({'text': 'my invoice'})")
    lab.page.get_by_role("tab", name="Run", exact=True).click()
    panel = lab.page.locator(".kaizen-app-panel")
    lab.wait_until(lambda: "1 running" in panel.inner_text(), "a node running")
    first = panel.inner_text()
    lab.wait_until(lambda: panel.inner_text() != first, "the time going on")
    lab.wait_until(lambda: "looking into my invoice" in panel.inner_text(), "the log")
    lab.screenshot("stores-run-log", of=lab.page.locator(".jp-OutputArea").first)
    panel.get_by_label("Lowest level of the lines to show").select_option("Warnings and errors")
    lab.wait_until(lambda: "looking into" not in panel.inner_text(), "only warnings")
    assert "the account is empty" in panel.inner_text()
    panel.get_by_placeholder("Filter the log").fill("nothing like it")
    lab.wait_until(lambda: "No log line matches" in panel.inner_text(), "an empty filter")
    lab.run_python("go.set()")
    lab.wait_until(lambda: "5 done 1 skipped" in panel.inner_text(), "the end")
    assert "refund" in panel.inner_text()
    lab.theme("dark")
    lab.viewport(700, 1000)
    lab.screenshot("stores-run-dark-700")
    lab.viewport(1280, 1000)
    lab.theme("light")
    lab.screenshot("stores-run-light")


def test_undo_is_one_from_a_key_a_button_and_python_over_two_views(lab: Lab):
    lab.open([STUDIO, "from kaizen_widgets import Canvas\nCanvas(studio.store, height=320)"])
    lab.run_cell(0)
    lab.run_cell(1)
    one, two = Hand(lab, 0), Hand(lab, 1)
    where = "list(studio.graph.node('billing').position)"
    begin = lab.python(where)
    one.drag("billing", 40, 30)
    lab.wait_until(lambda: lab.python(where) != begin, "the first view's drag")
    dragged = lab.python(where)
    two.rename("technical", "Hardware")
    lab.wait_for_python("studio.graph.node('technical').label", "Hardware")
    lab.run_python("studio.store.update_node_data('router', {'label': 'Desk'})")
    assert lab.python("[step.label for step in studio.store.history.past]") == [
        "move node",
        "rename node",
        "rename node",
    ]
    one.select("input")
    lab.wait_for_python("studio.store.selected_node_id", "input")
    # A key in the first view takes back what Python did, a button in the second what the second did,
    # and Python what the first did.
    one.press("Control+z")
    lab.wait_for_python("len(studio.store.history.past)", 2)
    assert lab.python("studio.graph.node('router').label") != "Desk"
    two.button("Undo").click()
    lab.wait_for_python("studio.graph.node('technical').label", "Technical")
    assert lab.python("studio.undo()")
    lab.wait_for_python(where, begin)
    assert lab.python("[step.label for step in studio.store.history.future]") == [
        "rename node",
        "rename node",
        "move node",
    ]
    assert lab.python("studio.store.selected_node_id") == "input"
    one.select("input")
    one.press("Control+Shift+z")
    lab.wait_for_python(where, dragged)
    two.button("Redo").click()
    lab.wait_for_python("studio.graph.node('technical').label", "Hardware")
    assert lab.python("studio.redo()")
    two.canvas.get_by_text("Desk").wait_for()
    one.canvas.get_by_text("Desk").wait_for()
