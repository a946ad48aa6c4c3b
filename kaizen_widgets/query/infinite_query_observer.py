"""InfiniteQueryObserver: an observer of pages that can fetch one more page at either end."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from kaizen_widgets.core.background import Pending
from kaizen_widgets.errors import QueryError
from kaizen_widgets.query.options import QueryOptions
from kaizen_widgets.query.query_observer import QueryObserver
from kaizen_widgets.query.query_state import UNSET


class InfiniteQueryObserver(QueryObserver):
    """Observes a query whose data is ``{"pages": [...], "page_params": [...]}``.

    Its options need ``initial_page_param`` and ``get_next_page_param``. A refetch fetches all pages again.
    """

    def fetch_next_page(
        self, *, cancel_refetch: bool = True, throw_on_error: bool = True
    ) -> Pending[Any]:
        """Fetch the page after the last; return a handle on all the data.

        Args:
            cancel_refetch: Stop a running fetch; otherwise join it, and add no page.
            throw_on_error: Raise the fetch's error; otherwise give the existing data.
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

    def _with_defaults(self, options: QueryOptions) -> QueryOptions:
        return check_infinite(super()._with_defaults(replace(options, infinite=True)))


def check_infinite(options: QueryOptions) -> QueryOptions:
    """Return options of an infinite query after checking that they say what its pages are.

    Raises:
        QueryError: ``initial_page_param`` or ``get_next_page_param`` is missing.
    """
    if options.initial_page_param is UNSET or options.get_next_page_param is None:
        missing = "initial_page_param" if options.initial_page_param is UNSET else ""
        missing = missing or "get_next_page_param"
        raise QueryError(
            f"Infinite query {list(options.query_key)} needs {missing}.", key=options.query_key
        )
    return options
