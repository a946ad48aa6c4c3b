"""A typed function becomes a node kind."""

from __future__ import annotations

import asyncio
import typing
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Any, Literal, NamedTuple, Optional, TypedDict

import numpy as np
import pandas as pd
import pytest
from pydantic import BaseModel, Field

from kaizen_widgets.core.background import BackgroundLoop
from kaizen_widgets.engines import problems_of, start
from kaizen_widgets.errors import NodeFailedError, RunError
from kaizen_widgets.graph import Edge, Graph, Node
from kaizen_widgets.nodes import Functions, Kind, Registry, default_registry, node
from kaizen_widgets.nodes.port_annotations import port_type_of
from kaizen_widgets.nodes.port_values import value_fits
from tests.clients import running_loop


class Customer(BaseModel):
    name: str
    age: int = 0


class Chat(TypedDict):
    role: str
    content: str


@dataclass
class Point:
    x: int


@pytest.mark.parametrize(
    ("annotation", "port_type"),
    [
        (str, "text"),
        (Literal["a", "b"], "text"),
        (Annotated[str, Field(max_length=3)], "text"),
        (int, "number"),
        (float | int, "number"),
        (Decimal, "number"),
        (np.float32, "number"),
        (bool, "bool"),
        (Optional[str], "text"),  # noqa: UP045
        (list[str], "list"),
        (tuple[int, ...], "list"),
        (Iterator[str], "list"),
        (AsyncIterator[str], "list"),
        (dict[str, int], "dict"),
        (Mapping[str, Any], "dict"),
        (Customer, "dict"),
        (Point, "dict"),
        (Chat, "message"),
        (pd.DataFrame, "table"),
        (bytes, "image"),
        (str | int, "any"),
        (np.ndarray, "any"),
        (Any, "any"),
        (typing.TypeVar("T"), "any"),
        ("no type", "any"),
    ],
)
def test_port_type_of_an_annotation(annotation, port_type):
    assert port_type_of(annotation) == port_type


@pytest.mark.parametrize(
    ("port_type", "fitting", "others"),
    [
        ("text", ["", "a"], [1, None, ["a"], b"a"]),
        ("number", [1, 1.5, Decimal(1), np.int64(3), np.float32(1)], [True, "1", None]),
        ("bool", [True, np.bool_(False)], [0, "true"]),
        ("list", [[], (1,), {1}, np.zeros(3)], ["text", {"a": 1}, pd.DataFrame({"a": [1]}), 3]),
        ("dict", [{}, Customer(name="A"), Point(1)], [[], "a"]),
        ("table", [pd.DataFrame({"a": [1]})], [[{"a": 1}], {"a": [1]}]),
        ("image", [b"", np.zeros((2, 2, 3))], ["a", np.zeros(3)]),
        ("message", ["hi", {"role": "user", "content": "hi"}], [{"role": "user"}, 3]),
        ("any", [None, 1, "a"], []),
    ],
)
def test_values_are_checked_against_the_type_of_a_port(port_type, fitting, others):
    assert all(value_fits(value, port_type) for value in fitting)
    assert not any(value_fits(value, port_type) for value in others)


@node
def shorten(
    text: str, limit: float = 3, *, ellipsis: str = "…", keep: Annotated[int, Field(ge=0)] = 0
):
    """Keep the first letters of a text.

    More about it.
    """
    return text[: int(limit) + keep] + ellipsis


def test_ports_config_and_description_come_from_the_function():
    look = shorten.look
    assert (look.type, look.title) == ("shorten", "Shorten")
    assert look.description == "Keep the first letters of a text."
    assert [(port.id, port.type) for port in look.inputs] == [("text", "text"), ("limit", "number")]
    assert [(port.id, port.type) for port in look.outputs] == [("output", "any")]
    assert [name for name in shorten.Config.model_fields if name != "timeout"] == [
        "ellipsis",
        "keep",
    ]
    config, problems = shorten().read_config(Node("a", data={"config": {"keep": -1}}))
    assert config is None
    assert problems == [
        "has a wrong 'keep' in its config: input should be greater than or equal to 0"
    ]


def test_the_function_itself_can_still_be_called():
    assert shorten.function("abcdef", 2) == "ab…"


def test_a_function_without_a_result_ends_a_pipeline_and_one_without_parameters_begins_one():
    @node(title="Store it", color="#112233")
    def keep(value: dict) -> None: ...

    @node
    def begin() -> str:
        return ""

    assert keep.look.outputs == ()
    assert (keep.look.title, keep.look.color) == ("Store it", "#112233")
    assert begin.look.inputs == ()


@pytest.mark.parametrize(
    ("function", "reason"),
    [
        (lambda **named: None, "name its parameters"),
        (lambda *, timeout=3: None, "'timeout'"),
        ("text", "is put on a function"),
    ],
)
def test_functions_that_cannot_be_kinds_are_refused_with_a_reason(function, reason):
    with pytest.raises(RunError, match=reason):
        node(function)


