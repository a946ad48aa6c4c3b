"""The questions that the nodes of a run ask people, and their answers."""

from __future__ import annotations

import concurrent.futures
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from kaizen_widgets.core.text import quoted
from kaizen_widgets.displays.sentences import quick_sentence
from kaizen_widgets.engines.event_log import EventLog
from kaizen_widgets.engines.waiting_nodes import WaitingNodes
from kaizen_widgets.errors import RunError
from kaizen_widgets.nodes.approval_answer import ApprovalAnswer

if TYPE_CHECKING:
    from kaizen_widgets.engines.run import NodeRun

Pending = concurrent.futures.Future[ApprovalAnswer]


@dataclass(frozen=True)
class Question:
    """A question to a person.

    Attributes:
        text: What is asked.
        value: What it is about.
        tool: Name of the tool that an agent wants to call, or empty.
    """

    text: str
    value: Any = None
    tool: str = ""
    _answer: Pending = field(default_factory=Pending, repr=False, compare=False)
    _attempt: int = field(default=0, repr=False, compare=False)


class Questions:
    """The open questions of one run, by node; safe from any thread.

    A run that is executed without a person, as by nbconvert, would wait forever: where ``is_attended``
    returns False, a question is refused as soon as something waits for the run.

    Args:
        log: The run's events.
        nodes: The run's nodes.
        is_attended: Returns whether a person may answer.
        waiting: Gets to know what is asked and answered.
    """

    def __init__(
        self,
        log: EventLog,
        nodes: Mapping[str, NodeRun],
        is_attended: Callable[[], bool],
        waiting: WaitingNodes,
    ) -> None:
        self._log = log
        self._nodes = nodes
        self._is_attended = is_attended
        self._waiting = waiting
        self._open: dict[str, list[Question]] = {}
        self._is_waited_for = False
        self._lock = threading.RLock()

    def of(self, node_id: str) -> Question | None:
        """Return the first open question of a node, or None."""
        with self._lock:
            return next(iter(self._open.get(node_id, ())), None)

    @property
    def waiting(self) -> frozenset[str]:
        """Ids of the nodes that wait for an answer."""
        with self._lock:
            return frozenset(self._open)

    def ask(self, node_id: str, attempt: int, text: str, value: Any, tool: str = "") -> Pending:
        """Open a question of a node; return its pending answer."""
        question = Question(text, value, tool, _attempt=attempt)
        with self._lock:
            self._open.setdefault(node_id, []).append(question)
            # First, as a listener of the event may answer immediately.
            self._waiting.asked((node_id, attempt))
            self._nodes[node_id].status = "waiting"
            shown = quick_sentence(value) or type(value).__name__
            data = {"question": text, "preview": shown} | ({"tool": tool} if tool else {})
            self._log.emit("waiting", node=node_id, state="asked", attempt=attempt, data=data)
        # A node that is stopped cancels its wait.
        question._answer.add_done_callback(lambda _done: self._withdraw(node_id, question))
        if self._is_waited_for:
            self.refuse_unattended()
        return question._answer

    def answer(self, node_id: str, answer: ApprovalAnswer) -> None:
        """Answer the first open question of a node.

        Raises:
            RunError: It has none, or the arguments that a tool should be called with are no dict.
        """
        label = quoted(self._nodes[node_id].label)
        with self._lock:
            question = self.of(node_id)
            if question is None:
                status = self._nodes[node_id].status
                raise RunError(f"{label} asks nothing: it is {status}.", node_id=node_id)
            if question.tool and answer.has_value and not _is_arguments(answer.value):
                raise RunError(
                    f"{label} wants to call the tool {quoted(question.tool)}: correct its arguments with a "
                    f'dict by name, such as approve({{"amount": 5}}), not with a '
                    f"{type(answer.value).__name__}.",
                    node_id=node_id,
                )
            self._close(node_id, question)
            state = "approved" if answer.approved else "rejected"
            data = {"reason": answer.reason} if answer.reason else None
            self._log.emit("waiting", node=node_id, state=state, data=data)
        self._waiting.answered(
            (node_id, question._attempt), partial(_give, question._answer, answer)
        )

    def waited_for(self) -> None:
        """Record that something waits for the run, and refuse what nobody will answer."""
        self._is_waited_for = True
        self.refuse_unattended()

    def refuse_unattended(self) -> None:
        """Let the nodes that ask fail if no person can answer them."""
        if self._is_attended():
            return
        with self._lock:
            asked = [(node_id, one) for node_id, all_ in self._open.items() for one in all_]
        for node_id, question in asked:
            error = RunError(
                f"{quoted(self._nodes[node_id].label)} waits for a person's approval, and this notebook is "
                f"run without one. Answer in code instead of waiting: async for event in run.stream().",
                node_id=node_id,
            )
            if not question._answer.done():
                question._answer.set_exception(error)

    def _withdraw(self, node_id: str, question: Question) -> None:
        """Close a question that ended without an answer; does nothing for one that was answered."""
        with self._lock:
            # Not by equality: a question may be about a table, which cannot be compared.
            if not any(one is question for one in self._open.get(node_id, ())):
                return
            self._close(node_id, question)
        self._waiting.withdrawn((node_id, question._attempt))

    def _close(self, node_id: str, question: Question) -> None:
        with self._lock:
            left = [one for one in self._open.get(node_id, ()) if one is not question]
            if left:
                self._open[node_id] = left
            elif self._open.pop(node_id, None) and self._nodes[node_id].status == "waiting":
                self._nodes[node_id].status = "running"


def _give(pending: Pending, answer: ApprovalAnswer) -> None:
    try:
        pending.set_result(answer)
    except concurrent.futures.InvalidStateError:
        pass  # The node was stopped meanwhile.


def _is_arguments(value: Any) -> bool:
    return isinstance(value, Mapping) and all(isinstance(name, str) for name in value)
