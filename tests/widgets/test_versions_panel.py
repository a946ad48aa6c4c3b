"""The panel of versions: save, preview with differences, restore, export, delete."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from kaizen_widgets import Studio
from kaizen_widgets.testing import fake_comms
from kaizen_widgets.widgets import VersionsPanel

WAIT = 60


@pytest.fixture
def panel() -> Iterator[VersionsPanel]:
    with fake_comms():
        studio = Studio(data=":memory:")
        studio.open("Versions", create=True)
        studio.add_node(id="a", position=(0, 0), type="agent", data={"label": "A"})
        studio.versions.create("first").wait(WAIT)
        studio.versions.list().wait(WAIT)
        panel = VersionsPanel(studio)
        panel.studio = studio  # type: ignore[attr-defined]
        yield panel
        panel.close()
        studio.close()


def studio_of(panel: VersionsPanel) -> Studio:
    return panel.studio  # type: ignore[attr-defined]


def refreshed(panel: VersionsPanel) -> list[str]:
    assert panel.query is not None
    panel.query.refetch().wait(WAIT)
    panel.refresh()
    return [version.name for version in panel.grid.records]


def test_preview_marks_what_changed_since_and_leaves_the_draft_alone(panel: VersionsPanel):
    studio = studio_of(panel)
    assert refreshed(panel) == ["first"]
    studio.store.update_node_data("a", {"label": "Ay"})
    studio.add_node(id="n", position=(300, 0), type="output", data={"label": "<New>"})
    rev = studio.store.rev
    panel.show(panel.grid.records[0]).wait(WAIT)
    assert panel.preview.graph.node("a").label == "A"
    assert panel.preview.node_facts == {
        "a": {"difference": "changed"},
        "n": {"difference": "added"},
    }
    assert "1 node added since, 1 node changed since" in panel.summary.value
    assert studio.store.rev == rev
    assert panel.preview.read_only
    assert panel.preview.fit_view == "all"


def test_version_is_saved_under_the_name_that_was_typed(panel: VersionsPanel):
    panel._act("new", None)
    dialog = panel.dialogs.dialog
    assert dialog is not None
    dialog.give_answer()
    assert "Give it a name." in dialog.status.value
    (field,) = dialog.body.children
    field.value = "second"
    panel.versions.start(dialog._on_answer()).wait(WAIT)  # type: ignore[misc]
    assert refreshed(panel) == ["second", "first"]
    assert "second" in panel.message.value


def test_deleting_asks_first(panel: VersionsPanel):
    refreshed(panel)
    panel._act("delete", panel.grid.records[0])
    dialog = panel.dialogs.dialog
    assert dialog is not None
    assert refreshed(panel) == ["first"]
    panel.versions.start(dialog._on_answer()).wait(WAIT)  # type: ignore[misc]
    assert refreshed(panel) == []


def test_panel_needs_a_studio():
    with pytest.raises(TypeError, match="needs a Studio"):
        VersionsPanel(object())
