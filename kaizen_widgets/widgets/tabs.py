"""The other tabs of this browser: told at once what the shared file will tell within a second.

Only a message's type and the theme cross, never a token or a user. Who hears one looks into the shared
file, which knows what is so; a message says only that now is a good moment.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any, Literal

import anywidget
from pydantic import BaseModel, ConfigDict, ValidationError
from traitlets import Unicode

from kaizen_widgets.widgets.bundle import built

logger = logging.getLogger(__name__)

Theme = Literal["light", "dark", "system"]


class Message(BaseModel):
    """What crosses, whole."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    type: Literal["LOGIN", "LOGOUT", "THEME"]
    theme: Theme | None = None


class Heard(BaseModel):
    """What a page passes on."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    kind: Literal["heard"]
    channel: Literal["kaizen-auth", "kaizen-ui"]
    message: Message


class TabLink(anywidget.AnyWidget):
    """A widget without a view that speaks on two BroadcastChannels.

    Args:
        on_heard: Called with each message of another tab; on any thread.
    """

    _esm = Unicode().tag(sync=True)

    def __init__(self, on_heard: Callable[[Message], object]) -> None:
        super().__init__(_esm=built("tabs"))
        self._on_heard = on_heard
        self.on_msg(lambda _widget, content, _buffers: self._receive(content))

    def tell_session(self, *, signed_in: bool) -> None:
        """Tell the other tabs that somebody signed in or out."""
        self._tell("kaizen-auth", Message(type="LOGIN" if signed_in else "LOGOUT"))

    def tell_theme(self, theme: Theme) -> None:
        """Tell the other tabs which theme was chosen."""
        self._tell("kaizen-ui", Message(type="THEME", theme=theme))

    def _tell(self, channel: str, message: Message) -> None:
        if self.comm is not None:
            told = message.model_dump(exclude_none=True)
            self.send({"kind": "tell", "channel": channel, "message": told})

    def _receive(self, content: Any) -> None:
        try:
            heard = Heard.model_validate(content)
        except ValidationError:
            logger.warning("A message of another tab was ignored: it is none of ours.")
            return
        try:
            self._on_heard(heard.message)
        except Exception:
            logger.exception("Following another tab failed.")

    def __repr__(self) -> str:
        return "TabLink()"
