import pytest
from ipywidgets import HTML, Button, HBox, IntText, VBox

from kaizen_widgets.testing import find, find_all, tree


@pytest.fixture
def panel(comms):
    return VBox(
        [HTML("<b>Run</b>"), HBox([Button(description="Run"), Button(description="Cancel")])]
    )


def test_find_by_class_and_trait_at_any_depth(panel):
    assert find(panel, Button, description="Cancel") is panel.children[1].children[1]


def test_find_may_return_the_root(panel):
    assert find(panel, VBox) is panel


def test_find_fails_with_the_tree_when_none_matches(panel):
    with pytest.raises(AssertionError) as failure:
        find(panel, Button, description="Save")
    assert str(failure.value) == (
        "no widget matches find(Button, description='Save') in:\n"
        "VBox()\n"
        "  HTML(value='<b>Run</b>')\n"
        "  HBox()\n"
        "    Button(description='Run')\n"
        "    Button(description='Cancel')"
    )


def test_find_fails_when_two_match(panel):
    with pytest.raises(AssertionError, match="2 widgets match"):
        find(panel, Button)


def test_find_all_returns_document_order(panel):
    assert [button.description for button in find_all(panel, Button)] == ["Run", "Cancel"]


def test_find_all_by_an_unknown_trait_is_empty(panel):
    assert find_all(panel, Button, value=None) == []


def test_tree_shortens_long_values(comms):
    assert len(tree(HTML("x" * 1000))) < 90


def test_tree_shows_zero_where_it_is_not_the_default(comms):
    assert tree(IntText(5, disabled=True)) == "IntText(value=5, disabled=True)"
