"""A client's state in a storage: what comes back, and what is thrown away."""

import json
from itertools import pairwise
from typing import Any

import pytest

from kaizen_widgets.errors import QueryError
from kaizen_widgets.query import MutationOptions, Persister, QueryClient
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
    """Make a client whose state is kept, as a fresh process would."""

    def make(**options):
        client = make_client()
        persister = Persister(client, storage, offload=at_once, **options)
        client.mount()
        return client, persister

    return make


def test_what_one_client_had_the_next_one_shows_at_once_and_asks_for_anew(keep, loop, source):
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


def test_it_writes_once_a_second_however_much_changes(keep, loop, storage, monkeypatch):
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


def test_what_failed_or_is_no_json_is_left_out_alone(keep, loop, storage, source):
    client, persister = keep()
    client.set_query_data(("fine",), 1)
    client.set_query_data(("object",), object())
    client.set_query_data(("nan",), float("nan"))
    client.prefetch_query(query_key=("failed",), query_fn=source(ValueError("x")))
    loop.advance(1)
    persister.save()
    kept = json.loads(storage["queries"])["client_state"]["queries"]
    assert [entry["query_key"] for entry in kept] == [["fine"]]


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
def test_anything_wrong_with_it_throws_it_away_whole(keep, storage, damage):
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
def test_too_old_or_another_buster_throws_it_away(
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


def test_a_deserializer_that_raises_throws_it_away(keep, storage):
    client, persister = keep()
    client.set_query_data(("a",), 1)
    persister.save()
    _, persister = keep(deserialize_data=lambda data: 1 / 0)
    assert not persister.restore()
    assert storage == {}


def test_without_a_buster_nothing_is_kept_or_restored(keep, storage, loop):
    client, persister = keep(buster=lambda: None)
    persister.start()
    client.set_query_data(("a",), 1)
    loop.advance(2)
    assert storage == {}
    assert not persister.restore()


def test_newer_data_that_is_there_stays(keep, loop):
    client, persister = keep()
    client.set_query_data(("a",), "old")
    persister.save()
    loop.advance(1)
    later, persister = keep()
    later.set_query_data(("a",), "new")
    persister.restore()
    assert later.get_query_data(("a",)) == "new"


def test_forgetting_purges_and_a_writing_that_was_due_is_not_made(keep, loop, storage):
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


def test_a_purge_while_a_thread_is_about_to_write_wins(make_client, loop, storage):
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


def test_what_is_watched_is_asked_for_anew_when_forgotten(client, loop, source):
    query = client.live(query_key=("a",), query_fn=source("hers", "his"))
    query.subscribe(lambda _: None)
    loop.advance(1)
    client.forget()
    assert (query.data, query.status) == (None, "pending")
    loop.advance(1)
    assert query.data == "his"


def test_closing_writes_what_was_due_and_nothing_later(keep, loop, storage):
    client, persister = keep()
    persister.start()
    client.set_query_data(("a",), 1)
    persister.close()
    before = storage["queries"]
    client.set_query_data(("a",), 2)
    loop.advance(5)
    assert storage["queries"] == before


def test_a_change_that_waited_for_the_network_goes_on_in_the_next_process(keep, loop):
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


def test_a_change_leaves_the_storage_before_it_is_made_so_that_no_crash_repeats_it(
    keep, loop, storage
):
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


def test_what_is_unchanged_is_not_written_again(keep, loop, storage, monkeypatch):
    client, persister = keep()
    persister.start()
    client.set_query_data(("a",), 1)
    loop.advance(1)
    monkeypatch.setattr(storage, "set", lambda *_: pytest.fail("written"))
    client.invalidate_queries(("b",))
    client.mutate(MutationOptions(lambda _: 1), 1)
    loop.advance(10)


def test_a_storage_that_fails_costs_the_keeping_alone(keep, loop, storage, monkeypatch, caplog):
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
def test_a_wrong_duration_is_named(client, storage, option):
    wrong: Any = {option: "soon"}
    with pytest.raises(QueryError, match=option):
        Persister(client, storage, **wrong)


def test_it_works_on_the_stores_file(loop, tmp_path):
    storage = SqliteStorage(tmp_path / "stores.db")
    for expected in (None, 1):
        client = QueryClient(loop=loop, clock=loop.clock)
        persister = Persister(client, storage, offload=at_once)
        persister.restore()
        assert client.get_query_data(("a",)) == expected
        client.set_query_data(("a",), 1)
        persister.save()
    storage.close()
