"""What nodes call: choices, facts for the cards, and renames."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest

from kaizen_widgets.graph import Graph, Node
from kaizen_widgets.nodes import Functions, default_registry
from kaizen_widgets.stores import CanvasStore
from kaizen_widgets.widgets import NodeCalls


def billing(text: str) -> str:
    return text


def technical(text: str) -> str:
    return text


class Bench:
    """A pipeline with an agent, a connector and a router, and two functions."""

    def __init__(self, **data: Any) -> None:
        nodes = [
            Node("a", type="agent", data={"label": "Billing", **data}),
            Node("c", type="connector", data={"label": "CRM"}),
            Node("r", type="router", data={"label": "Which?"}),
        ]
        self.store = CanvasStore(Graph(nodes))
        self.functions = Functions({"Billing": billing, "Technical": technical})
        self.shown: list[Any] = []
        self.calls = NodeCalls(
            self.store, default_registry(), self.functions, show=self.shown.append
        )

    def node(self, node_id: str = "a") -> Node:
        return self.store.graph.node(node_id)

    def data(self, node_id: str = "a") -> Any:
        return dict(self.node(node_id).data)


def test_node_calls_the_function_with_its_label():
    bench = Bench()
    call = bench.calls.of(bench.node())
    assert (call.choice, call.text) == ("function:Billing", "billing() · your function")
    assert call.problem == ""


def test_facts_name_the_call_or_the_problem_of_each_node():
    bench = Bench()
    assert bench.shown[-1] == {
        "a": {"calls": "billing() · your function"},
        "c": {
            "problem": "No function yet",
            "severity": "warning",
            "hint": 'Has no function: give it one with @studio.agent("CRM")',
        },
    }


def test_what_is_wrong_in_the_pipeline_is_said_before_what_is_missing_in_the_notebook():
    bench = Bench()
    missing = {"problem": "No function yet", "severity": "warning"}
    bench.calls.set_problems({"c": missing, "a": missing})
    assert bench.shown[-1]["c"]["hint"].startswith("Has no function")
    assert bench.shown[-1]["a"]["severity"] == "warning"
    bench.calls.set_problems({"c": {"problem": "The edge does not fit"}})
    assert bench.shown[-1]["c"]["problem"] == "The edge does not fit"
    assert "severity" not in bench.shown[-1]["c"]


def test_facts_follow_registrations_and_edits():
    bench = Bench()
    bench.functions.register("CRM", len)
    assert bench.shown[-1]["c"] == {"calls": "len() · your function"}
    bench.store.delete_node("c")
    assert "c" not in bench.shown[-1]
    count = len(bench.shown)
    bench.store.on_nodes_change([{"type": "position", "id": "a", "position": {"x": 9, "y": 9}}])
    assert len(bench.shown) == count
    bench.store.load_pipeline(Graph([Node("z", type="agent", data={"label": "Z"})]))
    assert set(bench.shown[-1]) == {"z"}


def test_invalid_config_is_a_problem_before_any_run():
    bench = Bench(config={"prompt": "Hello {{ text"})
    facts = bench.shown[-1]["a"]
    assert facts["problem"] == "Prompt"
    assert "never closed" in facts["hint"] or "not closed" in facts["hint"]


def test_facts_have_the_prompt_and_the_time_limit():
    bench = Bench(config={"prompt": "Answer {{ text }}", "timeout": 30})
    facts = bench.shown[-1]["a"]
    assert (facts["value"], facts["details"]) == ("Answer {{ text }}", ("30 s",))


def test_marks_are_shown_with_the_facts_until_they_are_replaced():
    bench = Bench()
    bench.calls.set_marks({"r": {"mark": "stale", "reason": "Prompt changed"}, "gone": {}})
    assert bench.shown[-1]["r"] == {"mark": "stale", "reason": "Prompt changed"}
    assert "gone" not in bench.shown[-1]
    bench.calls.set_marks({})
    assert "r" not in bench.shown[-1]


def test_choosing_a_function_is_one_step_and_takes_the_place_of_the_agent():
    bench = Bench(agentId="agent-1")
    bench.calls.choose("a", "function:Technical")
    assert bench.data() == {"label": "Billing", "config": {"calls": "Technical"}}
    assert bench.calls.of(bench.node()).text == "technical() · your function"
    assert bench.store.history.undo_label == "choose what Billing calls"
    bench.store.undo()
    assert bench.data() == {"label": "Billing", "agentId": "agent-1"}


def test_choosing_an_agent_takes_the_place_of_the_function():
    bench = Bench(config={"calls": "Technical", "timeout": 3})
    bench.calls.choose("a", "agent:agent-2")
    assert bench.data() == {"label": "Billing", "config": {"timeout": 3}, "agentId": "agent-2"}
    with pytest.raises(ValueError, match="cannot call"):
        bench.calls.choose("c", "agent:agent-2")


def test_connector_stores_the_function_in_its_own_field():
    bench = Bench()
    bench.calls.choose("c", "function:Technical")
    assert bench.data("c")["config"] == {"connector": "Technical"}


@pytest.mark.parametrize("is_in_transaction", [False, True])
def test_renamed_node_keeps_calling_its_function(is_in_transaction: bool):
    bench = Bench()
    if is_in_transaction:
        with bench.store.transaction("rename"):
            bench.store.update_node_data("a", {"label": "Technical"})
    else:
        bench.store.update_node_data("a", {"label": "Technical"})
    assert bench.data() == {"label": "Technical", "config": {"calls": "Billing"}}
    assert bench.calls.of(bench.node()).choice == "function:Billing"
    assert len(bench.store.history.past) == 1
    bench.store.undo()
    assert bench.data() == {"label": "Billing"}


def test_node_without_a_function_may_be_given_one_by_its_name():
    bench = Bench()
    bench.store.update_node_data("c", {"label": "Technical"})
    assert bench.data("c") == {"label": "Technical"}
    assert bench.calls.of(bench.node("c")).choice == "function:Technical"


def test_assigned_graph_is_taken_as_it_is():
    bench = Bench()
    bench.store.set_nodes(
        [{"id": "a", "type": "agent", "position": {"x": 0, "y": 0}, "data": {"label": "Money"}}]
    )
    assert bench.data() == {"label": "Money"}


def test_options_tell_functions_apart_and_name_what_is_missing():
    bench = Bench(config={"calls": "gone"})
    bench.functions.register("Refunds", billing)
    bench.functions.register("Short", partial(billing, "x"))
    assert bench.calls.options(bench.node()) == [
        ("function:Billing", "billing() · your function · Billing"),
        ("function:Technical", "technical() · your function"),
        ("function:Refunds", "billing() · your function · Refunds"),
        ("function:Short", "Short · your function"),
        ("function:gone", "gone · not registered"),
    ]
    assert bench.calls.options(bench.node("r")) == []


def test_closed_calls_follow_nothing():
    bench = Bench()
    bench.calls.close()
    count = len(bench.shown)
    bench.functions.register("CRM", len)
    bench.store.update_node_data("a", {"label": "Money"})
    assert len(bench.shown) == count
    assert bench.data() == {"label": "Money"}
