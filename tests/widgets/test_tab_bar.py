"""The row of tabs, without a browser."""

import pytest
from traitlets import TraitError

from kaizen_widgets.testing import FakeComms
from kaizen_widgets.widgets.tab_bar import TabBar

TABS = (("run", "Run"), ("agents", "Agents"))


def test_tab_bar_tells_which_tab_is_selected(comms: FakeComms):
    bar = TabBar(TABS, label="Panels", collapsible=True)
    seen: list[str | None] = []
    bar.on_select(seen.append)
    comms.of(bar).deliver_update(selected="agents")
    bar.selected = None
    assert seen == ["agents", None]


def test_tab_bar_refuses_a_tab_that_is_not_there(comms: FakeComms):
    bar = TabBar(TABS, label="Panels")
    with pytest.raises(TraitError, match="'nope'"):
        bar.selected = "nope"
    assert bar.selected is None


def test_tab_bar_deselects_a_tab_that_is_gone(comms: FakeComms):
    bar = TabBar(TABS, label="Panels", selected="agents")
    bar.set_tabs(TABS[:1])
    assert bar.selected is None
    assert bar.tabs == [{"name": "run", "label": "Run"}]


def test_page_may_change_only_the_selected_tab(comms: FakeComms):
    bar = TabBar(TABS, label="Panels")
    comms.of(bar).deliver_update(tabs=[], label="x")
    assert len(bar.tabs) == 2
    assert repr(bar) == "TabBar(None)"
