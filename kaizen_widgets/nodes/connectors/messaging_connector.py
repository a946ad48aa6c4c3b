"""The messaging kind: sends what arrives to a topic of this process, or waits for a message."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal

from kaizen_widgets.nodes.connectors.base_connector import BaseConnector
from kaizen_widgets.nodes.connectors.message_topics import topics
from kaizen_widgets.nodes.kind import Task, TimedConfig
from kaizen_widgets.nodes.look import Look


class MessagingConfig(TimedConfig):
    """Config of a messaging node."""

    topic: str = ""
    """Name of the topic."""
    action: Literal["send", "receive"] = "send"
    """Whether it sends what arrives, and passes it on, or waits for a message, and passes that on."""


class MessagingKind(BaseConnector):
    """Sends and receives messages on `topics`; each is received once, in the order they were sent."""

    look = Look(
        type="messaging",
        title="Messaging",
        description="Sends and receives messages within this kernel.",
        icon="messaging",
        color="#475569",
        defaults={"topic": "", "action": "send"},
    )
    Config = MessagingConfig

    def problems(self, config: MessagingConfig) -> Iterable[str]:
        """Refuse a node without a topic."""
        return [] if config.topic else ["has no topic"]

    async def connect(self, task: Task) -> Any:
        """Send or receive."""
        if task.config.action == "receive":
            return await topics.receive(task.config.topic)
        topics.send(task.config.topic, task.value)
        return task.value
