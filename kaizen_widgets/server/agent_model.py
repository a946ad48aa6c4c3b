"""What answers when an agent is executed: a language model, behind four words.

The embedded API brings none. Its own `Echo` says what it was asked, offline and at no cost, and says so
in ``execute/status``; hand another to ``create_app(model=...)`` to have real answers.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any, Protocol


class AgentModel(Protocol):
    """Answers for agents.

    Attributes:
        provider: Whose it is; told by ``execute/status``.
    """

    @property
    def provider(self) -> str:
        """Whose it is."""
        ...

    def answer(
        self, agent: Mapping[str, Any], message: str, history: Sequence[Any]
    ) -> AsyncIterator[str]:
        """Yield the answer, piece by piece.

        Args:
            agent: Its row: ``name``, ``system_prompt``, ``model_id``, ``temperature``, ...
            message: What it is asked.
            history: What was said before.

        Raises:
            RuntimeError: It cannot answer; the message is passed on to the caller.
        """
        ...


class Echo:
    """Answers with the question, word by word; needs no network and no key."""

    def __init__(self) -> None:
        self.provider = "offline"

    async def answer(
        self, agent: Mapping[str, Any], message: str, history: Sequence[Any]
    ) -> AsyncIterator[str]:
        """Yield ``"<name> (offline) was asked: <message>"``."""
        for piece in re.findall(r"\S+\s*", f"{agent['name']} (offline) was asked: {message}"):
            yield piece


def count_tokens(text: str) -> int:
    """Return about how many tokens a text is, for models that do not say: four bytes each."""
    return -(-len(text.encode("utf-8", "replace")) // 4)
