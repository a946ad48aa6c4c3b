"""A server made from a function, and a client of it in virtual time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from kaizen_widgets.testing.fake_clock import FakeClock, VirtualLoop
from kaizen_widgets.transport import Tokens, Transport

Handler = Callable[[httpx.Request], httpx.Response]


class Client:
    """A transport whose requests run to their end in virtual time; waits show on the clock."""

    def __init__(self, loop: VirtualLoop, handler: Any, **options: Any) -> None:
        self.loop = loop
        self.transport = Transport(
            options.pop("base_url", "https://kaizen.example.com"),
            clock=loop.clock,
            transport=httpx.MockTransport(handler),
            jitter=options.pop("jitter", lambda: 1.0),
            new_id=lambda: "request-1",
            tokens=options.pop("tokens", None) or Tokens("access-1", "refresh-1"),
            **options,
        )
        self.tokens = self.transport.tokens

    def request(self, method: str, path: str, **options: Any) -> Any:
        return self.loop.run(self.transport.request(method, path, **options))

    def get(self, path: str, **options: Any) -> Any:
        return self.request("GET", path, **options)


@pytest.fixture
def loop() -> Iterator[VirtualLoop]:
    loop = VirtualLoop(FakeClock())
    yield loop
    loop.close()


@pytest.fixture
def client(loop: VirtualLoop) -> Callable[..., Client]:
    return lambda handler, **options: Client(loop, handler, **options)
