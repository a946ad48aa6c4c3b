"""Messages to and from the other tabs of the browser, faster than the kernels' shared file.

Only a message's type and the theme are sent, never a token or a user. A kernel that receives a
message reads the new state from the shared file; the message only triggers that.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any, Literal

import anywidget
from pydantic import BaseModel, ConfigDict, ValidationError
from traitlets import Unicode

from kaizen_widgets.widgets.bundle import built
from kaizen_widgets.widgets.python_owned import PythonOwned

logger = logging.getLogger(__name__)

ThemeName = Literal["light", "dark", "system"]


class TabMessage(BaseModel):
    """A message between tabs."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    type: Literal["LOGIN", "LOGOUT", "THEME"]
    theme: ThemeName | None = None


class ReceivedMessage(BaseModel):
    """A message of another tab, as this tab passes it to the kernel."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    kind: Literal["received"]
    channel: Literal["kaizen-auth", "kaizen-ui"]
    message: TabMessage


class TabLink(PythonOwned, anywidget.AnyWidget):
    """A widget without a view that sends and receives on two BroadcastChannels of the browser.

    Args:
        on_message: Called with each message of another tab, on any thread.
    """

    _esm = Unicode().tag(sync=True)

    def __init__(self, on_message: Callable[[TabMessage], object]) -> None:
        super().__init__(_esm=built("tabs"))
        self._on_message = on_message
        self.on_msg(lambda _widget, content, _buffers: self._receive(content))

    def notify_session(self, *, signed_in: bool) -> None:
        """Notify the other tabs that a user signed in or out."""
        self._post("kaizen-auth", TabMessage(type="LOGIN" if signed_in else "LOGOUT"))

    def notify_theme(self, theme: ThemeName) -> None:
        """Notify the other tabs of the chosen theme."""
        self._post("kaizen-ui", TabMessage(type="THEME", theme=theme))

    def _post(self, channel: str, message: TabMessage) -> None:
        if self.comm is not None:
            content = message.model_dump(exclude_none=True)
            self.send({"kind": "send", "channel": channel, "message": content})

    def _receive(self, content: Any) -> None:
        try:
            received = ReceivedMessage.model_validate(content)
        except ValidationError:
            logger.warning("A message of another tab was ignored: it has an unknown format.")
            return
        try:
            self._on_message(received.message)
        except Exception:
            logger.exception("Following another tab failed.")

    def __repr__(self) -> str:
        return "TabLink()"
