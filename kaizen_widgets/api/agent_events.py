"""What an agent's stream says: start, content, done; and an agent that failed midway."""

from __future__ import annotations

import json
from typing import Literal

from kaizen_widgets.api.models import Record, UtcTime, read
from kaizen_widgets.errors import DecodeError, TransportError


class AgentEvent(Record):
    """One event of an agent's answer; ``content`` is the next piece of it."""

    type: Literal["start", "content", "done"]
    content: str = ""
    thread_id: str = ""
    model: str = ""
    timestamp: UtcTime | None = None


def read_event(data: str, where: str) -> AgentEvent | None:
    """Return the event in a server-sent text; None for kinds nobody knows yet.

    Raises:
        TransportError: The agent failed; its words are in the message.
        DecodeError: It is no event.
    """
    try:
        facts = json.loads(data)
    except (ValueError, RecursionError):
        facts = None
    if not isinstance(facts, dict) or not isinstance(facts.get("type"), str):
        raise DecodeError(f"POST {where} sent an event that is not JSON.", method="POST", url=where)
    if facts["type"] == "error":
        said = " ".join(str(facts.get("error") or "it did not say why").split())[:300]
        raise TransportError(f"The agent failed: {said}.", method="POST", url=where)
    if facts["type"] not in ("start", "content", "done"):
        return None
    if facts["type"] == "content" and not isinstance(facts.get("content"), str):
        raise DecodeError(f"POST {where} sent content that is no text.", method="POST", url=where)
    # A piece may be an empty text, or the word "None".
    event = read(AgentEvent, {**facts, "content": ""}, "event")
    return event.model_copy(update={"content": facts.get("content") or ""})
