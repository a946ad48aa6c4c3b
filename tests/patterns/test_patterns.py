"""Each pattern: its result, the order in which its agents work, and which of them work at the same time."""

from __future__ import annotations

import pytest

from kaizen_widgets import patterns
from kaizen_widgets.engines import reasons_against
from kaizen_widgets.errors import GraphError
from kaizen_widgets.graph import Graph, Node
from kaizen_widgets.graph.apply import apply
from kaizen_widgets.graph.operations import AddElement
from kaizen_widgets.nodes import Functions, default_registry
from tests.patterns.examples import AGENTS, EXAMPLES


def upper(value):
    return (value["text"] if isinstance(value, dict) else value).upper()


def fail(value):
    raise ValueError("no idea")


def order(crew):
    return [(when, name) for when, name, _ in crew.calls]


@pytest.mark.parametrize("name", EXAMPLES)
def test_every_pattern_can_run_as_it_is(name):
    graph, _ = EXAMPLES[name]
    functions = Functions(dict.fromkeys(AGENTS, str))
    assert reasons_against(graph, default_registry(), functions) == ()
    assert len({node.position for node in graph.nodes}) == len(graph.nodes)


def test_agents_of_the_api_are_named_by_their_ids():
    class Agent:
        id = "agent-7"
        name = "Billing"

    graph = patterns.sequential([Agent()])
    [node] = [node for node in graph.nodes if node.type == "agent"]
    assert (node.label, node.data["agentId"]) == ("Billing", "agent-7")
    graph = patterns.pipeline([Agent()])
    assert graph.node("stages-1").data["config"]["stages"] == ["agent-7"]


@pytest.mark.parametrize(
    "make",
    [
        patterns.sequential,
        patterns.supervisor_worker,
        patterns.router,
        patterns.ensemble,
        patterns.parallel,
        patterns.hierarchical,
        patterns.pipeline,
        lambda agents: patterns.blackboard(agents, until="true"),
        patterns.reactive,
    ],
)
def test_a_pattern_without_agents_is_refused(make):
    with pytest.raises(GraphError, match="a list of agents"):
        make({} if make in (patterns.router, patterns.reactive) else [])


# -- sequential


def test_sequential_agents_work_one_after_another(crew):
    for name in "abc":
        crew.add(name, lambda value, name=name: (value if isinstance(value, str) else "") + name)
    run = crew.run(patterns.sequential(["a", "b", "c"]), {"text": "t"})
    assert run.result == "abc"
    assert order(crew) == [(0, "a"), (1, "b"), (2, "c")]
    assert crew.most == 1


# -- supervisor and workers


def test_round_robin_deals_items_in_turn(crew):
    crew.add("a", lambda item: f"a{item}", seconds=lambda item: item)
    crew.add("b", lambda item: f"b{item}", seconds=lambda item: item)
    graph = patterns.supervisor_worker(["a", "b"], max_workers=2, items="jobs")
    run = crew.run(graph, {"jobs": [5, 1, 1, 1]})
    assert run.result == ["a5", "b1", "a1", "b1"]
    assert [(name, item) for _, name, item in crew.calls] == [
        ("a", 5),
        ("b", 1),
        ("a", 1),
        ("b", 1),
    ]
    assert crew.most == 2


def test_load_balancing_gives_items_to_the_worker_with_the_least_to_do(crew):
    crew.add("a", lambda item: f"a{item}", seconds=lambda item: item)
    crew.add("b", lambda item: f"b{item}", seconds=lambda item: item)
    graph = patterns.supervisor_worker(["a", "b"], dealing="load_balanced", max_workers=2)
    run = crew.run(graph, {"jobs": [5, 1, 2, 3]})
    assert run.result == ["a5", "b1", "b2", "b3"]
    assert order(crew) == [(0, "a"), (0, "b"), (1, "b"), (3, "b")]
    assert crew.most == 2


def test_priority_deals_the_most_urgent_items_first_and_keeps_the_order_of_results(crew):
    crew.add("a", lambda item: item["name"])
    items = [{"name": "x"}, {"name": "y", "priority": 2}, {"name": "z", "priority": 9}]
    graph = patterns.supervisor_worker(["a"], dealing="priority", max_workers=1)
    run = crew.run(graph, {"jobs": items})
    assert run.result == ["x", "y", "z"]
    assert [item["name"] for _, _, item in crew.calls] == ["z", "y", "x"]
    assert crew.most == 1


