"""The list of a store's actions, and the ways back."""

import json
from datetime import UTC, datetime

import pytest
from ipywidgets import Button

from kaizen_widgets.stores import AuthStore, CanvasStore, ExecutionStore, PlainStore, UIStore
from kaizen_widgets.testing import FakeClock, FakeComms, find
from kaizen_widgets.widgets import StoreDevtools


class Bench:
    def __init__(self, store, clock: FakeClock):
        self.store = store
        self.clock = clock
        self.tools = StoreDevtools(store, clock=clock)

    def settle(self):
        self.clock.advance(0.2)
        return self.tools

    def shown(self):
        return [label.split("  ", 1)[1] for label, _ in self.settle().actions.options]

    def press(self, description):
        find(self.tools, Button, description=description).click()
        self.settle()


@pytest.fixture
def bench(comms: FakeComms, clock: FakeClock):
    return Bench(UIStore(clock=clock), clock)


def test_actions_are_listed_newest_first(bench: Bench):
    bench.store.set_theme("dark")
    bench.store.toggle_sidebar()
    assert bench.shown() == ["ui/sidebar", "ui/theme", "Initial state"]
    assert "2 actions" in bench.tools.summary.value


def test_changes_and_the_state_after_an_action_are_shown(bench: Bench):
    bench.store.set_theme("dark")
    bench.settle()
    assert "theme" in bench.tools.changes.value
    assert "&quot;system&quot;" in bench.tools.changes.value
    [tree] = bench.tools.state.contents
    assert (tree["kind"], tree["value"]["theme"]) == ("json", "dark")


def test_selecting_an_action_shows_it_and_leaves_the_store_alone(bench: Bench):
    bench.store.set_theme("dark")
    bench.settle().actions.value = 0
    assert "first state" in bench.tools.changes.value
    assert bench.store.theme == "dark"
    bench.press("Go here")
    assert bench.store.theme == "system"


def test_the_selected_action_stays_selected_when_new_ones_arrive(bench: Bench):
    for theme in ("dark", "light", "system"):
        bench.store.set_theme(theme)
    bench.settle().actions.value = 1
    bench.store.toggle_sidebar()
    assert bench.settle().actions.value == 1
    assert "&quot;dark&quot;" in bench.tools.changes.value
    bench.press("Go here")
    assert bench.store.theme == "dark"


def test_the_list_follows_the_newest_action_until_another_one_is_selected(bench: Bench):
    bench.store.set_theme("dark")
    assert bench.settle().actions.value == 1
    bench.tools.actions.value = 0
    bench.tools.actions.value = 1
    bench.store.set_theme("light")
    assert bench.settle().actions.value == 2
    bench.tools.actions.value = 0
    bench.press("Reset")
    bench.store.set_theme("light")
    assert bench.settle().actions.value == 1


def test_every_action_of_a_canvas_has_a_name(comms: FakeComms, clock: FakeClock):
    bench = Bench(CanvasStore(), clock)
    bench.store.add_node(id="a")
    bench.store.set_selection("a")
    bench.store.mark_clean()
    bench.store.set({"pipeline_name": "Triage"})
    bench.store.pipeline_name = "Other"
    bench.store.reset()
    assert "anonymous" not in " ".join(bench.shown())
    assert bench.shown()[-2::-1][:4] == [
        "add node",
        "change selection",
        "mark saved",
        "set pipeline_name",
    ]


def test_slider_travels_back_and_forth(bench: Bench):
    bench.store.set_theme("dark")
    bench.store.set_theme("light")
    tools = bench.settle()
    assert (tools.slider.value, tools.slider.max) == (2, 2)
    tools.slider.value = 1
    assert bench.store.theme == "dark"
    tools.slider.value = 2
    assert bench.store.theme == "light"
    assert len(bench.shown()) == 3


def test_pause_records_nothing(bench: Bench):
    bench.tools.pause_button.value = True
    bench.store.set_theme("dark")
    assert bench.shown() == ["Initial state"]
    assert "paused" in bench.tools.summary.value
    bench.tools.pause_button.value = False
    bench.store.set_theme("light")
    assert bench.shown() == ["ui/theme", "Initial state"]


