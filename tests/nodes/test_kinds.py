"""What each of the seven kinds does."""

from __future__ import annotations

import asyncio

import pytest

from kaizen_widgets.errors import RunError
from kaizen_widgets.graph import Node
from kaizen_widgets.nodes import Functions, Routed
from kaizen_widgets.nodes.agent import AgentKind
from tests.nodes.builders import problems, run

# -- input and output


def test_inputs_pass_on_the_runs_inputs_over_their_defaults():
    config = {"defaults": {"tone": "plain", "text": "?"}}
    assert run("input", config=config, run_inputs={"text": "t"}) == {"tone": "plain", "text": "t"}


def test_outputs_pass_on_what_arrives():
    assert run("output", [1, 2]) == [1, 2]


def test_an_outputs_template_is_filled():
    config = {"template": "Dear {{ name }}: {{ value.total * 2 }}"}
    assert run("output", {"name": "Ada", "total": 4}, config=config) == "Dear Ada: 8"


def test_several_inputs_are_a_dict_by_label():
    assert run("output", 1, 2, labels=("A", "B")) == {"A": 1, "B": 2}
    assert run("output", 1, 2, 3, labels=("A", "A", "B")) == {"id-0": 1, "id-1": 2, "B": 3}


# -- agent and connector


def test_an_agent_calls_the_function_of_its_label():
    assert run("agent", "hello", label="Shout", Shout=str.upper) == "HELLO"


def test_an_agents_prompt_takes_the_place_of_the_value():
    config = {"prompt": "Answer {{ name }}: {{ text }}"}
    value = {"name": "Ada", "text": "why?"}
    assert run("agent", value, config=config, label="A", A=lambda text: text) == "Answer Ada: why?"


def test_prompts_with_a_missing_field_raise_with_its_name():
    with pytest.raises(RunError, match="'name' is undefined"):
        run("agent", "t", config={"prompt": "Dear {{ name }}"}, label="A", A=str)


def test_a_connector_calls_by_its_own_name():
    assert run("connector", 2, config={"connector": "crm"}, crm=lambda v: v + 1) == 3
    assert problems("connector", {"connector": "crm"}, Node=str) == [
        'has no function: give it one with @studio.agent("crm")'
    ]


# -- router

ROUTES = {
    "routes": [
        {"name": "billing", "when": "'invoice' in text or 'refund' in text"},
        {"name": "urgent", "when": "priority is defined and priority > 3"},
    ],
    "default": "technical",
}


@pytest.mark.parametrize(
    ("value", "route", "output"),
    [
        ({"text": "my invoice"}, "billing", "billing"),
        ("a refund, please", "billing", "billing"),
        ({"text": "help", "priority": 4}, "urgent", "urgent"),
        ({"text": "invoice", "priority": 4}, "billing", "billing"),
        ({"text": "help", "priority": 1}, "technical", "default"),
        ("help", "technical", "default"),
    ],
)
def test_a_router_takes_the_first_route_that_holds(value, route, output):
    routed = run("router", value, config=ROUTES)
    assert isinstance(routed, Routed)
    assert (routed.value, routed.route) == (value, route)
    assert output in routed.outputs


def test_conditions_with_a_missing_field_raise_with_its_name():
    config = {"routes": [{"name": "x", "when": "priority > 3"}]}
    with pytest.raises(RunError, match="'priority' is undefined") as caught:
        run("router", "text", config=config)
    assert str(caught.value).startswith('"Node", route "x": ')


@pytest.mark.parametrize(
    ("config", "reason"),
    [
        (
            {"routes": [{"name": "a", "when": "1"}, {"name": "a", "when": "1"}]},
            "two routes are named 'a'",
        ),
        ({"routes": [{"name": "default", "when": "1"}]}, "like the default output"),
        ({"routes": [{"name": "a"}]}, "'routes.0.when'"),
        ({"routes": [{"name": "a", "when": "text in ("}]}, "cannot work"),
    ],
)
def test_contradictory_routes_are_refused(config, reason):
    [problem] = problems("router", config)
    assert reason in problem


# -- supervisor


def test_all_workers_get_the_whole_value():
    config = {"workers": ["up", "twice"]}
    assert run("supervisor", "ab", config=config, up=str.upper, twice=lambda t: t * 2) == [
        "AB",
        "abab",
    ]


def test_items_are_dealt_out_in_turn_and_come_back_in_order():
    config = {"workers": ["a", "b"], "selection_mode": "round_robin"}
    result = run("supervisor", [1, 2, 3], config=config, a=lambda v: f"a{v}", b=lambda v: f"b{v}")
    assert result == ["a1", "b2", "a3"]


def test_items_may_be_a_field_of_the_value():
    config = {"workers": ["a"], "selection_mode": "round_robin", "items": "tickets"}
    assert run("supervisor", {"tickets": [1, 2]}, config=config, a=lambda v: v * 10) == [10, 20]
    with pytest.raises(RunError, match="no such field"):
        run("supervisor", {"other": []}, config=config, a=str)