def test_a_priority_that_is_no_number_fails_with_the_item(crew):
    crew.add("a", str)
    graph = patterns.supervisor_worker(["a"], dealing="priority")
    run = crew.run(graph, {"jobs": [{"priority": "high"}]})
    assert "that of item 0 is text" in run["Supervisor"].message


@pytest.mark.parametrize("count", [1, 4, 10])
def test_no_more_items_are_worked_on_than_max_workers(crew, count):
    for name in "abc":
        crew.add(name, lambda item: item)
    graph = patterns.supervisor_worker(["a", "b", "c"], dealing="load_balanced", max_workers=count)
    run = crew.run(graph, {"jobs": list(range(20))})
    assert run.result == list(range(20))
    assert crew.most == count


@pytest.mark.parametrize("count", [0, 11])
def test_max_workers_is_from_1_to_10(count):
    with pytest.raises(GraphError, match="from 1 to 10"):
        patterns.supervisor_worker(["a"], max_workers=count)


# -- router


def test_router_sends_the_input_to_one_agent(crew):
    for name in ("Billing", "Technical", "Other"):
        crew.add(name, lambda value, name=name: name)
    graph = patterns.router(
        {"Billing": "'invoice' in text", "Technical": "'start' in text"}, default="Other"
    )
    for text, expected in [("my invoice", "Billing"), ("no start", "Technical"), ("?", "Other")]:
        crew.calls.clear()
        run = crew.run(graph, {"text": text})
        assert run.result == expected
        assert [name for _, name, _ in crew.calls] == [expected]


def test_router_without_a_default_agent_passes_the_rest_on(crew):
    crew.add("Billing", str)
    run = crew.run(patterns.router({"Billing": "'invoice' in text"}), {"text": "hello"})
    assert run.result == {"text": "hello"}
    assert crew.calls == []


# -- parallel and ensemble


def test_parallel_agents_work_at_the_same_time_on_the_same_input(crew):
    for name, seconds in (("a", 3), ("b", 1), ("c", 2)):
        crew.add(name, lambda value, name=name: name, seconds=seconds)
    run = crew.run(patterns.parallel(["a", "b", "c"]), {"text": "t"})
    assert run.result == {"a": "a", "b": "b", "c": "c"}
    assert order(crew) == [(0, "a"), (0, "b"), (0, "c")]
    assert {str(value) for _, _, value in crew.calls} == {"{'text': 't'}"}
    assert crew.most == 3


def test_a_parallel_agent_that_fails_leaves_no_result(crew):
    crew.add("a", fail)
    crew.add("b", upper)
    run = crew.run(patterns.parallel(["a", "b"]), {"text": "t"})
    assert run["Output"].reason == 'because "a" failed'
    assert run["b"].output == "T"


def test_an_ensemble_votes_without_those_who_failed(crew):
    crew.add("a", fail)
    crew.add("b", lambda value: "no")
    crew.add("c", lambda value: "yes", seconds=5)
    crew.add("d", lambda value: "yes")
    run = crew.run(patterns.ensemble(["a", "b", "c", "d"]), {"text": "t"})
    assert run["Output"].output == "yes"
    assert run.status == "failed"
    assert crew.most == 4
    assert {when for when, _, _ in crew.calls} == {0}


def test_an_ensemble_without_any_answer_has_none(crew):
    crew.add("a", fail)
    run = crew.run(patterns.ensemble(["a"]), {"text": "t"})
    assert run["Vote"].status == "skipped"


@pytest.mark.parametrize(
    ("combine", "result"), [("average", 2.0), ("concat", "1\n\n3"), ("collect", {"a": 1, "b": 3})]
)
def test_an_ensemble_combines_as_it_is_told(crew, combine, result):
    crew.add("a", lambda value: 1)
    crew.add("b", lambda value: 3)
    run = crew.run(patterns.ensemble(["a", "b"], combine=combine), {"text": "t"})
    assert run.result == result


# -- hierarchical


