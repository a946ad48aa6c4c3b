"""Query panels in a real browser: shared fetches, rollback, offline and back, keys."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Locator, expect

from tests.browser.lab import Lab

NOTEBOOK = Path(__file__).parents[2] / "notebooks" / "02_queries.ipynb"

SETUP = """
import asyncio
from kaizen_widgets import MutationButton, QueryClient, QueryDevtools, QueryPanel
client = QueryClient()
fetched, stored = [], ["one", "two"]
async def fetch():
    fetched.append(1)
    await asyncio.sleep(0.3)
    return [{"word": word} for word in stored]
client.set_query_defaults(("words",), stale_time=60)
words = client.live(query_key=("words",), query_fn=fetch)
"""
TWO_PANELS = """
import ipywidgets
ipywidgets.HBox([
    QueryPanel(words, title="Left"),
    QueryPanel(client.live(query_key=("words",), query_fn=fetch), title="Right"),
])
"""
EDITING = """
async def save(word):
    stored.append(word)
adding = client.observe_mutation(
    mutation_fn=save,
    scope="words",
    on_mutate=lambda word: client.set_query_data(("words",), lambda rows: [*rows, {"word": word}]),
    on_settled=lambda *_: client.invalidate_queries(("words",)),
)
texts = iter(["three", "four", "five"])
button = MutationButton(adding, lambda: next(texts), label="Add a word", done="Added")
button
"""
DEVTOOLS = "tools = QueryDevtools(client)\ntools"


def panels(lab: Lab) -> Locator:
    return lab.page.locator(".kaizen-panel")


def test_panels_of_one_key_share_one_fetch(lab: Lab):
    lab.open([SETUP, TWO_PANELS])
    lab.run_all()
    for index in range(2):
        expect(panels(lab).nth(index).get_by_role("gridcell", name="two")).to_be_visible()
    assert lab.python("len(fetched)") == 1
    panels(lab).nth(0).get_by_role("button", name="Refresh").click()
    lab.wait_for_python("len(fetched)", 2)
    lab.run_python("stored.append('three'); client.invalidate_queries()")
    for index in range(2):
        expect(panels(lab).nth(index).get_by_role("gridcell", name="three")).to_be_visible()
    assert lab.python("len(fetched)") == 3
    assert lab.problems == []


def test_offline_edit_is_sent_when_back_online(lab: Lab):
    lab.open([SETUP, TWO_PANELS, EDITING, DEVTOOLS])
    lab.run_all()
    left = panels(lab).nth(0)
    expect(left.get_by_role("gridcell", name="two")).to_be_visible()
    offline = lab.page.get_by_role("button", name="Offline")
    offline.click()
    lab.wait_for_python("client.online.is_online", False)
    lab.page.get_by_role("button", name="Add a word").click()
    expect(lab.page.get_by_text("Waiting to be sent")).to_be_visible()
    # A second edit, from Python, waits for the first; both are shown immediately.
    lab.run_python("client.mutate(adding.options, 'by code')")
    for word in ("three", "by code"):
        expect(left.get_by_role("gridcell", name=word)).to_be_visible()
    expect(lab.page.get_by_text("2 mutations pending (2 paused)")).to_be_visible()
    lab.screenshot("queries-offline")
    assert lab.python("stored") == ["one", "two"]
    offline.click()
    expect(lab.page.get_by_text("Added")).to_be_visible()
    lab.wait_for_python("stored", ["one", "two", "three", "by code"])
    lab.wait_for_python("[row['word'] for row in words.data]", ["one", "two", "three", "by code"])
    expect(left.get_by_role("gridcell", name="by code")).to_be_visible()


def test_error_can_be_retried_and_is_text(lab: Lab):
    lab.open(
        [
            SETUP,
            "answers = iter([ValueError('<b>no</b>'), 'here'])\n"
            "def fails():\n"
            "    answer = next(answers)\n"
            "    if isinstance(answer, Exception):\n"
            "        raise answer\n"
            "    return answer\n"
            "QueryPanel(client.live(query_key=('x', '<i>'), query_fn=fails, retry=False))",
        ]
    )
    lab.run_all()
    expect(lab.page.get_by_role("alert")).to_have_text("<b>no</b>")
    lab.page.get_by_role("button", name="Retry").click()
    expect(panels(lab).get_by_text("here")).to_be_visible()
    expect(lab.page.get_by_role("button", name="Retry")).to_be_hidden()


def test_panel_keys_do_not_reach_the_notebook(lab: Lab):
    lab.open(
        [SETUP, DEVTOOLS, "client.set_query_data(('a',), 1); client.set_query_data(('b',), 2)"]
    )
    lab.run_all()
    before = lab.cells()
    entries = lab.page.locator(".kaizen-queries select")
    expect(entries.locator("option")).to_have_count(3)
    entries.focus()
    for key in ("Home", "ArrowDown", "ArrowDown"):
        lab.page.keyboard.press(key)
    lab.wait_for_python("tools.entries.index", 2)
    expect(lab.page.locator(".kaizen-panel .kr-body")).to_have_text("2")
    remove = lab.page.get_by_role("button", name="Remove")
    remove.focus()
    for key in ("d", "d", "b", "x", "Enter"):
        lab.page.keyboard.press(key)
    lab.wait_for_python("len(tools.entries.options)", 2)
    assert lab.cells() == before


def test_notebook_story_in_light_and_dark_and_narrow(lab: Lab):
    lab.open(NOTEBOOK)
    lab.viewport(1280, 1400)
    lab.run_all()
    agents = panels(lab).nth(0)
    expect(agents.get_by_role("gridcell", name="Billing", exact=True)).to_be_visible()
    expect(agents.get_by_text("stale")).to_be_hidden()
    rename = lab.page.get_by_role("button", name="Rename Billing")
    rename.click()
    expect(agents.get_by_role("gridcell", name="Accounting", exact=True)).to_be_visible()
    expect(lab.page.get_by_role("alert")).to_have_text("The server says no")
    expect(agents.get_by_role("gridcell", name="Billing", exact=True)).to_be_visible()
    agents.scroll_into_view_if_needed()
    lab.screenshot("queries-light")
    tools = lab.page.locator(".kaizen-queries select")
    tools.scroll_into_view_if_needed()
    tools.select_option(index=2)
    expect(lab.page.locator(".kaizen-panel .kr-body")).to_be_visible()
    lab.screenshot("queries-devtools-light")
    lab.theme("dark")
    lab.screenshot("queries-devtools-dark")
    agents.scroll_into_view_if_needed()
    lab.screenshot("queries-dark")
    lab.viewport(700, 1000)
    agents.scroll_into_view_if_needed()
    for index in range(panels(lab).count()):
        box = panels(lab).nth(index).bounding_box()
        assert box is None or box["x"] + box["width"] <= 700
    lab.screenshot("queries-700-dark")
    lab.theme("light")
    lab.screenshot("queries-700-light")
    assert lab.problems == []
