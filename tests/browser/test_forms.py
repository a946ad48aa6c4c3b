"""Forms in a browser: by mouse, by keyboard alone, in both themes, narrow and wide, after a reload."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.lab import Lab

AXE = Path(__file__).parents[2] / "js" / "node_modules" / "axe-core" / "axe.min.js"

AGENT = """
from kaizen_widgets import AgentForm, Studio
studio = Studio(data=":memory:")
made = []
form = AgentForm(agents=studio.agents, on_success=made.append)
form
"""

EVERYTHING = """
from datetime import date, datetime, time
from enum import Enum
from pathlib import Path
from typing import Annotated, Any, Literal
from pydantic import AwareDatetime, BaseModel, Field, SecretStr, computed_field
from kaizen_widgets import FormPanel
from kaizen_widgets.forms import Hint

class Item(BaseModel):
    sku: str = Field(min_length=2)
    qty: int = Field(1, ge=1)
    price: float = 0.0

class Cat(BaseModel):
    kind: Literal["cat"] = "cat"
    lives: int = 9

class Dog(BaseModel):
    kind: Literal["dog"] = "dog"
    breed: str = "Collie"

class Address(BaseModel):
    street: str = "Main"
    city: str = "Oslo"

class Everything(BaseModel):
    text: str = Field(min_length=1, description="Any words.")
    long: Annotated[str, Hint(widget="long_text")] = ""
    number: float = 1.5
    slider: float = Field(0.7, ge=0, le=2)
    choice: Literal["red", "green"] = "red"
    radio: Annotated[Literal["slow", "fast"], Hint(widget="radio")] = "slow"
    flags: set[Literal["read", "write"]] = {"read"}
    switch: bool = False
    day: date = date(2026, 1, 2)
    clock: time = time(9, 30)
    moment: AwareDatetime | None = None
    color: Annotated[str, Hint(widget="color")] = "#3b82f6"
    secret: SecretStr | None = None
    logo: bytes = b""
    scores: dict[str, float] = {"ada": 1.0}
    items: list[Item] = [Item(sku="AB-1")]
    tags: list[str] = ["one", "two"]
    pet: Annotated[Cat | Dog, Field(discriminator="kind")] = Cat()
    address: Address | None = None
    note: str | None = None

    @computed_field
    @property
    def doubled(self) -> float:
        return self.number * 2

got = []
panel = FormPanel(Everything, on_submit=got.append, title="Everything")
panel
"""

LINES = """
from pydantic import BaseModel
from kaizen_widgets import FormPanel

class Lines(BaseModel):
    note: str = "line one\\nline two"
    tags: list[str] = ["tag\\none", "two"]
    by: dict[str, str] = {"k\\ney": "va\\r\\nlue"}

