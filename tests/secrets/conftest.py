"""The browser of the other browser tests."""

from __future__ import annotations

from tests.browser.conftest import (
    browser,
    kept_page,
    lab,
    pytest_collection_modifyitems,
    pytest_runtest_makereport,
    server,
)

__all__ = [
    "browser",
    "kept_page",
    "lab",
    "pytest_collection_modifyitems",
    "pytest_runtest_makereport",
    "server",
]
