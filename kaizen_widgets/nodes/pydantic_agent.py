"""Ask a model through pydantic-ai; the only module that imports it.

Prompts arrive as plain text and are not read as templates: pydantic-ai's own would empty what they do not
know. Of its events only those named here are used, as later versions may bring others.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from decimal import Decimal
from typing import Any

from pydantic_ai import (
    Agent,
    DeferredToolRequests,
    DeferredToolResults,
    ModelSettings,
    Tool,
    ToolApproved,
    ToolDenied,
)
from pydantic_ai.exceptions import (
    AgentRunError,
    ContentFilterError,
    ModelAPIError,
    ModelAuthenticationError,
    ModelConnectionError,
    ModelContextWindowExceededError,
    ModelHTTPError,
    ModelNotFoundError,
    ModelOverloadedError,
    ModelQuotaExceededError,
    ModelRateLimitError,
    ModelRequestRejectedError,
    ModelServerError,
    ModelTimeoutError,
    ModelUnavailableError,
    UnexpectedModelBehavior,
    UserError,
)
from pydantic_ai.messages import (
    FunctionToolCallEvent,
    ModelMessage,
    ModelResponse,
    PartDeltaEvent,
    PartStartEvent,
    TextPart,
    TextPartDelta,
    ToolCallPart,
)
from pydantic_ai.models import infer_model
from pydantic_ai.providers import infer_provider_class
from pydantic_ai.usage import UsageLimits as NativeLimits

from kaizen_widgets.core.text import quoted
from kaizen_widgets.displays.sentences import sentence
from kaizen_widgets.errors import ModelError, RunError
from kaizen_widgets.nodes.agent_record import AgentRecord
from kaizen_widgets.nodes.context import Context
from kaizen_widgets.nodes.model_providers import PROVIDERS
from kaizen_widgets.nodes.model_usage import DEFAULT_REQUESTS, ModelUsage, UsageMeter

_NO_NATIVE_LIMITS = NativeLimits(request_limit=None)
"""Our meters count, as one of them is shared by all agents of a run."""


def provider_model(record: AgentRecord, settings: Mapping[str, str]) -> Any:
    """Return the model of an agent.

    Args:
        record: The agent.
        settings: Arguments of its provider that are not in the environment.

    Raises:
        ModelError: The provider cannot be set up with them.
    """
    name = f"{record.provider}:{record.model}"
    if not settings:
        return name
    try:
        return infer_model(name, lambda provider: infer_provider_class(provider)(**settings))
    except UserError as error:
        raise model_error(error, record) from error


async def ask_model(
    record: AgentRecord,
    model: Any,
    *,
    prompt: str,
    instructions: str,
    tools: Mapping[str, Callable[..., Any]],
    approval_tools: Collection[str] = (),
    meters: Sequence[UsageMeter],
    ctx: Context,
) -> str:
    """Return a model's answer.

    A call of a tool that needs approval is shown to a person, and the model continues with the answer.

    Args:
        record: The agent that is asked.
        model: Its model, as pydantic-ai names it, or one of pydantic-ai's models.
        prompt: The question.
        instructions: The system prompt.
        tools: Functions the model may call, by name.
        approval_tools: Names of those that are called only when a person approves each call.
        meters: Limits, each checked before and after every request.
        ctx: Context of the node, which hears of text, tools and usage.

    Raises:
        ModelError: The model did not answer; see `model_error`.
        RunError: A limit is reached, or nobody can be asked for approval.
    """
    settings = ModelSettings()
    if record.temperature is not None:
        settings["temperature"] = record.temperature
    if record.max_tokens is not None:
        settings["max_tokens"] = record.max_tokens
    requests = 0
    messages: list[ModelMessage] | None = None
    answers: DeferredToolResults | None = None
    while True:
        try:
            agent = Agent(
                model,
                name=record.name,
                instructions=instructions or None,
                output_type=[str, DeferredToolRequests],
                tools=[
                    Tool(function, name=name, requires_approval=name in approval_tools)
                    for name, function in tools.items()
                ],
                model_settings=settings,
            )
            async with agent.iter(
                prompt if answers is None else None,
                message_history=messages,
                deferred_tool_results=answers,
                usage_limits=_NO_NATIVE_LIMITS,
            ) as run:
                is_new = False
                async for step in run:
                    if Agent.is_model_request_node(step):
                        requests += 1
                        is_new = True
                        _check(meters, requests, record)
                        if _streams(model):
                            await _stream(step, run.ctx, ctx)
                    elif Agent.is_call_tools_node(step):
                        if is_new:  # Else it is the response before the answers, which was counted.
                            if not _streams(model):
                                ctx.stream(step.model_response.text or "")
                            _count(step.model_response, meters, ctx)
                        async with step.stream(run.ctx) as events:
                            async for event in events:
                                if isinstance(event, FunctionToolCallEvent) and _is_called(
                                    event.part, approval_tools, answers
                                ):
                                    ctx.log(f"{record.name} calls the tool {event.part.tool_name}")
            result = run.result
        except (AgentRunError, UserError) as error:
            raise model_error(error, record) from error
        output = None if result is None else result.output
        if result is None or not isinstance(output, DeferredToolRequests):
            return "" if output is None else str(output)
        messages = result.all_messages()
        answers = await _ask_person(output, ctx)


def _is_called(
    part: ToolCallPart, approval_tools: Collection[str], answers: DeferredToolResults | None
) -> bool:
    """Return whether a tool may be called: it needs no approval, or was approved."""
    if answers is not None and part.tool_call_id in answers.approvals:
        return isinstance(answers.approvals[part.tool_call_id], ToolApproved)
    return part.tool_name not in approval_tools


async def _ask_person(requests: DeferredToolRequests, ctx: Context) -> DeferredToolResults:
    """Ask a person about each call of a tool that needs one, one after the other.

    Raises:
        RunError: Nobody can be asked, or an answer is no dict of arguments.
    """
    answers = DeferredToolResults()
    for call in requests.approvals:
        arguments = call.args_as_dict()
        question = f"Call the tool {quoted(call.tool_name)}{_with(arguments)}?"
        answer = await ctx.ask(question, arguments, tool=call.tool_name)
        if not answer.approved:
            why = f": {answer.reason}" if answer.reason else "."
            answers.approvals[call.tool_call_id] = ToolDenied(f"A person did not allow this{why}")
        elif answer.has_value:
            # A copy: what the person holds may change.
            corrected = dict(answer.value)
            answers.approvals[call.tool_call_id] = ToolApproved(override_args=corrected)
        else:
            answers.approvals[call.tool_call_id] = ToolApproved()
    for call in requests.calls:
        arguments = call.args_as_dict()
        # No tool of the question, as a value is its result and not its arguments.
        answer = await ctx.ask(
            f"What does the tool {quoted(call.tool_name)} give{_with(arguments)}?", arguments
        )
        if not answer.approved:
            why = f": {answer.reason}" if answer.reason else "."
            answers.calls[call.tool_call_id] = f"A person did not answer this{why}"
        elif answer.has_value:
            answers.calls[call.tool_call_id] = answer.value
        else:
            raise RunError(
                f"The tool {quoted(call.tool_name)} needs a result from a person: answer with "
                f"run[{ctx.label!r}].approve(result).",
                node_id=ctx.node_id,
            )
    return answers


def _with(arguments: Mapping[str, Any]) -> str:
    return f" with {' '.join(sentence(arguments).split())}" if arguments else ""


async def _stream(step: Any, context: Any, ctx: Context) -> None:
    """Make one request, and stream the text of the answer."""
    async with step.stream(context) as events:
        async for event in events:
            if isinstance(event, PartStartEvent) and isinstance(event.part, TextPart):
                piece = event.part.content
            elif isinstance(event, PartDeltaEvent) and isinstance(event.delta, TextPartDelta):
                piece = event.delta.content_delta
            else:
                continue
            if piece:
                ctx.stream(piece)


def _streams(model: Any) -> bool:
    """Return whether a model streams: a FunctionModel may have only a function that answers whole."""
    return getattr(model, "stream_function", True) is not None


def _check(meters: Sequence[UsageMeter], requests: int, record: AgentRecord) -> None:
    for meter in meters:
        meter.check()
    if requests > DEFAULT_REQUESTS and all(meter.limits.request_limit is None for meter in meters):
        raise ModelError(
            f"{record.name} made {DEFAULT_REQUESTS} requests in one call: set its node's request_limit if "
            f"it needs more. Trying again does not help."
        )


def _count(response: ModelResponse, meters: Sequence[UsageMeter], ctx: Context) -> None:
    used = response.usage
    cost = used.cost
    usage = ModelUsage(
        requests=1,
        input_tokens=used.input_tokens,
        output_tokens=used.output_tokens,
        cost=None if cost is None else Decimal(cost),
        unpriced=int(cost is None),
    )
    ctx.use(usage)
    for meter in meters:
        meter.add(usage)


_AGAIN = "Trying again may help"
_NOT_AGAIN = "Trying again does not help"
_SENTENCES: tuple[tuple[type[AgentRunError], str, bool], ...] = (
    (ModelRateLimitError, "{provider} takes no more requests at the moment", True),
    (ModelQuotaExceededError, "the quota or credit of the account at {provider} is used up", False),
    (ModelOverloadedError, "{provider} is overloaded", True),
    (ModelUnavailableError, "{provider} is not available at the moment", True),
    (ModelTimeoutError, "{provider} did not answer in time", True),
    (ModelConnectionError, "{provider} could not be reached, or the answer broke off", True),
    (ModelAuthenticationError, "{provider} refused the key{setting}", False),
    (ModelNotFoundError, "{provider} does not know the model {model}", False),
    (ModelContextWindowExceededError, "the question is too long for the model {model}", False),
    (ModelRequestRejectedError, "{provider} refused the request", False),
    (ModelServerError, "{provider} failed", True),
    (ContentFilterError, "{provider} refused to answer this question", False),
    (UnexpectedModelBehavior, "the model {model} gave an answer that cannot be used", True),
)


def model_error(error: Exception, record: AgentRecord) -> ModelError:
    """Return an error of pydantic-ai as one sentence that says whether trying again helps.

    What the provider wrote is not repeated: it may hold parts of the question or of a key.
    """
    provider = PROVIDERS.get(record.provider)
    title = provider.title if provider is not None else "the provider"
    names = {
        "provider": title,
        "model": record.model or "of the agent",
        "setting": f": check {next(iter(provider.settings))}" if provider is not None else "",
    }
    found = next((row for row in _SENTENCES if isinstance(error, row[0])), None)
    retry_after = getattr(error, "retry_after", None)
    if found is not None:
        sentence, helps = found[1].format(**names), found[2]
    elif isinstance(error, ModelHTTPError):
        sentence, helps = (
            f"{title} answered with the status {error.status_code}",
            (error.status_code >= 500),
        )
    elif isinstance(error, ModelAPIError):
        sentence, helps = f"{title} did not answer", True
    elif isinstance(error, UserError):
        sentence, helps = "the agent is not set up correctly for pydantic-ai", False
    else:
        sentence, helps = "the agent was stopped", False
    after = f" after {retry_after:g} s" if helps and retry_after else ""
    again = f"{_AGAIN}{after}" if helps else _NOT_AGAIN
    return ModelError(
        f"{record.name}: {sentence}. {again}.",
        is_retryable=helps,
        retry_after=retry_after if helps else None,
    )
