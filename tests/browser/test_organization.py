"""Team, policies and metrics in JupyterLab: a colleague is invited and a plot is pointed at."""

from __future__ import annotations

from tests.browser.lab import Lab

PANELS = """
from IPython.display import display
from kaizen_widgets import MetricsPanel, PoliciesPanel, Studio, TeamPanel

studio = Studio(data=":memory:")
agent = studio.agents.create(name="Loom", system_prompt="You weave.", model_id="gpt-4o").wait(20)
for latency in (400, 1950):
    studio.metrics.record(
        deployment_id="d", agent_id=agent.id, status="success", latency_ms=latency
    ).wait(20)
team, policies, metrics = TeamPanel(studio), PoliciesPanel(studio), MetricsPanel(studio, agent=agent.id)
display(team, policies, metrics)
"""


def test_colleague_is_invited_a_policy_is_made_and_a_plot_tells_its_values(lab: Lab):
    lab.open([PANELS])
    lab.run_cell(0)
    page = lab.page

    page.get_by_role("button", name="Invite", exact=True).first.click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Name", exact=False).first.fill("Ben")
    dialog.get_by_label("E-mail", exact=False).first.fill("ben@example.com")
    dialog.locator('input[type="password"]').fill("correct-horse-7")
    dialog.get_by_role("button", name="Invite").click()
    page.get_by_text("ben@example.com").first.wait_for()
    assert lab.python("'correct-horse-7' in repr(studio.users.list().wait(20))") is False

    page.get_by_role("button", name="New policy").click()
    dialog.get_by_label("Name", exact=False).first.fill("Not by night")
    dialog.get_by_role("button", name="Add condition").first.click()
    dialog.get_by_label("Field", exact=False).first.fill("context.hour")
    dialog.get_by_label("Value", exact=False).first.fill("18")
    dialog.get_by_role("button", name="Create policy").click()
    page.get_by_text("context.hour is 18").first.wait_for()
    conditions = lab.python("studio.policies.list().refetch().wait(20)[0].conditions")
    assert conditions == {"all": [{"field": "context.hour", "op": "eq", "value": 18}]}

    slot = page.locator(".kz-plot .kz-slot").last
    slot.locator("rect").first.hover(force=True)
    tip = slot.locator(".kz-tip")
    lab.wait_until(
        lambda: tip.evaluate("(tip) => getComputedStyle(tip).visibility") == "visible",
        "the values at the pointer",
    )
    assert "median 400 ms" in (tip.text_content() or "")
    assert lab.problems == []
