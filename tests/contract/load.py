"""Many clients at the same time, and a server that crashes: what it acknowledged is stored.

    python -m tests.contract.load --clients 50 --seconds 60
    python -m tests.contract.load --clients 8 --seconds 2 --kill 10

Each client makes agents, counts on one of them, and saves a graph that it reads back. Without ``--kill``
no request may fail. With it the server is killed with SIGKILL that many times, each time after
``--seconds``, and asked again on the same file.
"""

from __future__ import annotations

import argparse
import asyncio
import sqlite3
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kaizen_widgets.api.models import url_path
from kaizen_widgets.api.pipeline_graph import ServerIds, from_server, to_server
from kaizen_widgets.core.background import background
from kaizen_widgets.errors import TransportError
from kaizen_widgets.graph import Edge, Graph, Node
from kaizen_widgets.transport import Transport
from tests.contract.serving import ServerProcess

ACCOUNT = {"email": "load@example.com", "password": "correct horse battery"}
NODES = 20


@dataclass
class Client:
    """One client, and what the server acknowledged to it."""

    number: int
    agent: str = ""
    pipeline: str = ""
    agents: set[str] = field(default_factory=set)
    tried: int = 0
    acknowledged: int = 0
    requests: int = 0
    slowest: float = 0.0

    async def begin(self, transport: Transport) -> None:
        """Make what the client works on."""
        body = {"workspace_id": "", "name": f"c{self.number}", "agent_type": "chat"}
        made = await transport.request("POST", "/agents", json=body | {"model_id": "m"})
        self.agent = made["id"]
        me = await transport.request("GET", "/auth/me")
        body = {"organization_id": me["organization_id"], "workspace_id": "", "name": "p"}
        made = await transport.request("POST", "/pipelines", json=body | {"pattern": "sequential"})
        self.pipeline = made["data"]["id"]

    async def work(self, transport: Transport, until: float) -> None:
        """Write and read until the time is over."""
        while time.monotonic() < until:
            self.tried += 1
            await self._ask(
                transport, "PUT", url_path("agents", self.agent), json={"max_tokens": self.tried}
            )
            sent = to_server(graph(self.tried), ServerIds(self.pipeline))
            await self._ask(
                transport, "PUT", url_path("pipelines", self.pipeline, "graph"), json=sent
            )
            self.acknowledged = self.tried
            made = await self._ask(
                transport,
                "POST",
                "/agents",
                json={"workspace_id": "", "name": "n", "agent_type": "task", "model_id": "m"},
            )
            self.agents.add(made["id"])
            await self.check(transport, exact=True)

    async def check(self, transport: Transport, *, exact: bool) -> None:
        """Refuse a server that has lost what it acknowledged, or half of anything."""
        row = await self._ask(transport, "GET", url_path("agents", self.agent))
        loaded = await self._ask(transport, "GET", url_path("pipelines", self.pipeline))
        found = from_server(loaded["data"]["nodes"], loaded["data"]["connections"])
        kept = int(found.nodes[0].data["label"]) if found.node_count else 0
        counts = [row["max_tokens"], kept]
        # What was under way when the server died may have arrived or not.
        latest = self.acknowledged if exact else self.tried
        assert all(self.acknowledged <= count <= latest for count in counts), (counts, self)
        assert not kept or found == graph(kept), "half a graph"

    async def _ask(self, transport: Transport, method: str, where: str, **options: Any) -> Any:
        began = time.monotonic()
        answer = await transport.request(method, where, **options)
        self.requests += 1
        self.slowest = max(self.slowest, time.monotonic() - began)
        return answer


def graph(version: int) -> Graph:
    nodes = [Node(f"n{place}", (place, 0), data={"label": str(version)}) for place in range(NODES)]
    edges = [Edge(f"e{place}", f"n{place}", f"n{place + 1}") for place in range(NODES - 1)]
    return Graph(nodes, edges)


async def sign_in(url: str) -> Transport:
    """Return a client of its own, signed in."""
    transport = Transport(url, clock=background, timeout=30.0)
    answer = await transport.request("POST", "/auth/login", json=ACCOUNT, authenticated=False)
    transport.tokens.set(answer["access_token"], answer["refresh_token"])
    return transport