def test_annotation_that_cannot_be_read_is_refused_with_its_function():
    def lost(value: Unknown) -> str: ...  # noqa: F821  # pyright: ignore[reportUndefinedVariable]

    with pytest.raises(RunError, match="annotations of lost"):
        node(lost)


@node
def words(text: str) -> list[str]:
    return text.split()


@node
async def count(items: list) -> int:
    await asyncio.sleep(0)
    return len(items)


@node
def letters(text: str) -> Iterator[str]:
    yield from text


@node
async def numbers(until: int) -> AsyncIterator[int]:
    for number in range(until):
        yield number


@node
def divide(top: float, bottom: float, *, digits: int = 2) -> float:
    return round(top / bottom, digits)


@node
def join(*parts: str, ctx) -> str:
    ctx.log(f"{len(parts)} parts")
    return "+".join(parts)


@node
def lie(text: str) -> int:
    return text  # pyright: ignore[reportReturnType]


@node
def greet(customer: Customer) -> str:
    return f"{customer.name}, {customer.age}"


@node
def shout(text: str) -> str:
    return text.upper()


KINDS: tuple[type[Kind], ...] = (
    words, count, letters, numbers, divide, join, lie, greet, shout, shorten
)  # fmt: skip


def registry() -> Registry:
    made = default_registry()
    for kind in KINDS:
        made.register(kind)
    return made


def graph(*edges: str, **configs: Any) -> Graph:
    """``"start > words"``, ``"start > divide.top"``: nodes are named like their kinds."""
    pairs = [[end.strip() for end in edge.split(">")] for edge in edges]
    names = dict.fromkeys(end.partition(".")[0] for pair in pairs for end in pair)
    kinds = {"start": "input", "end": "output"}
    nodes = [
        Node(
            name,
            type=kinds.get(name, name.rstrip("0123456789")),
            data={"label": name.capitalize(), "config": configs.get(name, {})},
        )
        for name in names
    ]
    made: list[Edge] = []
    for index, (source, target) in enumerate(pairs):
        name, _, port = target.partition(".")
        handle = {"target_handle": port} if port else {}
        made.append(Edge(f"e{index}", source, name, **handle))
    return Graph(nodes, made)


@pytest.fixture
def begin(loop: BackgroundLoop):
    def call(pipeline: Graph, **inputs: Any):
        return start(pipeline, inputs, loop=loop, registry=registry()).wait(30)

    return call


@pytest.fixture
def loop():
    with running_loop("test-loop") as made:
        yield made


@pytest.mark.parametrize(
    ("edges", "inputs", "result"),
    [
        (["start > words.text", "words > count.items"], {"text": "a b c"}, 3),
        (["start > letters"], {"text": "ab"}, ["a", "b"]),
        (["start > numbers"], {"until": 3}, [0, 1, 2]),
        (["start > divide"], {"top": 2, "bottom": 3}, 0.67),
        (["start > shout.text", "shout > shorten.text"], {"text": "abcde"}, "ABC…"),
        (["start > greet"], {"customer": {"name": "Ada"}}, "Ada, 0"),
    ],
)
def test_plain_async_and_generator_functions_run(begin, edges, inputs, result):
    assert begin(graph(*edges), **inputs).result == result


def test_edges_lead_values_to_the_ports_they_name(begin):
    edges = ["start > words", "start > count1.items", "words > count2.items"]
    pipeline = graph(*edges, "count1 > divide.bottom", "count2 > divide.top", divide={"digits": 1})
    assert begin(pipeline, text="a b c", items=[1, 2]).result == 1.5


def test_parameter_for_many_takes_a_value_of_each_edge(begin):
    run = begin(
        graph("start > shout", "start > shorten", "shout > join.parts", "shorten > join.parts"),
        text="abcd",
    )
    assert run.result == "ABCD+abc…"
    assert run["join"].logs == ("2 parts",)


@pytest.mark.parametrize(
    ("edges", "inputs", "message"),
    [
        (
            ["start > words.text"],
            {"text": 3},
            "'Words' takes text at its input 'text', and a number arrived.",
        ),
        (
            ["start > divide"],
            {"top": 1},
            "'Divide' needs a value for its input 'bottom', and none arrived.",
        ),
        (
            ["start > lie"],
            {"text": "a"},
            "'Lie' should give a number at its output, and its function returned text.",
        ),
        (
            ["start > greet"],
            {"customer": {"age": "old"}},
            "'Greet' cannot read what arrived at its input 'customer': name: Field required.",
        ),
    ],
)  # fmt: skip
def test_values_that_do_not_fit_fail_with_the_node_and_the_port_named(
    begin, edges, inputs, message
):
    run = begin(graph(*edges), **inputs)
    assert run.status == "failed"
    with pytest.raises(NodeFailedError) as caught:
        _ = run.result
    assert str(caught.value.__cause__).replace('"', "'") == message


def problems(pipeline: Graph) -> list[tuple[str | None, str | None, str]]:
    found = problems_of(pipeline, registry(), Functions())
    return [(one.node_id, one.edge_id, one.message.replace('"', "'")) for one in found]


