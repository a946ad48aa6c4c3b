"""Small widgets whose JavaScript is the bundle that all panels share (`js/src/panel`)."""

from __future__ import annotations

from typing import Any, ClassVar

from traitlets import Unicode

from kaizen_widgets.widgets.bundle import Bundle, BundledWidget


class SharedPart(BundledWidget):
    """A widget drawn by one part of the panels' bundle; it also brings the styles of all panels.

    Args:
        **traits: Values of its traits.
    """

    bundle = Bundle("panel")
    part: ClassVar[str]
    """Name of the part in `js/src/panel/bundle.ts`."""
    _part = Unicode().tag(sync=True)

    def __init__(self, **traits: Any) -> None:
        super().__init__(_part=self.part, **traits)
