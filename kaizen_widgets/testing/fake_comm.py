"""A comm without a kernel: records what Python sends, and delivers messages as a browser would.

    with fake_comms() as comms:
        button = ipywidgets.Button()
        comms.of(button).deliver_custom({"event": "click"})

Messages are converted to JSON and back, so that a value that cannot be sent fails in the test as it would in
a kernel. ipywidgets swallows exceptions of handlers of custom messages, here as in a kernel: assert effects,
not the absence of an exception.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple
from unittest import mock

import comm
import ipywidgets
from comm.base_comm import BaseComm
from ipywidgets.widgets import widget as ipywidgets_module


class SentMessage(NamedTuple):
    """One message from Python to the browser.

    Attributes:
        kind: ``comm_open``, ``comm_msg`` or ``comm_close``.
        data: Its content, after conversion to JSON and back.
        buffers: Its binary parts.
    """

    kind: str
    data: dict[str, Any]
    buffers: list[bytes]


class FakeComm(BaseComm):
    """The kernel's end of a comm; the test is the other end."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.sent: list[SentMessage] = []  # before BaseComm opens, which sends
        super().__init__(*args, **kwargs)

    def publish_msg(
        self,
        msg_type: str,
        data: dict[str, Any] | None = None,
        metadata: dict[str, Any] | None = None,
        buffers: list[bytes] | None = None,
        **keys: Any,
    ) -> None:
        """Record a message instead of sending it; called by `comm`."""
        wire = json.loads(json.dumps(data or {}, allow_nan=False))
        self.sent.append(SentMessage(msg_type, wire, [bytes(part) for part in buffers or []]))

    def deliver(self, data: dict[str, Any], buffers: Sequence[bytes] = ()) -> None:
        """Deliver a message of the widget protocol to the widget, as if from a browser."""
        self.handle_msg(
            {
                "content": {"comm_id": self.comm_id, "data": json.loads(json.dumps(data))},
                "buffers": [memoryview(part) for part in buffers],
                "header": {},
                "parent_header": {},
                "metadata": {},
            }
        )

    def deliver_custom(self, content: Any, buffers: Sequence[bytes] = ()) -> None:
        """Deliver a custom message, as ``model.send(content)`` does in a browser."""
        self.deliver({"method": "custom", "content": content}, buffers)

    def deliver_update(self, **state: Any) -> None:
        """Deliver new values of synced traits, as ``model.save_changes()`` does in a browser."""
        self.deliver({"method": "update", "state": state, "buffer_paths": []})

    @property
    def custom(self) -> list[Any]:
        """The contents of all custom messages sent so far, oldest first."""
        return [data["content"] for _, data, _ in self.sent if data.get("method") == "custom"]

    @property
    def updates(self) -> list[dict[str, Any]]:
        """The states of all trait updates sent so far, without echoes, oldest first."""
        return [data["state"] for _, data, _ in self.sent if data.get("method") == "update"]

    @property
    def echoes(self) -> list[dict[str, Any]]:
        """The states of all updates that were echoed to the browser that set them, oldest first."""
        return [data["state"] for _, data, _ in self.sent if data.get("method") == "echo_update"]

    def clear(self) -> None:
        """Clear the recorded messages."""
        self.sent.clear()


class FakeComms(list[FakeComm]):
    """All comms opened inside `fake_comms`, oldest first."""

    def of(self, widget: ipywidgets.Widget) -> FakeComm:
        """Return the comm of a widget.

        Raises:
            LookupError: The widget was created outside `fake_comms`, or is closed.
        """
        for opened in self:
            if opened is widget.comm:
                return opened
        raise LookupError(
            f"{type(widget).__name__} has no fake comm: create it inside `fake_comms()`, and do not close it."
        )


@contextmanager
def fake_comms(*, echo: bool = True) -> Iterator[FakeComms]:
    """Give every widget created inside the context a `FakeComm`, and close these widgets at the end.

    Args:
        echo: Whether Python echoes updates to the browser that sent them, as ipywidgets does unless
            ``JUPYTER_WIDGETS_ECHO=0``.
    """
    opened = FakeComms()

    def create_comm(*args: Any, **kwargs: Any) -> FakeComm:
        made = FakeComm(*args, **kwargs)
        opened.append(made)
        return made

    with (
        mock.patch.object(comm, "create_comm", create_comm),
        mock.patch.object(ipywidgets_module, "JUPYTER_WIDGETS_ECHO", echo),
    ):
        try:
            yield opened
        finally:
            for widget in list(ipywidgets_module._instances.values()):
                if any(widget.comm is made for made in opened):
                    widget.close()
