import asyncio
import threading

import pytest

from kaizen_widgets.query import QueryClient
from tests.clients import running_loop


@pytest.fixture
def real():
    with running_loop("test-query") as loop:
        yield QueryClient(loop=loop, clock=loop)


def test_query_can_be_waited_for_and_awaited(real):
    async def fn():
        return threading.current_thread().name

    query = real.observe(query_key=("a",), query_fn=fn, stale_time=60)
    assert query.wait(30) == "test-query"

    async def awaiting():
        return await query

    assert asyncio.run(awaiting()) == "test-query"


def test_fetch_is_shared_by_many_threads(real):
    started = threading.Barrier(8)
    calls, results = [], []
    release = threading.Event()

    async def fn():
        calls.append(1)
        await asyncio.to_thread(release.wait, 5)
        return "data"

    def ask():
        started.wait(30)
        results.append(real.fetch_query(query_key=("a",), query_fn=fn, stale_time=60))

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    release.set()
    assert {pending.wait(30) for pending in results} == {"data"}
    assert len(calls) == 1


def test_updaters_of_many_threads_lose_no_update(real):
    real.set_query_data(("n",), 0)

    def count():
        for _ in range(200):
            real.set_query_data(("n",), lambda n: n + 1)

    threads = [threading.Thread(target=count) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert real.get_query_data(("n",)) == 800


def test_listener_may_write_and_is_notified_in_order(real):
    received = []

    def listener(result):
        received.append(result.data)
        if result.data < 3:
            real.set_query_data(("n",), result.data + 1)

    real.set_query_data(("n",), 0)
    real.observe(query_key=("n",), stale_time=60).subscribe(listener)
    real.set_query_data(("n",), 1)
    assert received == [1, 2, 3]


def test_wait_on_the_loop_itself_is_refused(real):
    async def fn():
        return real.observe(query_key=("other",), query_fn=lambda: asyncio.sleep(1)).wait(30)

    with pytest.raises(RuntimeError, match="await instead"):
        real.fetch_query(query_key=("a",), query_fn=fn).wait(30)
