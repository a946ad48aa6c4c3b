"""The field area: all or some of a form's fields, as one small anywidget.

Edits are sent as messages. Its only trait is the snapshot that a view starts with, which is made on request
and contains no secrets.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Any

from traitlets import Dict

from kaizen_widgets.core.clock import Clock
from kaizen_widgets.forms import Form
from kaizen_widgets.forms.fields.field_node import FormDescription
from kaizen_widgets.sync.form.field_rules import FieldRules
from kaizen_widgets.sync.form.form_actions import FormActions
from kaizen_widgets.sync.form.form_end import FormEnd
from kaizen_widgets.sync.form.messages import FormPatch, FormSnapshotMessage
from kaizen_widgets.widgets.bundle import Bundle, BundledWidget

log = logging.getLogger(__name__)


class FieldArea(BundledWidget):
    """The fields of a form; `FormPanel` creates it.

    Args:
        form: The form.
        rules: Options, hidden fields and read-outs.
        actions: Handles submits, resets and files.
        description: The description of the fields.
        widgets: ipywidgets that replace fields, by key, as references that the page resolves.
        only: Keys of the fields to show; None for all.
        clock: Time and timers.
        on_failure: Called with an exception of user code that runs while a message is handled.
    """

    bundle = Bundle("form")
    _snapshot = Dict().tag(sync=True)

    def __init__(
        self,
        form: Form,
        *,
        rules: FieldRules,
        actions: FormActions,
        description: FormDescription,
        clock: Clock,
        widgets: Mapping[str, str] | None = None,
        only: tuple[str, ...] | None = None,
        on_failure: Callable[[Exception], object] = lambda _error: None,
        **options: Any,
    ) -> None:
        # Before the base class, which reads the state for its first message.
        self._on_failure = on_failure
        self.end = FormEnd(
            form,
            self._send_message,
            rules=rules,
            actions=actions,
            description=description,
            widgets=widgets or {},
            only=only,
            clock=clock,
            on_failure=self._failed,
        )
        super().__init__(**options)
        self.on_msg(self._receive)

    def get_state(self, key: Any = None, drop_defaults: bool = False) -> dict[str, Any]:
        """Return the synced state, with a current snapshot of the form."""
        state = super().get_state(key, drop_defaults)
        if "_snapshot" in state:
            state["_snapshot"] = self.end.snapshot().model_dump(
                mode="json", by_alias=True, exclude_defaults=True
            )
        return state

    def close(self) -> None:
        """Close the views and stop listening to the form, which stays usable."""
        if hasattr(self, "end"):  # ipywidgets also closes widgets whose `__init__` raised
            self.end.close()
        super().close()

    def _send_message(self, message: FormPatch | FormSnapshotMessage) -> None:
        if self.comm is not None:
            self.send(message.model_dump(mode="json", by_alias=True, exclude_defaults=True))

    def _receive(self, _widget: Any, content: Any, buffers: Any) -> None:
        self.end.receive(content, buffers)

    def _failed(self, error: Exception) -> None:
        """Log and show an exception of a listener, which would otherwise be lost."""
        log.error("A listener of a form raised; the edit itself was made.", exc_info=error)
        self._on_failure(error)

    def __repr__(self) -> str:
        return "FieldArea()"
