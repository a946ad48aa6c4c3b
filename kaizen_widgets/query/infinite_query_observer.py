"""An observer of pages: one more at either end, all again on a refetch."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from kaizen_widgets.core.background import Pending
from kaizen_widgets.errors import QueryError
from kaizen_widgets.query.host import Host
from kaizen_widgets.query.options import QueryOptions
from kaizen_widgets.query.query_observer import QueryObserver
from kaizen_widgets.query.query_state import UNSET


class InfiniteQueryObserver(QueryObserver):
    """A query whose data is ``{"pages": [...], "page_params": [...]}``.

    Its options need ``initial_page_param`` and ``get_next_page_param``.
    """

    def fetch_next_page(
        self, *, cancel_refetch: bool = True, throw_on_error: bool = True
    ) -> Pending[Any]:
        """Fetch the page after the last; return a handle on all the data.

        Args:
            cancel_refetch: Stop a fetch under way; otherwise it is joined, and no page added.
            throw_on_error: Raise what made it fail; otherwise give the data that is there.
        """
        return self._refetch(cancel_refetch, throw_on_error, "forward")

    def fetch_previous_page(
        self, *, cancel_refetch: bool = True, throw_on_error: bool = True
    ) -> Pending[Any]:
        """Fetch the page before the first; otherwise as `fetch_next_page`."""
        return self._refetch(cancel_refetch, throw_on_error, "backward")

    @property
    def has_next_page(self) -> bool:
        """Whether there is a page after the last."""
        return self.result.has_next_page

    @property
    def has_previous_page(self) -> bool:
        """Whether there is a page before the first."""
        return self.result.has_previous_page

    @staticmethod
    def _defaulted(client: Host, options: QueryOptions) -> QueryOptions:
        return check_infinite(QueryObserver._defaulted(client, replace(options, infinite=True)))


def check_infinite(options: QueryOptions) -> QueryOptions:
    """Refuse options of an infinite query that cannot say what its pages are."""
    if options.initial_page_param is UNSET or options.get_next_page_param is None:
        missing = "initial_page_param" if options.initial_page_param is UNSET else ""
        missing = missing or "get_next_page_param"
        raise QueryError(
            f"Infinite query {list(options.query_key)} needs {missing}.", key=options.query_key
        )
    return options
