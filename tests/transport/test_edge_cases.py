"""Edge cases of headers, tokens, addresses, proxies and streams."""

from __future__ import annotations

import base64
import json
import socket
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from kaizen_widgets.core.background import BackgroundLoop
from kaizen_widgets.errors import ConnectError, DecodeError, ForbiddenError, TransportError
from kaizen_widgets.testing import FakeClock
from kaizen_widgets.transport import Tokens, Transport
from kaizen_widgets.transport import server_sent_events as sse
from kaizen_widgets.transport.error_response import MAX_RETRY_AFTER, parse_retry_after
from kaizen_widgets.transport.http_dates import http_date
from kaizen_widgets.transport.token_expiry import TokenExpiry
from tests.clients import running_loop

NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "waited"),
    [
        (" 12 ", 12.0),
        (7.5, 7.5),
        (-3, 0.0),
        ("9" * 400, MAX_RETRY_AFTER),
        (10**400, MAX_RETRY_AFTER),
        (float("inf"), MAX_RETRY_AFTER),
        (float("nan"), None),
        (True, None),
        ("²", None),
        ("٣", None),
        ("+5", None),
        ("", None),
        ("Thu, 01 Jan 2026 00:00:05 GMT", 5.0),
        ("Thu, 01 Jan 1970 00:00:00 GMT", 0.0),
        ("Thu, 01 Jan 99999999999999999999 00:00:00 GMT", None),
        ("Thu, 01 Jan 2026 00:00:00 -9999999999999999999", None),
        ("Fri, 31 Feb 2026 25:61:61 GMT", None),
        ([5], None),
    ],
)
def test_retry_after_is_a_number_of_seconds_or_none(value: Any, waited: float | None):
    assert parse_retry_after(value, NOW) == waited


def test_http_date_without_a_zone_is_utc():
    assert http_date("Thu, 01 Jan 2026 00:00:00") == NOW


def test_retry_after_date_counts_by_the_clock_of_the_server(client, loop):
    late = {"Retry-After": "Wed, 01 Jan 2020 00:00:09 GMT", "Date": "Wed, 01 Jan 2020 00:00:00 GMT"}
    answers = [httpx.Response(503, headers=late), httpx.Response(200, json=1)]
    client(lambda _: answers.pop(0)).get("/x")
    assert loop.clock.monotonic() == 9.0


@pytest.mark.parametrize(
    "claims", [{"exp": 10**400}, {"exp": 1, "iat": -(10**400)}, {"exp": "soon"}, {"exp": None}, []]
)
def test_token_claims_may_be_anything(claims: Any):
    said = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode()
    expiry = TokenExpiry(FakeClock())
    expiry.observe_date("Thu, 01 Jan 99999999999999999999 00:00:00 GMT")
    assert expiry.should_renew(f"h.{said}.s") in (True, False)


def test_error_does_not_contain_a_token_replaced_meanwhile(client):
    tokens = Tokens("access-1", "refresh-1")

    def handler(request: httpx.Request) -> httpx.Response:
        tokens.set("access-2", "refresh-2")
        said = request.headers["Authorization"]
        return httpx.Response(403, json={"error": {"code": "F", "message": f"no {said}"}})

    with pytest.raises(ForbiddenError) as caught:
        client(handler, tokens=tokens).get("/x")
    assert "access-1" not in str(caught.value)


def test_error_does_not_contain_a_refresh_token_cleared_meanwhile(client):
    tokens = Tokens("access-1", "refresh-1")

    def handler(request: httpx.Request) -> httpx.Response:
        if not request.url.path.endswith("/refresh"):
            return httpx.Response(401, json={})
        tokens.clear()
        return httpx.Response(403, json={"error": {"message": f"no {request.content.decode()}"}})

    with pytest.raises(ForbiddenError) as caught:
        client(handler, tokens=tokens).get("/x")
    assert "refresh-1" not in str(caught.value)


def test_cookies_are_not_stored(client):
    seen = []

    def handler(request: httpx.Request) -> httpx.Response:
        seen.append(request.headers.get("Cookie"))
        return httpx.Response(
            200, json=1, headers={"Set-Cookie": "session=of-the-last-user; Path=/"}
        )

    c = client(handler)
    c.get("/x")
    c.get("/x")
    assert seen == [None, None]


@pytest.mark.parametrize("path", ["/\ud800", "/a b\x00"])
def test_path_with_invalid_characters_is_refused(client, path: str):
    with pytest.raises(TransportError, match="not a request path"):
        client(lambda _: pytest.fail("sent")).get(path)


def test_query_parameter_that_cannot_be_encoded_is_refused_without_quoting_it(client):
    with pytest.raises(
        TransportError, match="search contains text that a URL cannot contain"
    ) as caught:
        client(lambda _: pytest.fail("sent")).get("/x", params={"search": "\ud800private"})
    assert "private" not in str(caught.value)


