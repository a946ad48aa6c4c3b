import asyncio
import logging
import pickle

import httpx
import pytest

from kaizen_widgets.errors import ConnectError, StatusError, TransportError, UnauthorizedError
from kaizen_widgets.testing.fake_clock import FakeClock
from kaizen_widgets.transport import Tokens, Transport


class AuthServer:
    """Knows one access token at a time; a refresh token works once."""

    def __init__(self):
        self.valid, self.refresh, self.refreshes, self.seen = "access-2", "refresh-1", 0, []
        self.refresh_status = 200

    async def __call__(self, request):
        await asyncio.sleep(0)
        if request.url.path.endswith("/auth/refresh"):
            self.refreshes += 1
            if self.refresh_status != 200:
                return httpx.Response(self.refresh_status, json={"error": {"message": "no"}})
            assert "Authorization" not in request.headers
            assert self.refresh.encode() in request.content
            self.refresh = "refresh-2"
            return httpx.Response(
                200, json={"access_token": self.valid, "refresh_token": self.refresh}
            )
        shown = request.headers.get("Authorization")
        self.seen.append(shown)
        if shown != f"Bearer {self.valid}":
            return httpx.Response(
                401, json={"error": {"code": "UNAUTHORIZED", "message": "expired"}}
            )
        return httpx.Response(200, json={"ok": True})


def test_refresh_is_shared_by_fifty_expired_requests(client, loop):
    server = AuthServer()
    c = client(server)

    async def fifty():
        return await asyncio.gather(
            *(c.transport.request("GET", f"/agents/{n}") for n in range(50))
        )

    assert loop.run(fifty()) == [{"ok": True}] * 50
    assert server.refreshes == 1
    assert len(server.seen) == 100
    assert (c.tokens.access, c.tokens.refresh) == ("access-2", "refresh-2")


def test_ended_session_clears_the_tokens(client, loop):
    server = AuthServer()
    server.refresh_status = 401
    c = client(server)

    async def many():
        requests = (c.transport.request("GET", "/agents") for _ in range(5))
        return await asyncio.gather(*requests, return_exceptions=True)

    errors = loop.run(many())
    assert {str(error) for error in errors} == {"The session has ended; sign in again."}
    assert server.refreshes == 1
    assert not c.tokens.signed_in


def test_refresh_without_a_network_keeps_the_tokens(client):
    server = AuthServer()
    server.refresh_status = 503
    c = client(server, retries=0)
    with pytest.raises(StatusError):
        c.get("/agents")
    assert c.tokens.refresh == "refresh-1"


def test_refresh_is_not_repeated_after_a_second_401(client):
    server = AuthServer()
    c = client(server)
    c.tokens.set("access-1", "refresh-1")
    server.valid = "access-2"
    original = server.__call__

    async def always_401(request):
        if request.url.path.endswith("/auth/refresh"):
            return await original(request)
        return httpx.Response(401, json={"error": {"message": "Not authenticated"}})

    with pytest.raises(UnauthorizedError, match="Not authenticated"):
        client(always_401).get("/agents")
    assert server.refreshes == 1


def test_sign_out_during_a_refresh_stays_signed_out(client):
    tokens = Tokens("access-1", "refresh-1")

    def handler(request):
        if request.url.path.endswith("/auth/refresh"):
            tokens.clear()
            return httpx.Response(200, json={"access_token": "access-2", "refresh_token": "r"})
        return httpx.Response(401, json={})

    with pytest.raises(UnauthorizedError):
        client(handler, tokens=tokens).get("/agents")
    assert not tokens.signed_in


@pytest.mark.parametrize(
    "url", ["http://kaizen.example.com", "http://10.0.0.7:8000", "http://localhost.evil.com"]
)
def test_plain_http_is_refused_for_other_machines(url):
    with pytest.raises(TransportError, match="unencrypted"):
        Transport(url, clock=FakeClock())


@pytest.mark.parametrize(
    "url", ["http://localhost:8000", "http://127.0.0.1", "http://[::1]:8", "https://a.b"]
)
def test_base_url_may_be_https_or_this_machine(url):
    assert Transport(url, clock=FakeClock()).base_url.endswith("/api/v1")


