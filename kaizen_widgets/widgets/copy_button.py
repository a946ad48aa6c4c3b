"""A button that copies a text to the clipboard, in the browser."""

from __future__ import annotations

from typing import ClassVar

from traitlets import Unicode

from kaizen_widgets.widgets.shared_part import SharedPart


class CopyButton(SharedPart):
    """A button that copies ``text``.

    Args:
        label: Label of the button.
        text: Text that is copied; also its tooltip.
    """

    part: ClassVar[str] = "copy"
    label = Unicode().tag(sync=True)
    text = Unicode().tag(sync=True)

    def __init__(self, label: str, text: str = "") -> None:
        super().__init__(label=label, text=text)

    def __repr__(self) -> str:
        return f"CopyButton({self.label!r})"
