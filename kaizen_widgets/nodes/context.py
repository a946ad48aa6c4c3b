"""Context lets a running node report to its run, and tells it when to stop.

A function receives it in a parameter named ``ctx``. Safe from any thread. Reports after the node has ended
are dropped.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import math
import threading
from collections.abc import Callable, Mapping
from typing import Any, Literal

from kaizen_widgets.core.text import quoted
from kaizen_widgets.errors import RunCancelledError, RunError
from kaizen_widgets.nodes.approval_answer import ApprovalAnswer
from kaizen_widgets.nodes.model_usage import ModelUsage
from kaizen_widgets.nodes.numbers import is_number

MAX_STREAMED = 2000
"""Characters of a streamed text that its events repeat: the newest."""

Say = Callable[[Literal["log", "progress", "text", "usage", "cached"], Mapping[str, Any]], object]
"""Takes what a node reports: its kind, and the facts as JSON."""
Ask = Callable[[str, Any, str], "concurrent.futures.Future[ApprovalAnswer]"]
"""Asks a person: the question, the value it is about, and the tool that needs approval, or empty."""


class Context:
    """One node's connection to its run.

    Args:
        node_id: Id of the node.
        label: Label of the node.
        say: Called with each report.
        ask: Called with each question to a person; None where nobody can be asked.
    """

    def __init__(self, node_id: str, label: str, say: Say, ask: Ask | None = None) -> None:
        self.node_id = node_id
        self.label = label
        self.say = say
        self._ask = ask
        self.threads = 0
        """Number of the node's calls under way in threads; kept by the engine."""
        self._stop = threading.Event()
        self._text = ""

    def log(self, text: object) -> None:
        """Add a line to the run's log."""
        self.say("log", {"stream": "log", "text": str(text)})

    def progress(self, fraction: float) -> None:
        """Report how much of this node's work is done, from 0 to 1; numbers outside count as 0 or 1.

        Args:
            fraction: Any real number, also numpy's.

        Raises:
            RunError: It is not a number.
        """
        number = float(fraction) if is_number(fraction) else math.nan
        if math.isnan(number):
            raise RunError(
                f"Progress of {self.label!r} must be a number from 0 to 1, not {fraction!r}.",
                node_id=self.node_id,
            )
        self.say("progress", {"fraction": min(max(number, 0.0), 1.0)})

    def stream(self, piece: str) -> None:
        """Report a piece of the text that the node is writing, to be shown while it is written."""
        self._text = f"{self._text}{piece}"[-MAX_STREAMED:]
        self.say("text", {"piece": piece, "text": self._text})

    def use(self, usage: ModelUsage) -> None:
        """Report what one request to a model used."""
        self.say("usage", usage.to_json())

    async def ask(self, question: str, value: Any = None, *, tool: str = "") -> ApprovalAnswer:
        """Ask a person, and wait for the answer; meanwhile the node is waiting.

        Args:
            question: What is asked, for people.
            value: What it is about, which is shown.
            tool: Name of the tool that needs approval, or empty.

        Raises:
            RunError: Nobody can answer here.
        """
        if self._ask is None:
            raise RunError(
                f"{quoted(self.label)} asks for approval, and nobody can be asked here.",
                node_id=self.node_id,
            )
        return await asyncio.wrap_future(self._ask(question, value, tool))

    @property
    def cancelled(self) -> bool:
        """Whether the node should stop: its run was cancelled, or its time limit is reached."""
        return self._stop.is_set()

    def check(self) -> None:
        """Raise if the node should stop; call it between steps of long work.

        Raises:
            RunCancelledError: The run was cancelled, or the time limit of the node is reached.
        """
        if self._stop.is_set():
            raise RunCancelledError(f"{self.label!r} was asked to stop.", node_id=self.node_id)

    def stop(self) -> None:
        """Ask the node to stop; called by the engine."""
        self._stop.set()

    def __repr__(self) -> str:
        return f"Context({self.label!r}{', cancelled' if self.cancelled else ''})"
