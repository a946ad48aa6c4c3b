"""The stored state of a client: what is restored, left out and dropped."""

import json
from datetime import UTC, datetime
from decimal import Decimal
from enum import Enum
from itertools import pairwise
from typing import Any
from uuid import UUID

import pytest

from kaizen_widgets.errors import QueryError
from kaizen_widgets.query import MutationOptions, Persister, QueryClient, QueryOptions
from kaizen_widgets.stores import SqliteStorage


class Texts(dict):
    """A storage in memory."""

    def set(self, name, text):
        self[name] = text

    def remove(self, name):
        self.pop(name, None)


async def at_once(work):
    work()


@pytest.fixture
def storage():
    return Texts()


@pytest.fixture
def keep(storage, make_client):
    """Create a client and its persister, as a new process would."""

    def make(**options):
        client = make_client()
        persister = Persister(client, storage, offload=at_once, **options)
        client.mount()
        return client, persister

    return make


def test_restored_data_is_shown_and_fetched_again(keep, loop, source):
    client, persister = keep()
    persister.start()
    client.set_query_data(("a", {"x": 1}), {"n": [1, None]})
    loop.advance(1)
    later, persister = keep()
    assert persister.restore()
    query = later.live(query_key=("a", {"x": 1}), query_fn=source("new"), stale_time=60)
    assert (query.data, query.is_stale, query.status) == ({"n": [1, None]}, True, "success")
    assert query.updated_at < loop.clock.now()
    query.subscribe(lambda _: None)
    assert query.fetch_status == "fetching"


def test_persister_writes_at_most_once_a_second(keep, loop, storage, monkeypatch):
    written = []
    monkeypatch.setattr(storage, "set", lambda name, text: written.append(loop.clock.monotonic()))
    client, persister = keep()
    persister.start()
    for n in range(40):
        client.set_query_data(("a", n), n)
        loop.advance(0.1)
    gaps = [after - before for before, after in pairwise(written)]
    assert len(written) == 3
    assert min(gaps) >= 1


def test_persister_leaves_out_failed_queries_and_data_that_json_cannot_hold(
    keep, loop, storage, source
):
    client, persister = keep()
    client.set_query_data(("fine",), 1)
    client.set_query_data(("object",), object())
    client.set_query_data(("nan",), float("nan"))
    client.prefetch_query(query_key=("failed",), query_fn=source(ValueError("x")))
    loop.advance(1)
    persister.save()
    kept = json.loads(storage["queries"])["client_state"]["queries"]
    assert [entry["query_key"] for entry in kept] == [["fine"]]


EXACT = [
    {1: "a"},
    {None: 1, True: 2, 1.5: 3, (1, 2): 4},
    (1, [2, (3,)]),
    {"rows": ({"id": 1},)},
    {"b": 2, "a": 1},
    {"$tuple": [1]},
    {1, 2},
    b"bytes",
    datetime(2026, 1, 2, tzinfo=UTC),
    Decimal("1.10"),
    UUID(int=5),
    1.0,
]


@pytest.mark.parametrize("value", EXACT)
def test_restored_data_is_exactly_what_was_stored(keep, value):
    client, persister = keep()
    client.set_query_data(("a",), value)
    persister.save()
    later, persister = keep()
    assert persister.restore()
    restored = later.get_query_data(("a",))
    assert (type(restored), repr(restored)) == (type(value), repr(value))


@pytest.mark.parametrize("value", EXACT)
def test_restored_mutation_has_exactly_its_variables(keep, loop, value):
    sent = []

    def start():
        client, persister = keep()
        client.set_mutation_defaults(("m",), mutation_fn=sent.append)
        client.online.set_online(False)
        return client, persister

    client, persister = start()
    client.observe_mutation(mutation_key=("m",)).mutate(value)
    loop.settle()
    persister.save()
    later, persister = start()
    assert persister.restore()
    later.online.set_online(True)
    loop.settle()
    assert [(type(one), repr(one)) for one in sent] == [(type(value), repr(value))]


class Color(Enum):
    RED = "red"


class Text(str):
    pass


def circular():
    value = []
    value.append(value)
    return value


@pytest.mark.parametrize(
    "value", [Color.RED, Text("x"), object(), {"a": [object()]}, {object(): 1}, circular()]
)
def test_data_that_would_come_back_different_is_left_out_and_said_once(keep, caplog, value):
    client, persister = keep()
    client.set_query_data(("odd", {"n": 1}), value)
    client.set_query_data(("fine",), (1, 2))
    persister.save()
    client.set_query_data(("more",), 3)
    persister.save()
    assert list(persister.left_out) == ["query ['odd', {'n': 1}]"]
    assert caplog.text.count("is not stored") == 1
    later, persister = keep()
    assert persister.restore()
    assert [query.key for query in later.query_cache.get_all()] == [("fine",), ("more",)]
    assert later.get_query_data(("fine",)) == (1, 2)


