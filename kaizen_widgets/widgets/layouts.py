"""Layouts that panels share; made anew for each, because a layout is a widget with a comm of its own."""

from __future__ import annotations

import ipywidgets as ipw


def wrapping() -> ipw.Layout:
    """Return a row that breaks where it is narrow, its parts in line."""
    return ipw.Layout(flex_flow="row wrap", align_items="center", grid_gap="4px 8px")
