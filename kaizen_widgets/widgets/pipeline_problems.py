"""Find what keeps a pipeline from running while it is edited, and report it by node."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable, Mapping
from typing import Any

from kaizen_widgets.core.background import background
from kaizen_widgets.core.clock import Clock, Timer
from kaizen_widgets.engines import problems_of
from kaizen_widgets.errors import RunProblem
from kaizen_widgets.nodes import Functions, Registry
from kaizen_widgets.nodes.functions import is_missing_function
from kaizen_widgets.stores import CanvasStore

log = logging.getLogger(__name__)

DELAY = 0.3
"""Seconds after an edit until the pipeline is checked."""
MAX_NODES = 2000
"""Larger pipelines are checked only when they are run: a check takes longer than typing may wait."""
SHORT = 60
"""Most characters of a problem on a card; its hint has the whole sentence."""


class PipelineProblems:
    """The problems of one pipeline, kept up to date.

    Args:
        store: The pipeline.
        registry: Node kinds.
        functions: Functions and agents that nodes call.
        clock: Clock that calls after the delay, on a thread of its own.
        show: Called with ``{node_id: {"problem": ..., "hint": ...}}`` whenever they change.
    """

    def __init__(
        self,
        store: CanvasStore,
        registry: Registry,
        functions: Functions,
        *,
        clock: Clock,
        show: Callable[[Mapping[str, Mapping[str, Any]]], object],
    ) -> None:
        self._store = store
        self._registry = registry
        self._functions = functions
        self._clock = clock
        self._show = show
        self._lock = threading.Lock()
        self._checking = threading.Lock()
        """Held by a check, so that a slow one does not replace what a later one found."""
        self._is_closed = False
        self._timer: Timer | None = None
        self._shown: Mapping[str, Mapping[str, Any]] = {}
        self._unsubscribes = (
            store.on_event(lambda _event: self.check_soon()),
            registry.subscribe(self.check_soon),
            functions.subscribe(self.check_soon),
        )
        self.check_soon()

    def check_soon(self) -> None:
        """Check the pipeline after the delay."""
        with self._lock:
            if self._timer is None:
                self._timer = self._clock.call_later(DELAY, self._check)

    def close(self) -> None:
        """Stop checking."""
        for unsubscribe in self._unsubscribes:
            unsubscribe()
        with self._lock:
            self._is_closed = True
            if self._timer is not None:
                self._timer.cancel()

    def _check(self) -> None:
        """Check now, but not on the background loop: a keyring, where keys of models are, may ask."""
        with self._lock:
            self._timer = None
        if background.is_current:
            background.start(asyncio.to_thread(self._check_logged))
        else:
            self._check_now()

    def _check_logged(self) -> None:
        try:
            self._check_now()
        except Exception:  # no caller would see it
            log.exception("A pipeline could not be checked")

    def _check_now(self) -> None:
        with self._checking:
            graph = self._store.graph
            found: tuple[RunProblem, ...] = ()
            if 0 < graph.node_count <= MAX_NODES:
                found = problems_of(graph, self._registry, self._functions)
            shown = _by_node(found)
            if shown != self._shown and not self._is_closed:
                self._shown = shown
                self._show(shown)


def _by_node(problems: tuple[RunProblem, ...]) -> dict[str, dict[str, str]]:
    """Return the facts for the cards: of each node the first problem, with all as its hint."""
    messages: dict[str, list[str]] = {}
    for problem in problems:
        if problem.node_id is not None:
            messages.setdefault(problem.node_id, []).append(problem.message)
    return {
        node_id: {
            "problem": _short(found[0]),
            "hint": " ".join(found)[:800],
            # What the notebook has not registered yet may come in the next cell.
            **({"severity": "warning"} if all(map(is_missing_function, found)) else {}),
        }
        for node_id, found in messages.items()
    }


def _short(message: str) -> str:
    # The card has the name already: Agent "Billing" has no function.
    words = message.partition('" ')[2] or message
    text = words.split(":")[0].removeprefix("has ").rstrip(".")
    text = f"{text[:1].upper()}{text[1:]}"
    return text if len(text) <= SHORT else f"{text[: SHORT - 1]}…"
