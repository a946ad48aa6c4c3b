"""QueryKeyIndex: filters by key find what a comparison of all keys finds, and look at few entries."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kaizen_widgets.query import query_key_index as index_module
from kaizen_widgets.query.query_key import as_key, partial_match_key
from kaizen_widgets.query.query_key_index import QueryKeyIndex

SCALARS = st.sampled_from(["a", "b", "1", 0, 1, True, False, None, 1.5])
PARTS = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from("xy"), inner, max_size=2)
    ),
    max_leaves=4,
)
KEYS = st.lists(PARTS, min_size=1, max_size=3).map(as_key)


class Entry:
    def __init__(self, key):
        self.key = key


@given(st.lists(KEYS, max_size=8), st.lists(PARTS, max_size=3).map(as_key), st.data())
def test_index_finds_what_comparing_all_keys_finds(keys, pattern, data):
    index, entries = QueryKeyIndex(), [Entry(key) for key in keys]
    for entry in entries:
        index.add(entry)  # type: ignore[arg-type]
    for entry in data.draw(
        st.lists(st.sampled_from(entries), unique=True) if entries else st.just([])
    ):
        entries.remove(entry)
        index.remove(entry)
    wanted = [entry for entry in entries if partial_match_key(entry.key, pattern)]
    assert list(index.find(pattern)) == wanted


def test_removed_queries_leave_nothing_in_the_index():
    index, entries = QueryKeyIndex(), [Entry(("a", n % 3, {"x": n})) for n in range(9)]
    for entry in entries:
        index.add(entry)  # type: ignore[arg-type]
    for entry in entries:
        index.remove(entry)  # type: ignore[arg-type]
    assert not any(vars(index).values())


@pytest.mark.parametrize(
    "part", [int, str, lambda n: {"id": n}, lambda n: {"filters": [{"id": n}]}, lambda n: [n, "x"]]
)
@pytest.mark.parametrize("exact", [False, True])
def test_filters_by_key_compare_only_candidates(client, monkeypatch, part, exact):
    compared = []

    def compare(key, pattern):
        compared.append(key)
        return partial_match_key(key, pattern)

    monkeypatch.setattr(index_module, "partial_match_key", compare)
    for n in range(1_000):
        client.set_query_data(("rows", part(n)), n)
    client.invalidate_queries(("rows", part(7)), exact=exact)
    assert client.get_query_state(("rows", part(7))).is_invalidated
    assert len(compared) <= 1


def test_exact_filter_distinguishes_true_from_one(client):
    client.set_query_data(("a", True), "true")
    client.set_query_data(("a", 1), "one")
    client.remove_queries(("a", 1), exact=True)
    client.remove_queries(("a", 1.0))
    assert [query.key for query in client.query_cache.get_all()] == [("a", True)]


def test_exact_filter_distinguishes_true_from_one_among_mutations(client):
    for key in (("a", True), ("a", 1)):
        client.mutation(mutation_fn=lambda v: v, mutation_key=key)
    (found,) = client.mutation_cache.find_all(("a", 1), exact=True)
    assert found.options.mutation_key[1] is not True
