"""The language model that answers when an agent is executed.

The embedded API comes with none: its own `Echo` repeats the question, offline and at no cost, and
``execute/status`` says so. Pass another to ``create_app(model=...)`` for real answers.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any, Protocol


class AgentModel(Protocol):
    """Answers for agents.

    Answers are awaited on one event loop, unless an answer blocks it: then the next ones are on another.
    """

    @property
    def provider(self) -> str:
        """Who provides the model; shown by ``execute/status``."""
        ...

    def answer(
        self, agent: Mapping[str, Any], message: str, history: Sequence[Any]
    ) -> AsyncIterator[str]:
        """Yield the answer piece by piece.

        Args:
            agent: The agent's row: ``name``, ``system_prompt``, ``model_id``, ``temperature``, ...
            message: The message to answer.
            history: The conversation so far.

        Raises:
            RuntimeError: The model cannot answer; the client gets the message of the error.
        """
        ...


class Echo:
    """Repeats the question, word by word; needs no network and no key."""

    def __init__(self) -> None:
        self.provider = "offline"

    async def answer(
        self, agent: Mapping[str, Any], message: str, history: Sequence[Any]
    ) -> AsyncIterator[str]:
        """Yield ``"<name> (offline) was asked: <message>"``."""
        for piece in re.findall(r"\S+\s*", f"{agent['name']} (offline) was asked: {message}"):
            yield piece


def count_tokens(text: str) -> int:
    """Return an estimate of the tokens in a text, for models that report none: four bytes each."""
    return -(-len(text.encode("utf-8", "replace")) // 4)
