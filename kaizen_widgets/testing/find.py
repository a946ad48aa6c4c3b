"""Finds a widget in a panel by class and traits; a failure prints the panel as a tree.

    find(panel, Button, description="Run").click()

Searches the widget itself and, in document order, the ``children`` of boxes. Layouts, styles and anything
JavaScript draws inside a widget are not part of the tree.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeVar

import ipywidgets

W = TypeVar("W", bound=ipywidgets.Widget)

SHOWN = ("description", "value", "placeholder", "icon", "disabled")
"""The traits shown in a tree if they differ from their defaults."""


def find(root: ipywidgets.Widget, cls: type[W] = ipywidgets.Widget, **traits: Any) -> W:
    """Return the only widget of a class whose traits have the given values.

    Args:
        root: The widget to search, which may itself be the result.
        cls: The class, or a base class.
        traits: Required values of traits or plain attributes.

    Raises:
        AssertionError: No widget matches, or more than one; the message contains the tree.
    """
    found = find_all(root, cls, **traits)
    if len(found) == 1:
        return found[0]
    wanted = ", ".join([cls.__name__, *(f"{name}={value!r}" for name, value in traits.items())])
    count = f"{len(found)} widgets match" if found else "no widget matches"
    raise AssertionError(f"{count} find({wanted}) in:\n{tree(root)}")


def find_all(root: ipywidgets.Widget, cls: type[W] = ipywidgets.Widget, **traits: Any) -> list[W]:
    """Return all widgets of a class whose traits have the given values, in document order."""
    absent = object()
    return [
        widget
        for widget, _ in _walk(root)
        if isinstance(widget, cls)
        and all(getattr(widget, name, absent) == value for name, value in traits.items())
    ]


def tree(root: ipywidgets.Widget) -> str:
    """Return a widget and its children as text, one per line, indented by depth."""
    return "\n".join("  " * depth + _describe(widget) for widget, depth in _walk(root))


def _walk(widget: ipywidgets.Widget, depth: int = 0) -> Iterator[tuple[ipywidgets.Widget, int]]:
    yield widget, depth
    for child in getattr(widget, "children", ()):
        yield from _walk(child, depth + 1)


def _describe(widget: ipywidgets.Widget) -> str:
    traits = widget.traits()
    shown = []
    for name in SHOWN:
        if name in traits:
            value = getattr(widget, name)
            if value != traits[name].default_value:
                text = repr(value)
                shown.append(f"{name}={text if len(text) <= 60 else text[:57] + '...'}")
    return f"{type(widget).__name__}({', '.join(shown)})"
