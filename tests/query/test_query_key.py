import pytest

from kaizen_widgets.errors import QueryError
from kaizen_widgets.query.query_key import as_key, hash_key, partial_match_key


def test_hash_is_equal_for_equal_keys():
    assert hash_key(as_key(["a", {"y": 2, "x": 1.0}])) == hash_key(as_key(("a", {"x": 1, "y": 2})))


@pytest.mark.parametrize(
    ("one", "other"), [([1], ["1"]), ([True], [1]), ([None], ["null"]), ([[]], [{}])]
)
def test_hash_differs_for_different_keys(one, other):
    assert hash_key(as_key(one)) != hash_key(as_key(other))


@pytest.mark.parametrize(
    ("pattern", "matched"),
    [
        ((), True),
        (("a",), True),
        (("a", {"x": 1}), True),
        (("a", {}), True),
        (("a", {"x": 1, "y": [1]}), True),
        (("a", {"x": True}), False),
        (("a", {"z": None}), False),
        (("b",), False),
        (("a", {"x": 1}, "more"), False),
    ],
)
def test_key_is_matched_by_its_prefixes(pattern, matched):
    assert partial_match_key(("a", {"x": 1, "y": [1, 2]}), pattern) is matched


@pytest.mark.parametrize(
    "key", ["agents", {"a": 1}, 5, [object()], [float("nan")], [{1: 2}], [b"x"]]
)
def test_key_that_is_not_json_is_refused(key):
    with pytest.raises(QueryError, match="query_key"):
        as_key(key)


def test_key_shares_nothing_with_its_source():
    filters = {"status": "active"}
    key = as_key(["agents", filters])
    filters["status"] = "draft"
    assert key == ("agents", {"status": "active"})
