"""AgentChat: try an agent by talking to it; its answers appear as they are written.

The server remembers nothing: every message is sent with the conversation so far.
"""

from __future__ import annotations

import asyncio
import html
import logging
from collections.abc import Callable
from typing import Any

import ipywidgets as ipw

from kaizen_widgets.api.agent_stream import AgentStream
from kaizen_widgets.api.agents import Agents
from kaizen_widgets.api.key_factories import query_keys
from kaizen_widgets.core.background import BackgroundLoop
from kaizen_widgets.core.clock import Clock
from kaizen_widgets.displays.markup import LINE, MUTED, WARN, alert, note
from kaizen_widgets.errors import KaizenError
from kaizen_widgets.widgets.layouts import wrapping
from kaizen_widgets.widgets.panel import AFTER_EDITS, Panel
from kaizen_widgets.widgets.safe_html import markdown_to_html
from kaizen_widgets.widgets.throttle import Throttle

logger = logging.getLogger(__name__)
MAX_SHOWN = 20_000
"""Characters of one message that are shown."""


class AgentChat(Panel):
    """A conversation with an agent.

    Args:
        agents: The agents API, such as ``studio.agents``.
        agent: The agent, or anything with its ``id`` and ``name``.

    Attributes:
        messages: The conversation so far, as ``{"role", "content"}``; ``role`` is user or assistant.
        problem: Why the last answer failed; empty if it did not.
    """

    # Class attributes, because ipywidgets also closes and prints widgets whose `__init__` raised.
    _unsubscribe: Callable[[], None] = staticmethod(lambda: None)
    _throttle: Throttle | None = None
    _stream: AgentStream | None = None

    def __init__(self, agents: Agents, agent: Any) -> None:
        self.agents, self.agent = agents, agent
        self.messages: list[dict[str, str]] = []
        self.problem = ""
        self._is_stopped = False
        self._unanswered = ""
        client = agents.client
        self._loop: BackgroundLoop = client.loop
        clock: Clock = client.environment.clock
        self._throttle = Throttle(self._draw_answer, clock)
        self.conversation = ipw.HTML()
        self.answer = ipw.HTML()
        self.status = ipw.HTML()
        self.conversation.layout.max_height = "360px"
        self.conversation.layout.overflow = "auto"
        self.input = ipw.Textarea(
            placeholder=f"A message to {_short(agent.name)}",
            description="Message",
            _dom_classes=("kaizen-unlabeled",),
            layout=ipw.Layout(width="auto", flex="1 1 240px", height="56px"),
        )
        self.send_button = ipw.Button(
            description="Send", icon="paper-plane", tooltip="Send the message"
        )
        self.send_button.add_class(AFTER_EDITS)
        self.stop_button = ipw.Button(description="Stop", icon="stop", tooltip="Stop the answer")
        self.again_button = ipw.Button(
            description="Try again", icon="repeat", tooltip="Send the last message again"
        )
        self.clear_button = ipw.Button(
            description="Start over", icon="eraser", tooltip="Forget this conversation"
        )
        self.send_button.on_click(lambda _button: self.ask())
        self.stop_button.on_click(lambda _button: self.stop())
        self.again_button.on_click(lambda _button: self.ask_again())
        self.clear_button.on_click(lambda _button: self.clear())
        buttons = [self.send_button, self.stop_button, self.again_button, self.clear_button]
        super().__init__(
            [
                self.conversation,
                self.answer,
                ipw.HBox([self.input, *buttons], layout=wrapping()),
                self.status,
            ]
        )
        self._readiness = agents.readiness(agent.id)
        self._unsubscribe = self._readiness.subscribe(lambda _result: self._draw_status())
        self._draw()

    @property
    def is_answering(self) -> bool:
        """Whether an answer is being received."""
        return self._stream is not None

    def ask(self, text: str | None = None) -> None:
        """Send a message, by default the text of the input field; does nothing during an answer."""
        message = (self.input.value if text is None else text).strip()
        if not message or self.is_answering:
            return
        if text is None:
            self.input.value = ""
        history = list(self.messages)
        self.messages.append({"role": "user", "content": message})
        self._unanswered, self.problem, self._is_stopped = message, "", False
        stream = self._stream = self.agents.stream(self.agent.id, message, history)
        self._draw()
        self._loop.start(self._receive(stream))

    def ask_again(self) -> None:
        """Send the message again whose answer failed."""
        if self.problem and not self.is_answering:
            # What came of the failed answer is no part of the conversation.
            while self.messages and self.messages.pop()["role"] != "user":
                pass
            self.ask(self._unanswered)

    def stop(self) -> None:
        """Stop the answer; what came of it stays."""
        if self._stream is not None:
            self._is_stopped = True
            self._stream.cancel()

    def clear(self) -> None:
        """Forget the conversation."""
        self.stop()
        self.messages.clear()
        self.problem = ""
        self._draw()

    def close(self) -> None:
        """Close the chat and stop a running answer."""
        self._unsubscribe()
        if self._throttle is not None:
            self._throttle.close()
        self.stop()
        super().close()

    # ------------------------------------------------------------ internal

    async def _receive(self, stream: AgentStream) -> None:
        problem, throttle = "", self._throttle
        try:
            async for _piece in stream:
                if throttle is not None:
                    throttle.changed()
        except KaizenError as error:
            problem = str(error)
        except (asyncio.CancelledError, Exception) as error:
            if not self._is_stopped:
                logger.error("The answer of an agent failed", exc_info=error)
                problem = str(error) or type(error).__name__
        if self._stream is not stream:
            return
        self._stream = None
        if stream.text and self.messages:
            self.messages.append({"role": "assistant", "content": stream.text})
        self.problem = problem
        self._draw()
        # The agent was executed on the server, which counts it.
        for key in (query_keys.agents.lists, query_keys.metrics.all):
            self.agents.client.invalidate_queries(key)

    def _draw(self) -> None:
        self.conversation.value = "".join(map(_message, self.messages))
        self.conversation.layout.display = "" if self.messages else "none"
        self.send_button.layout.display = "none" if self.is_answering else ""
        self.stop_button.layout.display = "" if self.is_answering else "none"
        self.again_button.layout.display = "" if self.problem and not self.is_answering else "none"
        self.clear_button.layout.display = "" if self.messages and not self.is_answering else "none"
        self._draw_answer()
        self._draw_status()

    def _draw_answer(self) -> None:
        stream = self._stream
        if stream is None:
            self.answer.value = ""
            return
        self.answer.value = _message({"role": "assistant", "content": stream.text or "…"})

    def _draw_status(self) -> None:
        if self.is_answering:
            self.status.value = note("Answering…")
        elif self.problem:
            self.status.value = alert(self.problem)
        elif self._is_stopped and self.messages:
            self.status.value = note("Stopped.")
        else:
            self.status.value = self._readiness_text()

    def _readiness_text(self) -> str:
        readiness = self._readiness.data
        if readiness is None:
            return ""
        if not readiness.can_execute:
            return note(readiness.message or "This agent cannot answer yet.", WARN)
        model = " · ".join(part for part in (readiness.provider, readiness.model_id) if part)
        return note(f"{model} answers." if model else "")

    def __repr__(self) -> str:
        return f"AgentChat({_short(self.agent.name)!r}, {len(self.messages)} messages)"


def _message(message: dict[str, str]) -> str:
    is_user = message["role"] == "user"
    text = message["content"]
    shown = text if len(text) <= MAX_SHOWN else f"{text[:MAX_SHOWN]}…"
    side = "margin-left: 15%" if is_user else "margin-right: 15%"
    ground = "var(--kz-accent-weak, transparent)" if is_user else "var(--kz-sunk, transparent)"
    # What a user typed is shown as it was typed; models answer in Markdown.
    body = (
        f'<div style="white-space: pre-wrap">{html.escape(shown)}</div>'
        if is_user
        else f'<div class="kaizen-markdown">{markdown_to_html(shown)}</div>'
    )
    return (
        f'<div dir="auto" style="{side}; margin-bottom: 6px; padding: 6px 10px; border-radius: 8px; '
        f"border: 1px solid {LINE}; background: {ground}; "
        f'overflow-wrap: anywhere; line-height: 1.5"><div style="color: {MUTED}; font-size: 11px">'
        f"{'You' if is_user else 'Agent'}</div>{body}</div>"
    )


def _short(name: str) -> str:
    return name if len(name) <= 60 else f"{name[:59]}…"
