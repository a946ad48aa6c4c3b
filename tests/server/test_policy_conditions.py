"""Conditions of policies: what matches, what does not, and that no pattern takes exponential time."""

from __future__ import annotations

from typing import Any

import pytest

from kaizen_widgets.server.organization.policy_conditions import OPERATORS


@pytest.mark.parametrize(
    ("text", "pattern", "fits"),
    [
        ("support bot", "support*", True),
        ("support bot", "*b?t", True),
        ("support bot", "support", False),
        ("two\nlines", "two*lines", True),
        ("[a]", "[a]", True),
        ("a", "[a]", False),
        ("a.b", "a?b", True),
        ("axb", "a.b", False),
        ("A", "a", False),
        (7, "7", False),
        ("7", 7, False),
        ("a" * 2000, "*a" * 60 + "*b", False),
        ("a" * 1999 + "b", "*a" * 60 + "*b", True),
        ("a" * 2000, "*?" * 90 + "b", False),
    ],
)
def test_matches_operator_is_fast_for_any_pattern(text: Any, pattern: Any, fits: bool):
    assert OPERATORS["matches"](text, pattern) is fits
