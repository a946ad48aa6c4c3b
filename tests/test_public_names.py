"""What a user can import from the top of the package."""

import subprocess
import sys

import pytest

import kaizen_widgets


@pytest.mark.parametrize("name", kaizen_widgets.__all__)
def test_public_name_is_loaded_from_its_module(name: str):
    value = getattr(kaizen_widgets, name)
    assert value.__name__ == name
    assert value.__module__.startswith("kaizen_widgets.")


def test_public_names_are_complete_and_sorted():
    assert {"Studio", "Canvas", "Form", "Graph", "Store", "QueryClient"} <= set(
        kaizen_widgets.__all__
    )
    assert sorted(kaizen_widgets.__all__) == kaizen_widgets.__all__
    assert dir(kaizen_widgets) == sorted([*kaizen_widgets.__all__, "__version__"])


def test_star_import_gives_the_public_names():
    namespace: dict[str, object] = {}
    exec("from kaizen_widgets import *", namespace)
    assert set(kaizen_widgets.__all__) <= set(namespace)


def test_unknown_name_is_an_attribute_error():
    assert not hasattr(kaizen_widgets, "Nothing")
    with pytest.raises(ImportError, match="Nothing"):
        exec("from kaizen_widgets import Nothing")


def test_graph_is_loaded_without_widgets():
    code = "from kaizen_widgets import Graph; import sys; print('ipywidgets' in sys.modules)"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout == "False\n"