async def register(url: str) -> None:
    transport = Transport(url, clock=background, timeout=30.0)
    body = ACCOUNT | {"name": "Load", "organization_name": "Load"}
    await transport.request("POST", "/auth/register", json=body, authenticated=False)
    await transport.aclose()


async def steady(url: str, number: int, seconds: float) -> list[Client]:
    """Let clients work side by side; any error ends it."""
    await register(url)
    clients = [Client(one) for one in range(number)]
    transports = [await sign_in(url) for _ in clients]
    pairs = list(zip(clients, transports, strict=True))
    for client, transport in pairs:
        await client.begin(transport)
    until = time.monotonic() + seconds
    await asyncio.gather(*(client.work(transport, until) for client, transport in pairs))
    await verify(clients, transports[0])
    for transport in transports:
        await transport.aclose()
    return clients


async def verify(clients: Sequence[Client], transport: Transport, *, exact: bool = True) -> None:
    """Refuse a server that has lost anything acknowledged."""
    for client in clients:
        await client.check(transport, exact=exact)
    seen, offset = set[str](), 0
    while True:
        params = {"limit": 100, "offset": offset}
        page = (await transport.request("GET", "/agents", params=params))["records"]
        seen |= {row["id"] for row in page}
        offset += len(page)
        if len(page) < 100:
            break
    for client in clients:
        assert client.agents <= seen, f"{len(client.agents - seen)} agents are lost"


async def until_it_dies(pairs: Sequence[tuple[Client, Transport]]) -> None:
    """Let clients work until their server is gone."""

    async def work(client: Client, transport: Transport) -> None:
        with suppress(TransportError):
            await client.work(transport, time.monotonic() + 600)
        await transport.aclose()

    await asyncio.gather(*(work(*pair) for pair in pairs))


async def begin(clients: Sequence[Client], url: str) -> None:
    """Make what the clients work on."""
    await register(url)
    transport = await sign_in(url)
    for client in clients:
        await client.begin(transport)
    await transport.aclose()


async def check_and_settle(clients: Sequence[Client], url: str) -> None:
    """Check that nothing acknowledged is lost; then write each count again, so that none is in doubt."""
    transport = await sign_in(url)
    await verify(clients, transport, exact=False)
    for client in clients:
        client.tried += 1
        body = {"max_tokens": client.tried}
        await transport.request("PUT", url_path("agents", client.agent), json=body)
        sent = to_server(graph(client.tried), ServerIds(client.pipeline))
        await transport.request("PUT", url_path("pipelines", client.pipeline, "graph"), json=sent)
        client.acknowledged = client.tried
    await transport.aclose()


async def signed_in(clients: Sequence[Client], url: str) -> list[tuple[Client, Transport]]:
    return [(client, await sign_in(url)) for client in clients]


def crash(file: Path, number: int, seconds: float, times: int) -> list[Client]:
    """Kill a server under its clients, again and again."""
    clients = [Client(one) for one in range(number)]
    for turn in range(times + 1):
        with ServerProcess(file) as server:
            opening = check_and_settle if turn else begin
            background.wait(opening(clients, server.url), 60)
            if turn == times:
                break
            pairs = background.wait(signed_in(clients, server.url), 60)
            working = background.start(until_it_dies(pairs))
            time.sleep(seconds)
            server.kill()
            working.wait(60)
        with closing(sqlite3.connect(file)) as database:
            assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    return clients


def main(arguments: Sequence[str] | None = None) -> int:
    """Run it and print what happened; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clients", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--kill", type=int, default=0)
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "studio.db"
        if options.kill:
            clients = crash(file, options.clients, options.seconds, options.kill)
        else:
            with ServerProcess(file) as server:
                work = steady(server.url, options.clients, options.seconds)
                clients = background.wait(work, options.seconds + 120)
    requests = sum(client.requests for client in clients)
    sys.stdout.write(
        f"{options.clients} clients, {requests} requests, "
        f"{sum(len(client.agents) for client in clients)} agents and "
        f"{sum(client.acknowledged for client in clients)} graphs acknowledged and found, "
        f"slowest answer {max(client.slowest for client in clients):.2f} s"
        + (f", {options.kill} crash(es)\n" if options.kill else "\n")
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
