"""Applies the theme a user chose to all canvases and panels of the page.

A `Theme` displays nothing: it writes the theme of its `UIStore` to the attribute ``data-kaizen-theme`` of the
page's body. Panels and canvases take their colors from JupyterLab's CSS variables; for a chosen theme
`js/src/panel/chosen_theme.css` gives those variables other values, inside panels and canvases only. For
the theme ``system`` the attribute is removed: then JupyterLab's theme applies, and on pages without
one the browser's.
"""

from __future__ import annotations

from typing import ClassVar

from traitlets import Enum

from kaizen_widgets.stores import UIStore
from kaizen_widgets.widgets.bundle import CompactLayout
from kaizen_widgets.widgets.shared_part import SharedPart


class Theme(SharedPart):
    """Apply a UI store's theme to the pages the widget is displayed in.

    Args:
        ui: UI store whose theme is applied, such as ``studio.ui``.
    """

    part: ClassVar[str] = "theme"
    theme = Enum(("light", "dark", "system"), "system").tag(sync=True)

    def __init__(self, ui: UIStore) -> None:
        # Also hidden here, so that it takes no space before its module is loaded.
        super().__init__(theme=ui.theme, layout=CompactLayout(display="none"))
        self._unsubscribe = ui.subscribe(lambda state: state["theme"], self._follow)

    def close(self) -> None:
        """Close the views and stop listening."""
        self._unsubscribe()
        super().close()

    def _follow(self, theme: str, _previous: str) -> None:
        self.theme = theme

    def __repr__(self) -> str:
        return f"Theme({self.theme!r})"
