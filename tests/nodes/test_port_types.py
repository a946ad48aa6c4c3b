from __future__ import annotations

import json

import pytest

from kaizen_widgets.nodes.port_types import PORT_TYPES, type_problem, types_fit
from tests.conformance.ports.make import FILE, cases


def test_the_cases_the_browser_is_tested_with_are_what_python_says():
    assert json.loads(FILE.read_text()) == cases()


@pytest.mark.parametrize("port_type", PORT_TYPES)
def test_equal_types_fit_and_any_fits_everything(port_type):
    assert types_fit(port_type, port_type)
    assert types_fit("any", port_type)
    assert types_fit(port_type, "any")


def test_a_text_is_a_message_but_a_message_is_no_text():
    assert types_fit("text", "message")
    assert not types_fit("message", "text")


def test_ports_that_do_not_fit_give_a_sentence():
    assert type_problem("number", "text") == "The output gives a number, and the input takes text."
    assert type_problem("table", "table") is None
