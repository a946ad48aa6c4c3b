"""Cells as text: the same cases hold in the browser (`js/tests/grid.test.ts`)."""

from __future__ import annotations

import json
import math
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from kaizen_widgets.displays.formats import (
    NOTHING,
    format_bytes,
    format_money,
    format_number,
    format_percent,
    format_seconds,
    format_time_ago,
)
from kaizen_widgets.displays.grid_table import cell_text

SHARED = json.loads(Path(__file__).with_name("grid_format_cases.json").read_text("utf-8"))


@pytest.mark.parametrize(("cell", "format", "text"), SHARED["cases"], ids=repr)
def test_cells_are_rounded_to_be_read(cell, format, text):
    now = datetime.fromtimestamp(SHARED["now"], UTC)
    assert cell_text(cell, format, now) == text


@pytest.mark.parametrize(
    "show", [format_number, format_money, format_seconds, format_percent, format_bytes]
)
@pytest.mark.parametrize("value", [None, math.nan, math.inf])
def test_a_missing_number_is_a_dash(show, value):
    assert show(value) == NOTHING


def test_a_time_without_an_offset_is_utc():
    now = datetime(2026, 1, 1, 12, tzinfo=UTC)
    naive = (now - timedelta(minutes=5)).replace(tzinfo=None)
    assert format_time_ago(naive, now) == "5 min ago"
