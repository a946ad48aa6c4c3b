import httpx
import pytest

from kaizen_widgets.errors import (
    ConflictError,
    ConnectError,
    DecodeError,
    ForbiddenError,
    InvalidInputError,
    NotFoundError,
    RateLimitedError,
    StatusError,
    TimedOutError,
    TransportError,
)
from kaizen_widgets.transport import json_body


def failing(client, status, payload=None, **options):
    c = client(lambda _: httpx.Response(status, json=payload, **options), retries=0)
    with pytest.raises(StatusError) as caught:
        c.get("/agents")
    return caught.value


@pytest.mark.parametrize(
    ("status", "kind"),
    [(403, ForbiddenError), (404, NotFoundError), (409, ConflictError), (422, InvalidInputError)],
)
def test_status_becomes_its_error_with_the_servers_message(client, status, kind):
    error = failing(client, status, {"error": {"code": "WORD", "message": "No such agent"}})
    assert type(error) is kind
    assert (error.status, error.code) == (status, "WORD")
    assert str(error).startswith("No such agent (GET https://kaizen.example.com/api/v1/agents: ")


def test_field_errors_have_paths_without_body(client):
    errors = [
        {"field": "body.agent_type", "message": "wrong", "type": "x"},
        {"field": "body.nodes.0.label", "message": "missing", "type": "x"},
        {"field": "body.agent_type", "message": "and short", "type": "x"},
    ]
    error = failing(
        client, 422, {"error": {"code": "V", "message": "m", "details": {"errors": errors}}}
    )
    assert error.details == {"agent_type": ["wrong", "and short"], "nodes.0.label": ["missing"]}
    assert "agent_type: wrong, and short" in str(error)


def test_field_error_of_the_whole_body_names_the_input(client):
    errors = [{"field": "body", "message": "Field required", "type": "missing"}]
    assert failing(client, 422, {"error": {"details": {"errors": errors}}}).details == {
        "": ["Field required"]
    }


def test_error_format_of_fastapi_is_read(client):
    detail = [{"loc": ["body", "name"], "msg": "Field required", "type": "missing"}]
    assert failing(client, 422, {"detail": detail}).details == {"name": ["Field required"]}


def test_error_format_of_csrf_is_read(client):
    error = failing(client, 403, {"detail": "CSRF token missing", "code": "CSRF"})
    assert error.code == "CSRF"
    assert "CSRF token missing" in str(error)


def test_error_format_of_the_rate_limit_is_read_with_its_wait(client):
    error = failing(
        client, 429, {"error": "rate_limit_exceeded", "message": "Slow", "retry_after": 7}
    )
    assert isinstance(error, RateLimitedError)
    assert (error.code, error.retry_after) == ("rate_limit_exceeded", 7.0)
    assert str(error).endswith("429 rate_limit_exceeded); try again in 7 s.")


@pytest.mark.parametrize("header", ["20", "Thu, 01 Jan 2026 00:00:20 GMT"])
def test_retry_after_is_read_in_both_forms(client, header):
    error = failing(client, 429, {}, headers={"Retry-After": header})
    assert isinstance(error, RateLimitedError)
    assert error.retry_after == 20.0


def test_traceback_of_the_server_is_not_passed_on(client):
    body = {"error": {"code": "INTERNAL_ERROR", "message": "\x1b[31mTraceback: secret /srv/app.py"}}
    error = failing(client, 500, body)
    assert "secret" not in str(error)
    assert "500 INTERNAL_ERROR" in str(error)


def test_error_page_keeps_its_status(client):
    c = client(lambda _: httpx.Response(404, html="<h1>nginx</h1>"))
    with pytest.raises(NotFoundError):
        c.get("/agents")


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (httpx.Response(200, html="<!doctype html>"), "web page"),
        (httpx.Response(200, content=b'{"a": [1, 2'), "breaks off"),
        (httpx.Response(200, content=b"hello there"), "not JSON"),
        (httpx.Response(200, content=b'{"a": NaN}'), "not JSON"),
        (httpx.Response(200, content=b"[" * 100_000), "JSON"),
        (httpx.Response(200, content=b"\xf0\x9f not text, not JSON"), "not JSON"),
    ],
)
def test_body_that_is_not_json_is_a_decode_error(client, answer, said):
    with pytest.raises(DecodeError, match=said):
        client(lambda _: answer).get("/agents")


def test_response_over_the_limit_is_refused(client, monkeypatch):
    monkeypatch.setattr(json_body, "MAX_BYTES", 1000)
    with pytest.raises(DecodeError, match="request less"):
        client(lambda _: httpx.Response(200, json=["x" * 2000])).get("/agents")


def test_empty_response_is_none(client):
    assert client(lambda _: httpx.Response(204)).request("DELETE", "/agents/a") is None


@pytest.mark.parametrize(
    ("raised", "kind"),
    [
        (httpx.ConnectError("no"), ConnectError),
        (httpx.ReadTimeout("no"), TimedOutError),
        (httpx.RemoteProtocolError("no"), ConnectError),
        (httpx.DecodingError("no"), DecodeError),
    ],
)
def test_httpx_errors_become_ours(client, raised, kind):
    def handler(request):
        raise raised

    with pytest.raises(kind) as caught:
        client(handler, retries=0).get("/agents", params={"search": "private"})
    assert caught.value.method == "GET"
    assert "private" not in str(caught.value) + caught.value.url


def test_body_that_breaks_off_is_a_decode_error(client):
    async def chunks():
        yield b'{"a":'
        raise httpx.RemoteProtocolError("peer closed connection")

    with pytest.raises(DecodeError, match="broke off after 5 bytes"):
        client(lambda _: httpx.Response(200, content=chunks())).get("/agents")


@pytest.mark.parametrize("body", [{"a": float("nan")}, {"a": object()}])
def test_request_body_that_is_not_json_is_not_sent(client, body):
    with pytest.raises(TransportError, match="not JSON"):
        client(lambda _: pytest.fail("sent")).request("POST", "/agents", json=body)
