"""Finding a widget in a panel by its class and traits; a failure prints the panel as a tree.

    find(panel, Button, description="Run").click()

Looks at the widget itself and, in document order, at the ``children`` of boxes. Layouts, styles and
what JavaScript draws inside one widget are not part of the tree.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeVar

import ipywidgets

W = TypeVar("W", bound=ipywidgets.Widget)

SHOWN = ("description", "value", "placeholder", "icon", "disabled")
"""The traits a tree names, where they differ from their defaults."""


def find(root: ipywidgets.Widget, cls: type[W] = ipywidgets.Widget, **traits: Any) -> W:
    """Return the one widget of a class whose traits have these values.

    Args:
        root: Where to look; may itself be the answer.
        cls: The class, or a base of it.
        traits: Values that traits (or plain attributes) must equal.

    Raises:
        AssertionError: None fits, or more than one; the message holds the tree.
    """
    found = find_all(root, cls, **traits)
    if len(found) == 1:
        return found[0]
    wanted = ", ".join([cls.__name__, *(f"{name}={value!r}" for name, value in traits.items())])
    count = f"{len(found)} widgets fit" if found else "no widget fits"
    raise AssertionError(f"{count} find({wanted}) in:\n{tree(root)}")


def find_all(root: ipywidgets.Widget, cls: type[W] = ipywidgets.Widget, **traits: Any) -> list[W]:
    """Return every widget of a class whose traits have these values, in document order."""
    absent = object()
    return [
        widget
        for widget, _ in _walk(root)
        if isinstance(widget, cls)
        and all(getattr(widget, name, absent) == value for name, value in traits.items())
    ]


def tree(root: ipywidgets.Widget) -> str:
    """Return a widget and its children, one a line, indented by depth."""
    return "\n".join("  " * depth + _describe(widget) for widget, depth in _walk(root))


def _walk(widget: ipywidgets.Widget, depth: int = 0) -> Iterator[tuple[ipywidgets.Widget, int]]:
    yield widget, depth
    for child in getattr(widget, "children", ()):
        yield from _walk(child, depth + 1)


def _describe(widget: ipywidgets.Widget) -> str:
    traits = widget.traits()
    facts = []
    for name in SHOWN:
        if name in traits:
            value = getattr(widget, name)
            if value != traits[name].default_value:
                text = repr(value)
                facts.append(f"{name}={text if len(text) <= 60 else text[:57] + '...'}")
    return f"{type(widget).__name__}({', '.join(facts)})"
