"""What a node calls, and versions of a pipeline, by hand in JupyterLab."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from playwright.sync_api import expect

from tests.browser.lab import Lab

AXE = Path(__file__).parents[2] / "js" / "node_modules" / "axe-core" / "axe.min.js"

FORM = """
from kaizen_widgets import NodeForm, Studio
studio = Studio(data=":memory:")

@studio.agent("Billing")
def billing(text):
    return text

@studio.agent("Technical")
def technical(text):
    return text

studio.store.set_selection("technical")
form = NodeForm(studio.canvas, calls=studio.node_calls)
form
"""

VERSIONS = """
from kaizen_widgets.widgets import VersionsPanel
studio.versions.create("Before the new router").wait()
studio.store.update_node_data("billing", {"label": "Refunds"})
studio.store.delete_node("output")
studio.add_node(id="new", position=(700, 320), type="agent", data={"label": "Escalate"})
studio.connect("router", "new")
studio.store.on_nodes_change([{"id": "technical", "type": "position", "position": {"x": 560, "y": 260}}])
panel = VersionsPanel(studio)
panel
"""

DEVTOOLS = """
from kaizen_widgets import QueryDevtools, StoreDevtools
import ipywidgets
ipywidgets.VBox([QueryDevtools(studio.query_client), StoreDevtools(studio.store)])
"""


def serious(lab: Lab, selector: str) -> list[dict[str, Any]]:
    """Return what axe-core finds serious or critical below a selector."""
    lab.page.add_script_tag(path=str(AXE))
    found = lab.page.evaluate(
        "selector => axe.run(selector).then(result => result.violations.map("
        "({id, impact, nodes}) => ({id, impact, html: nodes[0].html})))",
        selector,
    )
    return [one for one in found if one["impact"] in ("serious", "critical")]


def test_call_is_chosen_by_hand_and_a_version_is_previewed(lab: Lab):
    lab.open([FORM, VERSIONS, DEVTOOLS])
    lab.viewport(1280, 1000)
    lab.run_cell(0)
    outputs = lab.page.locator(".jp-OutputArea-output")
    calls = lab.page.locator(".kaizen-form").get_by_label("Calls")
    expect(calls.locator("option:checked")).to_have_text("Technical · technical()")
    calls.select_option(label="billing() · your function")
    lab.wait_for_python("studio.graph.node('technical').data['config']['calls']", "Billing")
    name = lab.page.locator(".kaizen-form").get_by_label("Name")
    name.fill("Everything")
    name.press("Enter")
    lab.wait_for_python("studio.graph.node('technical').label", "Everything")
    lab.wait_for_python(
        "studio.node_calls.of(studio.graph.node('technical')).text", "billing() · your function"
    )
    lab.screenshot("node-form-calls", outputs.first)
    assert serious(lab, ".kaizen-form-panel") == []
    calls.select_option(label="New agent…")
    expect(lab.page.get_by_role("dialog")).to_contain_text("New agent")
    lab.screenshot("node-form-new-agent")
    lab.page.keyboard.press("Escape")

    lab.run_cell(1)
    lab.page.locator(".kaizen-resource-panel").get_by_text("Before the new router").first.click()
    chips = lab.page.locator(".kz-difference")
    expect(chips.filter(has_text="Added")).to_have_count(1)
    expect(chips.filter(has_text="Removed")).to_have_count(1)
    expect(chips.filter(has_text="Changed")).to_have_count(1)
    for theme in ("light", "dark"):
        lab.theme(theme)  # type: ignore[arg-type]
        lab.screenshot(f"versions-{theme}")
    assert serious(lab, ".kaizen-resource-panel") == []
    lab.theme("light")
    lab.page.locator(".kaizen-resource-panel").get_by_role("button", name="Restore").first.click()
    lab.wait_for_python("studio.graph.has_node('output')")
    assert lab.python("studio.store.history.undo_label") == "restore Before the new router"
    lab.run_cell(2)
    lab.page.get_by_label("Queries").select_option(index=0)
    expect(lab.page.get_by_role("slider", name="Travel")).to_have_count(1)
    lab.screenshot("devtools")
    assert serious(lab, ".kaizen-with-sliders") == []
