"""An agent as a run needs it: its model, its instructions and its tools."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class AgentRecord:
    """One agent.

    Attributes:
        id: Its id.
        name: Its name.
        provider: ``openai``, ``anthropic``, ``azure`` or ``ollama``.
        model: Name of its model, as the provider knows it.
        system_prompt: Its instructions, a template like a node's prompt.
        temperature: From 0 to 2, or None for the model's default.
        max_tokens: The longest answer in tokens, or None.
        tools: Names of the functions it may call.
        is_archived: Whether it was deleted.
    """

    id: str
    name: str
    provider: str = ""
    model: str = ""
    system_prompt: str = field(default="", repr=False)
    temperature: float | None = None
    max_tokens: int | None = None
    tools: tuple[str, ...] = ()
    is_archived: bool = False
