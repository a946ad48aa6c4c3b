"""QueryDevtools: the list of entries, the buttons for the selected one, the throttled drawing."""

from itertools import pairwise
from typing import Any

import ipywidgets as ipw
import pytest

from kaizen_widgets.core.clock import sleep
from kaizen_widgets.query import QueryClient
from kaizen_widgets.testing import FakeClock, find
from kaizen_widgets.widgets import QueryDevtools
from kaizen_widgets.widgets.query_devtools import STATES, state_of

pytestmark = pytest.mark.usefixtures("comms")


@pytest.fixture
def tools(client):
    return QueryDevtools(client)


def rows(tools):
    return [" ".join(label.split()) for label, _ in tools.entries.options]


def choose(tools, index=0):
    tools.entries.index = index


def press(tools, name):
    find(tools, ipw.Button, description=name).click()


def test_entries_show_state_observers_age_and_key(client, loop, tools):
    client.set_query_data(("a",), 1)
    watched = client.live(
        query_key=("b", {"x": 1}), query_fn=lambda: sleep(loop.clock, 1), stale_time=60
    )
    watched.subscribe(lambda _: None)
    loop.settle()
    loop.advance(0.1)
    assert rows(tools) == ['● inactive 0 0 s ["a"]', '● fetching 1 never ["b",{"x":1}]']
    loop.advance(30)
    assert rows(tools)[1] == '● fresh 1 29 s ["b",{"x":1}]'
    loop.advance(40)
    assert rows(tools) == ['● inactive 0 1 min ["a"]', '● stale 1 1 min ["b",{"x":1}]']
    assert "2 queries" in tools.summary.value


@pytest.mark.parametrize("state", STATES)
def test_states_have_a_color_each(client, loop, state):
    async def answer():
        await sleep(loop.clock, 1)
        if state == "error":
            raise ValueError("no")
        return 1

    client.online.set_online(state != "paused")
    query = client.live(query_key=("a",), query_fn=answer, retry=False, stale_time=60)
    stop = query.subscribe(lambda _: None)
    if state != "fetching":
        loop.advance(1)
    if state == "stale":
        client.invalidate_queries(refetch_type="none")
    if state == "inactive":
        stop()
    assert state_of(query.observer.query) == state


def test_drawing_is_throttled_to_ten_a_second(client, loop, tools):
    draws = []
    tools.entries.observe(lambda change: draws.append(loop.clock.monotonic()), "_options_labels")
    for step in range(100):
        for n in range(5):
            client.set_query_data(("key", step, n), 1)
        loop.advance(0.01)
    assert 9 <= len(draws) <= 11
    gaps = [after - before for before, after in pairwise(draws)]
    assert min(gaps) >= 0.1 - 1e-9


def test_clock_can_be_given(client, loop):
    clock = FakeClock()
    tools = QueryDevtools(client, clock=clock)
    client.set_query_data(("a",), 1)
    loop.advance(60)
    assert rows(tools) == []
    clock.advance(0.1)
    assert len(rows(tools)) == 1


def test_drawing_without_a_change_sends_nothing(client, loop, comms, tools):
    client.set_query_data(("a",), 1, updated_at=1)
    loop.advance(6)
    for comm in comms:
        comm.clear()
    loop.advance(60)
    assert [comm.updates for comm in comms if comm.updates] == []


def test_selected_entry_shows_data_and_options_without_secrets_or_markup(client, loop, tools):
    client.set_query_data(
        ("a",), {"name": "<script>", "access_token": "t-1", "max_tokens": 5, "password": None}
    )
    loop.advance(0.1)
    choose(tools)
    (tree,) = tools.data.contents
    assert tree["kind"] == "json"
    sent = str(tree)
    assert all(word in sent for word in ("<script>", "[hidden]", "max_tokens"))
    assert "t-1" not in sent + tools.detail.value
    assert "success, idle" in tools.detail.value


def test_inspector_shows_a_list_as_a_tree_and_names_each_option(client, loop, tools):
    client.fetch_query(query_key=("a",), query_fn=lambda: [{"id": 1}, {"id": 2}], stale_time=60)
    loop.settle()
    loop.advance(0.2)
    choose(tools)
    (tree,) = tools.data.contents
    assert tree["kind"] == "json"
    assert ">Options</caption>" in tools.detail.value
    assert ">stale_time</th>" in tools.detail.value
    client.remove_queries(("a",))
    loop.advance(0.2)
    assert tools.data.layout.display == "none"