panel = FormPanel(Lines)
panel
"""


@pytest.fixture
def agent(lab: Lab) -> Iterator[Lab]:
    lab.open([AGENT, "x = 1"])
    lab.run_cell(0)
    yield lab
    assert lab.problems == []
    assert [cell.source for cell in lab.cells()] == [AGENT, "x = 1"]


@pytest.fixture
def everything(lab: Lab) -> Iterator[Lab]:
    lab.open([EVERYTHING, "y = 2"])
    lab.run_cell(0)
    yield lab
    assert lab.problems == []
    assert [cell.source for cell in lab.cells()] == [EVERYTHING, "y = 2"]


def field(lab: Lab, label: str) -> Locator:
    """Return the control with a label."""
    return lab.page.locator(".kaizen-form").get_by_label(label, exact=False).first


def wrapper(lab: Lab, label: str) -> Locator:
    return lab.page.locator(f'.kaizen-form [data-label="{label}"]').first


def error(lab: Lab, label: str) -> Locator:
    return wrapper(lab, label).locator(":scope > .kf-error")


def value(lab: Lab, name: str) -> Any:
    return lab.python(f"panel.form.get_value({name!r})")


def serious(lab: Lab, selector: str) -> list[str]:
    """Return the serious problems that axe finds in an element."""
    lab.page.add_script_tag(path=AXE)
    found = lab.page.evaluate("(at) => axe.run(at).then(({ violations }) => violations)", selector)
    return [
        f"{one['id']}: {one['help']} in {one['nodes'][0]['html']}"
        for one in found
        if one["impact"] in ("serious", "critical")
    ]


# ------------------------------------------------------------- the agent form


def test_agent_form_creates_an_agent_by_mouse_after_errors_are_corrected(agent: Lab):
    page = agent.page
    page.get_by_role("button", name="Create Agent").click()
    summary = page.locator(".kf-summary")
    expect(summary).to_contain_text("4 fields need attention")
    expect(error(agent, "Name")).to_have_text("Name is required")
    expect(field(agent, "Name")).to_be_focused()
    expect(field(agent, "Name")).to_have_attribute("aria-invalid", "true")
    field(agent, "Name").fill("Helper")
    expect(error(agent, "Name")).to_have_text("")
    summary.get_by_role("button", name="Provider is required").click()
    expect(field(agent, "Provider")).to_be_focused()
    field(agent, "Provider").select_option("Anthropic")
    expect(field(agent, "Model").locator("option", has_text="claude")).not_to_have_count(0)
    field(agent, "Model").select_option(index=1)
    field(agent, "System prompt").fill("Too short")
    field(agent, "Max tokens").fill("-5")
    page.get_by_role("button", name="Create Agent").click()
    expect(error(agent, "Max tokens")).to_have_text("Max tokens must be a positive number")
    expect(field(agent, "System prompt")).to_be_focused()
    field(agent, "Max tokens").fill("4096")
    field(agent, "System prompt").fill("You are a helpful agent.")
    page.get_by_role("button", name="Create Agent").click()
    expect(page.get_by_role("button", name="Save Agent")).to_be_visible()
    agent.wait_for_python(
        "[(one.name, one.provider, one.max_tokens) for one in made]",
        [["Helper", "anthropic", 4096]],
    )


def test_agent_form_creates_an_agent_by_keyboard_alone(agent: Lab):
    page, press = agent.page, agent.page.keyboard.press
    field(agent, "Name").focus()
    press("Enter")
    expect(error(agent, "Name")).to_have_text("Name is required")
    expect(field(agent, "Name")).to_be_focused()
    page.keyboard.type("Heldper")
    press("Escape")
    expect(field(agent, "Name")).to_have_value("")
    page.keyboard.type("Helper b d d x")  # letters that are commands of the notebook
    press("Tab")
    expect(field(agent, "Description")).to_be_focused()
    press("Tab")
    expect(field(agent, "System prompt")).to_be_focused()
    page.keyboard.type("You are a helpful agent.")
    press("Tab")
    expect(field(agent, "Provider")).to_be_focused()
    page.keyboard.type("OpenAI")
    press("Tab")
    expect(field(agent, "Model").locator("option")).to_have_count(6)
    press("ArrowDown")
    press("Tab")
    for _ in range(3):
        press("ArrowRight")
    expect(field(agent, "Temperature, as a number")).to_have_value("1")
    for _ in range(2):
        press("Tab")
    page.keyboard.type("1000")
    press("ArrowUp")
    press("Enter")
    agent.wait_for_python(
        "[(one.name, one.provider, one.temperature, one.max_tokens) for one in made]",
        [["Helper b d d x", "openai", 1.0, 1001]],
    )
    expect(page.get_by_role("button", name="Save Agent")).to_be_visible()


# ------------------------------------------------------------- every control


def test_every_control_sends_its_value_to_python(everything: Lab):
    page = everything.page
    field(everything, "Text").fill("words")
    field(everything, "Long").fill("two\nlines")
    field(everything, "Number").fill("2.5")
    expect(wrapper(everything, "Doubled")).to_contain_text("5")
    field(everything, "Slider, as a number").fill("1.25")
    field(everything, "Choice").select_option("green")
    page.get_by_role("radio", name="fast").check()
    page.get_by_role("checkbox", name="write").check()
    page.get_by_role("checkbox", name="Switch").check()
    field(everything, "Day").fill("2026-11-25")
    field(everything, "Clock").fill("10:45")
    field(everything, "Moment").fill("2026-11-25T21:00")
    field(everything, "Moment, offset from UTC").fill("+01:00")
    field(everything, "Color").fill("#ff0000")
    field(everything, "Secret").fill("hunter2")
    field(everything, "Logo").set_input_files(
        {"name": "logo.png", "mimeType": "image/png", "buffer": b"\x00\xff"}
    )
    expect(wrapper(everything, "Logo")).to_contain_text("logo.png (2 bytes)")
    wrapper(everything, "Pet").get_by_label("Pet, kind").select_option("Dog")
    field(everything, "Breed").fill("Poodle")
    page.get_by_role("switch", name="Set Address").check()
    field(everything, "City").fill("Bergen")
    wrapper(everything, "Scores").get_by_role("button", name="Add").click()
    expect(wrapper(everything, "Entry 2").get_by_label("Key")).to_be_focused()
    page.keyboard.type("eve")
    page.keyboard.press("Tab")
    page.keyboard.type("2")
    page.get_by_role("button", name="Submit").click()
    everything.wait_for_python("len(got)", 1)
    expression = (
        "got[0].model_dump(mode='json', exclude={'logo', 'secret', 'items', 'tags', 'note'})"
    )
    found = everything.python(expression)
    moment = found.pop("moment")
    assert moment.startswith("2026-11-25T21:00")
    assert moment.endswith("+01:00")
    assert sorted(found.pop("flags")) == ["read", "write"]
    assert found == {
        "text": "words",
        "long": "two\nlines",
        "number": 2.5,
        "slider": 1.25,
        "choice": "green",
        "radio": "fast",
        "switch": True,
        "day": "2026-11-25",
        "clock": "10:45:00",
        "color": "#ff0000",
        "scores": {"ada": 1.0, "eve": 2.0},
        "pet": {"kind": "dog", "breed": "Poodle"},
        "address": {"street": "Main", "city": "Bergen"},
        "doubled": 5.0,
    }
    assert everything.python("got[0].secret.get_secret_value()") == "hunter2"
    assert everything.python("list(got[0].logo)") == [0, 255]


def test_rows_are_added_moved_and_removed_by_keyboard(everything: Lab):
    page = everything.page
    tags = wrapper(everything, "Tags")
    tags.get_by_role("button", name="Add").focus()
    page.keyboard.press("Enter")
    expect(tags.locator(".kf-row").nth(2).locator("input")).to_be_focused()
    page.keyboard.type("three")
    tags.get_by_role("button", name="Move Tag 3 up").focus()
    page.keyboard.press("Enter")
    everything.wait_for_python("panel.form.get_value('tags')", ["one", "three", "two"])
    expect(tags.get_by_role("button", name="Move Tag 2 up")).to_be_focused()
    page.keyboard.press(" ")
    everything.wait_for_python("panel.form.get_value('tags')", ["three", "one", "two"])
    expect(tags.get_by_role("button", name="Move Tag 1 up")).to_be_focused()
    tags.get_by_role("button", name="Remove Tag 2").focus()
    page.keyboard.press("Enter")
    everything.wait_for_python("panel.form.get_value('tags')", ["three", "two"])


def test_number_keeps_invalid_text_and_shows_its_error(everything: Lab):
    number = field(everything, "Number")
    number.fill("3.x")
    number.press("Enter")
    expect(error(everything, "Number")).to_contain_text("number")
    expect(number).to_have_value("3.x")
    number.fill("99")
    expect(error(everything, "Number")).to_have_text("")


def test_optional_text_distinguishes_not_set_from_empty(everything: Lab):
    note = field(everything, "Note")
    expect(note).to_have_attribute("placeholder", "Not set")
    note.fill("x")
    note.fill("")
    everything.wait_for_python("panel.form.get_value('note')", "")
    wrapper(everything, "Note").get_by_role("button", name="Clear Note").click()
    everything.wait_for_python("panel.form.get_value('note')", None)
    expect(note).to_have_attribute("placeholder", "Not set")


def test_f14_reload_keeps_what_was_typed_and_the_page_has_no_password(everything: Lab):
    field(everything, "Text").fill("typed before")
    field(everything, "Secret").fill("hunter2")
    field(everything, "Text").focus()
    everything.wait_for_python("panel.form.get_value('secret') is not None", True)
    everything.save()
    everything.reload()
    expect(field(everything, "Text")).to_have_value("typed before")
    expect(field(everything, "Secret")).to_have_value("")
    expect(field(everything, "Secret")).to_have_attribute(
        "placeholder", "•••••••• (set; type to replace)"
    )
    everything.save()
    assert "hunter2" not in everything.python(f"open({everything.path!r}).read()")
    states = "[w.get_state() for w in __import__('ipywidgets').Widget.widgets.values()]"
    assert "hunter2" not in everything.python(f"str({states})")


def test_two_tabs_of_one_form_show_each_other_s_edits(everything: Lab):
    everything.save()
    other = everything.second_tab()
    field(everything, "Text").fill("from one")
    expect(field(other, "Text")).to_have_value("from one")
    field(other, "Long").fill("from the other")
    expect(field(everything, "Long")).to_have_value("from the other")


def test_typing_while_the_kernel_is_busy_is_not_lost(everything: Lab):
    text = field(everything, "Text")
    text.click()
    everything.page.evaluate(
        """(path) => { const panel = [...window.jupyterapp.shell.widgets("main")].find(
          (widget) => widget.context?.path === path);
          panel.sessionContext.session.kernel.requestExecute({ code: "import time; time.sleep(2)" }); }""",
        everything.path,
    )
    everything.page.keyboard.type("typed while it sleeps", delay=20)
    expect(text).to_have_value("typed while it sleeps")
    everything.wait_for_python("panel.form.get_value('text')", "typed while it sleeps")
    expect(text).to_have_value("typed while it sleeps")


def test_accessibility_and_layout_have_no_serious_problem_in_either_theme(everything: Lab):
    everything.page.get_by_role("button", name="Submit").click()
    expect(error(everything, "Text")).not_to_have_text("")
    looks: tuple[tuple[Literal["light", "dark"], int], ...] = (("light", 700), ("dark", 320))
    for theme, width in looks:
        everything.theme(theme)
        everything.run_python(f"panel.layout.width = '{width}px'")
        everything.page.wait_for_function(
            "(width) => document.querySelector('.kaizen-form').clientWidth <= width", arg=width
        )
        form = everything.page.locator(".kaizen-form")
        assert form.evaluate("(el) => el.scrollWidth <= el.clientWidth")
        assert serious(everything, ".kaizen-form-panel") == []


# -------------------------------------------------- own widgets, taken apart

APART = """
import ipywidgets as ipw
from pydantic import BaseModel, Field
from kaizen_widgets import FormPanel