def test_all_problems_of_edges_are_found_before_the_run():
    pipeline = graph(
        "start > words",
        "words > shout.text",
        "words > count.things",
        "count > divide.top",
        "count > divide.top",
        "start > ghost",
        divide={"digits": "many"},
    )
    assert problems(pipeline) == [
        ("divide", None, "Divide 'Divide' has a wrong 'digits' in its config: input should be a valid "
         "integer, unable to parse string as an integer."),
        ("ghost", None, "Ghost 'Ghost' has the kind 'ghost', which is not registered."),
        ("shout", "e1", "The edge from 'Words' to 'Shout' does not fit. The output gives a list, and the "
         "input takes text."),
        ("count", "e2", "Count 'Count' has an edge from 'Words' into the input 'things', which it does not "
         "have: reconnect or remove the edge."),
        ("count", None, "Count 'Count' has no edge into its input 'items', which has no default."),
    ]  # fmt: skip


def test_ports_with_too_many_edges_or_none_are_found_before_the_run():
    pipeline = graph("start > count", "count > divide.top", "count > divide.top")
    assert problems(pipeline) == [
        ("divide", None, "Divide 'Divide' has 2 edges into its input 'top', which takes a number: "
         "remove all but one."),
        ("divide", None, "Divide 'Divide' has no edge into its input 'bottom', which has no default."),
    ]  # fmt: skip


class Split(TypedDict):
    head: str
    count: int


class Halves(NamedTuple):
    left: list[int]
    right: list[int] | None


def divided(function, *edges: Edge):
    made = default_registry()
    kinds = [made.register(node(function)), made.register(node(twice)), made.register(node(size))]
    nodes = [Node("start", type="input"), Node("d", type=kinds[0].look.type)]
    nodes += [Node("t", type="twice"), Node("n", type="size")]
    used = {"start", "d"} | {edge.target for edge in edges}
    graph = Graph([one for one in nodes if one.id in used], [Edge("e", "start", "d"), *edges])
    return graph, made


def twice(text: str) -> str:
    return text * 2


def size(value: Any) -> str:
    return f"{type(value).__name__} {value}"


def splits(text: str) -> Split:
    return {"head": text[:1], "count": len(text)}


def halves(text: str) -> Halves:
    return Halves([1], None)


@pytest.mark.parametrize(
    ("function", "ports"),
    [
        (splits, {"head": "text", "count": "number"}),
        (halves, {"left": "list", "right": "list"}),
        (lambda text: {}, {"output": "any"}),
    ],
    ids=["TypedDict", "NamedTuple", "no annotation"],
)
def test_each_field_of_what_a_function_returns_is_an_output_port(function, ports):
    function.__name__ = function.__name__.strip("<>")
    assert {port.id: port.type for port in node(function).look.outputs} == ports


def test_a_message_stays_one_output():
    def answers(text: str) -> Chat:
        return {"role": "user", "content": text}

    assert [port.type for port in node(answers).look.outputs] == ["message"]


def test_an_edge_brings_the_field_of_its_output(begin_on):
    graph, made = divided(
        splits,
        Edge("a", "d", "t", source_handle="head"),
        Edge("b", "d", "n", source_handle="count"),
    )
    run = begin_on(graph, made)
    assert run.results["t"] == "hh"
    assert run.results["n"] == "int 5"
    assert run.results["d"] == {"head": "h", "count": 5}
    assert (run.edge("b").value, run.edge("b").code) == (5, "run['d'].output['count']")


def test_two_outputs_into_one_node_are_two_values(begin_on):
    graph, made = divided(
        halves,
        Edge("a", "d", "n", source_handle="left", target_handle="value"),
        Edge("b", "d", "n", source_handle="right", target_handle="value"),
    )
    run = begin_on(graph, made)
    assert run.results["n"] == "dict {'d.left': [1], 'd.right': None}"
    assert run.edge("a").code == "run['d'].output.left"


def test_an_edge_from_an_output_that_is_not_there_and_one_of_the_wrong_type_are_refused():
    graph, made = divided(
        splits,
        Edge("a", "d", "t", source_handle="tail"),
        Edge("b", "d", "t", source_handle="count"),
    )
    found = [problem.message for problem in problems_of(graph, made, Functions())]
    assert any("'tail', which it does not have" in message for message in found)
    assert any("gives a number, and the input takes text" in message for message in found)


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ("text", "should give 'head' and 'count'"),
        ({"head": "x"}, "should give 'count'"),
        ({"head": 1, "count": 1}, "should give text at its output 'head'"),
    ],
)
def test_what_a_function_does_not_give_at_its_outputs_fails_the_node(begin_on, given, problem):
    def broken(text: str) -> Split:
        return given

    graph, made = divided(broken, Edge("a", "d", "t", source_handle="head"))
    run = begin_on(graph, made)
    assert problem in run["d"].message
    assert run["t"].status == "skipped"


@pytest.fixture
def begin_on():
    loop = BackgroundLoop("test-outputs")
    yield lambda graph, made: start(graph, {"text": "hello"}, loop=loop, registry=made).wait(60)
    loop.close()