def test_selection_stays_when_entries_come_and_go(client, loop, tools):
    for name in "abc":
        client.set_query_data((name,), name)
    loop.advance(0.1)
    choose(tools, 1)
    client.remove_queries(("a",))
    client.set_query_data(("d",), "d")
    loop.advance(0.2)
    assert rows(tools)[tools.entries.index].endswith('["b"]')
    client.remove_queries(("b",))
    loop.advance(0.2)
    assert tools.entries.value is None
    assert find(tools, ipw.Button, description="Remove").disabled


def test_buttons_act_on_the_selected_entry_only(client, loop, tools):
    calls = []

    async def fetch():
        calls.append(1)
        return len(calls)

    for key in ("a", "b"):
        client.prefetch_query(query_key=(key,), query_fn=fetch)
    loop.advance(0.2)
    choose(tools, 1)
    press(tools, "Refetch")
    loop.settle()
    assert client.get_query_data(("b",)) == len(calls) == 3
    press(tools, "Invalidate")
    assert client.get_query_state(("b",)).is_invalidated
    assert not client.get_query_state(("a",)).is_invalidated
    press(tools, "Reset")
    assert client.get_query_state(("b",)).status == "pending"
    press(tools, "Remove")
    assert [query.key for query in client.query_cache.get_all()] == [("a",)]


def test_offline_switch_sets_the_client_s_network(client, loop, tools):
    tools.offline.value = True
    assert not client.online.is_online
    waiting = client.mutation(mutation_fn=lambda variables: 1).run()
    loop.advance(0.2)
    assert "1 mutation pending (1 paused)" in tools.summary.value
    client.online.set_online(True)
    assert tools.offline.value is False
    loop.settle()
    assert waiting.status == "success"


def test_filter_narrows_the_list(client, loop, tools):
    for name in ("agents", "pipelines"):
        client.set_query_data((name,), 1)
    tools.filter.value = "PIPE"
    loop.advance(0.2)
    assert [row.split()[-1] for row in rows(tools)] == ['["pipelines"]']


def test_closed_devtools_leave_no_listener(client, loop, tools):
    tools.close()
    tools.close()
    client.set_query_data(("a",), 1)
    loop.advance(60)
    assert loop.clock.next_due is not None  # the entry's own collection, and nothing else
    assert (client.mount_count, client.query_cache.listener_count) == (0, 0)
    assert client.mutation_cache.listener_count == 0


def test_devtools_refuse_what_is_not_a_client():
    nothing: Any = "client"
    with pytest.raises(TypeError, match="need a QueryClient"):
        QueryDevtools(nothing)


def test_list_of_a_thousand_entries_is_limited(loop, client):
    for n in range(600):
        client.set_query_data(("n", n), n)
    tools = QueryDevtools(client)
    assert len(tools.entries.options) == 500
    assert "the first 500 of 600 shown" in tools.summary.value
    assert repr(tools) == "QueryDevtools()"
    assert isinstance(tools.client, QueryClient)


def test_list_has_a_name_for_screen_readers(client):
    tools = QueryDevtools(client)
    assert tools.entries.description == "Queries"


def test_summary_says_that_the_client_is_offline(client, loop):
    tools = QueryDevtools(client)
    client.online.set_online(False)
    loop.advance(1)
    assert "offline" in tools.summary.value
    assert "Offline: fetches and mutations wait" in tools.offline_note.value
    assert "offlineFirst" not in tools.offline_note.value
    client.online.set_online(True)
    loop.advance(1)
    assert "offline" not in tools.summary.value
    assert tools.offline_note.value == ""


def test_offline_says_which_queries_are_fetched_all_the_same(client, loop, tools):
    client.fetch_query(query_key=("a",), query_fn=lambda: 1, network_mode="offlineFirst")
    client.fetch_query(query_key=("b",), query_fn=lambda: 1)
    loop.settle()
    tools.offline.value = True
    loop.advance(0.2)
    assert "1 of 2 queries" in tools.offline_note.value
