"""Failing servers: how often a request is sent, and after which delays, exactly, in virtual time."""

from __future__ import annotations

import asyncio
import base64
import itertools
import json
from datetime import timedelta
from typing import Any

import pytest

from kaizen_widgets.api import Api, studio_defaults
from kaizen_widgets.core.clock import sleep
from kaizen_widgets.errors import (
    ConflictError,
    ConnectError,
    DecodeError,
    KaizenError,
    RateLimitedError,
    StatusError,
    TimedOutError,
    TransportError,
    UnauthorizedError,
)
from kaizen_widgets.query import QueryClient
from kaizen_widgets.testing import FakeClock, MockServer, Reply
from kaizen_widgets.testing.fake_clock import VirtualLoop
from kaizen_widgets.transport import Tokens, Transport
from tests.transport.fault_app import RETRY_AFTER, FaultApp, start

TIMEOUT = 10.0
BACKOFF = (0.25, 0.5)
KINDS = {
    "ok": None,
    "401": UnauthorizedError,
    "409": ConflictError,
    "429": RateLimitedError,
    "500": StatusError,
    "503": StatusError,
    "late": TimedOutError,
    "cut": DecodeError,
    "hung up": ConnectError,
    "html": DecodeError,
}
TRANSIENT = {"429", "503", "hung up"}


def transport_of(loop: VirtualLoop, app: Any, **options: Any) -> Transport:
    return Transport(
        "https://kaizen.example.com",
        clock=loop.clock,
        app=app,
        tokens=Tokens("a0", "r0"),
        timeout=TIMEOUT,
        jitter=lambda: 1.0,
        **options,
    )


def foretold(method: str, script: tuple[str, ...]) -> tuple[type[Exception] | None, int, float]:
    """Return what must come of a script, after how many requests and how many seconds."""
    steps, asked, waited, attempt = iter([*script, *["ok"] * 9]), 0, 0.0, 0
    while True:
        step, asked = next(steps), asked + 1
        if step == "401":  # The token is renewed and the request sent again without delay.
            step, asked = next(steps), asked + 1
        if step == "late":
            waited += TIMEOUT
        if method != "GET" or step not in TRANSIENT or attempt == len(BACKOFF):
            return KINDS[step], asked, waited
        waited += RETRY_AFTER if step == "429" else BACKOFF[attempt]
        attempt += 1


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("length", [1, 2, 3])
def test_faults_in_every_order_take_the_expected_attempts_and_waits(
    loop: VirtualLoop, method: str, length: int
):
    for script in itertools.product(KINDS, repeat=length):
        app, began = FaultApp(loop.clock, script), loop.clock.monotonic()
        transport = transport_of(loop, app)
        error: Exception | None = None
        try:
            loop.run(transport.request(method, "/agents"))
        except KaizenError as caught:
            error = caught
        seen = (
            None if error is None else type(error),
            len(app.asked),
            round(loop.clock.monotonic() - began, 6),
        )
        assert seen == foretold(method, script), (method, script)
        loop.run(transport.aclose())


# ------------------------------------------------------------ HTTP 401


def test_token_is_renewed_once_for_fifty_refused_requests(loop: VirtualLoop):
    app = FaultApp(loop.clock, ["401"] * 50)
    transport = transport_of(loop, app)

    async def ask() -> list[Any]:
        return await asyncio.gather(*(transport.request("GET", "/agents") for _ in range(50)))

    assert loop.run(ask()) == [{"ok": True}] * 50
    assert (app.refreshes, len(app.asked)) == (1, 100)


def test_token_is_renewed_before_it_expires(loop: VirtualLoop):
    app = FaultApp(loop.clock, ["401"])
    transport = transport_of(loop, app)
    loop.run(transport.request("GET", "/agents"))
    for seconds, refreshes in [(869, 1), (2, 2), (800, 2)]:
        loop.advance(seconds)
        loop.run(transport.request("GET", "/agents"))
        assert app.refreshes == refreshes
    assert len(app.asked) == 2 + 3


def test_token_that_cannot_be_renewed_early_is_still_used(loop: VirtualLoop):
    server = MockServer(loop.clock)
    server.answer("POST", "/auth/refresh", Reply(503))
    server.answer("GET", "/agents", {"ok": True})
    tokens = Tokens("old", "r")
    transport = Transport(
        "https://k.example.com", clock=loop.clock, transport=server, tokens=tokens
    )
    transport.set_token_lifetime("old", 20)
    loop.advance(19)
    assert loop.run(transport.request("GET", "/agents")) == {"ok": True}
    assert server.calls[-1].token == "old"


