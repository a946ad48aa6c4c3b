"""The field area: all fields of a form, or some, as one small anywidget.

What is typed travels in messages; the one trait is what a view needs to begin with, made when somebody asks
for it, without a secret in it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Any

from traitlets import Dict

from kaizen_widgets.core.clock import Clock
from kaizen_widgets.sync.form.form_end import FormEnd, Mail
from kaizen_widgets.sync.form.message_handler import FormActions
from kaizen_widgets.sync.form.messages import FieldNode
from kaizen_widgets.sync.form.sent_state import FieldRules
from kaizen_widgets.widgets.bundle import Bundle, BundledWidget

log = logging.getLogger(__name__)


class FieldArea(BundledWidget):
    """Fields of a form; made by a `FormPanel`.

    Args:
        form: The form.
        surroundings: What the panel adds to it.
        desk: Takes submits, resets and files.
        root: The form's root node.
        definitions: What recursive fields refer to.
        widgets: The users' own widgets by key, as references the page resolves.
        only: Keys of the fields to show; None for all.
        clock: Time and timers.
        on_failure: Called with what a user's own code raised while a view's message was handled.
    """

    bundle = Bundle("form")
    _picture = Dict().tag(sync=True)

    def __init__(
        self,
        form: Any,
        *,
        surroundings: FieldRules,
        desk: FormActions,
        root: FieldNode,
        definitions: Mapping[str, FieldNode],
        clock: Clock,
        widgets: Mapping[str, str] | None = None,
        only: tuple[str, ...] | None = None,
        on_failure: Callable[[Exception], object] = lambda _error: None,
        **options: Any,
    ) -> None:
        # Before the base: it reads the state for the first message.
        self._on_failure = on_failure
        self.end = FormEnd(
            form,
            self._mail,
            surroundings=surroundings,
            desk=desk,
            root=root,
            definitions=definitions,
            widgets=widgets or {},
            only=only,
            clock=clock,
            on_failure=self._failed,
        )
        super().__init__(**options)
        self.on_msg(self._receive)

    def get_state(self, key: Any = None, drop_defaults: bool = False) -> dict[str, Any]:
        """Return the synced state; what the form holds is read now."""
        state = super().get_state(key, drop_defaults)
        if "_picture" in state:
            state["_picture"] = self.end.picture().model_dump(
                mode="json", by_alias=True, exclude_defaults=True
            )
        return state

    def close(self) -> None:
        """Close the views and stop listening; the form lives on."""
        if hasattr(self, "end"):  # ipywidgets closes also what was refused when made
            self.end.close()
        super().close()

    def _mail(self, mail: Mail) -> None:
        if self.comm is not None:
            self.send(mail.model_dump(mode="json", by_alias=True, exclude_defaults=True))

    def _receive(self, _widget: Any, content: Any, buffers: Any) -> None:
        self.end.receive(content, buffers)

    def _failed(self, error: Exception) -> None:
        """Say what a user's observer raised; nobody else would see it."""
        log.error("Something that follows a form raised; the edit itself was made.", exc_info=error)
        self._on_failure(error)

    def __repr__(self) -> str:
        return "FieldArea()"