def test_dealing_out_a_value_that_is_no_list_is_refused():
    config = {"workers": ["a"], "selection_mode": "round_robin"}
    with pytest.raises(RunError, match="what arrived is text"):
        run("supervisor", "abc", config=config, a=str)


@pytest.mark.parametrize("limit", [1, 2])
def test_no_more_workers_than_allowed_work_at_once(limit):
    now, most = 0, 0

    async def work(value):
        nonlocal now, most
        now += 1
        most = max(most, now)
        await asyncio.sleep(0)
        now -= 1

    config = {"workers": ["w"], "selection_mode": "round_robin", "max_workers": limit}
    run("supervisor", list(range(6)), config=config, w=work)
    assert most == limit


def test_when_a_worker_fails_the_others_finish_first():
    done = []

    def bad(value):
        raise ValueError("worker")

    with pytest.raises(ValueError, match="worker"):
        run("supervisor", 1, config={"workers": ["bad", "good"]}, bad=bad, good=done.append)
    assert done == [1]


def test_supervisors_report_progress():
    said = []
    run("supervisor", 1, config={"workers": ["a", "b"]}, a=str, b=str, said=said)
    assert [data["fraction"] for _, data in said] == [0.5, 1.0]


def test_a_supervisor_without_workers_hands_on_what_arrives():
    assert run("supervisor", {"a": 1}) == {"a": 1}
    [problem] = problems("supervisor", {"selection_mode": "round_robin"})
    assert "no workers to deal to" in problem


def test_a_worker_without_a_function_is_named():
    [problem] = problems("supervisor", {"workers": ["u", "v"]}, u=str)
    assert problem == (
        'has the worker "v", which has no function: give it one with @studio.agent("v")'
    )


# -- synthesizer


@pytest.mark.parametrize(
    ("config", "values", "expected"),
    [
        ({}, ("a", "b"), "a\n\nb"),
        ({"separator": ", "}, ("a", 2, {"text": "c"}), "a, 2, c"),
        ({"separator": " "}, (["a", "b"],), "a b"),
        ({}, ([1], [2, 3]), [1, 2, 3]),
        ({"aggregation": "merge"}, ({"a": 1, "b": 1}, {"b": 2}), {"a": 1, "b": 2}),
        ({"aggregation": "merge"}, ({}, {"b": 2}), {"b": 2}),
        ({"aggregation": "vote"}, ("x", "y", "y"), "y"),
        ({"aggregation": "vote"}, ("x", "y"), "x"),
        ({"aggregation": "vote"}, ({"a": 1}, {"b": 1}, {"b": 1}), {"b": 1}),
        ({"aggregation": "average"}, (1, 2.0, 6), 3.0),
        ({"aggregation": "average"}, ([1, 3],), 2.0),
    ],
)
def test_a_synthesizer_makes_one_of_several(config, values, expected):
    assert run("synthesizer", *values, config=config) == expected


@pytest.mark.parametrize(
    ("aggregation", "values", "reason"),
    [
        ("average", (1, "two"), '"from 1" gave text'),
        ("average", (True, 1), '"from 0" gave a bool'),
        ("average", ([],), "nothing to average"),
        ("merge", ({"a": 1}, [1]), '"from 1" gave a list'),
        ("vote", ([],), "nothing to vote on"),
    ],
)
def test_values_that_cannot_be_combined_are_named(aggregation, values, reason):
    with pytest.raises(RunError, match=reason):
        run("synthesizer", *values, config={"aggregation": aggregation})


def test_agent_calls_the_function_chosen_in_its_config_whatever_its_label_is():
    functions = Functions({"Billing": lambda text: "billing", "Refunds": lambda text: "refunds"})
    kind = AgentKind()
    node = Node("n", type="agent", data={"label": "Refunds", "config": {"calls": "Billing"}})
    config, _ = kind.read_config(node)
    assert functions.find(*kind.call_names(node, config)) is functions["Billing"]
    assert list(kind.check(node, config, Functions({"Refunds": len}))) == [
        'has no function: give it one with @studio.agent("Billing")'
    ]


def test_agent_node_prefers_its_agent_to_its_label():
    functions = Functions(
        {"Billing": lambda text: "billing", "Refunds": lambda text: "refunds"},
        names={"agent-1": "Billing"},
    )
    node = Node("n", type="agent", data={"label": "Refunds", "agentId": "agent-1"})
    assert functions.find(*AgentKind().call_names(node, AgentKind.Config())) is functions["Billing"]


def test_functions_notify_of_registrations():
    functions, heard = Functions(), []
    unsubscribe = functions.subscribe(lambda: heard.append(list(functions)))
    functions.register("a", len)
    unsubscribe()
    functions.register("b", len)
    assert heard == [["a"]]
