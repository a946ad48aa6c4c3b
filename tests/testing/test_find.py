import pytest
from ipywidgets import HTML, Button, HBox, IntText, VBox

from kaizen_widgets.testing import find, find_all, tree


@pytest.fixture
def panel(comms):
    return VBox(
        [HTML("<b>Run</b>"), HBox([Button(description="Run"), Button(description="Cancel")])]
    )


def test_a_widget_is_found_by_class_and_trait_at_any_depth(panel):
    assert find(panel, Button, description="Cancel") is panel.children[1].children[1]


def test_the_root_itself_can_be_the_answer(panel):
    assert find(panel, VBox) is panel


def test_none_found_fails_with_the_tree(panel):
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


def test_two_found_fail_too_since_either_could_be_meant(panel):
    with pytest.raises(AssertionError, match="2 widgets match"):
        find(panel, Button)


def test_all_come_in_the_order_of_the_page(panel):
    assert [button.description for button in find_all(panel, Button)] == ["Run", "Cancel"]


def test_a_trait_the_class_lacks_fits_nothing(panel):
    assert find_all(panel, Button, value=None) == []


def test_a_long_value_is_cut_in_the_tree(comms):
    assert len(tree(HTML("x" * 1000))) < 90


def test_zero_is_shown_where_it_is_not_the_default(comms):
    assert tree(IntText(5, disabled=True)) == "IntText(value=5, disabled=True)"
