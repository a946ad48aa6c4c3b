"""Agents that models answer for; no test makes a request."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
from decimal import Decimal
from itertools import pairwise
from typing import Any

import keyring
import keyring.errors
import pytest
from pydantic_ai import exceptions, models
from pydantic_ai.messages import ModelResponse, TextPart
from pydantic_ai.models.function import DeltaToolCall, FunctionModel
from pydantic_ai.models.test import TestModel
from pydantic_ai.usage import RequestUsage

from kaizen_widgets.core.background import BackgroundLoop
from kaizen_widgets.engines import Run, follow, problems_of, start
from kaizen_widgets.errors import ModelError, NotRunnableError, RunCancelledError, RunError
from kaizen_widgets.graph import Edge, Graph, Node
from kaizen_widgets.nodes import Functions, ModelUsage, UsageLimits, default_registry
from kaizen_widgets.nodes.agent_record import AgentRecord
from kaizen_widgets.nodes.model_providers import PROVIDERS
from kaizen_widgets.nodes.pydantic_agent import model_error
from kaizen_widgets.stores import ExecutionStore
from tests.clients import running_loop

SUPPORT = AgentRecord(
    "ag-1",
    "Support",
    provider="openai",
    model="gpt-4o-mini",
    system_prompt="Answer {{ name }} politely.",
    temperature=0.3,
    max_tokens=99,
)
OTHER = AgentRecord("ag-2", "Sales", provider="anthropic", model="claude-x")


@pytest.fixture(autouse=True)
def no_requests(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(models, "ALLOW_MODEL_REQUESTS", False)


@pytest.fixture
def loop():
    with running_loop("test-loop") as made:
        yield made


@pytest.fixture
def functions() -> Functions:
    made = Functions(names={"ag-1": "Support", "ag-2": "Sales"})
    made.models.set_records([SUPPORT, OTHER])
    return made


def pipeline(*agents: str, **configs: Any) -> Graph:
    """An input, then agents one after the other, named like their labels."""
    nodes = [Node("start", type="input", data={"label": "Start"})]
    nodes += [
        Node(f"n{place}", type="agent", data={"label": label, "config": configs.get(label, {})})
        for place, label in enumerate(agents)
    ]
    pairs = pairwise(nodes)
    return Graph(nodes, [Edge(f"e{a.id}", a.id, b.id) for a, b in pairs])


class Asked:
    """A model that repeats its question in capitals, word by word, and remembers what it was asked."""

    def __init__(self) -> None:
        self.prompts: list[Any] = []
        self.instructions: list[Any] = []
        self.settings: list[Any] = []

    async def stream(self, messages: Any, info: Any):
        self.prompts.append(messages[-1].parts[-1].content)
        self.instructions.append(info.instructions)
        self.settings.append(info.model_settings)
        for word in str(self.prompts[-1]).upper().split():
            yield f"{word} "

    @property
    def model(self) -> FunctionModel:
        return FunctionModel(stream_function=self.stream)


def run(loop: BackgroundLoop, graph: Graph, functions: Functions, **inputs: Any) -> Run:
    return start(graph, inputs, loop=loop, functions=functions).wait(60)


def test_model_answers_for_an_agent_without_a_function(loop, functions):
    asked = Asked()
    functions.models.use(asked.model)
    done = run(loop, pipeline("Support"), functions, text="my {{ bill }}", name="Ada")
    assert done.result == "MY {{ BILL }} "
    assert asked.prompts == ["my {{ bill }}"]
    assert asked.instructions == ["Answer Ada politely."]
    assert asked.settings == [{"temperature": 0.3, "max_tokens": 99}]


def test_prompt_of_the_node_is_filled_and_handed_over_as_plain_text(loop, functions):
    asked = Asked()
    functions.models.use(asked.model, "Support")
    graph = pipeline("Support", Support={"prompt": "{{ '{{x}}' }} of {{ name }}"})
    run(loop, graph, functions, text="a", name="Ada")
    assert asked.prompts == ["{{x}} of Ada"]


def test_function_of_an_agent_goes_before_its_model(loop, functions):
    functions.models.use(Asked().model)
    functions.register("Support", lambda text: "from the function")
    assert (
        run(loop, pipeline("Support"), functions, text="a", name="b").result == "from the function"
    )


def test_text_streams_into_the_events_of_the_node(loop, functions):
    functions.models.use(Asked().model)
    events: list[Any] = []
    graph = pipeline("Support")
    handle = start(graph, {"text": "a b c", "name": "x"}, loop=loop, functions=functions)
    handle.subscribe(events.append, after=0)
    done = handle.wait(60)
    assert done["Support"].text == "A B C "
    newest = [event for event in done.events() if event.kind == "text"][-1]
    assert newest.data == {"piece": "C ", "text": "A B C "}
    assert newest.node == "n0"
    pieces = [event.data["piece"] for event in events if event.kind == "text"]
    assert "".join(pieces)[-2:] == "C "


def test_store_shows_the_streamed_text_and_what_it_cost(loop, functions):
    async def stream(messages: Any, info: Any):
        yield "Hello"
        await asyncio.Event().wait()

    functions.models.use(FunctionModel(stream_function=stream))
    store = ExecutionStore()
    shown = loop.loop.create_future()

    def look(change: Any) -> None:
        if change["new"]["n0"]["preview"] == "Hello" and not shown.done():
            loop.loop.call_soon_threadsafe(shown.set_result, None)

    store.observe(look, "node_executions")
    handle = start(pipeline("Support"), {"text": "a", "name": "b"}, loop=loop, functions=functions)
    follow(handle, store, loop)
    loop.wait(_first(shown), 30)
    handle.cancel()
    assert handle.wait(30).status == "cancelled"


async def _first(future: Any) -> None:
    await future


def test_model_that_does_not_stream_answers_whole(loop, functions):
    def answer(messages: Any, info: Any) -> ModelResponse:
        return ModelResponse(
            [TextPart("whole")], usage=RequestUsage(input_tokens=7, output_tokens=2)
        )

    functions.models.use(FunctionModel(answer))
    done = run(loop, pipeline("Sales"), functions, text="a")
    assert (done.result, done["Sales"].text) == ("whole", "whole")
    assert done.usage == ModelUsage(1, 7, 2, unpriced=1)


def test_model_calls_the_tools_of_its_agent(loop, functions):
    calls: list[str] = []

    def look_up(name: str) -> str:
        """Look a customer up."""
        calls.append(name)
        return f"{name} is a customer"

    async def stream(messages: Any, info: Any):
        assert [tool.description for tool in info.function_tools] == ["Look a customer up."]
        if len(messages) == 1:
            yield {0: DeltaToolCall("look_up", '{"name": "Ada"}')}
        else:
            yield messages[-1].parts[0].content

    functions.models.tools["look_up"] = look_up
    functions.models.use(FunctionModel(stream_function=stream))
    done = run(loop, pipeline("Sales", Sales={"tools": ["look_up"]}), functions, text="a")
    assert done.result == "Ada is a customer"
    assert calls == ["Ada"]
    assert done["Sales"].usage.requests == 2
    assert done["Sales"].logs == ("Sales calls the tool look_up",)


def test_agents_can_be_the_workers_of_a_supervisor(loop, functions):
    functions.models.use(Asked().model, "Sales")
    functions.models.use(TestModel(custom_output_text="tested"), "Support")
    supervisor = Node(
        "boss",
        type="supervisor",
        data={"label": "Boss", "config": {"workers": ["Support", "Sales"]}},
    )
    graph = Graph([Node("start", type="input", data={"label": "Start"}), supervisor])
    graph = Graph([*graph.nodes], [Edge("e", "start", "boss")])
    done = run(loop, graph, functions, text="hi", name="x")
    assert done.result == ["tested", "HI "]
    assert done["Boss"].usage.requests == 2


# ------------------------------------------------------------------- limits


def costly(cost: str, tokens: int = 10) -> FunctionModel:
    def answer(messages: Any, info: Any) -> ModelResponse:
        usage = RequestUsage(input_tokens=tokens, output_tokens=0)
        usage.cost = Decimal(cost)
        return ModelResponse([TextPart("answer")], usage=usage)

    return FunctionModel(answer)


def test_budget_of_the_run_stops_it_and_says_so(loop, functions):
    functions.models.use(costly("0.02"))
    functions.models.budget = UsageLimits(cost_limit=0.03)
    graph = pipeline("Sales", "A", "B", "C", **{label: {"calls": "Sales"} for label in "ABC"})
    done = run(loop, graph, functions, text="a")
    assert done.state == {
        "Start": "completed",
        "Sales": "completed",
        "A": "completed",
        "B": "failed",
        "C": "skipped",
    }
    assert done.status == "failed"
    assert done.reason == "the budget of the run for models is used up"
    assert str(done["B"].error) == "The run may cost $0.0300, and costs $0.0400 by now."
    assert done["C"].reason == "because the budget of the run for models is used up"
    assert done.usage.cost == Decimal("0.04")


def test_each_run_has_its_own_budget(loop, functions):
    functions.models.use(costly("0.02"))
    functions.models.budget = UsageLimits(request_limit=1)
    for _ in range(2):
        assert run(loop, pipeline("Sales"), functions, text="a").status == "completed"


def test_limits_of_a_node_fail_that_node_alone(loop, functions):
    async def stream(messages: Any, info: Any):
        yield {0: DeltaToolCall("again", "{}", tool_call_id=f"call-{len(messages)}")}

    functions.models.tools["again"] = lambda: "again"
    functions.models.use(FunctionModel(stream_function=stream))
    graph = pipeline("Sales", Sales={"tools": ["again"], "request_limit": 3})
    done = run(loop, graph, functions, text="a")
    assert str(done["Sales"].error) == '"Sales" may make 3 requests to models, and made 3.'
    assert done.reason == ""


def test_cost_limit_is_refused_when_no_price_is_known(loop, functions):
    functions.models.use(Asked().model)
    functions.models.budget = UsageLimits(cost_limit=1)
    graph = pipeline("Sales", "A", A={"calls": "Sales"})
    done = run(loop, graph, functions, text="a")
    assert "price of a model is not known" in str(done["A"].error)


@pytest.mark.parametrize("limit", [0, -1, True, "5"])
def test_limits_that_are_no_positive_numbers_are_refused(limit):
    with pytest.raises(RunError, match="request_limit is a number above 0"):
        UsageLimits(request_limit=limit)


# ---------------------------------------------------------- before the run


def problem(functions: Functions, label: str = "Support", **config: Any) -> str:
    found = problems_of(pipeline(label, **{label: config}), default_registry(), functions)
    return " ".join(one.message for one in found)


def test_missing_extra_is_named_before_the_run(functions, monkeypatch):
    monkeypatch.setattr("kaizen_widgets.nodes.model_agents.is_extra_installed", lambda: False)
    assert problem(functions) == (
        'Agent "Support" has no function: give it one with @studio.agent("Support"). Its model cannot '
        "answer either: it asks a model, for which a package is missing: "
        'pip install "kaizen-widgets[agents]".'
    )


@pytest.mark.parametrize("name", PROVIDERS)
def test_missing_package_of_a_provider_is_named_before_the_run(functions, monkeypatch, name):
    monkeypatch.setattr("kaizen_widgets.nodes.model_providers.find_spec", lambda package: None)
    monkeypatch.setattr("kaizen_widgets.nodes.model_agents.is_extra_installed", lambda: True)
    functions.models.set_records([AgentRecord("ag-1", "Support", provider=name, model="m")])
    assert f'pip install "pydantic-ai-slim[{PROVIDERS[name].package}]"' in problem(functions)


@pytest.fixture
def kept(monkeypatch: pytest.MonkeyPatch) -> dict[tuple[str, str], str]:
    """What the system's keyring has, by service and user; every provider's package seems installed."""
    secrets: dict[tuple[str, str], str] = {}
    monkeypatch.setattr("kaizen_widgets.nodes.model_providers.find_spec", lambda package: True)
    monkeypatch.setattr(keyring, "get_password", lambda *place: secrets.get(place))
    for provider in PROVIDERS.values():
        for setting in provider.settings:
            monkeypatch.delenv(setting, raising=False)
    return secrets


def test_missing_key_is_one_sentence_with_the_provider_the_variable_and_the_keyring(
    functions, kept, loop
):
    with pytest.raises(NotRunnableError) as caught:
        start(pipeline("Support"), {"text": "hi"}, loop=loop, functions=functions)
    assert (
        "it asks OpenAI, and OPENAI_API_KEY is set neither in the environment of the kernel nor in the "
        "system's keyring, as with keyring.set_password('kaizen-widgets models', 'OPENAI_API_KEY', ...)."
    ) in str(caught.value)


@pytest.mark.parametrize("name", PROVIDERS)
@pytest.mark.parametrize("place", ["environment", "keyring"])
def test_settings_of_a_provider_are_in_the_environment_or_the_keyring(
    functions, monkeypatch, kept, name, place
):
    functions.models.set_records([AgentRecord("ag-1", "Support", provider=name, model="m")])
    for setting in PROVIDERS[name].settings:
        assert setting in problem(functions)
        if place == "environment":
            monkeypatch.setenv(setting, "set")
        else:
            kept["kaizen-widgets models", setting] = "set"
    assert problem(functions) == ""


def test_keyring_that_does_not_work_counts_as_empty(functions, monkeypatch, kept):
    def locked(*_place: str) -> str:
        raise keyring.errors.KeyringLocked("canary")

    monkeypatch.setattr(keyring, "get_password", locked)
    assert "OPENAI_API_KEY is set neither" in problem(functions)
    assert "canary" not in problem(functions)


def test_key_of_the_keyring_reaches_the_provider_and_is_seen_nowhere_else(
    functions, monkeypatch, kept, loop
):
    kept["kaizen-widgets models", "OPENAI_API_KEY"] = "canary"
    given: list[tuple[str, dict[str, str]]] = []
    threads: list[str] = []

    def get_password(*place: str) -> str | None:
        threads.append(threading.current_thread().name)
        return kept.get(place)

    def provider_class(name: str) -> Any:
        return lambda **settings: given.append((name, settings))

    def infer(name: str, make_provider: Any) -> Any:
        make_provider(name.partition(":")[0])
        return TestModel(custom_output_text="an answer")

    monkeypatch.setattr(keyring, "get_password", get_password)
    monkeypatch.setattr("kaizen_widgets.nodes.pydantic_agent.infer_provider_class", provider_class)
    monkeypatch.setattr("kaizen_widgets.nodes.pydantic_agent.infer_model", infer)
    run = start(pipeline("Support"), {"name": "Ada"}, loop=loop, functions=functions)
    assert run.wait(60).result == "an answer"
    assert given == [("openai", {"api_key": "canary"})]
    assert "test-loop" not in threads
    events = [str(event) for event in run.events()]
    assert "canary" not in f"{run!r} {functions.models!r} {events}"


def test_problems_of_an_agent_are_found_before_the_run(functions):
    functions.models.use(TestModel(), "Support")
    assert problem(functions) == ""
    assert 'the tool "look_up": give it one with @studio.tool' in problem(
        functions, tools=["look_up"]
    )
    assert "which has no model: choose one" in problem_of_record(AgentRecord("a", "Bare"))
    assert "which is archived" in problem_of_record(AgentRecord("a", "Bare", is_archived=True))
    assert "'nobody'" in problem_of_record(AgentRecord("a", "Bare", provider="nobody", model="m"))
    wrong = AgentRecord("a", "Bare", provider="openai", model="m", system_prompt="{{ x")
    assert "system prompt cannot work" in problem_of_record(wrong, TestModel())


def problem_of_record(record: AgentRecord, model: Any = None) -> str:
    functions = Functions()
    functions.models.set_records([record])
    functions.models.use(model)
    return problem(functions, "Bare")


def test_offline_allows_models_that_make_no_request_and_no_others(functions):
    functions.models.is_offline = True
    assert "studio.offline() allows no requests" in problem(functions)
    functions.models.use(TestModel(), "ag-1")
    assert problem(functions) == ""


# ------------------------------------------------------------------- errors


@pytest.mark.parametrize(
    ("error", "sentence", "helps"),
    [
        (exceptions.ModelRateLimitError("m", "x", retry_after=4), "takes no more requests at the moment. "
         "Trying again may help after 4 s.", True),
        (exceptions.ModelQuotaExceededError("m", "x"), "quota or credit", False),
        (exceptions.ModelOverloadedError("m", "x"), "OpenAI is overloaded", True),
        (exceptions.ModelTimeoutError("m", "x"), "did not answer in time", True),
        (exceptions.ModelConnectionError("m", "x"), "could not be reached", True),
        (exceptions.ModelAuthenticationError("m", "x"), "refused the key: check OPENAI_API_KEY", False),
        (exceptions.ModelNotFoundError("m", "x"), "does not know the model gpt-4o-mini", False),
        (exceptions.ModelContextWindowExceededError("m", "x"), "question is too long", False),
        (exceptions.ModelRequestRejectedError("m", "x"), "refused the request", False),
        (exceptions.ModelServerError("m", "x"), "OpenAI failed", True),
        (exceptions.ModelHTTPError(503, "m"), "status 503", True),
        (exceptions.ModelHTTPError(418, "m"), "status 418", False),
        (exceptions.ModelAPIError("m", "x"), "did not answer", True),
        (exceptions.UnexpectedModelBehavior("x"), "cannot be used", True),
        (exceptions.UserError("x"), "not set up correctly", False),
    ],
)  # fmt: skip
def test_errors_of_providers_are_a_sentence_that_says_whether_a_retry_helps(error, sentence, helps):
    made = model_error(error, SUPPORT)
    assert sentence in str(made)
    assert made.is_retryable is helps
    assert ("Trying again may help" in str(made)) is helps
    assert ("Trying again does not help" in str(made)) is not helps


def test_error_of_a_provider_fails_the_node_without_repeating_what_the_provider_wrote(
    loop, functions
):
    async def stream(messages: Any, info: Any):
        raise exceptions.ModelServerError("gpt-4o-mini", "key sk-secret is wrong")
        yield ""

    functions.models.use(FunctionModel(stream_function=stream))
    done = run(loop, pipeline("Support"), functions, text="a", name="b")
    assert isinstance(done["Support"].error, ModelError)
    assert done["Support"].message == ("ModelError: Support: OpenAI failed. Trying again may help.")


def test_cancelling_a_run_ends_the_request(loop, functions):
    began = loop.loop.create_future()
    ended: list[str] = []

    async def stream(messages: Any, info: Any):
        yield "a"
        loop.loop.call_soon_threadsafe(began.set_result, None)
        try:
            await asyncio.Event().wait()
        finally:
            ended.append("ended")

    functions.models.use(FunctionModel(stream_function=stream))
    handle = start(pipeline("Sales"), {"text": "a"}, loop=loop, functions=functions)
    loop.wait(_first(began), 30)
    handle.cancel()
    handle.wait(30)
    assert ended == ["ended"]
    with pytest.raises(RunCancelledError):
        _ = handle.result


def test_pydantic_ai_is_not_imported_before_a_model_is_asked():
    code = "import sys, kaizen_widgets.engines, kaizen_widgets.nodes; print('pydantic_ai' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
