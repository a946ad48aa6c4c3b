"""Structural sharing: equal parts of new data keep their objects, and any data is accepted."""

from typing import Any

import pytest

from kaizen_widgets.query.structural_sharing import MAX_DEPTH, replace_equal_deep


def nested(depth, leaf):
    value = leaf
    for _ in range(depth):
        value = [value]
    return value


def test_equal_data_keeps_the_old_object():
    old = {"rows": [{"id": 1, "tags": ["a"]}, {"id": 2, "tags": []}], "next": None}
    new = {"rows": [{"id": 1, "tags": ["a"]}, {"id": 2, "tags": []}], "next": None}
    assert replace_equal_deep(old, new) is old


def test_changed_data_keeps_the_objects_of_equal_parts():
    old = {"rows": [{"id": 1}, {"id": 2}], "meta": {"total": 2}}
    shared = replace_equal_deep(old, {"rows": [{"id": 1}, {"id": 3}], "meta": {"total": 2}})
    assert shared == {"rows": [{"id": 1}, {"id": 3}], "meta": {"total": 2}}
    assert shared["rows"][0] is old["rows"][0]
    assert shared["meta"] is old["meta"]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ([1, 2], [1, 2, 3]),
        ([1, 2, 3], [1, 2]),
        ({"a": 1, "b": 2}, {"a": 1}),
        ({"a": 1}, {"a": 1, "b": 2}),
        ([True], [1]),
        ([1.0], [1]),
        ([(1,)], [[1]]),
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}),
        ({1: "x"}, {True: "x"}),
    ],
)
def test_different_data_is_what_was_given(old, new):
    shared = replace_equal_deep(old, new)
    assert repr(shared) == repr(new)


@pytest.mark.parametrize("depth", [100, MAX_DEPTH - 1, MAX_DEPTH, MAX_DEPTH + 1, 5_000, 100_000])
def test_deep_data_is_accepted(client, depth):
    for leaf in (1, 1, 2):
        client.set_query_data(("deep",), nested(depth, leaf))
        value = client.get_query_data(("deep",))
        for _ in range(depth):
            (value,) = value
        assert value == leaf


def circular_list():
    value: list[Any] = [1]
    value.append(value)
    return value


def circular_dict():
    value: dict[str, Any] = {"name": "a"}
    value["self"] = value
    return value


def tree_with_parents():
    root = {"children": [], "parent": None}
    root["children"] += [{"parent": root, "children": [], "name": name} for name in "abcdefgh"]
    return root


@pytest.mark.parametrize("make", [circular_list, circular_dict, tree_with_parents])
def test_circular_data_is_what_was_given(client, make):
    client.set_query_data(("circular",), make())
    new = make()
    client.set_query_data(("circular",), new)
    assert client.get_query_data(("circular",)) is new


def test_circular_data_may_replace_plain_data_and_be_replaced(client):
    plain = {"name": "a", "self": {"name": "a"}}
    for data in (plain, circular_dict(), dict(plain)):
        client.set_query_data(("a",), data)
        assert repr(client.get_query_data(("a",))) == repr(data)


def test_a_part_that_occurs_often_is_compared_once():
    def doubled(levels):
        value = ["leaf"]
        for _ in range(levels):
            value = [value, value]
        return value

    old, new = doubled(60), doubled(60)
    assert replace_equal_deep(old, new) is old


def test_select_of_circular_data_succeeds(client, loop, source):
    query = client.observe(query_key=("a",), query_fn=source(circular_dict()), select=lambda d: d)
    query.subscribe(lambda _: None)
    loop.advance(1)
    query.refetch()
    loop.advance(1)
    assert (query.status, query.data["self"] is query.data) == ("success", True)