@pytest.mark.parametrize(
    "url", [None, "https://a.b:99999", "https://xn--a.example", "https://[::1", "https://\ud800"]
)
def test_base_url_that_is_not_an_address_is_refused(url: Any):
    with pytest.raises(TransportError, match="must look like https://"):
        Transport(url, clock=FakeClock())


# ------------------------------------------------------------------ proxies


@pytest.fixture(scope="module")
def background():
    with running_loop("edges") as loop:
        yield loop


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    return monkeypatch


def unreached(
    background: BackgroundLoop, url: str = "https://kaizen.example.com"
) -> TransportError:
    transport = Transport(url, clock=background, retries=0, timeout=30.0)
    with pytest.raises(TransportError) as caught:
        background.wait(transport.request("GET", "/x"), 60.0)
    background.wait(transport.aclose(), 20.0)
    return caught.value


@pytest.mark.parametrize(
    "proxy", ["ftp://proxy", "http://[::", "http://u:secret@proxy:banana", "socks9://proxy"]
)
def test_invalid_proxy_is_named_without_its_password(background, environment, proxy: str):
    environment.setenv("HTTPS_PROXY", proxy)
    said = str(unreached(background))
    assert "the proxy in HTTPS_PROXY" in said
    assert "secret" not in said


def test_unreachable_proxy_is_named_without_its_password(background, environment):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    environment.setenv("HTTPS_PROXY", f"http://user:secret@127.0.0.1:{port}")
    error = unreached(background)
    assert isinstance(error, ConnectError)
    assert f"the proxy 127.0.0.1:{port}: is that right, or should NO_PROXY" in str(error)
    assert "secret" not in str(error)


def test_proxy_is_not_used_for_this_machine(background, environment):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    environment.setenv("HTTP_PROXY", "http://proxy.invalid:1")
    assert str(unreached(background, f"http://127.0.0.1:{port}")).endswith(": is it running?")


def test_unknown_host_name_is_named(background, environment):
    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    environment.setattr(socket, "getaddrinfo", unknown)
    said = str(unreached(background, "https://kaizen.invalid"))
    assert "the name kaizen.invalid is unknown here" in said


# ------------------------------------------------------------------ streams


async def pieces(*chunks: bytes) -> AsyncIterator[bytes]:
    for chunk in chunks:
        yield chunk


def received(loop, *chunks: bytes) -> list[tuple[str, str]]:
    async def all_of_it() -> list[tuple[str, str]]:
        return [(event.kind, event.data) async for event in sse.parse_events(pieces(*chunks))]

    return loop.run(all_of_it())


STREAM = "\ufeff: hello\r\nevent: a\r\ndata: ü\u2028\x85\r\ndata:  two\r\n\r\nid: 1\ndata\n\n\rdata: x\r\r"
EXPECTED_EVENTS = [("a", "ü\u2028\x85\n two"), ("message", ""), ("message", "x")]


@pytest.mark.parametrize("size", [1, 2, 3, 5, 1000])
def test_events_do_not_depend_on_the_chunks(loop, size: int):
    raw = STREAM.encode()
    assert (
        received(loop, *(raw[at : at + size] for at in range(0, len(raw), size))) == EXPECTED_EVENTS
    )


def test_event_without_its_empty_line_is_dropped(loop):
    assert received(loop, b"data: 1\n\ndata: 2\n", b"data: 3") == [("message", "1")]


@pytest.mark.parametrize("piece", [b"x" * 1000, b"\n: x" * 300 + b"y" * 2000, b"\ndata: x" * 150])
def test_event_and_line_have_a_limit(loop, monkeypatch, piece: bytes):
    monkeypatch.setattr(sse, "MAX_EVENT", 1500)
    with pytest.raises(ValueError, match="too large"):
        received(loop, *[piece] * 3)


def test_stream_that_redirects_to_another_origin_is_refused(client, loop):
    c = client(lambda _: httpx.Response(307, headers={"Location": "https://evil.example/"}))
    with pytest.raises(TransportError, match="credentials are sent to kaizen"):
        loop.run(anext(c.transport.stream("/agents/1/execute/stream", {})))


def test_stream_that_breaks_off_says_after_how_many_bytes(client, loop):
    async def cut() -> AsyncIterator[bytes]:
        yield b"data: 1\n\nda"
        raise httpx.ReadError("reset")

    kind = {"Content-Type": "text/event-stream"}
    c = client(lambda _: httpx.Response(200, content=cut(), headers=kind))

    async def listen() -> None:
        async for event in c.transport.stream("/s", {}):
            assert event.data == "1"

    with pytest.raises(DecodeError, match="broke off after 11 bytes"):
        loop.run(listen())