@pytest.mark.parametrize(
    "url", ["", "kaizen.example.com", "ftp://a.b", "https://", "https://u:pw@a.b", "https://a b"]
)
def test_refused_base_url_is_named_without_its_password(url):
    with pytest.raises(TransportError) as caught:
        Transport(url, clock=FakeClock())
    assert "pw" not in str(caught.value)


@pytest.mark.parametrize(
    "path", ["https://evil.example/x", "//evil.example/x", "agents", "/../../x", "/a/../b"]
)
def test_path_that_leaves_the_api_is_refused(client, path):
    with pytest.raises(TransportError):
        client(lambda _: pytest.fail("sent")).get(path)


@pytest.mark.parametrize("path", ["/@evil.example", "/:80@evil.example/", "/\\evil.example"])
def test_path_never_changes_the_host(client, path):
    hosts = []

    def handler(request):
        hosts.append(request.url.host)
        return httpx.Response(200, json=1)

    client(handler).get(path)
    assert hosts == ["kaizen.example.com"]


def test_redirect_to_another_origin_is_refused_before_sending(client):
    hosts = []

    def handler(request):
        hosts.append(request.url.host)
        return httpx.Response(302, headers={"Location": "https://evil.example/agents"})

    with pytest.raises(StatusError, match=r"evil\.example"):
        client(handler).get("/agents")
    assert hosts == ["kaizen.example.com"]


def test_redirect_to_plain_http_is_refused(client):
    c = client(lambda _: httpx.Response(302, headers={"Location": "http://kaizen.example.com/x"}))
    with pytest.raises(StatusError, match="redirects to http:"):
        c.get("/agents")


def test_redirect_within_the_origin_is_followed(client):
    def handler(request):
        if request.url.path == "/api/v1/agents":
            return httpx.Response(307, headers={"Location": "/api/v1/agents/"})
        return httpx.Response(200, json=[request.method, request.content.decode()])

    assert client(handler).request("POST", "/agents", json=1) == ["POST", "1"]


def test_redirect_without_end_is_an_error(client):
    c = client(lambda _: httpx.Response(302, headers={"Location": "/api/v1/agents"}))
    with pytest.raises(TransportError, match="without end"):
        c.get("/agents")


def test_tokens_appear_in_no_text(client, caplog):
    caplog.set_level(logging.DEBUG)

    def handler(request):
        return httpx.Response(403, json={"error": {"code": "F", "message": "bad access-1"}})

    c = client(handler)
    with pytest.raises(StatusError) as caught:
        c.get("/agents")
    shown = f"{c.transport!r} {c.tokens!r} {caught.value!r} {caplog.text}"
    assert "Tokens(signed in)" in shown
    assert "access-1" not in shown
    assert "refresh-1" not in shown


def test_tokens_cannot_be_pickled():
    with pytest.raises(TypeError, match="stay in memory"):
        pickle.dumps(Tokens("a", "b"))


def test_request_without_tokens_has_no_credentials(client):
    def handler(request):
        return httpx.Response(200, json="Authorization" in request.headers)

    assert client(handler, tokens=Tokens()).get("/x") is False
    assert client(handler).get("/x", authenticated=False) is False


def test_request_without_tokens_says_to_sign_in(client):
    c = client(lambda _: httpx.Response(401, json={"error": {"message": "No"}}), tokens=Tokens())
    with pytest.raises(UnauthorizedError, match=r"^You are not signed in, so sign in first: No"):
        c.get("/x")


def test_request_id_is_sent_with_every_request(client):
    assert (
        client(lambda r: httpx.Response(200, json=r.headers["X-Request-ID"])).get("/x")
        == "request-1"
    )


def test_closed_transport_refuses_requests(client, loop):
    c = client(lambda _: httpx.Response(200, json=1))
    c.get("/x")
    loop.run(c.transport.aclose())
    with pytest.raises(TransportError, match="was closed"):
        c.get("/x")


def test_unreachable_server_is_a_connect_error(client):
    def handler(request):
        raise httpx.ConnectError("refused")

    with pytest.raises(ConnectError, match="is it running"):
        client(handler, retries=0).get("/x")
