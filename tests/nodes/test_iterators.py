"""Iterators become lists, so that every reader of a value sees all of its items."""

from __future__ import annotations

import io

import pytest

from kaizen_widgets.errors import RunCancelledError, RunError
from kaizen_widgets.nodes import Context, iterators
from kaizen_widgets.nodes.iterators import collect, needs_collecting


def two():
    yield "one"
    yield "two"


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (two, ["one", "two"]),
        (lambda: map(str.upper, "ab"), ["A", "B"]),
        (lambda: zip("ab", "cd", strict=True), [("a", "c"), ("b", "d")]),
        (lambda: iter({"k": 1}.items()), [("k", 1)]),
        (lambda: {"lines": two(), "n": 1}, {"lines": ["one", "two"], "n": 1}),
        (lambda: [1, (two(), 2)], [1, (["one", "two"], 2)]),
    ],
)
def test_iterators_become_lists(make, expected):
    assert collect(make()) == expected


@pytest.mark.parametrize("value", [None, "text", [1, 2], {"a": [1]}, (1,), range(3), {1, 2}])
def test_other_values_stay_the_same_object(value):
    assert collect(value) is value


def test_an_open_file_stays_open():
    file = io.StringIO("line\n")
    assert collect(file) is file
    assert file.read() == "line\n"


def test_the_search_for_iterators_is_bounded():
    deep = two()
    for _ in range(10):
        deep = [deep]
    assert not needs_collecting(deep)
    assert not needs_collecting([*range(2000), two()])


def test_an_endless_iterator_is_refused(monkeypatch):
    monkeypatch.setattr(iterators, "MAX_ITEMS", 10)
    with pytest.raises(RunError, match="more than 10 items"):
        collect(iter(int, 1))


def test_collecting_ends_when_the_node_should_stop():
    ctx = Context("n", "n", lambda kind, data: None)
    ctx.stop()
    with pytest.raises(RunCancelledError):
        collect(iter(int, 1), ctx)