def test_mutation_that_would_come_back_different_is_left_out_and_said(keep, loop, caplog):
    client, persister = keep()
    client.set_mutation_defaults(("m",), mutation_fn=lambda v: v)
    client.online.set_online(False)
    for variables in (Color.RED, {1: 2}):
        client.observe_mutation(mutation_key=("m",)).mutate(variables)
    loop.settle()
    persister.save()
    assert list(persister.left_out) == ["mutation ['m']"]
    assert "mutation ['m'] is not stored" in caplog.text
    later, persister = keep()
    persister.restore()
    assert [one.state.variables for one in later.mutation_cache.get_all()] == [{1: 2}]


def test_meta_is_restored_exactly_and_odd_meta_leaves_its_query_out(keep):
    client, persister = keep()
    for name, meta in (("a", {"pair": (1, 2)}), ("b", {"fn": print})):
        options = QueryOptions((name,), meta=meta)
        client.query_cache.build(options)
        client.set_query_data((name,), 1)
    persister.save()
    later, persister = keep()
    persister.restore()
    (query,) = later.query_cache.get_all()
    assert query.meta == {"pair": (1, 2)}


def test_query_without_data_is_stored_if_chosen(keep, loop):
    client, persister = keep(should_dehydrate_query=lambda query: True)
    client.query_cache.build(QueryOptions(("empty",)))
    client.set_query_data(("full",), 1)
    persister.save()
    later, persister = keep()
    assert persister.restore()
    assert later.get_query_state(("empty",)).status == "pending"
    assert later.get_query_data(("full",)) == 1