# ---------------------------------------------------- HTTP 409 and 412


@pytest.mark.parametrize("status", [409, 412])
def test_conflict_is_raised_and_nothing_sent_again(loop: VirtualLoop, status: int):
    app = FaultApp(loop.clock, [str(status)])
    with pytest.raises(ConflictError):
        loop.run(transport_of(loop, app).ask("PUT", "/agents/1", json={}, if_match='"1"'))
    assert len(app.asked) == 1


# -------------------- HTTP 429 and 5xx, timeouts, broken connections


@pytest.mark.parametrize(
    ("header", "waited"),
    [
        ("3", 3.0),
        ("Thu, 01 Jan 2026 00:00:12 GMT", 12.0),
        ("30", 30.0),
        ("Thu, 01 Jan 1970 00:00:00 GMT", 0.0),
        ("soon", 0.25),
        ("-5", 0.25),
        ("1e999", 0.25),
    ],
)
@pytest.mark.parametrize("status", [429, 503])
def test_retry_after_is_waited_for_in_seconds_and_as_a_date(
    loop: VirtualLoop, status: int, header: str, waited: float
):
    server = MockServer(loop.clock)
    server.answer("GET", "/x", Reply(status, headers={"Retry-After": header}), {"ok": True})
    transport = Transport(
        "https://k.example.com", clock=loop.clock, transport=server, jitter=lambda: 1.0
    )
    loop.run(transport.request("GET", "/x"))
    assert loop.clock.monotonic() == waited


@pytest.mark.parametrize(
    ("header", "said"),
    [
        ("31", "31 s"),
        ("900", "15 min"),
        ("86400", "24 h"),
        ("604800", "7 days"),
        ("Thu, 01 Jan 2026 02:00:00 GMT", "120 min"),
        ("Thu, 01 Jan 2099 00:00:00 GMT", "365 days"),
    ],
)
@pytest.mark.parametrize("status", [429, 503])
def test_retry_after_longer_than_the_limit_is_raised_without_waiting(
    loop: VirtualLoop, status: int, header: str, said: str
):
    server = MockServer(loop.clock)
    server.answer("GET", "/x", Reply(status, headers={"Retry-After": header}), {"ok": True})
    transport = Transport("https://k.example.com", clock=loop.clock, transport=server)
    with pytest.raises(StatusError, match=f"try again in {said}") as caught:
        loop.run(transport.request("GET", "/x"))
    assert (caught.value.retry_after or 0.0) > 30
    assert (loop.clock.monotonic(), len(server.calls)) == (0.0, 1)


@pytest.mark.parametrize("body", [{"error": "slow", "message": "Slow down", "retry_after": 3600}])
def test_retry_after_in_the_body_counts_too(loop: VirtualLoop, body: dict[str, Any]):
    server = MockServer(loop.clock)
    server.answer("GET", "/x", Reply(429, json=body), {"ok": True})
    transport = Transport("https://k.example.com", clock=loop.clock, transport=server)
    with pytest.raises(StatusError, match=r"Slow down .*try again in 60 min"):
        loop.run(transport.request("GET", "/x"))
    assert loop.clock.monotonic() == 0.0


def test_retry_delays_are_spread_over_the_whole_interval(loop: VirtualLoop):
    draws = iter([0.5, 0.0])
    app = FaultApp(loop.clock, ["503", "503"])
    transport = Transport(
        "https://k.example.com", clock=loop.clock, app=app, jitter=lambda: next(draws)
    )
    loop.run(transport.request("GET", "/x", authenticated=False))
    assert [when for when, *_ in app.asked] == [0.0, 0.125, 0.125]


# -------------------------------------------------------- wrong bodies


