"""How often a fault happens: a few times in every run, often on demand (`python -m tests.faults`)."""

from __future__ import annotations

import os
from collections.abc import Callable

import pytest

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


@pytest.fixture
def rounds() -> Callable[[int, int], int]:
    """Return ``rounds(short, long)``: the short number, or its long one in a run on demand.

    The long number is for 200 rounds, and grows and shrinks with what was asked for.
    """
    asked = int(os.environ.get("FAULT_ROUNDS", "0"))
    return lambda short, long: max(short, long * asked // 200) if asked else short