def test_reset_restores_the_first_state_and_starts_a_new_log(bench: Bench):
    bench.store.set_theme("dark")
    bench.press("Reset")
    assert bench.store.theme == "system"
    assert bench.shown() == ["Initial state"]


def test_exported_log_can_be_imported_elsewhere(bench: Bench):
    bench.store.set_theme("dark")
    bench.press("Export")
    assert 'download="store-log.json"' in bench.tools.message.value
    other = Bench(UIStore(clock=bench.clock), bench.clock)
    other.tools.import_button.value = [_file(bench.tools.action_log.export())]
    assert other.store.theme == "dark"
    assert other.shown() == ["ui/theme", "Initial state"]


@pytest.mark.parametrize("text", ["", "{", "[]", '{"actionsById": {}}', "\xff"])
def test_import_refuses_a_file_that_is_no_log(bench: Bench, text: str):
    bench.tools.import_button.value = [_file(text)]
    assert "not an exported log" in bench.tools.message.value
    assert bench.store.theme == "system"


def test_import_shows_why_the_store_refuses_a_state(bench: Bench):
    log = json.loads(bench.tools.action_log.export())
    log["computedStates"][0]["state"]["theme"] = "pink"
    bench.tools.import_button.value = [_file(json.dumps(log))]
    assert "The store refused" in bench.tools.message.value
    assert bench.store.theme == "system"


def test_canvas_travels_and_is_exported(comms: FakeComms, clock: FakeClock):
    bench = Bench(CanvasStore(), clock)
    bench.store.add_node(id="a", position=(0, 0), data={"label": "Ann"})
    bench.store.update_node_data("a", {"label": "Bob"})
    tools = bench.settle()
    tools.slider.value = 1
    assert bench.store.graph.node("a").label == "Ann"
    assert (
        json.loads(tools.action_log.export())["computedStates"][2]["state"]["nodes"][0]["id"] == "a"
    )


def test_export_shows_why_a_log_cannot_be_exported(comms: FakeComms, clock: FakeClock):
    bench = Bench(ExecutionStore(now=clock.now), clock)
    bench.store.start_execution("r")
    bench.store.set_result(object())
    bench.press("Export")
    assert "cannot be exported" in bench.tools.message.value


def test_secrets_and_markup_are_hidden(comms: FakeComms, clock: FakeClock):
    bench = Bench(PlainStore({"api_key": "", "text": ""}), clock)
    bench.store.set({"api_key": "canary-4711", "text": "<script>"}, action="<b>bold</b>")
    tools = bench.settle()
    assert tools.state.contents[0]["value"]["text"] == "<script>"  # The page writes it as text.
    assert "canary" not in str(tools.state.contents)
    shown = tools.changes.value
    assert "canary" not in shown
    assert "<script>" not in shown
    assert "<b>bold" not in shown


def test_tokens_of_a_session_are_hidden(comms: FakeComms, clock: FakeClock):
    bench = Bench(AuthStore(), clock)
    bench.store.login({"id": "u1"}, "canary-4711", "canary-4712")
    tools = bench.settle()
    everything = str(tools.action_log.export()) + str(tools.state.contents) + tools.changes.value
    assert "canary" not in everything


def test_thousand_actions_are_drawn_once(bench: Bench):
    drawn: list[object] = []
    bench.settle().state.observe(drawn.append, names="_result")
    for number in range(1000):
        bench.store.set({"modal_data": number})
    bench.settle()
    assert len(drawn) == 1
    assert len(bench.tools.actions.options) == 200


def test_closed_panel_records_nothing_and_leaves_the_store_alone(bench: Bench):
    bench.tools.close()
    bench.store.set_theme("dark")
    assert len(bench.tools.action_log.entries) == 1
    assert bench.store.middleware == ()


def test_panel_refuses_what_is_no_store(comms: FakeComms):
    with pytest.raises(TypeError, match="need a store, not dict"):
        StoreDevtools({})  # type: ignore[arg-type]


def _file(text: str):
    content = memoryview(text.encode("latin-1"))
    return {"name": "log.json", "type": "", "size": len(content), "content": content} | {
        "last_modified": datetime(2026, 1, 1, tzinfo=UTC)
    }
