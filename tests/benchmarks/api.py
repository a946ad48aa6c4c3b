"""What the API costs: ``python -m tests.benchmarks api``.

In process: a list of 50 agents, and a graph of 200 nodes saved and loaded, through the typed client, the
embedded server and its SQLite file; beside each, the same rows by SQLite alone, and the ratio. Over HTTP
on this machine: our client's list of 50 agents as parsed JSON, bare httpx's, and the ratio. The two sides
take turns, so that a busy machine slows both alike; least and median times are printed, nothing is judged.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

import httpx

from kaizen_widgets.api import AgentCreate, Api, PipelineCreate, studio_defaults
from kaizen_widgets.api.agent_models import AgentFilters
from kaizen_widgets.core.background import background
from kaizen_widgets.graph import Edge, Graph, Node
from kaizen_widgets.query import QueryClient
from kaizen_widgets.server import Database, create_app, local_session
from kaizen_widgets.transport import Tokens, Transport
from tests.contract.serving import ServerProcess

AGENTS, NODES, REPEATS = 50, 200, 41
ACCOUNT = {"email": "bench@example.com", "password": "correct horse battery"}

Side = Callable[[], Awaitable[Any]]


def main(_arguments: Sequence[str]) -> int:
    """Measure and print; there are no options."""
    with tempfile.TemporaryDirectory() as folder:
        say("what", "ours, ms", "", "other, ms", "", "ratio")
        say("", "least", "median", "least", "median", "of least")
        in_process(Path(folder) / "in.db")
        over_http(Path(folder) / "over.db")
    return 0


def in_process(file: Path) -> None:
    with Database.open(file) as database:
        session = local_session(database, background)
        transport = Transport(
            "http://kaizen.localhost",
            clock=background,
            app=create_app(database, background),
            tokens=Tokens(session["access_token"], session["refresh_token"]),
        )
        client = QueryClient(loop=background, clock=background, default_options=studio_defaults())
        api, graph = Api(transport, client), chain(NODES)
        agents, pipelines = api.agents.endpoints, api.pipelines.endpoints

        async def prepare() -> str:
            for place in range(AGENTS - 4):  # the samples are four
                await agents.create(AgentCreate(name=f"a{place}", model_id="m"))
            return (await pipelines.create(PipelineCreate(name="Large", pattern="sequential"))).id

        pipeline = background.wait(prepare())

        async def rows(table: str, where: str = "") -> None:
            with database.read() as db:
                db.execute(f"SELECT * FROM {table} {where}").fetchall()

        async def graph_rows() -> None:
            await rows("pipeline_nodes", f"WHERE pipeline_id = '{pipeline}'")
            await rows("pipeline_connections", f"WHERE pipeline_id = '{pipeline}'")

        sides: dict[str, tuple[Side, Side]] = {
            f"list {AGENTS} agents": (
                lambda: agents.list(AgentFilters()),
                lambda: rows("agents", f"ORDER BY seq DESC LIMIT {AGENTS}"),
            ),
            f"save {NODES} nodes": (lambda: pipelines.save_graph(pipeline, graph), graph_rows),
            f"load {NODES} nodes": (lambda: pipelines.load_graph(pipeline), graph_rows),
        }
        for name, pair in sides.items():
            compare(f"{name}, in process / SQLite", *pair)
        background.wait(transport.aclose())


def over_http(file: Path) -> None:
    with ServerProcess(file) as server:
        transport = Transport(server.url, clock=background)

        async def prepare() -> httpx.AsyncClient:
            made = await transport.request(
                "POST",
                "/auth/register",
                json=ACCOUNT | {"name": "B", "organization_name": "B"},
                authenticated=False,
            )
            tokens = made["tokens"]
            transport.tokens.set(tokens["access_token"], tokens["refresh_token"])
            body = {"workspace_id": "", "agent_type": "chat", "model_id": "m"}
            for place in range(AGENTS):
                await transport.request("POST", "/agents", json=body | {"name": f"a{place}"})
            headers = {"Authorization": f"Bearer {tokens['access_token']}"}
            return httpx.AsyncClient(headers=headers, trust_env=False)

        bare = background.wait(prepare())
        url, params = f"{transport.base_url}/agents", {"limit": AGENTS}

        async def asked_barely() -> Any:
            return (await bare.get(url, params=params)).json()

        compare(
            f"list {AGENTS} agents, over HTTP / bare httpx",
            lambda: transport.request("GET", "/agents", params=params),
            asked_barely,
        )
        background.wait(bare.aclose())
        background.wait(transport.aclose())


def compare(name: str, ours: Side, other: Side) -> None:
    """Let two sides take turns, and print what each took."""

    async def run() -> tuple[list[float], list[float]]:
        times: tuple[list[float], list[float]] = ([], [])
        for turn in range(REPEATS + 1):
            for side, taken in zip((ours, other), times, strict=True):
                began = time.perf_counter()
                await side()
                if turn:  # the first turn opens connections and fills caches
                    taken.append(1000 * (time.perf_counter() - began))
        return times

    one, two = background.wait(run())
    figures = [min(one), statistics.median(one), min(two), statistics.median(two)]
    say(name, *(f"{figure:.2f}" for figure in figures), f"{min(one) / min(two):.2f}")


def chain(length: int) -> Graph:
    return Graph(
        [
            Node(
                f"agent-{place}",
                (place * 1.1, -place / 3),
                type="agent",
                data={
                    "label": f"Agent {place}",
                    "config": {"temperature": 0.7, "prompt": "x" * 50},
                },
            )
            for place in range(length)
        ],
        [Edge(f"e{place}", f"agent-{place}", f"agent-{place + 1}") for place in range(length - 1)],
    )


def say(name: str, *cells: str) -> None:
    sys.stdout.write(f"{name:<44}" + "".join(f"{cell:>10}" for cell in cells) + "\n")
