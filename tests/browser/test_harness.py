"""The harness, tried on a slider: what it says is what the page and the kernel say."""

from __future__ import annotations

import pytest
from PIL import Image

from tests.browser.lab import Cell, Lab

SLIDER = "import ipywidgets\nslider = ipywidgets.IntSlider(3)\nslider"


def test_a_gesture_in_the_page_reaches_the_kernel(lab: Lab):
    lab.open([SLIDER])
    lab.run_all()
    handle = lab.page.locator(".noUi-handle")
    handle.focus()
    handle.press("ArrowRight")
    lab.wait_for_python("slider.value", 4)
    assert lab.python("[slider.value, slider.max]") == [4, 100]


def test_the_kernel_s_change_reaches_both_tabs_and_a_reload(lab: Lab):
    lab.open([SLIDER])
    lab.run_all()
    lab.save()
    tabs = [lab, lab.second_tab()]
    for tab in tabs:
        tab.page.locator(".widget-readout", has_text="3").wait_for()
    lab.run_python("slider.value = 42")
    for tab in tabs:
        tab.page.locator(".widget-readout", has_text="42").wait_for()
    lab.reload()
    lab.page.locator(".widget-readout", has_text="42").wait_for()
    assert lab.python("slider.value") == 42


def test_cells_tell_what_a_key_did_to_the_notebook(lab: Lab):
    lab.open(["#md one", "x = 1"])
    before = lab.cells()
    assert before == [Cell("markdown", "one"), Cell("code", "x = 1")]
    lab.page.keyboard.press("Escape")
    lab.page.keyboard.press("b")
    assert lab.cells() == [before[0], Cell("code", ""), before[1]]
    assert lab.mode() == "command"


def test_a_cell_that_raises_fails_the_test_with_its_traceback(lab: Lab):
    lab.open(["1 / 0"])
    with pytest.raises(AssertionError, match="ZeroDivisionError"):
        lab.run_cell(0)
    assert lab.run_cell(0, allow_errors=True)[0]["ename"] == "ZeroDivisionError"


def test_the_theme_and_the_size_of_a_screenshot_are_what_was_asked(lab: Lab):
    lab.open(["x = 1"])
    lab.viewport(700, 500)
    shades = {}
    for theme in ("dark", "light"):
        lab.theme(theme)
        with Image.open(lab.screenshot(f"harness-{theme}")) as picture:
            assert picture.size == (700, 500)
            shades[theme] = sum(picture.convert("L").resize((1, 1)).tobytes())
    assert shades["dark"] < 80 < 160 < shades["light"]


def test_a_restarted_kernel_is_a_new_one_for_the_harness_too(lab: Lab):
    lab.open(["x = 1"])
    lab.run_all()
    lab.restart_kernel()
    assert lab.python("'x' in globals()") is False


def test_notebook_7_runs_a_widget(lab: Lab):
    lab.open([SLIDER], app="notebook")
    lab.run_all()
    lab.page.locator(".widget-readout", has_text="3").wait_for()
    lab.screenshot("harness-notebook-7")
    assert lab.python("slider.value") == 3
