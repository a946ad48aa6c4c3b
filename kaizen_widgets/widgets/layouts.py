"""Layouts used by several panels.

Each call returns a new one, because a layout is a widget with a comm of its own.
"""

from __future__ import annotations

import ipywidgets as ipw


def wrapping() -> ipw.Layout:
    """Return the layout of a row that wraps, with its items aligned vertically."""
    return ipw.Layout(flex_flow="row wrap", align_items="center", grid_gap="4px 8px")
