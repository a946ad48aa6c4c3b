"""A user's function may raise any BaseException: its query or mutation ends, and others go on."""

import asyncio
import threading

import pytest

from kaizen_widgets.core.background import BackgroundLoop
from kaizen_widgets.errors import QueryCancelledError
from kaizen_widgets.query import MutationOptions, QueryCallbacks, QueryClient
from tests.clients import running_loop


class Panic(BaseException):
    """As extensions written in Rust raise it."""


ERRORS = [Panic, SystemExit, KeyboardInterrupt, GeneratorExit]


@pytest.fixture
def real():
    with running_loop("test-base-exceptions") as loop:
        client = QueryClient(loop=loop, clock=loop)
        yield client
        client.clear()


def raising(error):
    async def raise_later(*_):
        await asyncio.sleep(0)
        raise error("of the function")

    def raise_now(*_):
        raise error("of the function")

    return {"async": raise_later, "sync": raise_now}


@pytest.mark.parametrize("kind", ["async", "sync"])
@pytest.mark.parametrize("error", ERRORS)
def test_query_that_raises_a_base_exception_ends(real, error, kind):
    fn = raising(error)[kind]
    with pytest.raises(error):
        real.fetch_query(query_key=("a",), query_fn=fn).wait(30)
    state = real.get_query_state(("a",))
    assert (state.status, state.fetch_status) == ("error", "idle")
    assert real.fetch_query(query_key=("b",), query_fn=lambda: "fine").wait(30) == "fine"


@pytest.mark.parametrize("kind", ["async", "sync"])
@pytest.mark.parametrize("error", ERRORS)
@pytest.mark.parametrize("function", ["mutation_fn", "on_mutate", "on_success", "on_settled"])
def test_mutation_that_raises_a_base_exception_ends(real, function, error, kind):
    options = {"mutation_fn": lambda: 1, function: raising(error)[kind]}
    mutation = real.mutate(MutationOptions(**options))
    with pytest.raises((error, QueryCancelledError)):
        mutation.wait(30)
    assert mutation.status == "error"
    assert real.mutate(MutationOptions(lambda v: v), 2).wait(30) == 2


@pytest.mark.parametrize("error", ERRORS)
def test_error_callback_that_raises_a_base_exception_leaves_the_mutation_its_error(real, error):
    options = MutationOptions(lambda: 1 // 0, on_error=raising(error)["async"])
    with pytest.raises(ZeroDivisionError):
        real.mutate(options).wait(30)


@pytest.mark.parametrize("kind", ["async", "sync"])
def test_function_that_cancels_itself_ends(real, kind):
    fn = raising(asyncio.CancelledError)[kind]
    with pytest.raises(QueryCancelledError):
        real.fetch_query(query_key=("a",), query_fn=fn).wait(30)
    with pytest.raises(QueryCancelledError):
        real.mutate(MutationOptions(fn)).wait(30)


@pytest.mark.parametrize("error", ERRORS)
@pytest.mark.parametrize("option", ["select", "structural_sharing"])
def test_fetch_ends_when_an_option_raises_a_base_exception(real, option, error):
    query = real.observe(
        query_key=("a",), query_fn=lambda: "x", retry=False, **{option: raising(error)["sync"]}
    )
    query.subscribe(lambda _: None)
    with pytest.raises(error):
        query.refetch().wait(30)
    assert query.status == "error"


@pytest.mark.parametrize("error", ERRORS)
@pytest.mark.parametrize("option", ["retry", "retry_delay"])
def test_fetch_ends_when_a_retry_function_raises_a_base_exception(real, option, error):
    options = {"retry": 1, option: raising(error)["sync"]}
    query = real.observe(query_key=("a",), query_fn=lambda: 1 // 0, **options)
    with pytest.raises(error):
        query.refetch().wait(30)


@pytest.mark.parametrize("option", ["enabled", "stale_time", "placeholder_data"])
def test_option_that_raises_a_base_exception_counts_as_not_given(real, option, caplog):
    query = real.observe(query_key=("a",), query_fn=lambda: "x", **{option: raising(Panic)["sync"]})
    assert query.wait(30) == "x"
    assert "Panic" in caplog.text


def test_interrupt_in_an_option_passes_on_the_main_thread(client):
    client.set_query_data(("a",), 1)
    with pytest.raises(KeyboardInterrupt):
        client.observe(query_key=("a",), select=raising(KeyboardInterrupt)["sync"])


def test_infinite_query_that_raises_a_base_exception_ends(real):
    with pytest.raises(Panic):
        real.fetch_infinite_query(
            query_key=("a",),
            query_fn=raising(Panic)["async"],
            initial_page_param=0,
            get_next_page_param=lambda last: None,
        ).wait(30)


def test_paused_mutations_of_a_scope_continue_after_a_base_exception(real):
    first = real.mutate(MutationOptions(raising(Panic)["async"], scope="s"))
    second = real.mutate(MutationOptions(lambda: 2, scope="s"))
    assert second.wait(30) == 2
    with pytest.raises(Panic):
        first.wait(30)


@pytest.mark.parametrize("subscribe", ["observer", "cache", "mutations"])
def test_listener_that_raises_a_base_exception_is_logged_and_others_are_called(
    real, caplog, subscribe
):
    called = threading.Event()

    def fail():
        raise Panic("of the listener")

    query = real.observe(query_key=("a",), query_fn=lambda: "x")
    for listener in (fail, called.set):
        match subscribe:
            case "observer":
                query.subscribe(listener)
            case "cache":
                real.query_cache.subscribe(listener)
            case _:
                real.mutation_cache.subscribe(listener)
    assert real.mutate(MutationOptions(lambda: 1)).wait(30) == 1
    assert query.wait(30) == "x"
    assert called.wait(30)
    assert "of the listener" in caplog.text


def test_callback_for_all_queries_that_raises_a_base_exception_is_logged(caplog):
    loop = BackgroundLoop("test-base-exceptions")
    settled = threading.Event()
    client = QueryClient(
        loop=loop,
        clock=loop,
        on_query=QueryCallbacks(on_success=raising(Panic)["sync"], on_settled=settled.set),
    )
    assert client.fetch_query(query_key=("a",), query_fn=lambda: 1).wait(30) == 1
    assert settled.wait(30)
    assert "Panic" in caplog.text
    client.clear()
    loop.close()