def test_entry_that_cannot_be_deserialized_is_left_out(keep, caplog):
    client, persister = keep()
    client.set_query_data(("good",), 1)
    client.set_query_data(("bad",), 0)
    persister.save()
    later, persister = keep(deserialize_data=lambda data: 1 // data)
    assert persister.restore()
    assert [query.key for query in later.query_cache.get_all()] == [("good",)]
    assert "query ['bad'] was not restored" in caplog.text


def damaged(change):
    def make(text):
        state = json.loads(text)
        change(state)
        return json.dumps(state)

    return make


def entry_of(state):
    return state["client_state"]["queries"][0]


@pytest.mark.parametrize(
    "damage",
    [
        lambda text: text[:-1],
        lambda text: "null",
        lambda text: "[" * 100_000,
        damaged(lambda state: state.pop("client_state")),
        damaged(lambda state: state.update(timestamp="yesterday")),
        damaged(lambda state: state.update(timestamp=True)),
        damaged(lambda state: state["client_state"].pop("mutations")),
        damaged(lambda state: entry_of(state).update(query_key="a")),
        damaged(lambda state: entry_of(state).update(query_key=[])),
        damaged(lambda state: entry_of(state)["state"].pop("data")),
        damaged(lambda state: entry_of(state)["state"].update(data_updated_at="now")),
        damaged(lambda state: entry_of(state)["state"].update(data_update_count=1.5)),
        damaged(lambda state: entry_of(state)["state"].update(status="fine")),
        damaged(lambda state: entry_of(state)["state"].update(status=["success"])),
        damaged(lambda state: entry_of(state)["state"].update(surprise=1)),
        damaged(lambda state: state["client_state"]["mutations"].append({"state": {"status": 3}})),
    ],
)
def test_damaged_state_is_dropped_as_a_whole(keep, storage, damage):
    client, persister = keep()
    for name in "ab":
        client.set_query_data((name,), name)
    persister.save()
    storage["queries"] = damage(storage["queries"])
    later, persister = keep()
    assert not persister.restore()
    assert later.query_cache.get_all() == ()
    assert later.mutation_cache.get_all() == ()
    assert storage == {}


@pytest.mark.parametrize(
    ("seconds", "options", "comes_back"),
    [
        (3600, {"max_age": 3600}, True),
        (3601, {"max_age": 3600}, False),
        (0, {"buster": "v2"}, False),
        (-600, {}, False),
        (86_401, {}, False),
    ],
)
def test_state_that_is_too_old_or_of_another_buster_is_dropped(
    keep, storage, loop, seconds, options, comes_back
):
    client, persister = keep(**{"buster": "v1"} | {"max_age": options.get("max_age", 86_400)})
    client.set_query_data(("a",), 1)
    persister.save()
    state = json.loads(storage["queries"])
    storage["queries"] = json.dumps({**state, "timestamp": state["timestamp"] - seconds})
    later, persister = keep(**{"buster": "v1"} | options)
    assert persister.restore() is comes_back
    assert ("queries" in storage) is comes_back
    assert (later.get_query_data(("a",)) == 1) is comes_back


def test_state_whose_entries_cannot_be_deserialized_is_dropped(keep, storage):
    client, persister = keep()
    client.set_query_data(("a",), 1)
    persister.save()
    _, persister = keep(deserialize_data=lambda data: 1 / 0)
    assert not persister.restore()
    assert storage == {}


def test_persister_without_a_buster_stores_and_restores_nothing(keep, storage, loop):
    client, persister = keep(buster=lambda: None)
    persister.start()
    client.set_query_data(("a",), 1)
    loop.advance(2)
    assert storage == {}
    assert not persister.restore()


def test_restore_keeps_newer_data(keep, loop):
    client, persister = keep()
    client.set_query_data(("a",), "old")
    persister.save()
    loop.advance(1)
    later, persister = keep()
    later.set_query_data(("a",), "new")
    persister.restore()
    assert later.get_query_data(("a",)) == "new"


def test_forget_purges_the_storage_and_a_scheduled_write(keep, loop, storage):
    client, persister = keep()
    persister.start()
    client.set_query_data(("a",), "hers")
    persister.save()
    client.set_query_data(("b",), "hers too")
    client.forget()
    assert storage == {}
    loop.advance(5)
    assert "hers" not in storage.get("queries", "")
    assert client.query_cache.get_all() == ()


def test_purge_wins_over_a_write_that_waits_for_its_thread(make_client, loop, storage):
    waiting = []

    async def held(work):
        waiting.append(work)

    client = make_client()
    persister = Persister(client, storage, offload=held).start()
    client.set_query_data(("a",), "hers")
    loop.advance(1)
    persister.purge()
    waiting.pop()()
    assert storage == {}


def test_forget_fetches_observed_queries_again(client, loop, source):
    query = client.live(query_key=("a",), query_fn=source("hers", "his"))
    query.subscribe(lambda _: None)
    loop.advance(1)
    client.forget()
    assert (query.data, query.status) == (None, "pending")
    loop.advance(1)
    assert query.data == "his"


def test_close_makes_the_scheduled_write_and_none_later(keep, loop, storage):
    client, persister = keep()
    persister.start()
    client.set_query_data(("a",), 1)
    persister.close()
    before = storage["queries"]
    client.set_query_data(("a",), 2)
    loop.advance(5)
    assert storage["queries"] == before


def test_paused_mutation_continues_in_the_next_process(keep, loop):
    sent = []
    options = MutationOptions(mutation_fn=lambda variables: sent.append(variables))

    def client_and_persister():
        client, persister = keep()
        client.set_mutation_defaults(("add",), options)
        client.online.set_online(False)
        return client, persister

    client, persister = client_and_persister()
    client.mutate(MutationOptions(mutation_key=("add",)), {"n": 1})
    client.mutate(MutationOptions(mutation_fn=sent.append, mutation_key=("other",)), 2)
    loop.settle()
    persister.save()
    later, persister = client_and_persister()
    persister.restore()
    later.online.set_online(True)
    loop.settle()
    assert sent == [{"n": 1}]


def test_resumed_mutation_leaves_the_storage_before_its_function_is_called(keep, loop, storage):
    def stored():
        return json.loads(storage["queries"])["client_state"]["mutations"]

    seen = []
    client, persister = keep()
    persister.start()
    options = MutationOptions(lambda _: seen.append(stored()), network_mode="online")
    client.set_mutation_defaults(("add",), options)
    client.online.set_online(False)
    client.mutate(MutationOptions(mutation_key=("add",)), 1)
    loop.advance(2)
    assert len(stored()) == 1
    client.online.set_online(True)
    loop.settle()
    assert seen == [[]]


def test_persister_does_not_write_an_unchanged_state_again(keep, loop, storage, monkeypatch):
    client, persister = keep()
    persister.start()
    client.set_query_data(("a",), 1)
    loop.advance(1)
    monkeypatch.setattr(storage, "set", lambda *_: pytest.fail("written"))
    client.invalidate_queries(("b",))
    client.mutate(MutationOptions(lambda _: 1), 1)
    loop.advance(10)


def test_failing_storage_is_logged_and_the_cache_works(keep, loop, storage, monkeypatch, caplog):
    def fail(name, text):
        raise OSError("disk full")

    monkeypatch.setattr(storage, "set", fail)
    client, persister = keep()
    persister.start()
    client.set_query_data(("a",), 1)
    loop.advance(2)
    assert client.get_query_data(("a",)) == 1
    assert "could not be stored" in caplog.text


@pytest.mark.parametrize("option", ["max_age", "throttle"])
def test_persister_names_a_wrong_duration(client, storage, option):
    wrong: Any = {option: "soon"}
    with pytest.raises(QueryError, match=option):
        Persister(client, storage, **wrong)


def test_persister_works_with_the_stores_file(loop, tmp_path):
    storage = SqliteStorage(tmp_path / "stores.db")
    for expected in (None, 1):
        client = QueryClient(loop=loop, clock=loop.clock)
        persister = Persister(client, storage, offload=at_once)
        persister.restore()
        assert client.get_query_data(("a",)) == expected
        client.set_query_data(("a",), 1)
        persister.save()
    storage.close()
