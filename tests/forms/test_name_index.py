"""The index of names against a plain set, after any sequence of additions and removals."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from kaizen_widgets.forms.name_index import NameIndex
from kaizen_widgets.forms.paths import is_within, join

NAMES = st.lists(st.sampled_from(["a", "ab", "b", 0, 1]), max_size=4).map(tuple).map(join)


@given(st.lists(st.tuples(st.booleans(), NAMES)), NAMES)
def test_name_index_finds_what_a_search_of_all_names_finds(
    steps: list[tuple[bool, str]], below: str
):
    index, expected = NameIndex(), set()
    for is_added, name in steps:
        (index.add if is_added else index.discard)(name)
        (expected.add if is_added else expected.discard)(name)
        found = {known for known in expected if is_within(known, below)}
        assert index.names == expected
        assert index.below(below) == found
        assert index.has_below(below) == bool(found)


@given(st.sets(NAMES), st.sets(NAMES), NAMES)
def test_name_index_compares_and_replaces_what_is_below_a_name(
    one: set[str], other: set[str], below: str
):
    index = NameIndex(one)
    within_one, within_other = (
        {name for name in names if is_within(name, below)} for names in (one, other)
    )
    assert index.difference_below(below, NameIndex(other)) == within_one ^ within_other
    index.replace_below(below, within_other)
    assert index.names == one - within_one | within_other
    assert index.below("") == index.names
