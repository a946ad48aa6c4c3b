"""Records as a static table: escaped, without secrets, limited, and the same at any time."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest

from kaizen_widgets.displays.grid_column import Column
from kaizen_widgets.displays.html_table import fields_table, html_table


def cells(markup: str) -> list[str]:
    return re.findall(r"<t[dh] [^>]*>(.*?)</t[dh]>", markup)


def test_records_are_rows_of_their_columns():
    markup = html_table([{"id": "0123456789abcdef", "name": "Ann", "seconds": 0.31}], caption="All")
    assert cells(markup) == ["Name", "Seconds", "Id", "Ann", "310 ms", "01234567"]
    assert 'title="0123456789abcdef"' in markup
    assert "<b>All</b>" in markup


def test_numbers_are_at_the_right_and_have_their_unit():
    markup = html_table([{"seconds": 0.31}], [Column("seconds", "Time", "seconds")])
    assert cells(markup) == ["Time", "310 ms"]
    assert "text-align: right" in markup


def test_text_is_escaped_wherever_it_comes_from():
    evil = '<script>"&'
    markup = html_table([{evil: evil, "name": evil}], caption=evil) + fields_table({evil: evil})
    assert "<script" not in markup
    assert "&lt;script&gt;" in markup


def test_secrets_are_hidden():
    markup = html_table([{"name": "a", "api_key": "canary"}]) + fields_table({"password": "canary"})
    assert "canary" not in markup


def test_rows_that_are_left_out_are_counted():
    markup = html_table([{"name": str(n)} for n in range(1025)], limit=20)
    assert len(cells(markup)) == 21
    assert "1,005 more" in markup


def test_a_long_cell_is_cut_and_whole_in_its_tooltip():
    markup = html_table([{"name": "x" * 300}])
    assert cells(markup)[1] == "x" * 79 + "…"
    assert f'title="{"x" * 300}"' in markup


def test_a_date_is_the_time_and_not_how_long_ago_it_was():
    markup = html_table([{"created_at": datetime(2026, 1, 2, 12, tzinfo=UTC)}])
    assert re.fullmatch(r"2026-01-0[123] \d\d:\d\d", cells(markup)[1])


@pytest.mark.parametrize("records", [[], ()])
def test_without_records_there_is_a_sentence(records):
    assert "No agents." in html_table(records, caption="Agents", empty="No agents.")