def test_a_tier_that_answers_ends_the_hierarchy(crew):
    crew.add("one", lambda value: "the answer")
    crew.add("two", upper)
    run = crew.run(patterns.hierarchical(["one", "two"]), {"text": "t"})
    assert run.result == "the answer"
    assert run["two"].status == "skipped"


def test_a_tier_that_hands_over_passes_its_result_to_the_next(crew):
    crew.add("one", lambda value: "Hand over: hard")
    crew.add("two", lambda value: value + "er")
    crew.add("three", lambda value: "from above")
    run = crew.run(patterns.hierarchical(["one", "two", "three"]), {"text": "t"})
    assert run.result == "from above"
    assert order(crew) == [(0, "one"), (1, "two"), (2, "three")]
    assert crew.calls[1][2] == "Hand over: hard"


def test_a_tier_of_several_agents_works_together(crew):
    crew.add("one", lambda value: "hand over")
    crew.add("a", lambda value: "A", seconds=3)
    crew.add("b", lambda value: "B")
    run = crew.run(patterns.hierarchical(["one", ["a", "b"]]), {"text": "t"})
    assert run.result == ["A", "B"]
    assert order(crew) == [(0, "one"), (1, "a"), (1, "b")]
    assert crew.most == 2


# -- pipeline


def test_stages_work_on_different_items_at_the_same_time(crew):
    for name in "abc":
        crew.add(name, lambda item, name=name: item + name)
    run = crew.run(patterns.pipeline(["a", "b", "c"]), {"items": ["1", "2", "3", "4"]})
    assert run.result == ["1abc", "2abc", "3abc", "4abc"]
    began = {(name, value[0]): when for when, name, value in crew.calls}
    # Four items through three stages of a second: six seconds, not twelve.
    assert began == {(n, i): "abc".index(n) + int(i) - 1 for n in "abc" for i in "1234"}
    assert crew.most == 3


def test_a_stage_works_on_one_item_at_a_time_and_keeps_their_order(crew):
    crew.add("a", lambda item: item, seconds=lambda item: 5 - item)
    crew.add("b", lambda item: item * 10, seconds=0.5)
    run = crew.run(patterns.pipeline(["a", "b"]), {"items": [1, 2, 3]})
    assert run.result == [10, 20, 30]
    assert [item for _, name, item in crew.calls if name == "a"] == [1, 2, 3]


def test_a_slow_stage_holds_up_the_ones_before_it(crew):
    crew.add("fast", lambda item: item, seconds=0)
    crew.add("slow", lambda item: item, seconds=10)
    crew.run(patterns.pipeline(["fast", "slow"], buffer=1), {"items": list(range(6))})
    begun_early = [item for when, name, item in crew.calls if name == "fast" and when < 10]
    # One is worked on, one waits, one is done and finds no room.
    assert begun_early == [0, 1, 2]


def test_a_stage_that_fails_stops_the_line(crew):
    crew.add("a", lambda item: item)
    crew.add("b", lambda item: fail(item) if item == 2 else item)
    run = crew.run(patterns.pipeline(["a", "b"]), {"items": list(range(50))})
    assert "no idea" in run["Stages"].message
    assert len(crew.calls) < 10
    assert crew.working == 0


def test_no_items_give_no_results(crew):
    crew.add("a", str)
    assert crew.run(patterns.pipeline(["a"]), {"items": []}).result == []


# -- blackboard


def test_a_blackboard_is_written_round_by_round_until_its_condition_is_true(crew):
    crew.add("guess", lambda board: {"guess": board.get("guess", 0) + 1})
    crew.add("judge", lambda board: {"seen": board.get("guess", 0)})
    run = crew.run(patterns.blackboard(["guess", "judge"], until="seen >= 3"), {"text": "t"})
    assert run.result == {"text": "t", "guess": 4, "seen": 3}
    assert order(crew) == [(r, name) for r in range(4) for name in ("guess", "judge")]
    assert crew.most == 2


def test_a_blackboard_ends_with_its_rounds(crew):
    crew.add("a", lambda board: {"n": board["n"] + 1})
    run = crew.run(patterns.blackboard(["a"], until="n > 100", max_rounds=4), {"n": 0})
    assert run.result == {"n": 4}
    assert run["Done?"].reason == 'took "next round"'


