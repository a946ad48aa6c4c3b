"""Theme and notifications of a UI store, on their way to the page."""

import re
from pathlib import Path

import pytest

from kaizen_widgets.stores import UIStore
from kaizen_widgets.testing import FakeClock, FakeComms
from kaizen_widgets.widgets import Notifications, Theme


@pytest.fixture
def ui(comms: FakeComms, clock: FakeClock) -> UIStore:
    return UIStore(clock=clock)


def test_theme_follows_the_store(ui: UIStore):
    theme = Theme(ui)
    ui.set_theme("dark")
    assert theme.theme == "dark"
    theme.close()
    ui.set_theme("light")
    assert theme.theme == "dark"
    assert ui.listener_count == 0


def test_chosen_theme_colors_only_panels_and_canvases():
    css = (Path(__file__).parents[2] / "js/src/panel/chosen_theme.css").read_text("utf-8")
    selectors = re.findall(r"^\s*(body[^{]*)\{", css, re.MULTILINE)
    assert len(selectors) == 5
    assert all(".kaizen-panel" in selector for selector in selectors)
    assert "--jp-ui-font-color1: #e4e6ea" in css
    assert "--jp-widgets-input-color: var(--jp-ui-font-color1)" in css


def test_notifications_appear_and_expire(ui: UIStore, clock: FakeClock):
    shown = Notifications(ui)
    ui.add_notification("Saved", duration=5)
    ui.add_notification("Look", "<b>here</b>", type="warning", duration=0)
    assert [one["title"] for one in shown._shown] == ["Saved", "Look"]
    clock.advance(5)
    assert [one["message"] for one in shown._shown] == ["<b>here</b>"]


def test_dismiss_button_removes_a_notification_and_unknown_messages_are_ignored(ui: UIStore):
    shown = Notifications(ui)
    identity = ui.add_notification("Saved")
    for content in (None, {}, {"kind": "dismiss"}, {"kind": "dismiss", "id": 3}, {"kind": "x"}):
        shown._receive(shown, content, [])
    assert len(shown._shown) == 1
    shown._receive(shown, {"kind": "dismiss", "id": identity}, [])
    assert shown._shown == []
    assert ui.notifications == ()


def test_closed_notifications_stop_listening(ui: UIStore):
    shown = Notifications(ui)
    shown.close()
    ui.add_notification("Saved")
    assert shown._shown == []
    assert ui.listener_count == 0


def test_reprs(ui: UIStore):
    ui.add_notification("Saved")
    assert repr(Notifications(ui)) == "Notifications(1)"
    assert repr(Theme(ui)) == "Theme('system')"
