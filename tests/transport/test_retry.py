import httpx
import pytest

from kaizen_widgets.errors import ConnectError, RateLimitedError, StatusError, TimedOutError


class Flaky:
    """Gives the answers in turn, the last one for ever; counts what came."""

    def __init__(self, *answers):
        self.answers, self.requests = answers, []

    def __call__(self, request):
        self.requests.append(request)
        answer = self.answers[min(len(self.requests), len(self.answers)) - 1]
        if isinstance(answer, Exception):
            raise answer
        status, headers = answer if isinstance(answer, tuple) else (answer, {})
        return httpx.Response(status, json={"n": len(self.requests)}, headers=headers)


def test_transient_failure_is_retried(client, loop):
    server = Flaky(503, httpx.ConnectError("x"), 200)
    assert client(server).get("/x") == {"n": 3}
    assert loop.clock.monotonic() == pytest.approx(0.25 + 0.5)


def test_retry_delay_is_jittered(client, loop):
    client(Flaky(503, 200), jitter=lambda: 0.1).get("/x")
    assert loop.clock.monotonic() == pytest.approx(0.025)


def test_request_fails_after_the_retries(client):
    server = Flaky(httpx.ConnectError("x"))
    with pytest.raises(ConnectError):
        client(server, retries=3).get("/x")
    assert len(server.requests) == 4


def test_retry_after_is_waited_for(client, loop):
    client(Flaky((429, {"Retry-After": "4"}), 200)).get("/x")
    assert loop.clock.monotonic() == 4.0


def test_retry_after_of_minutes_is_raised_without_waiting(client, loop):
    server = Flaky((429, {"Retry-After": "600"}), 200)
    with pytest.raises(RateLimitedError, match="try again in 10 min"):
        client(server).get("/x")
    assert (loop.clock.monotonic(), len(server.requests)) == (0.0, 1)


@pytest.mark.parametrize("status", [400, 403, 404, 409, 422, 500])
def test_lasting_failure_is_not_retried(client, status):
    server = Flaky(status)
    with pytest.raises(StatusError):
        client(server).get("/x")
    assert len(server.requests) == 1


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
def test_write_is_retried_only_if_idempotent(client, method):
    server = Flaky(503, 200)
    with pytest.raises(StatusError):
        client(server).request(method, "/x")
    assert client(server).request(method, "/x", idempotent=True) == {"n": 2}


def test_rate_limit_of_a_write_says_how_long_to_wait(client):
    with pytest.raises(RateLimitedError) as caught:
        client(Flaky((429, {"Retry-After": "9"}))).request("POST", "/x")
    assert caught.value.retry_after == 9.0


def test_query_parameters_without_a_value_are_left_out(client):
    server = Flaky(200)
    client(server).get("/x", params={"limit": 5, "status": None})
    assert str(server.requests[0].url) == "https://kaizen.example.com/api/v1/x?limit=5"


def test_timeout_is_not_retried(client):
    server = Flaky(httpx.ReadTimeout("x"))
    with pytest.raises(TimedOutError, match="within 10 s"):
        client(server).get("/x")
    assert len(server.requests) == 1
