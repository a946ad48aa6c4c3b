"""The names of differing leaves after any sequence of writes."""

from __future__ import annotations

from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from kaizen_widgets.forms.differences import Differences, deep_equal, leaves
from kaizen_widgets.forms.paths import MISSING, get, join, parse, put, unset

KEYS = st.sampled_from(["a", "b"])
TREES = st.recursive(
    st.sampled_from([None, "", 0, 1, True, "x"]),
    lambda inner: st.dictionaries(KEYS, inner, max_size=2) | st.lists(inner, max_size=2),
    max_leaves=6,
)
ROOTS = st.dictionaries(KEYS, TREES, max_size=2)
PATHS = st.lists(KEYS | st.integers(0, 2), min_size=1, max_size=3).map(tuple)
UNSET: Any = "take it out"


@given(ROOTS, ROOTS, st.lists(st.tuples(PATHS, TREES | st.just(UNSET), st.booleans()), max_size=6))
@example({"a": {}}, {"a": "x"}, [(("a", "b"), 1, False)])
@example({"a": {"b": 1}}, {"a": "x"}, [(("a", "b"), UNSET, False)])
@example({"a": None}, {"a": {"a": 1, "b": 2}}, [(("a", "a"), 1, False)])
@example({"a": [[]]}, {"a": [""]}, [(("a", 0, 0), 1, False)])
def test_differences_follow_every_write(values: Any, defaults: Any, writes: list[Any]):
    known = Differences(values, defaults)
    for path, value, is_default in writes:
        tree = defaults if is_default else values
        old = get(tree, path)
        try:
            tree = unset(tree, path) if value is UNSET else put(tree, path, value)
        except IndexError:
            continue  # a list has no such index
        values, defaults = (values, tree) if is_default else (tree, defaults)
        known.update(path, old, values, defaults)
        assert known.names == Differences(values, defaults).names
        assert bool(known.names) == (not deep_equal(values, defaults))


@given(ROOTS)
def test_leaf_names_read_and_write_their_values(tree: Any):
    rebuilt: Any = tree
    for path in leaves(tree, ()):
        assert parse(join(path)) == path
        value = get(tree, path)
        assert value is not MISSING
        rebuilt = put(rebuilt, path, value)
    assert deep_equal(rebuilt, tree)


@given(ROOTS, PATHS, TREES)
def test_put_does_not_change_the_original(tree: Any, path: Any, value: Any):
    before = repr(tree)
    try:
        after = put(tree, path, value)
    except IndexError:
        return
    assert repr(tree) == before
    assert get(after, path) is value
