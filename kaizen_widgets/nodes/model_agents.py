"""The agents that models answer for, and all that such an answer needs.

A node whose name, choice or agent has a function calls the function. Only where there is none, a model is
asked, through pydantic-ai, which is imported then: it comes with the extra ``agents``.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from importlib import import_module
from typing import Any

from kaizen_widgets.core.text import quoted
from kaizen_widgets.errors import ModelError, RunError
from kaizen_widgets.nodes.agent_record import AgentRecord
from kaizen_widgets.nodes.context import Context
from kaizen_widgets.nodes.model_providers import (
    is_extra_installed,
    keyring_settings,
    missing_extra,
    provider_problem,
    uses_keyring,
)
from kaizen_widgets.nodes.model_usage import ModelUsage, UsageLimits, UsageMeter
from kaizen_widgets.nodes.templates import render, template_problem
from kaizen_widgets.nodes.values import text_of, value_fields

NO_LIMITS = UsageLimits()


class ModelAgents:
    """The agents by id and name, their tools, and the models that answer.

    Attributes:
        tools: Functions that agents may call, by name.
        approval_tools: Names of those of which a person must approve each call.
        budget: Limits of all requests of one run together.
        is_offline: Whether only models of `use` may answer, as nothing may be requested from a provider.
        carried: What counts against the budget from the beginning: of a run that continues another one, what
            that used.
        carried_by_node: Likewise against the limits of nodes, by their ids.
    """

    def __init__(self) -> None:
        self.tools: dict[str, Callable[..., Any]] = {}
        self.approval_tools: set[str] = set()
        self.budget = NO_LIMITS
        self.is_offline = False
        self._records: dict[str, AgentRecord] = {}
        self._models: dict[str, Any] = {}
        self.carried = ModelUsage()
        self.carried_by_node: dict[str, ModelUsage] = {}
        self._meter = UsageMeter(self.budget, "The run")
        self._node_meters: dict[str, UsageMeter] = {}

    def set_records(self, records: Iterable[AgentRecord]) -> None:
        """Replace the agents."""
        self._records = {record.id: record for record in records}

    def update(self, record: AgentRecord) -> None:
        """Add an agent, in place of one with the same id."""
        self._records[record.id] = record

    @property
    def records(self) -> tuple[AgentRecord, ...]:
        """The agents."""
        return tuple(self._records.values())

    @property
    def models(self) -> Mapping[str, Any]:
        """The models that `use` set, by the name or id of their agent; those for all others under ``""``."""
        return dict(self._models)

    def use(self, model: Any, *names: str) -> None:
        """Let a model of pydantic-ai answer for agents, in place of their own.

        Args:
            model: Such as ``TestModel()`` or ``FunctionModel(...)``; None for the agents' own again.
            names: Names or ids of the agents; none for all others.
        """
        for name in names or ("",):
            if model is None:
                self._models.pop(name, None)
            else:
                self._models[name] = model

    def find(self, *names: str | None) -> AgentRecord | None:
        """Return the agent with the first of ``names`` that is an id or a name of one, or None.

        A name that only archived agents have gives one of them; of two agents with one name, the first.
        """
        for name in names:
            if not name:
                continue
            if name in self._records:
                return self._records[name]
            named = [record for record in self._records.values() if record.name == name]
            if named:
                return min(named, key=lambda record: record.is_archived)
        return None

    def problem_of(self, record: AgentRecord, tools: Sequence[str] = ()) -> str | None:
        """Return why an agent cannot answer, as the end of a sentence about a node, or None.

        Args:
            record: The agent.
            tools: Names of more tools it is given.
        """
        if problem := self.setup_problem(record):
            return problem
        for name in (*record.tools, *tools):
            if name not in self.tools:
                return f"has an agent with the tool {quoted(name)}: give it one with @studio.tool"
        if wrong := template_problem(record.system_prompt):
            return (
                f"calls the agent {quoted(record.name)}, whose system prompt cannot work: {wrong}"
            )
        return None

    def setup_problem(self, record: AgentRecord) -> str | None:
        """Return what is missing to ask an agent's model at all, as the end of a sentence, or None."""
        if record.is_archived:
            return f"calls the agent {quoted(record.name)}, which is archived"
        if not is_extra_installed():
            return missing_extra()
        if self.model_of(record) is not None:
            return None
        if not record.model:
            return (
                f"calls the agent {quoted(record.name)}, which has no model: choose one in its form"
            )
        if self.is_offline:
            return f"asks the model {record.model!r:.80}, and studio.offline() allows no requests"
        return provider_problem(record.provider)

    def model_of(self, record: AgentRecord) -> Any:
        """Return the model that was set in place of an agent's own, or None."""
        for name in (record.id, record.name, ""):
            if name in self._models:
                return self._models[name]
        return None

    def function_of(self, record: AgentRecord) -> Callable[..., Any]:
        """Return a function that asks an agent's model, for a node to call."""

        async def ask(value: Any, /, *, ctx: Context) -> str:
            return await self.ask(record, value, ctx)

        ask.__name__ = record.name
        return ask

    async def ask(
        self,
        record: AgentRecord,
        value: Any,
        ctx: Context,
        *,
        prompt: str | None = None,
        tools: Sequence[str] = (),
        limits: UsageLimits = NO_LIMITS,
    ) -> str:
        """Ask an agent's model and return its answer; the text is streamed to ``ctx`` meanwhile.

        Where the model wants to call a tool that needs approval, the node waits for a person.

        Args:
            record: The agent.
            value: What arrived at the node; the system prompt is filled with it.
            ctx: Context of the node.
            prompt: The question; by default the value as text.
            tools: Names of tools beside the agent's own.
            limits: Limits of this call, beside the budget of the run.

        Raises:
            ModelError: The agent cannot be asked, or its model did not answer.
            BudgetError: The budget of the run is used up.
            RunError: A limit of this call is reached, or the system prompt cannot be filled.
        """
        model = self.model_of(record)
        settings: Mapping[str, str] = {}
        if model is None and not self.is_offline and uses_keyring(record.provider):
            problem = await asyncio.to_thread(self.problem_of, record, tools)
            settings = await asyncio.to_thread(keyring_settings, record.provider)
        else:
            problem = self.problem_of(record, tools)
        if problem:
            raise ModelError(f"{quoted(ctx.label)} {problem}.")
        if "pydantic_ai" not in sys.modules:
            await asyncio.to_thread(import_module, "pydantic_ai")  # It takes a second or two.
        # Imported when first needed: pydantic-ai comes with an extra, and takes long.
        from kaizen_widgets.nodes.pydantic_agent import ask_model, provider_model

        instructions = record.system_prompt
        if "{" in instructions:
            instructions = await asyncio.to_thread(render, instructions, value)
        names = dict.fromkeys((*record.tools, *tools))
        meter = self._node_meters.setdefault(
            ctx.node_id, UsageMeter(limits, quoted(ctx.label), RunError)
        )
        if meter.used == ModelUsage():
            meter.add(self.carried_by_node.pop(ctx.node_id, ModelUsage()))
        answer = await ask_model(
            record,
            provider_model(record, settings) if model is None else model,
            prompt=prompt_of(value) if prompt is None else prompt,
            instructions=instructions,
            tools={name: self.tools[name] for name in names},
            approval_tools=self.approval_tools,
            meters=(meter, self._meter),
            ctx=ctx,
        )
        # The attempts of one call share their limits; the next call, in a loop, has its own.
        self._node_meters.pop(ctx.node_id, None)
        return answer

    def copy(self) -> ModelAgents:
        """Return a copy for one run, which counts what that run uses."""
        made = ModelAgents()
        made.tools = dict(self.tools)
        made.approval_tools = set(self.approval_tools)
        made.budget = self.budget
        made.is_offline = self.is_offline
        made._records = dict(self._records)
        made._models = dict(self._models)
        made.carried = self.carried
        made.carried_by_node = dict(self.carried_by_node)
        made._meter = UsageMeter(self.budget, "The run")
        made._meter.add(self.carried)
        return made

    @property
    def counted(self) -> ModelUsage:
        """What counts against the budget by now."""
        return self._meter.used

    def count(self, usage: ModelUsage) -> None:
        """Count what an answer used that is taken from a cache, as if it had been asked for in this run."""
        self._meter.add(usage)

    def parts_of(
        self, record: AgentRecord, tools: Sequence[str] = ()
    ) -> tuple[AgentRecord, Any, dict[str, Any]]:
        """Return what an answer depends on besides the question: the agent, a model set for it, its tools."""
        names = dict.fromkeys((*record.tools, *tools))
        return record, self.model_of(record), {name: self.tools.get(name) for name in names}

    def __repr__(self) -> str:
        return f"ModelAgents({', '.join(record.name for record in self._records.values())})"


def prompt_of(value: Any) -> str:
    """Return a value as a question: its text or message, else its fields, each below its name."""
    fields: Mapping[str, Any] = value_fields(value)
    for name in ("text", "message", "input"):
        if name in fields and isinstance(fields[name], str):
            return fields[name]
    if len(fields) < 2:
        return text_of(value)
    return "\n\n".join(f"{name}:\n{text_of(fields[name])}" for name in fields)
