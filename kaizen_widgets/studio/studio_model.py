"""Lets the models of a studio answer on its embedded server, as they do in its own runs."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

from kaizen_widgets.errors import RunError
from kaizen_widgets.nodes import Context
from kaizen_widgets.nodes.agent_record import AgentRecord
from kaizen_widgets.nodes.model_agents import ModelAgents
from kaizen_widgets.server.base.agent_model import Echo


class StudioModel:
    """An `AgentModel` that asks the models of `Studio.use_model`; without one it repeats the question.

    A provider is never asked: an execution on the embedded server costs nothing. The conversation so far is
    not handed over, as nodes have none.

    Args:
        models: The models of the studio.
    """

    def __init__(self, models: ModelAgents) -> None:
        self._models = models
        self._echo = Echo()

    @property
    def provider(self) -> str:
        """``notebook`` where the studio has a model, else that of `Echo`."""
        return "notebook" if self._models.models else self._echo.provider

    async def answer(
        self, agent: Mapping[str, Any], message: str, history: Sequence[Any]
    ) -> AsyncIterator[str]:
        """Yield the answer piece by piece; whole if its agent has tools, as it may write before a call.

        Raises:
            RuntimeError: The model cannot answer; the message says why.
        """
        models = self._models.copy()
        record = models.find(agent["id"]) or _record_of(agent)
        if models.model_of(record) is None:
            async for piece in self._echo.answer(agent, message, history):
                yield piece
            return
        streams = not record.tools
        pieces: asyncio.Queue[str | None] = asyncio.Queue()

        def say(kind: str, facts: Mapping[str, Any]) -> None:
            if kind == "text" and streams:
                pieces.put_nowait(facts["piece"])

        asking = asyncio.ensure_future(
            models.ask(record, message, Context(record.id, record.name, say), prompt=message)
        )
        asking.add_done_callback(lambda _done: pieces.put_nowait(None))
        try:
            while (piece := await pieces.get()) is not None:
                yield piece
            answer = await asking
        except RunError as error:
            raise RuntimeError(str(error)) from error
        finally:
            asking.cancel()
        if not streams:
            yield answer


def _record_of(agent: Mapping[str, Any]) -> AgentRecord:
    """Return a row of an agent as a run needs it."""
    return AgentRecord(
        agent["id"],
        agent["name"],
        model=agent["model_id"],
        system_prompt=agent["system_prompt"] or "",
        temperature=agent["temperature"],
        max_tokens=agent["max_tokens"] or None,
    )