class Heat(BaseModel):
    name: str = "oven"
    temperature: float = Field(0.7, ge=0, le=2)
    limit: float = 1.0

slider = ipw.FloatSlider(min=0, max=2, step=0.1)
panel = FormPanel(Heat, widgets={"temperature": slider})
apart = ipw.HBox([panel, ipw.VBox([ipw.HTML("<b>Elsewhere</b>"), panel.field("limit")])])
apart
"""


def test_own_ipywidget_and_a_field_taken_out_belong_to_the_form(lab: Lab):
    lab.open([APART])
    lab.run_cell(0)
    main = lab.page.locator(".kaizen-form").nth(0)
    expect(main.locator(".kf-hosted .widget-slider")).to_be_visible()
    expect(main.get_by_label("Limit")).not_to_be_visible()
    alone = lab.page.locator(".kaizen-form").nth(1)
    alone.get_by_label("Limit").fill("1.75")
    lab.wait_for_python("panel.form.get_value('limit')", 1.75)
    lab.run_python("slider.value = 1.5")
    assert lab.python("panel.form.get_value('temperature')") == 1.5
    expect(main.locator(".kf-hosted .widget-readout")).to_have_text("1.50")
    handle = main.locator(".kf-hosted .noUi-handle")
    handle.focus()
    lab.page.keyboard.press("ArrowRight")
    lab.wait_for_python("panel.form.get_value('temperature')", 1.6)
    assert lab.problems == []


OWN = """
import ipywidgets as ipw
from pydantic import BaseModel
from kaizen_widgets import FormPanel

