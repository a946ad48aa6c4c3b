"""What holds for every pipeline, whatever its shape and whatever its nodes do."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kaizen_widgets.engines import start
from kaizen_widgets.engines.event_log import TERMINAL
from kaizen_widgets.engines.loops import find_loops
from kaizen_widgets.graph import Edge, Graph, Node
from kaizen_widgets.testing import FakeClock, VirtualLoop

BEHAVIOURS = ("gives", "raises", "routes", "joins")


@st.composite
def dags(draw, loops: bool = False):
    count = draw(st.integers(1, 10))
    does = [draw(st.sampled_from(BEHAVIOURS)) for _ in range(count)]
    nodes, edges = [], []
    for index, what in enumerate(does):
        kind = {"routes": "router", "joins": "synthesizer"}.get(what, "agent")
        config = (
            {"routes": [{"name": "x", "when": draw(st.sampled_from(["true", "false"]))}]}
            if kind == "router"
            else {"needs": draw(st.sampled_from(["all", "any"]))}
            if kind == "synthesizer"
            else {}
        )
        policy = {
            "muted": draw(st.sampled_from([False, False, False, True])),
            "retries": draw(st.integers(0, 2)),
            "retryDelay": draw(st.sampled_from([0, 1])),
        }
        data = {"label": what, "config": config, "policy": policy}
        nodes.append(Node(f"n{index}", type=kind, data=data))
        for before in draw(st.lists(st.integers(0, max(index - 1, 0)), unique=True, max_size=3)):
            if before < index:
                handle = (
                    draw(st.sampled_from(["x", "default"]))
                    if does[before] == "routes"
                    else "output"
                )
                edges.append(
                    Edge(f"e{len(edges)}", f"n{before}", f"n{index}", source_handle=handle)
                )
    for _ in range(draw(st.integers(0, 3)) if loops else 0):
        source = draw(st.integers(0, count - 1))
        back = Edge(
            f"e{len(edges)}",
            f"n{source}",
            f"n{draw(st.integers(0, source))}",
            source_handle="x" if does[source] == "routes" else "output",
            data={"maxIterations": draw(st.integers(1, 3))},
        )
        if not find_loops(Graph(nodes, [*edges, back]))[1]:
            edges.append(back)
    return Graph(nodes, edges)


async def gives(value):
    return value


async def raises(value):
    raise ValueError("on purpose")


@given(graph=dags(loops=True), cancel_after=st.none() | st.integers(1, 30))
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_every_node_ends_exactly_once_and_the_log_has_no_gaps(graph, cancel_after):
    clock = FakeClock()
    loop = VirtualLoop(clock)
    try:
        run = start(
            graph,
            {"text": "t"},
            loop=loop,
            clock=clock,
            functions={"gives": gives, "raises": raises},
        )
        run.subscribe(lambda event: run.cancel() if event.seq == cancel_after else None, after=0)
        loop.advance(1000)
        events = run.events()
    finally:
        loop.close()
    assert [event.seq for event in events] == list(range(1, len(events) + 1))
    assert events[-1].kind == "run"
    assert events[-1].state in TERMINAL
    for node in graph.nodes:
        states = [event.state for event in events if event.node == node.id]
        assert sum(state in TERMINAL for state in states) == 1
        assert states[-1] in TERMINAL
        assert run[node.id].status == states[-1]
        begun = [state for state in states if state == "running"]
        assert run[node.id].seconds is None or begun
        # What begins comes to an end, a pause or a wait before it begins again.
        for one, after in pairwise(states):
            assert one != "running" or after != "running"
        assert len(begun) <= 3 * 3**3


@given(graph=dags())
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_a_node_runs_only_after_all_before_it_ended(graph):
    clock = FakeClock()
    loop = VirtualLoop(clock)
    try:
        run = start(graph, loop=loop, functions={"gives": gives, "raises": raises}, clock=clock)
        loop.advance(1000)
        events = run.events()
    finally:
        loop.close()
    began = {event.node: event.seq for event in events if event.state == "running"}
    ended = {event.node: event.seq for event in events if event.state in TERMINAL}
    for edge in graph.edges:
        if edge.target in began:
            assert ended[edge.source] < began[edge.target]
    failed = [node for node in run.nodes.values() if node.status == "failed"]
    assert run.status == ("failed" if failed else "completed")
