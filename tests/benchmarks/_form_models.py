"""The forms that are measured, ours and the peers'; imports pydantic only, so any process can load it."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from pydantic import BaseModel, Field, create_model

REPEATS = 5


class Row(BaseModel):
    sku: str = Field("AB-1", min_length=2)
    qty: int = Field(1, ge=1)
    price: float = Field(9.5, ge=0)


class Rows(BaseModel):
    rows: list[Row] = [Row.model_validate({}) for _ in range(200)]


def fifty_fields() -> type[BaseModel]:
    """Return a model of 50 fields, of five kinds."""
    kinds: list[tuple[type, Any]] = [(str, "x"), (int, 1), (float, 0.5), (bool, False), (str, "y")]
    fields: Any = {f"field_{n}": kinds[n % 5] for n in range(50)}
    return create_model("Fifty", **fields)


def fastest(build: Callable[[], object], repeats: int = REPEATS) -> float:
    """Return the seconds of the quickest of several runs."""
    best = float("inf")
    for _ in range(repeats):
        start = time.perf_counter()
        build()
        best = min(best, time.perf_counter() - start)
    return best
