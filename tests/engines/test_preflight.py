from __future__ import annotations

import pytest

from kaizen_widgets.engines import check, reasons_against
from kaizen_widgets.errors import NotRunnableError
from kaizen_widgets.graph import Graph, Node
from kaizen_widgets.nodes import Functions, default_registry
from tests.engines.builders import pipeline


def reasons(graph: Graph, **functions):
    return reasons_against(graph, default_registry(), Functions(functions))


def test_valid_pipelines_have_no_reasons():
    assert reasons(pipeline("start > a > end"), a=str) == ()


def test_agents_without_a_function_say_how_to_register_one():
    graph = Graph([Node("n1", type="agent", data={"label": "Billing"})])
    assert reasons(graph) == (
        'Agent "Billing" has no function: give it one with @studio.agent("Billing").',
    )


def test_no_nodes():
    assert reasons(Graph()) == ("It has no nodes: add an input, an agent and an output.",)


def test_circles_are_named_by_labels():
    found = reasons(pipeline("start > a > b > a"), a=str, b=str)
    assert found == (
        'Its edges go in a circle: "a" -> "b" -> "a". To make it a loop, give the edge "e2" from "b" '
        'to "a" a number of iterations (max_iterations); or remove it.',
    )


def test_two_circles_are_two_reasons():
    assert len(reasons(pipeline("a > b > a", "c > d > c"), a=str, b=str, c=str, d=str)) == 2


def test_an_unknown_kind_cannot_run():
    graph = pipeline("start > x", kinds={"x": "ChatOpenAI"})
    [reason] = reasons(graph)
    assert reason.endswith("\"x\" has the kind 'ChatOpenAI', which is not registered.")


def test_unknown_config_keys_are_named():
    graph = pipeline("start > a > end", a={"promt": "secret-canary"})
    found = reasons(graph, a=str)
    assert found == ("Agent \"a\" has 'promt' in its config, which its kind does not know.",)


def test_a_wrong_config_value_is_named_and_not_repeated():
    graph = pipeline("start > s", kinds={"s": "supervisor"}, s={"max_workers": "canary"})
    [found] = reasons(graph)
    assert "'max_workers'" in found
    assert "canary" not in found


def test_camel_case_config_reads_like_snake_case():
    graph = pipeline(
        "start > s",
        kinds={"s": "supervisor"},
        s={"maxWorkers": 2, "selectionMode": "all", "workers": ["w"]},
    )
    assert reasons(graph, w=str) == ()


def test_conditions_that_cannot_be_parsed_are_refused():
    graph = pipeline("start > route", route={"routes": [{"name": "x", "when": "text in ("}]})
    assert "'routes.0.when' in its config: this condition cannot work" in reasons(graph)[0]


def test_edges_from_missing_outputs_are_refused():
    graph = pipeline("start > route", "route.old > end", route={"routes": []})
    assert "from the output 'old', which it does not have" in reasons(graph)[0]


def test_edges_into_inputs_and_out_of_outputs_are_refused():
    found = reasons(pipeline("start > a > end", "end > a", "a > start"), a=str)
    assert any("has no outputs" in reason for reason in found)
    assert any("has no inputs" in reason for reason in found)


def test_all_reasons_come_in_one_error():
    graph = pipeline("start > a > b > a", "start > x", kinds={"x": "mystery"}, b={"k": 1})
    with pytest.raises(NotRunnableError, match="for 4 reasons") as caught:
        check(graph, default_registry(), Functions())
    assert len(caught.value.reasons) == 4
    assert all(reason in str(caught.value) for reason in caught.value.reasons)


def test_one_bad_node_is_the_errors_node():
    with pytest.raises(NotRunnableError) as caught:
        check(pipeline("start > a"), default_registry(), Functions())
    assert caught.value.node_id == "a"


def test_a_start_that_is_refused_runs_nothing(begin):
    called = []
    with pytest.raises(NotRunnableError):
        begin(pipeline("start > a > b"), functions={"a": called.append})
    with pytest.raises(NotRunnableError, match="by name"):
        begin(pipeline("start > end"), ["text"])
    assert called == []
