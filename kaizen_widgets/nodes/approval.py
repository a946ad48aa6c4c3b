"""The approval kind: waits until a person approves or rejects what arrived."""

from __future__ import annotations

from typing import Any

from kaizen_widgets.nodes.kind import Kind, Routed, Task, TimedConfig
from kaizen_widgets.nodes.look import INPUT, Look, Port
from kaizen_widgets.nodes.template_fields import Template
from kaizen_widgets.nodes.templates import render

APPROVED, REJECTED = "approved", "rejected"


class ApprovalConfig(TimedConfig):
    """Config of an approval node; its time limit is the time that a person has to answer."""

    question: Template | None = None
    """Question, filled with what arrives: "Send this to {{ name }}?"; empty for a general one."""


class ApprovalKind(Kind):
    """Asks a person, and passes on what arrived, or what they made of it, by ``approved`` or ``rejected``.

    Each run asks again: the answer is never taken from an earlier run.
    """

    look = Look(
        type="approval",
        title="Approval",
        description="Waits until a person approves what arrives.",
        icon="approval",
        color="#b45309",
        inputs=INPUT,
        outputs=(Port(APPROVED, "approved"), Port(REJECTED, "rejected")),
    )
    Config = ApprovalConfig
    asks_person = True

    def outputs(self, config: ApprovalConfig) -> frozenset[str]:
        """Return the two outputs; an edge that names none leaves by ``approved``."""
        return frozenset({APPROVED, "default", REJECTED})

    async def run(self, task: Task) -> Any:
        """Ask, and wait for the answer."""
        template = task.config.question
        question = "Is this right?"
        if template is not None:
            question = await task.in_thread(render, template, task.value)
        answer = await task.ctx.ask(question, task.value)
        value = answer.value if answer.has_value else task.value
        if answer.approved:
            return Routed(value, frozenset({APPROVED, "default"}), APPROVED)
        return Routed(value, frozenset({REJECTED}), REJECTED)
