"""Applies the theme a user chose to all canvases and panels of the page.

A `Theme` displays nothing: it writes the theme of its `UIStore` to the attribute ``data-kaizen-theme`` of the
page's body. Panels and canvases take their colors from JupyterLab's CSS variables; for a chosen theme the
rules here give those variables other values, inside ``kaizen-panel`` and ``kaizen-canvas`` only. For
the theme ``system`` the attribute is removed: then JupyterLab's theme applies, and on pages without
one the browser's.
"""

from __future__ import annotations

from typing import Final

import anywidget
from traitlets import Enum

from kaizen_widgets.stores import UIStore
from kaizen_widgets.widgets.python_owned import PythonOwned

_PALETTES: Final = {
    "light": {
        "layout-color0": "#ffffff",
        "layout-color1": "#ffffff",
        "layout-color2": "#eceef1",
        "layout-color3": "#d5d9df",
        "font-color0": "#16181d",
        "font-color1": "#23262d",
        "font-color2": "#5c626e",
        "font-color3": "#7d838f",
        "inverse-font-color0": "#ffffff",
        "inverse-font-color1": "#f4f5f7",
        "border-color0": "#b6bbc4",
        "border-color1": "#b6bbc4",
        "border-color2": "#dfe2e7",
        "border-color3": "#eceef1",
        "brand-color0": "#1d54c4",
        "brand-color1": "#2463d8",
        "brand-color2": "#6f9cf0",
        "success-color0": "#146c3d",
        "success-color1": "#1b7f3b",
        "warn-color0": "#8a5800",
        "warn-color1": "#b97800",
        "error-color0": "#b3261e",
        "error-color1": "#c8382f",
        "info-color0": "#6a1fa0",
        "info-color1": "#7d3cb5",
    },
    "dark": {
        "layout-color0": "#121316",
        "layout-color1": "#1b1d21",
        "layout-color2": "#2a2d33",
        "layout-color3": "#3c4048",
        "font-color0": "#f4f5f7",
        "font-color1": "#e4e6ea",
        "font-color2": "#a9afba",
        "font-color3": "#858b96",
        "inverse-font-color0": "#121316",
        "inverse-font-color1": "#1b1d21",
        "border-color0": "#5b606a",
        "border-color1": "#5b606a",
        "border-color2": "#383c43",
        "border-color3": "#2a2d33",
        "brand-color0": "#8fb6ff",
        "brand-color1": "#6ea3ff",
        "brand-color2": "#3f6fc4",
        "success-color0": "#7ad8a5",
        "success-color1": "#4fb880",
        "warn-color0": "#f0c060",
        "warn-color1": "#d9a63d",
        "error-color0": "#ff9a91",
        "error-color1": "#e5675d",
        "info-color0": "#cf9df0",
        "info-color1": "#b47fdb",
    },
}
_CONTROLS: Final = {
    "color": "content-font-color1",
    "label-color": "content-font-color1",
    "readout-color": "content-font-color1",
    "input-color": "ui-font-color1",
    "input-background-color": "layout-color1",
    "input-border-color": "border-color1",
    "input-focus-border-color": "brand-color2",
    "slider-handle-background-color": "layout-color1",
    "slider-handle-border-color": "border-color1",
    "slider-active-handle-color": "brand-color1",
}
"""ipywidgets' variables and the variables they depend on, which have to be set again for a theme."""


def _rules(theme: str) -> str:
    """Return the CSS declarations of a theme."""
    declarations: dict[str, str] = {}
    for name, color in _PALETTES[theme].items():
        names = [name]
        if name.startswith("font-color"):
            names = [f"ui-{name}", f"content-{name}"]
        elif name.startswith("inverse-"):
            names = [f"ui-{name}", name.replace("inverse-", "inverse-ui-")]
        declarations |= {f"--jp-{each}": color for each in names}
    declarations |= {f"--jp-widgets-{name}": f"var(--jp-{of})" for name, of in _CONTROLS.items()}
    declarations |= {"color-scheme": theme, "color": "var(--jp-content-font-color1)"}
    return " ".join(f"{name}: {value};" for name, value in declarations.items())


def _chosen(theme: str) -> str:
    body = f'body[data-kaizen-theme="{theme}"]'
    return (
        f"{body} :is(.kaizen-panel, .kaizen-canvas) {{ {_rules(theme)} }}\n"
        f"{body} .kaizen-panel {{ background: var(--jp-layout-color1); }}\n"
        f"{body} .kaizen-panel:not(.kaizen-panel *, :empty, :has(> .kaizen-notifications)) "
        f"{{ border-radius: 6px; padding: 8px; }}"
    )


THEME_CSS: Final = f"""
:is(.kaizen-panel, .kaizen-panel *).jupyter-widgets-disconnected::before {{ content: none; }}
{_chosen("light")}
{_chosen("dark")}
@media (prefers-color-scheme: dark) {{
  body:not([data-jp-theme-light], [data-kaizen-theme]) .kaizen-panel {{
    {_rules("dark")} background: var(--jp-layout-color1);
  }}
}}
"""
"""Included in every panel, because a page may contain just one."""


class Theme(PythonOwned, anywidget.AnyWidget):
    """Apply a UI store's theme to the pages the widget is displayed in.

    Args:
        ui: UI store whose theme is applied, such as ``studio.ui``.
    """

    _css = THEME_CSS
    _esm = """
// The views of one page, newest last; the newest one sets the theme.
const views = (globalThis[Symbol.for("kaizen-widgets.theme")] ??= []);

function apply() {
  const theme = views.at(-1)?.get("theme") ?? "system";
  if (theme === "system") delete document.body.dataset.kaizenTheme;
  else document.body.dataset.kaizenTheme = theme;
}

function render({ model, el }) {
  el.style.display = "none";
  views.push(model);
  model.on("change:theme", apply);
  apply();
  return () => {
    views.splice(views.lastIndexOf(model), 1);
    model.off("change:theme", apply);
    apply();
  };
}
export default { render };
"""

    theme = Enum(("light", "dark", "system"), "system").tag(sync=True)

    def __init__(self, ui: UIStore) -> None:
        super().__init__(theme=ui.theme)
        # Also hidden here, so that it takes no space before its module is loaded.
        self.layout.display = "none"
        self._unsubscribe = ui.subscribe(lambda state: state["theme"], self._follow)

    def close(self) -> None:
        """Close the views and stop listening."""
        self._unsubscribe()
        super().close()

    def _follow(self, theme: str, _previous: str) -> None:
        self.theme = theme

    def __repr__(self) -> str:
        return f"Theme({self.theme!r})"