def test_later_agents_write_over_earlier_ones_and_texts_go_under_the_name(crew):
    crew.add("a", lambda board: {"x": 1}, seconds=5)
    crew.add("b", lambda board: {"x": 2})
    crew.add("c", lambda board: "text")
    run = crew.run(patterns.blackboard(["a", "b", "c"], until="true"), {})
    assert run.result == {"x": 2, "c": "text"}


# -- reactive


def test_agents_react_to_events_until_all_is_quiet(crew):
    crew.add("order", lambda event: {"topic": "ordered", "amount": 3})
    crew.add("pay", lambda event: {"topic": "paid", "amount": event["amount"]})
    crew.add("log", lambda event: None)
    graph = patterns.reactive(
        {"order": "topic == 'start'", "pay": "topic == 'ordered'", "log": "true"}
    )
    run = crew.run(graph, {"text": "t"})
    assert run.result == {
        "events": [
            {"topic": "start", "text": "t"},
            {"topic": "ordered", "amount": 3},
            {"topic": "paid", "amount": 3},
        ],
        "stopped": "quiet",
        "waiting": 0,
    }
    assert order(crew) == [
        (0, "order"), (0, "log"), (1, "pay"), (1, "log"), (2, "log"),
    ]  # fmt: skip
    assert crew.most == 2


def test_answers_come_in_the_order_of_the_agents_not_of_their_ends(crew):
    crew.add("slow", lambda event: "s", seconds=9)
    crew.add("fast", lambda event: ["f", "g"])
    graph = patterns.reactive({"slow": "topic == 'start'", "fast": "topic == 'start'"})
    events = crew.run(graph, {}).result["events"]
    assert [(event["topic"], event.get("text")) for event in events] == [
        ("start", None), ("slow", "s"), ("fast", "f"), ("fast", "g"),
    ]  # fmt: skip


def test_reactions_without_end_are_bounded_and_say_so(crew):
    crew.add("ping", lambda event: [{"topic": "again"}, {"topic": "again"}], seconds=0)
    run = crew.run(patterns.reactive({"ping": "true"}, max_events=7), {})
    assert len(run.result["events"]) == 7
    assert run.result["stopped"] == "limit"
    assert run["Reactor"].logs == ("Stopped after 7 events; 8 were not handled.",)


def test_a_decision_ends_the_reactions(crew):
    crew.add("pro", lambda event: {"topic": "con", "n": event.get("n", 0) + 1})
    crew.add("con", lambda event: {"topic": "pro", "n": event["n"] + 1})
    graph = patterns.reactive(
        {"pro": "topic in ['start', 'pro']", "con": "topic == 'con'"}, until="value.n == 4"
    )
    run = crew.run(graph, {"n": 0})
    assert run.result["stopped"] == "until"
    assert run.result["events"][-1] == {"topic": "pro", "n": 4}


def test_a_condition_that_fails_names_the_agent(crew):
    crew.add("a", str)
    run = crew.run(patterns.reactive({"a": "amount > 3"}), {})
    assert '"Reactor", "a": The condition cannot be evaluated' in run["Reactor"].message


# -- checks


@pytest.mark.parametrize(
    ("graph", "reason"),
    [
        (patterns.pipeline(["x"]), 'has the stage "x", which has no function'),
        (patterns.reactive({"x": "true"}), 'has the agent "x", which has no function'),
        (patterns.supervisor_worker(["x"]), 'has the worker "x", which has no function'),
    ],
)
def test_workers_without_functions_are_named(graph, reason):
    [found] = reasons_against(graph, default_registry(), Functions())
    assert reason in found


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_graph_knows_its_pattern_after_edits_and_in_its_file(name):
    graph = EXAMPLES[name][0]
    edited, _ = apply(graph, (AddElement(kind="node", item=Node("note", type="input")),))
    assert patterns.pattern_of(edited) == name
    assert patterns.pattern_of(Graph.from_json(edited.to_json())) == name


@pytest.mark.parametrize("given", ["nonsense", 7, ["router"], None])
def test_a_file_may_name_any_pattern_and_only_known_ones_count(given):
    graph = Graph.from_json({"pattern": given, "nodes": [], "edges": []})
    assert patterns.pattern_of(graph) is None
    assert patterns.pattern_of(Graph()) is None
