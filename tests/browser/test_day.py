"""A day in the life of the studio, on a server: once by mouse alone, once by keyboard alone.

Both hands live the same day. What is typed into fields is typed; everything else is pressed and chosen
with the mouse, or reached with Tab and the arrow keys.

The tests take several minutes, so they run on demand:
``KAIZEN_DAY=1 make browser ARGS=tests/browser/test_day.py``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, expect

from tests.browser.hand import Hand
from tests.browser.lab import Lab
from tests.browser.server import JupyterServer
from tests.contract.serving import ServerProcess

pytestmark = pytest.mark.skipif("not os.environ.get('KAIZEN_DAY')", reason="runs on demand")
AXE = Path(__file__).parents[2] / "js" / "node_modules" / "axe-core" / "axe.min.js"
EMAIL, PASSWORD = "ada@example.com", "correct-horse-7"
MOST_TABS = 150
"""Keys from one place to another, at most; the whole app has fewer."""

STUDIO = """
from kaizen_widgets import Studio
from pydantic_ai.models.test import TestModel
studio = Studio({url!r})
studio.use_model(TestModel(custom_output_text="A refund is on its way."))
studio
"""

_WAY = """element => {
  const focused = document.activeElement;
  if (focused === element) return "";
  const follows = focused.compareDocumentPosition(element) & Node.DOCUMENT_POSITION_FOLLOWING;
  const group = element.closest("[role=tablist], [role=menu], [role=grid]");
  if (group?.contains(focused) && !focused.closest("thead")) {
    const row = element.closest("[role=row]");
    const isElsewhere = row !== null && !row.contains(focused);
    if (group.getAttribute("role") === "menu" || isElsewhere) return follows ? "ArrowDown" : "ArrowUp";
    if (element.tabIndex < 0) return follows ? "ArrowRight" : "ArrowLeft";
  }
  return follows ? "Tab" : "Shift+Tab";
}"""
"""The next key on the way to an element; empty where it has the focus."""


_AXE = """async ([selector, rules]) => {
  const options = rules ? { runOnly: { type: "rule", values: rules } } : {};
  const { violations } = await axe.run(selector, { resultTypes: ["violations"], ...options });
  return violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .map(({ id, nodes }) => ({ id, html: nodes[0].html.slice(0, 300) }));
}"""
COLORS = ["color-contrast", "link-in-text-block"]
"""The rules that depend on the theme."""


@pytest.fixture
def url(tmp_path: Path) -> Iterator[str]:
    """Serve an empty studio on this machine."""
    process = ServerProcess(tmp_path / "studio.db")
    yield process.url
    process.kill()


class Mouse:
    """Uses the app by mouse; only texts are typed."""

    def __init__(self, lab: Lab) -> None:
        self.lab = lab
        self.page = lab.page

    def press(self, target: Locator) -> None:
        """Press a button, a tab or an item of a menu."""
        target.click()

    def write(self, target: Locator, text: str) -> None:
        """Write a text into a field, in place of what it has, and leave the field."""
        target.click()
        self.page.keyboard.press("ControlOrMeta+A")
        self.page.keyboard.type(text)
        self.page.keyboard.press("Tab")

    def choose(self, target: Locator, label: str) -> None:
        """Choose an option of a select."""
        target.select_option(label=label)

    def select(self, node: Locator) -> None:
        """Select a node on the board."""
        node.click(position={"x": 100, "y": 16})


class Keyboard(Mouse):
    """Uses the app by keyboard."""

    def reach(self, target: Locator) -> None:
        """Move the focus to an element, as a user does: with Tab, and with arrow keys within a group."""
        target.wait_for()
        way = [""]
        for _ in range(MOST_TABS):
            way.append(target.evaluate(_WAY))
            if not way[-1]:
                return
            self.page.keyboard.press(way[-1])
        focused = self.page.evaluate("document.activeElement.outerHTML.slice(0, 200)")
        raise AssertionError(f"{target} is not reached; {way[-4:]} lead to {focused}")

    def press(self, target: Locator) -> None:
        self.reach(target)
        self.page.keyboard.press("Enter")

    def write(self, target: Locator, text: str) -> None:
        self.reach(target)
        self.page.keyboard.press("ControlOrMeta+A")
        self.page.keyboard.type(text)
        self.page.keyboard.press("Tab")

    def choose(self, target: Locator, label: str) -> None:
        self.reach(target)
        self.page.keyboard.press("Home")
        chosen = target.locator("option:checked")
        for _ in range(target.locator("option").count()):
            if chosen.text_content() == label:
                break
            self.page.keyboard.press("ArrowDown")
        expect(chosen).to_have_text(label)

    def select(self, node: Locator) -> None:
        self.reach(node)
        self.page.keyboard.press("Space")


class Day:
    """The steps of the day, each with what the user sees at its end."""

    def __init__(self, user: Mouse) -> None:
        self.user, self.lab, self.page = user, user.lab, user.page
        self.app = self.page.locator(".kaizen-studio")
        self.drawer = self.app.locator(".kaizen-drawer")
        self.dialog = self.page.locator(".kaizen-dialog").filter(visible=True)
        self.hand = Hand(self.lab)
        self.panel = self.app

    def button(self, name: str, within: Locator | None = None) -> Locator:
        inside = self.app if within is None else within
        # The character of an icon may be part of a button's name.
        named = re.compile(rf"^\W*{re.escape(name)}$")
        return inside.get_by_role("button", name=named).filter(visible=True).first

    def field(self, label: str, within: Locator | None = None) -> Locator:
        inside = self.dialog if within is None else within
        return inside.get_by_label(label).filter(visible=True).first

    def tab(self, name: str) -> None:
        """Open a tab that is not open; its panel is the place of what follows."""
        panels = self.app.get_by_role("tablist", name="Panels")
        self.user.press(panels.get_by_role("tab", name=name, exact=True))
        self.panel = self.app.locator(f".kaizen-app-{name.lower()}")
        self.panel.wait_for()

    def answer(self, name: str) -> None:
        """Answer the dialog, which closes."""
        self.user.press(self.button(name, self.dialog))
        self.dialog.wait_for(state="hidden")

    # ------------------------------------------------------------- steps

    def register(self) -> None:
        self.user.press(self.app.get_by_role("button", name="Sign in", exact=True).first)
        self.user.press(self.page.get_by_role("menuitem", name="Sign in…"))
        self.user.press(self.button("Register", self.dialog))
        self.user.write(self.field("Your name"), "Ada")
        self.user.write(self.field("E-mail"), EMAIL)
        self.user.write(self.field("Password"), PASSWORD)
        self.user.write(self.field("Organization"), "Support")
        self.user.press(
            self.dialog.get_by_role("button", name="Register").filter(visible=True).last
        )
        self.dialog.wait_for(state="hidden")
        self.app.get_by_role("button", name="User Ada").wait_for()

    def new_pipeline(self) -> None:
        self.user.press(self.app.get_by_role("button", name="Untitled Pipeline: pipelines"))
        menu = self.page.get_by_role("dialog", name="Pipelines")
        self.user.write(menu.get_by_role("searchbox"), "Support day")
        self.user.press(menu.get_by_role("button", name="New pipeline “Support day”"))
        self.app.get_by_role("button", name="Support day: pipelines").wait_for()

    def create_agents(self) -> None:
        self.tab("Agents")
        for name in ("Billing", "Technical"):
            self.user.press(self.button("New agent"))
            self.user.write(self.field("Name"), name)
            self.user.write(self.field("System prompt"), f"You answer questions about {name}.")
            self.user.choose(self.field("Provider"), "OpenAI")
            self.user.choose(self.field("Model"), "gpt-4o")
            self.answer("Create agent")
            self.panel.get_by_text(f"{name} is created.").wait_for()

    def build(self) -> None:
        """Build a router pipeline with a condition that has a slip."""
        self.add("Input", 1)
        self.add("Router", 2)
        self.user.press(self.button("Add route", self.drawer))
        self.user.write(self.drawer.get_by_label("Name").nth(1), "billing")
        self.user.write(self.drawer.get_by_label("When"), "'invoice' in txt")
        self.lab.wait_for_python(
            "[n.data['config'].get('routes') for n in studio.graph.nodes if n.type == 'router']",
            [[{"name": "billing", "when": "'invoice' in txt"}]],
        )
        for agent, count in (("Billing", 3), ("Technical", 5)):
            if count > 3:
                self.select("router")
            self.add("Agent", count)
            self.user.choose(self.drawer.get_by_label("Calls"), f"{agent} · gpt-4o")
            self.app.locator(".react-flow__node").get_by_text(f"{agent} · gpt-4o").wait_for()
            self.add("Output", count + 1)
        self.lab.wait_for_python("studio.graph.edge_count", 5)

    def add(self, kind: str, count: int) -> None:
        self.user.press(self.button(f"Add {kind}"))
        self.lab.wait_for_python("studio.graph.node_count", count)
        # The form of the new node, not of the one before.
        title = self.drawer.locator(".kaizen-drawer-head")
        expect(title).to_contain_text(f"{kind} {kind}")

    def select(self, kind: str) -> None:
        node_id = self.lab.python(f"next(n.id for n in studio.graph.nodes if n.type == {kind!r})")
        self.user.select(self.hand.node(node_id))
        self.lab.wait_for_python("list(studio.canvas.selected)", [node_id])

    def run(self, status: str) -> None:
        self.user.press(self.button("Run", self.app.locator(".ks-header")))
        inputs = self.page.get_by_role("dialog", name="Inputs of the run")
        if status == "failed":  # The first run asks; the next one has the same inputs.
            self.user.write(inputs.get_by_role("textbox"), "Where is my invoice?")
            self.user.press(inputs.get_by_role("button", name="Run"))
        self.lab.wait_for_python("studio.execution.status", status, within=30)

    def see_why_it_failed(self) -> None:
        self.select("router")
        self.user.press(self.drawer.get_by_role("tab", name="Output"))
        self.drawer.get_by_text("'txt' is undefined").first.wait_for()
        self.lab.screenshot(f"day-{type(self.user).__name__.lower()}-failed")

    def correct(self) -> None:
        self.user.press(self.drawer.get_by_role("tab", name="Config"))
        self.user.write(self.drawer.get_by_label("When"), "'invoice' in text")
        self.lab.wait_for_python(
            "[n.data['config']['routes'][0]['when'] for n in studio.graph.nodes if n.type == 'router']",
            ["'invoice' in text"],
        )
        self.run("completed")
        self.app.locator(".react-flow__node").get_by_text(
            "A refund is on its way."
        ).first.wait_for()
        self.lab.screenshot(f"day-{type(self.user).__name__.lower()}-ran")

    def go_back(self) -> None:
        """Save a version, remove a node, and go back to the version."""
        self.tab("Versions")
        self.user.press(self.button("Save version"))
        self.user.write(self.field("Name"), "Works")
        self.answer("Save version")
        self.panel.get_by_text("Works").first.wait_for()
        self.select("output")
        self.user.press(self.app.get_by_role("button", name="Delete").filter(visible=True).first)
        self.lab.wait_for_python("studio.graph.node_count", 5)
        self.user.press(self.button("Restore", self.panel))
        self.lab.wait_for_python("studio.graph.node_count", 6)

    def deploy(self) -> None:
        self.tab("Gateways")
        self.user.press(self.button("New gateway"))
        self.user.write(self.field("Name"), "Staging")
        self.user.write(self.field("URL"), "https://gateway.example.com")
        self.user.write(self.field("Key"), "gateway-key-1")
        self.answer("Create gateway")
        self.tab("Agents")
        self.user.press(self.button("More actions", self.panel))
        self.user.press(self.page.get_by_role("menuitem", name="Deploy…"))
        self.user.choose(self.field("Gateway"), "development · Staging")
        self.answer("Deploy")
        self.tab("Deployments")
        self.panel.get_by_role("row").filter(has_text="Staging").first.wait_for()

    def watch_metrics(self) -> None:
        """Try an agent, which is a call, and see it counted."""
        self.tab("Agents")
        self.user.press(self.button("More actions", self.panel))
        self.user.press(self.page.get_by_role("menuitem", name="Try it"))
        chat = self.page.get_by_placeholder("A message to Technical")
        self.user.write(chat, "Hello?")
        self.user.press(self.button("Send"))
        self.app.get_by_text("was asked: Hello?").wait_for()
        self.tab("Metrics")
        self.user.press(self.button("1 h", self.panel))
        expect(self.panel.get_by_role("listitem").filter(has_text="Calls").first).to_contain_text(
            "1"
        )

    def invite(self) -> None:
        self.tab("Team")
        self.user.press(self.button("Invite", self.panel))
        self.user.write(self.field("Name"), "Ben")
        self.user.write(self.field("E-mail"), "ben@example.com")
        self.user.write(self.dialog.locator('input[type="password"]'), PASSWORD)
        self.answer("Invite")
        self.panel.get_by_text("ben@example.com").first.wait_for()

    def try_policy(self) -> None:
        self.tab("Policies")
        self.user.press(self.button("Try a decision", self.panel))
        self.user.choose(self.field("User"), "Ada (org_owner)")
        self.user.choose(self.field("On"), "deployment")
        self.user.choose(self.field("Action"), "create")
        self.user.press(self.button("Try", self.dialog))
        self.dialog.get_by_text("llowed").first.wait_for()
        self.user.press(self.button("Close", self.dialog))
        self.dialog.wait_for(state="hidden")

    def sign_out(self) -> None:
        self.user.press(self.app.get_by_role("button", name="User Ada"))
        self.user.press(self.page.get_by_role("menuitem", name="Sign out"))
        self.page.get_by_text("You are signed out.").first.wait_for()


@pytest.mark.parametrize("by", [Mouse, Keyboard])
def test_day_in_the_life(
    by: type[Mouse], lab: Lab, server: JupyterServer, browser: Browser, url: str
):
    lab.open([STUDIO.format(url=url)])
    lab.viewport(1280, 1100)
    lab.run_cell(0)
    day = Day(by(lab))
    # JupyterLab's own keys lead to the output of a cell.
    lab.page.locator(".ks-title").focus()
    day.register()
    day.new_pipeline()
    day.create_agents()
    day.build()
    day.run("failed")
    day.see_why_it_failed()
    day.correct()
    day.go_back()
    day.deploy()
    day.watch_metrics()
    day.invite()
    day.try_policy()
    with Lab(server, browser.contexts[-1]) as other:
        other.open(
            [
                STUDIO.format(url=url).replace(
                    "studio\n", f"studio.login({EMAIL!r}, {PASSWORD!r})\nstudio\n"
                )
            ]
        )
        other.run_cell(0)
        other.page.locator(".ks-title").focus()
        Day(by(other)).sign_out()
        lab.page.bring_to_front()
        lab.page.get_by_text("Signed out in another notebook.").first.wait_for()
    # Others are JupyterLab's, when a notebook is closed while it is saved.
    assert [problem for problem in lab.problems if "kaizen" in problem.lower()] == []


def test_no_panel_has_a_serious_problem_of_accessibility(lab: Lab):
    lab.open(["from kaizen_widgets import Studio\nstudio = Studio(data=':memory:')\nstudio"])
    lab.run_cell(0)
    page = lab.page
    app = page.locator(".kaizen-studio")
    Hand(lab).node("billing").wait_for()
    page.add_script_tag(path=str(AXE))
    names = lab.python("list(studio.panels.labels)")
    assert problems_of(lab, ".kaizen-studio") == []
    for theme in ("light", "dark"):
        lab.theme(theme)
        assert problems_of(lab, ".kaizen-studio > .kaizen-board", COLORS) == []
        for name in names:
            lab.run_python(f"studio.app.open_tab({name!r})")
            app.locator(f".kaizen-app-{name}").wait_for()
            rules = None if theme == "light" else COLORS
            assert problems_of(lab, f".kaizen-app-{name}", rules) == [], f"{name}, {theme}"


def problems_of(lab: Lab, selector: str, rules: list[str] | None = None) -> list[str]:
    """Return what axe-core finds serious or critical below a selector, by its rules or some of them."""
    found = lab.page.evaluate(_AXE, [selector, rules])
    return [f"{one['id']}: {one['html']}" for one in found]
