"""The page that tests use one after another: loading JupyterLab takes longer than most tests.

What could differ from a page just loaded is undone by `Lab.leave` or makes the page be replaced: a failed
test, one in Notebook 7, one marked ``own_page``, and every `LASTS` tests.
"""

from __future__ import annotations

from types import TracebackType
from typing import Self

from playwright.sync_api import Browser, BrowserContext, Error

from tests.browser.lab import SIZE, Lab
from tests.browser.server import JupyterServer

LASTS = 12
"""Tests that use one page; what they leak cannot add up."""


class KeptPage:
    """Gives tests their tab, with the page of the test before where that is possible.

    Args:
        server: Whose notebooks.
        browser: Where new pages are opened.
    """

    def __init__(self, server: JupyterServer, browser: Browser) -> None:
        self._server = server
        self._browser = browser
        self._context: BrowserContext | None = None
        self._is_loaded = False
        self._uses = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.replace()

    def take(self) -> Lab:
        """Return a tab without a notebook; `give_back` or `replace` follows."""
        if self._context is None:
            self._context = self._browser.new_context(viewport=SIZE)
            self._context.set_default_timeout(30_000)
        page = self._context.pages[0] if self._is_loaded else None
        self._uses += 1
        return Lab(self._server, self._context, page)

    def give_back(self, tab: Lab) -> None:
        """Keep the page of a test that has passed, if another test may use it."""
        try:
            self._is_loaded = tab.leave() and self._uses < LASTS and self._is_alone(tab)
        except Error:  # the page may hang or be gone: the next test has another one
            self._is_loaded = False
        if not self._is_loaded:
            self.replace()

    def replace(self) -> None:
        """Close the page, so that the next test has a new one."""
        if self._context is not None:
            self._context.close()
        self._context, self._is_loaded, self._uses = None, False, 0

    def _is_alone(self, tab: Lab) -> bool:
        return self._context is not None and self._context.pages == [tab.page]
