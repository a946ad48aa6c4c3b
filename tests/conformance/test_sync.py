"""The kernel's end replays the cases it shares with the browser's (D1 to D5, S4, S5)."""

import json

import pytest

from kaizen_widgets.graph import Graph, apply
from tests.conformance.sync.make import CASES, _batch, cases, rows

LINES = CASES.read_text("utf-8").splitlines()
APPLIED = [case for line in LINES if "after" in (case := json.loads(line))]


def test_the_file_is_what_this_end_does():
    made = [json.loads(json.dumps(case)) for case in cases()]
    assert [json.loads(line) for line in LINES] == made


@pytest.mark.parametrize("case", APPLIED, ids=lambda case: case["name"])
def test_d3_the_inverse_restores_the_document(case):
    after = Graph(case["after"]["nodes"], case["after"]["edges"])
    restored, _ = apply(after, _batch.validate_python(case["inverse"]))
    assert json.loads(json.dumps(rows(restored))) == case["document"]