class Heat(BaseModel):
    name: str = "oven"
    temperature: float = 0.7

got = []
slider = ipw.FloatSlider(min=0, max=100, step=1)
panel = FormPanel(Heat, got.append, widgets={"temperature": slider})
panel
"""


def test_own_ipywidget_s_edit_arrives_before_a_submit_right_after_it(lab: Lab):
    lab.open([OWN])
    lab.run_cell(0)
    handle = lab.page.locator(".kf-hosted .noUi-handle")
    expect(handle).to_be_visible()
    submit = lab.page.get_by_role("button", name="Submit")
    name = field(lab, "Name")
    for turn in range(1, 9):
        handle.focus()
        lab.page.keyboard.press("ArrowRight")
        if turn % 2:  # by mouse, and by Enter in a field of the form's own
            submit.click()
        else:
            name.press("Enter")
        lab.wait_for_python("len(got)", turn)
        assert lab.python("got[-1].temperature == slider.value")
    assert lab.problems == []


# ------------------------------------------------------------- node settings

NODES = """
from ipywidgets import HBox
from kaizen_widgets import Canvas, NodeForm
canvas = Canvas(nodes=[
    {"id": "s", "type": "supervisor", "position": {"x": 0, "y": 0}, "data": {"label": "Boss"}},
    {"id": "r", "type": "router", "position": {"x": 0, "y": 160}, "data": {"label": "Way"}},
], minimap=False)
settings = NodeForm(canvas)
HBox([canvas, settings])
"""


def test_node_form_configures_a_node_beside_its_canvas_and_shows_undo(lab: Lab):
    lab.open([NODES])
    lab.run_cell(0)
    expect(lab.page.get_by_text("Select a node to configure it.")).to_be_visible()
    lab.page.locator('.react-flow__node[data-id="s"]').click()
    workers = field(lab, "Max Workers")
    expect(workers).to_have_value("3")
    workers.fill("5")
    workers.press("Enter")
    lab.wait_for_python("canvas.graph.node('s').data.get('config')", {"max_workers": 5})
    assert lab.python("len(canvas.store.history.past)") == 1
    lab.page.locator(".kaizen-canvas").get_by_role("button", name="Undo").click()
    expect(field(lab, "Max Workers")).to_have_value("3")
    field(lab, "Max Workers, as a number").fill("0")
    field(lab, "Items").fill("rows")
    field(lab, "Items").press("Tab")
    lab.wait_for_python("canvas.graph.node('s').data.get('config')", {"items": "rows"})
    expect(error(lab, "Max Workers")).to_contain_text("greater than or equal to 1")
    expect(lab.page.get_by_text("Marked fields are not applied")).to_be_visible()
    lab.page.locator('.react-flow__node[data-id="r"]').click()
    add = lab.page.get_by_role("button", name="Add route", exact=True)
    add.click()
    expect(lab.page.locator(".kf-row").get_by_label("Name")).to_be_focused()
    expect(lab.page.locator(".kf-row .kf-error").first).to_have_text("")
    lab.page.locator('.react-flow__node[data-id="s"]').click()
    expect(field(lab, "Max Workers, as a number")).to_have_value("0")
    assert lab.problems == []


def test_line_breaks_survive_typing_in_a_line_a_row_a_key_and_a_value(lab: Lab):
    lab.open([LINES])
    lab.run_cell(0)
    boxes = lab.page.locator(".kaizen-form .kf-text > *")
    expect(boxes).to_have_count(5)
    for box in boxes.all():
        box.focus()
        lab.page.keyboard.press("Control+End")
        lab.page.keyboard.type("!")
        lab.page.keyboard.press("Tab")
    lab.wait_for_python(
        "panel.form.values",
        {
            "note": "line one\nline two!",
            "tags": ["tag\none!", "two!"],
            "by": [["k\ney!", "va\r\nlue!"]],
        },
    )
    assert lab.problems == []
