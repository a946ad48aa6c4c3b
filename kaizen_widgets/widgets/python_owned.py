"""Widgets whose state only Python may change.

The synced state of a widget can be written by anything in the page: by another widget's JavaScript, by a
notebook that was received. Without a check a state message could replace the code of a widget, its children
or its data.
"""

from __future__ import annotations

import logging
from typing import Any, ClassVar

import ipywidgets as ipw

logger = logging.getLogger(__name__)


class PythonOwned(ipw.Widget):
    """A widget that takes from the page only the traits named in ``page_traits``.

    A base class of every widget of this package, listed first: ``class Canvas(PythonOwned, AnyWidget)``.
    """

    page_traits: ClassVar[frozenset[str]] = frozenset()

    def set_state(self, sync_data: dict[str, Any]) -> None:
        """Take the state that the page sent, without the traits that are not the page's to change."""
        dropped = sorted(set(sync_data) - self.page_traits)
        if dropped:
            logger.warning(
                "%s ignored what the page sent for %s.",
                type(self).__name__,
                ", ".join(dropped)[:200],
            )
        super().set_state({name: sync_data[name] for name in sync_data if name in self.page_traits})
