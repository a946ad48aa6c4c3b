"""A row of tabs, without the panels they show.

Unlike ipywidgets' `Tab` it can have no tab selected, and its panels can be created when they are first shown.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

from traitlets import Bool, List, TraitError, Unicode, validate

from kaizen_widgets.widgets.shared_part import SharedPart


class TabBar(SharedPart):
    """A row of tabs.

    Args:
        tabs: Pairs of name and label.
        label: What the tabs choose, for screen readers.
        selected: Name of the selected tab.
        collapsible: Whether pressing the selected tab selects none.

    Attributes:
        selected: Name of the selected tab, or None.
    """

    part: ClassVar[str] = "tabs"
    page_traits: ClassVar[frozenset[str]] = frozenset({"selected"})
    tabs = List().tag(sync=True)
    label = Unicode().tag(sync=True)
    collapsible = Bool(False).tag(sync=True)
    selected = Unicode(None, allow_none=True).tag(sync=True)

    def __init__(
        self,
        tabs: Sequence[tuple[str, str]],
        *,
        label: str,
        selected: str | None = None,
        collapsible: bool = False,
    ) -> None:
        super().__init__(tabs=_tabs(tabs), label=label, selected=selected, collapsible=collapsible)

    def set_tabs(self, tabs: Sequence[tuple[str, str]]) -> None:
        """Replace the tabs; a selected tab that is gone is not selected any more."""
        self.tabs = _tabs(tabs)
        if self.selected not in self._names:
            self.selected = None

    def on_select(self, callback: Callable[[str | None], object]) -> None:
        """Call a function with the name of each tab that is selected from now on, None for none."""
        self.observe(lambda change: callback(change["new"]), names="selected")

    @property
    def _names(self) -> set[str]:
        return {each["name"] for each in self.tabs}

    @validate("selected")
    def _validate_selected(self, proposal: Any) -> str | None:
        name: str | None = proposal["value"]
        if name is not None and name not in self._names:
            raise TraitError(f"There is no tab {name!r}; there are: {', '.join(self._names)}.")
        return name

    def __repr__(self) -> str:
        return f"TabBar({self.selected!r})"


def _tabs(tabs: Sequence[tuple[str, str]]) -> list[Mapping[str, str]]:
    return [{"name": name, "label": label} for name, label in tabs]