@pytest.mark.parametrize(
    "wrong",
    [
        Reply(text="<html>Please sign in</html>"),
        Reply(json=[{"id": "1", "name": "x"}] * 50, cut_after=40),
        Reply(text='[{"id": "1", "na'),
        Reply(json=[{"id": 1, "name": ["a"]}]),
        Reply(json=["agent"]),
        Reply(json={"records": "none"}),
        Reply(json=7),
        Reply(text="NaN"),
        Reply(text="[" * 100_000),
        Reply(text="\ud7ff{"),
        Reply(text=""),
        Reply(text=" " * (33 * 2**20)),
    ],
    ids=lambda reply: str(reply.text if reply.text is not None else reply.json)[:20].strip(),
)
def test_wrong_body_is_a_typed_error_and_the_cache_keeps_its_data(loop: VirtualLoop, wrong: Reply):
    server = MockServer(loop.clock)
    server.answer("GET", "/agents", {"records": [{"id": "1", "name": "Writer"}]}, wrong)
    transport = Transport(
        "https://k.example.com", clock=loop.clock, transport=server, tokens=Tokens("a", "r")
    )
    api = Api(
        transport, QueryClient(loop=loop, clock=loop.clock, default_options=studio_defaults())
    )
    agents = api.agents.list()
    loop.settle()
    assert [agent.name for agent in agents.data] == ["Writer"]
    agents.refetch()
    loop.advance(60)
    assert [agent.name for agent in agents.data] == ["Writer"]
    assert isinstance(agents.error, DecodeError)
    assert "Please" not in str(agents.error)


# -------------------------------------------------------- wrong clocks


class WrongClock(FakeClock):
    """A clock whose wall time can jump."""

    def jump(self, by: timedelta) -> None:
        self._start += by


@pytest.fixture
def wrong() -> Any:
    loop = VirtualLoop(WrongClock())
    yield loop
    loop.close()


@pytest.mark.parametrize("by", [-365, -1 / 24, 1 / 24, 365])
def test_clock_jump_neither_ends_nor_renews_a_session(wrong: VirtualLoop, by: float):
    clock: Any = wrong.clock
    app = FaultApp(clock, ["401"])
    transport = transport_of(wrong, app)
    wrong.run(transport.request("GET", "/agents"))
    clock.jump(timedelta(days=by))
    wrong.run(transport.request("GET", "/agents"))
    assert app.refreshes == 1


@pytest.mark.parametrize("hours", [-1, 0, 1])
def test_token_claims_count_by_the_clock_of_the_server(wrong: VirtualLoop, hours: int):
    clock: Any = wrong.clock
    born = clock.now()
    clock.jump(timedelta(hours=hours))

    def date() -> str:
        now = born + timedelta(seconds=clock.monotonic())
        return now.strftime("%a, %d %b %Y %H:%M:%S GMT")

    claims = {"iat": born.timestamp(), "exp": born.timestamp() + 900}
    coded = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    server = MockServer(clock)
    server.answer("GET", "/x", lambda _: Reply(json={}, headers={"Date": date()}))
    server.answer("POST", "/auth/refresh", {"access_token": "b", "refresh_token": "s"})
    transport = Transport("https://k.example.com", clock=clock, transport=server)
    wrong.run(transport.request("GET", "/x", authenticated=False))
    transport.tokens.set(f"h.{coded}.s", "r")
    for seconds, token in [(0, f"h.{coded}.s"), (869, f"h.{coded}.s"), (2, "b")]:
        wrong.advance(seconds)
        wrong.run(transport.request("GET", "/x"))
        assert server.calls[-1].token == token


def test_retry_after_date_without_a_server_date_counts_by_the_local_clock(wrong: VirtualLoop):
    clock: Any = wrong.clock
    clock.jump(timedelta(days=365))
    server = MockServer(clock)
    late = Reply(503, headers={"Retry-After": "Thu, 01 Jan 2026 00:00:10 GMT"})
    server.answer("GET", "/x", late, {})
    transport = Transport("https://k.example.com", clock=clock, transport=server)
    wrong.run(transport.request("GET", "/x"))
    assert clock.monotonic() == 0.0


def test_close_ends_the_stream_of_an_app_in_this_process(loop: VirtualLoop):
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await start(send, 200, [(b"content-type", b"text/event-stream")])
        while True:
            await send({"type": "http.response.body", "body": b"data: x\n\n", "more_body": True})
            await sleep(loop.clock, 1.0)

    transport, received = transport_of(loop, app), []

    async def listen() -> None:
        async for event in transport.stream("/s", {}):
            received.append(event.data)

    listening = loop.start(listen())
    loop.advance(2)
    loop.run(transport.aclose())
    with pytest.raises(TransportError, match="was closed"):
        listening.wait(0)
    assert received == ["x", "x", "x"]
