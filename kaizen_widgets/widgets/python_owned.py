"""Widgets whose state only Python may change.

Any code in the page can write the synced state of a widget: another widget's JavaScript, or a notebook from
someone else. Without a check a state message could replace a widget's code, children or data.
"""

from __future__ import annotations

import logging
from typing import Any, ClassVar

import ipywidgets as ipw

logger = logging.getLogger(__name__)


class PythonOwned(ipw.Widget):
    """A widget that accepts changes from the page only for the traits in ``page_traits``.

    A base class of every widget of this package, listed first: ``class Canvas(PythonOwned, AnyWidget)``.
    """

    page_traits: ClassVar[frozenset[str]] = frozenset()

    def set_state(self, sync_data: dict[str, Any]) -> None:
        """Apply the state that the page sent, without traits that the page may not change."""
        dropped = sorted(set(sync_data) - self.page_traits)
        if dropped:
            logger.warning(
                "%s ignored what the page sent for %s.",
                type(self).__name__,
                ", ".join(dropped)[:200],
            )
        super().set_state({name: sync_data[name] for name in sync_data if name in self.page_traits})
