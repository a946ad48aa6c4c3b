"""What the studio's client does where nobody said otherwise."""

import pytest

from kaizen_widgets.api import studio_defaults
from kaizen_widgets.api.query_defaults import retry_delay
from kaizen_widgets.errors import DecodeError, InvalidInputError, RateLimitedError
from kaizen_widgets.query import QueryClient

MINUTE = 60.0


@pytest.fixture
def client(loop):
    client = QueryClient(loop=loop, clock=loop.clock, default_options=studio_defaults())
    client.mount()
    return client


class Source:
    """A function that gives, or raises, the next of its outcomes; the last repeats."""

    def __init__(self, clock, *outcomes):
        self.clock, self.outcomes, self.at = clock, list(outcomes), []

    async def __call__(self, *_):
        self.at.append(self.clock.monotonic())
        outcome = self.outcomes.pop(0) if len(self.outcomes) > 1 else self.outcomes[0]
        if isinstance(outcome, Exception):
            raise outcome
        return outcome


@pytest.fixture
def source(loop):
    return lambda *outcomes: Source(loop.clock, *outcomes)


@pytest.fixture
def watch(client, loop):
    def start(fn):
        query = client.live(query_key=("a",), query_fn=fn)
        stop = query.subscribe(lambda _: None)
        loop.settle()
        return query, stop

    return start


def test_data_is_stale_after_five_minutes(watch, loop, source):
    query, _ = watch(source(1))
    loop.advance(5 * MINUTE - 1)
    assert not query.is_stale
    loop.advance(2)
    assert query.is_stale


def test_it_is_collected_ten_minutes_after_the_last_observer_left(watch, client, loop, source):
    _, stop = watch(source(1))
    loop.advance(60 * MINUTE)
    stop()
    loop.advance(10 * MINUTE - 1)
    assert client.get_query_data(("a",)) == 1
    loop.advance(2)
    assert client.query_cache.get(("a",)) is None


def test_a_failed_fetch_is_tried_twice_more_after_one_and_two_seconds(watch, loop, source):
    fn = source(RuntimeError("away"))
    query, _ = watch(fn)
    loop.advance(60)
    assert (fn.at, query.status) == ([0, 1, 3], "error")


@pytest.mark.parametrize(("failures", "seconds"), [(0, 1), (4, 16), (5, 30), (2000, 30)])
def test_the_wait_doubles_up_to_half_a_minute(failures, seconds):
    assert retry_delay(failures, RuntimeError()) == seconds


def test_retry_after_is_honored_up_to_half_a_minute():
    def busy(seconds):
        return RateLimitedError("busy", status=429, retry_after=seconds)

    assert (retry_delay(0, busy(7)), retry_delay(0, busy(3600))) == (7, 30)


@pytest.mark.parametrize(
    ("error", "attempts"),
    [
        (InvalidInputError("no", status=422), 1),
        (RateLimitedError("busy", status=429), 3),
        (DecodeError("half an answer"), 3),
    ],
)
def test_what_the_server_refused_for_good_is_not_asked_again(watch, loop, source, error, attempts):
    fn = source(error)
    watch(fn)
    loop.advance(120)
    assert len(fn.at) == attempts


def test_looking_again_fetches_nothing(watch, client, loop, source):
    fn = source(1)
    watch(fn)
    loop.advance(20 * MINUTE)
    client.focus.set_focused(False)
    client.focus.set_focused(True)
    loop.settle()
    assert len(fn.at) == 1


@pytest.mark.parametrize(("age", "fetches"), [(MINUTE, 1), (6 * MINUTE, 2)])
def test_the_network_s_return_fetches_what_is_stale(watch, client, loop, source, age, fetches):
    fn = source(1)
    watch(fn)
    loop.advance(age)
    client.online.set_online(False)
    client.online.set_online(True)
    loop.settle()
    assert len(fn.at) == fetches


def test_offline_the_first_attempt_is_made_and_the_second_waits_for_the_network(
    watch, client, loop, source
):
    client.online.set_online(False)
    fn = source(RuntimeError("away"), "here")
    query, _ = watch(fn)
    loop.advance(60)
    assert (fn.at, query.fetch_status) == ([0], "paused")
    client.online.set_online(True)
    loop.settle()
    assert query.data == "here"


def test_a_user_s_own_change_is_repeated_only_if_they_say_that_it_may(client, loop, source):
    for retry, attempts in ((None, 1), (1, 2)):
        fn = source(RuntimeError("away"))
        client.mutation(mutation_fn=fn, retry=retry).run()
        loop.advance(60)
        assert len(fn.at) == attempts


def test_a_read_fails_without_waiting_if_the_server_asks_for_more_than_half_a_minute(
    watch, loop, source
):
    fn = source(RateLimitedError("busy", status=429, retry_after=86_400.0))
    query, _ = watch(fn)
    assert (query.status, fn.at) == ("error", [loop.clock.monotonic()])
