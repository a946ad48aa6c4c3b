"""Waiting for what another thread is about to do."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

WITHIN = 60.0
"""Seconds after which a test hangs; a busy machine needs some, a quiet one milliseconds."""


def until(condition: Callable[[], Any], what: str = "the condition") -> Any:
    """Ask again and again until the answer is true, and return it.

    Name everything the test looks at next: two objects, and two traits, change one after the other.

    Raises:
        AssertionError: It did not become true.
    """
    end = time.monotonic() + WITHIN
    while not (answer := condition()):
        assert time.monotonic() < end, f"not within {WITHIN:g} s: {what}"
        time.sleep(0.005)  # only between two questions; the answer decides
    return answer
