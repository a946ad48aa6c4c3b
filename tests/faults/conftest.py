"""How often a fault is provoked: a few times in every run, more often by `python -m tests.faults`."""

from __future__ import annotations

import os
from collections.abc import Callable

import pytest

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


@pytest.fixture
def rounds() -> Callable[[int, int], int]:
    """Return ``rounds(short, long)``: the number of rounds, ``short`` unless more were requested.

    ``long`` is the number for 200 requested rounds; it is scaled to the requested number.
    """
    asked = int(os.environ.get("FAULT_ROUNDS", "0"))
    return lambda short, long: max(short, long * asked // 200) if asked else short
