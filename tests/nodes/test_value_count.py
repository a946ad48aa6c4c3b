"""The count of a value: what the chip of an edge says."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

import numpy as np
import pandas as pd
import pytest

from kaizen_widgets.nodes.value_count import count_of


class Counted(list[int]):
    def __len__(self) -> int:
        raise RuntimeError("counting is not free")


class Broken:
    @property
    def shape(self) -> Any:
        raise RuntimeError("no shape")


class MakesUpAnything:
    def __getattr__(self, name: str) -> Any:
        return (10**9,)


@pytest.mark.parametrize(
    ("value", "type_", "count"),
    [
        ("There is a refund missing", "text", 1),
        (3.5, "number", 1),
        (True, "bool", 1),
        (None, "any", 0),
        ([1, 2, 3], "list", 3),
        ((), "list", 0),
        ({"a": 1, "b": 2}, "dict", 2),
        (OrderedDict(a=1), "dict", 1),
        (b"\x89PNG", "image", 1),
        (pd.DataFrame({"a": range(120), "b": range(120)}), "table", 120),
        (pd.Series([1, 2]), "list", 2),
        (np.zeros((4, 3)), "list", 4),
        (np.float64(1.5), "number", 1),
        (Counted([1, 2]), "list", 2),
        (Broken(), "any", 1),
        (MakesUpAnything(), "any", 1),
        (object(), "any", 1),
    ],
)
def test_count_of_a_value_is_its_type_and_its_parts(value, type_, count):
    found = count_of(value)
    assert (found.type, found.count) == (type_, count)
