"""What a page may write: a state message changes no trait that is Python's alone, of any widget class."""

import importlib
import logging
import pkgutil

import anywidget
import ipywidgets
import pytest
from traitlets import Int, Unicode

import kaizen_widgets
from kaizen_widgets.testing import fake_comms
from kaizen_widgets.widgets.data_grid import DataGrid
from kaizen_widgets.widgets.python_owned import PythonOwned


def all_widget_classes():
    for module in pkgutil.walk_packages(kaizen_widgets.__path__, "kaizen_widgets."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    found, waiting = [], [ipywidgets.Widget]
    for base in waiting:
        waiting += base.__subclasses__()
        if base.__module__.startswith("kaizen_widgets."):
            found.append(base)
    return sorted(set(found), key=lambda kind: kind.__name__)


CLASSES = all_widget_classes()


def test_walk_finds_the_widgets_of_the_package():
    names = {kind.__name__ for kind in CLASSES}
    assert {
        "Canvas",
        "SharedCode",
        "FormPanel",
        "FieldArea",
        "Panel",
        "StoreDevtools",
        "TabLink",
    } <= names


@pytest.mark.parametrize("kind", CLASSES, ids=lambda kind: kind.__name__)
def test_page_cannot_write_code_children_or_data_of(kind):
    synced = {name for name, trait in kind.class_traits().items() if trait.metadata.get("sync")}
    protected = {
        "_esm",
        "_css",
        "_code",
        "_code_hash",
        "_snapshot",
        "_view_name",
        "_model_module",
        "children",
    }
    assert issubclass(kind, PythonOwned)
    assert not kind.page_traits & (protected | {"layout", "comm", "tooltip", "_dom_classes"})
    assert kind.page_traits <= synced

    taken = []

    class Recording(ipywidgets.Widget):
        def set_state(self, sync_data):
            taken.append(sync_data)

    message = dict.fromkeys(synced | protected | {"unknown"}, "evil")
    probe = type("Probe", (PythonOwned, Recording), {"page_traits": kind.page_traits})
    with fake_comms():
        probe().set_state(message)
    assert taken == [dict.fromkeys(kind.page_traits, "evil")]
    assert kind is DataGrid or resolved(kind, "set_state") is PythonOwned.set_state


def test_a_grid_that_checks_values_first_lets_nothing_else_through(monkeypatch):
    taken = []
    monkeypatch.setattr(
        PythonOwned, "set_state", lambda _widget, sync_data: taken.append(sync_data)
    )
    with fake_comms():
        grid = DataGrid([{"id": "a"}])
        grid.set_state({"_esm": "evil", "search": "text", "sort": 1, "selected": ["a", "b", []]})
        grid.set_state({"selected": ["a", "b"]})
    assert taken == [{"_esm": "evil", "search": "text"}, {"selected": ("a",)}]


def resolved(kind, name):
    """Return the method of a class, wherever it is defined."""
    return next(vars(base)[name] for base in kind.__mro__ if name in vars(base))


class Example(PythonOwned, anywidget.AnyWidget):
    page_traits = frozenset({"size"})
    _esm = Unicode("export default {}").tag(sync=True)
    size = Int(1).tag(sync=True)


def test_page_writes_only_the_traits_it_may_and_the_rest_is_logged(caplog):
    with fake_comms() as comms:
        example = Example()
        with caplog.at_level(logging.WARNING):
            comms.of(example).deliver_update(_esm="alert(1)", size=2)
        assert (example._esm, example.size) == ("export default {}", 2)
    assert "Example ignored what the page sent for _esm" in caplog.text
    assert "alert" not in caplog.text


def test_python_may_still_write_every_trait():
    with fake_comms() as comms:
        example = Example()
        example._esm = "export default { render() {} }"
        assert comms.of(example).updates == [{"_esm": "export default { render() {} }"}]
