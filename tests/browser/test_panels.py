"""The agents panel in a page: dialogs by keyboard, switches, and a chat."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.lab import Lab

SETUP = """
from kaizen_widgets import AgentsPanel, Studio
studio = Studio(data=":memory:")
"""


def test_agent_is_created_by_keyboard_switched_off_and_tried(lab: Lab):
    lab.open([SETUP, "agents = AgentsPanel(studio)\nagents"])
    lab.run_all()
    page = lab.page
    new_agent = page.get_by_role("button", name="New agent")
    new_agent.click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_label("Name")).to_be_focused()
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    page.keyboard.press("Enter")  # The focus is back on the button.
    expect(dialog.get_by_label("Name")).to_be_focused()
    page.keyboard.type("Helper")
    dialog.get_by_label("System prompt").fill("You are a helpful agent.")
    dialog.get_by_label("Provider").select_option(label="OpenAI")
    dialog.get_by_label("Model").select_option(label="gpt-4o")
    dialog.get_by_label("Name").press("Enter")
    expect(dialog).to_be_hidden()
    expect(page.get_by_text("Helper is created.")).to_be_visible()
    lab.run_python("chat = agents.try_agent(agents.record(agents.rows[0].id))")
    page.get_by_placeholder("A message to Helper").fill("Hello?")
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_text("was asked: Hello?")).to_be_visible()
    page.get_by_role("switch").first.click()
    lab.wait_for_python("studio.agents.list().refetch().wait(10)[0].status", "active")
    lab.screenshot("agents-panel")
    assert lab.problems == []
