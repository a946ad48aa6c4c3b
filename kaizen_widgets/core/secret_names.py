"""Recognize secrets by the names of their fields."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

_SECRET = re.compile(
    r"passw|secret|token|api_?key|credential|authori[sz]ation|private_?key", re.IGNORECASE
)
_COUNTS = re.compile(r"^(max_|min_|num_|n_|total_)?tokens?(_count|_limit|_used)?$", re.IGNORECASE)
"""Tokens of a language model are counted, not kept secret."""


def is_secret_field(name: str, value: Any) -> bool:
    """Return whether the value of a field with that name must not be shown."""
    return not (value is None or isinstance(value, bool | int | float)) and _is_secret_name(name)


@lru_cache(maxsize=1_024)  # A table asks of each of its cells, which have the names of few columns.
def _is_secret_name(name: str) -> bool:
    return not _COUNTS.match(name) and _SECRET.search(name) is not None
