"""Signing in too often, and from which address that counts."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor, as_completed
from itertools import islice
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from kaizen_widgets.core.clock import random_id
from kaizen_widgets.server import Database, SignInLimits
from kaizen_widgets.server.base.api_errors import ApiError
from kaizen_widgets.server.base.client_address import TrustedProxies, client_network
from kaizen_widgets.server.base.services import Services
from kaizen_widgets.server.organization import passwords
from kaizen_widgets.testing import FakeClock
from tests.server.conftest import ApiUser, register

LOGIN = {"email": "ada@example.com", "password": "wrong"}
ROUTES: dict[str, dict[str, Any]] = {
    "login": LOGIN,
    "register": LOGIN | {"password": "12345678", "name": "N", "organization_name": ""},
    "refresh": {"refresh_token": "unknown"},
}
LIMIT = 3


@pytest.fixture
def limited(any_app: FastAPI, database: Database, clock: FakeClock, nobody: ApiUser) -> ApiUser:
    """A client of an API with low limits, behind the proxies 10.0.0.1 and 10.0.1.0/24."""
    any_app.state.services = Services(
        database,
        clock,
        random_id,
        limits=SignInLimits(LIMIT, LIMIT, LIMIT),
        proxies=TrustedProxies(["10.0.0.1", "10.0.1.0/24"]),
    )
    return nobody


def attempt(
    client: ApiUser, route: str, peer: str, forwarded: str = "", port: int = 50_000
) -> httpx.Response:
    headers = {"X-Forwarded-For": forwarded} if forwarded else {}
    return client.call(
        "POST", f"/auth/{route}", ROUTES[route], headers=headers, client=(peer, port)
    )


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize(
    ("peer", "port", "header"),
    [
        ("192.0.2.1", 50_000, ""),
        ("192.0.2.1", 50_000, "198.51.100.{}"),
        ("192.0.2.{}", 0, "192.0.2.{}"),
        ("2001:db8::{}", 50_000, ""),
        ("::ffff:192.0.2.1", 50_000, "198.51.100.{}"),
        ("10.0.0.1", 50_000, "198.51.100.{}, 192.0.2.1"),
        ("10.0.1.9", 50_000, "198.51.100.{}, 192.0.2.1, 10.0.0.1"),
    ],
    ids=["plain", "forwarded", "rewritten by the server", "ipv6", "mapped", "proxy", "two proxies"],
)
def test_a_client_is_limited_whatever_address_it_claims(
    limited: ApiUser, route: str, peer: str, port: int, header: str
):
    statuses = [
        attempt(limited, route, peer.format(n), header.format(n), port).status_code
        for n in range(LIMIT + 1)
    ]
    assert 429 not in statuses[:LIMIT]
    assert statuses[LIMIT] == 429


def test_clients_behind_a_named_proxy_are_limited_separately(limited: ApiUser):
    for client in ("198.51.100.1", "198.51.100.2"):
        for _ in range(LIMIT):
            assert attempt(limited, "login", "10.0.0.1", client).status_code == 401
        assert attempt(limited, "login", "10.0.0.1", client).status_code == 429


def test_a_refused_attempt_says_how_long_to_wait(limited: ApiUser, clock: FakeClock):
    register(limited)
    for _ in range(LIMIT):
        attempt(limited, "login", "192.0.2.1")
    refused = attempt(limited, "login", "192.0.2.1")
    assert refused.json()["error"]["code"] == "RATE_LIMIT_EXCEEDED"
    wait = int(refused.headers["retry-after"])
    assert 0 < wait <= 60
    clock.advance(wait)
    credentials = LOGIN | {"password": "correct horse"}
    welcome = limited.call("POST", "/auth/login", credentials, client=("192.0.2.1", 50_000))
    assert welcome.status_code == 200
    assert welcome.headers["x-ratelimit-remaining"] == str(LIMIT - 1)


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("2001:db8:0:1::5", "2001:db8:0:1::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("", ""),
        ("/run/kaizen.sock", "/run/kaizen.sock"),
    ],
)
def test_an_ipv6_client_is_its_network(address: str, network: str):
    assert client_network(address) == network


def test_a_proxy_that_is_no_address_is_refused():
    with pytest.raises(ValueError, match="proxy"):
        TrustedProxies(["proxy.example.com"])


class BlockedHasher:
    """Counts how many hashes are computed at the same time; none ends before `release` is set."""

    def __init__(self) -> None:
        self.release = threading.Event()
        self.most = 0
        self._lock = threading.Lock()
        self._running = 0

    def verify(self, stored: str, password: str) -> bool:
        with self._lock:
            self._running += 1
            self.most = max(self.most, self._running)
        self.release.wait(30)
        with self._lock:
            self._running -= 1
        return True


def test_few_passwords_are_hashed_at_a_time_and_few_requests_wait(
    monkeypatch: pytest.MonkeyPatch,
):
    hasher = BlockedHasher()
    monkeypatch.setattr(passwords, "_hasher", hasher)
    admitted, surplus = passwords.MAX_HASHES + passwords.MAX_WAITING, 10

    def verify() -> int:
        try:
            passwords.verify_password("password", "hash")
        except ApiError as error:
            return error.status
        return 200

    with ThreadPoolExecutor(admitted + surplus) as pool:
        answers = [pool.submit(verify) for _ in range(admitted + surplus)]
        # Only what is refused can end while every hash is blocked.
        early = [one.result() for one in islice(as_completed(answers, timeout=30), surplus)]
        hasher.release.set()
        statuses = sorted(one.result(30) for one in answers)
    assert early == [503] * surplus
    assert statuses == [200] * admitted + [503] * surplus
    assert hasher.most == passwords.MAX_HASHES
