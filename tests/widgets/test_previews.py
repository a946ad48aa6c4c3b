"""Data of any kind and size can be shown."""

from __future__ import annotations

import json

import pytest

from kaizen_widgets.widgets.previews import MAX_VALUES, preview_line, preview_text, preview_value


@pytest.mark.parametrize("error", [ValueError("odd"), SystemExit(1)], ids=repr)
def test_objects_whose_repr_raises_are_shown_by_their_type(error):
    class Odd:
        def __repr__(self):
            raise error

    assert preview_line(Odd()) == "Odd"
    assert "Odd" in preview_text({"a": [Odd()]})


def test_large_data_is_shown_up_to_its_first_values():
    rows = list(range(100 * MAX_VALUES))
    assert preview_value(rows)[-1] == "…"
    shown = json.dumps(preview_value([rows] * 100))
    assert len(shown) < 20 * MAX_VALUES
    assert preview_value({str(n): n for n in rows})["…"] == "…"


@pytest.mark.parametrize("show", [preview_text, preview_line])
@pytest.mark.parametrize("value", ["half \ud800", {"half \ud800": ["\udfff"]}])
def test_half_a_surrogate_pair_can_be_sent(show, value):
    show(value).encode()
