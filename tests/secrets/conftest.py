"""The browser of the other browser tests."""

from __future__ import annotations

from tests.browser.conftest import (
    browser,
    lab,
    pytest_collection_modifyitems,
    pytest_runtest_makereport,
    server,
)

__all__ = [
    "browser",
    "lab",
    "pytest_collection_modifyitems",
    "pytest_runtest_makereport",
    "server",
]
